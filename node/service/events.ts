/** Events, read page by page. */
import { invalid } from '../../protocol/errors.ts';
import { formatAmount } from '../../protocol/money/amount.ts';
import * as shapes from '../api/shapes/events.ts';
import type { RecordedEvent } from '../engine/notices.ts';
import type { EventLog } from '../events/log.ts';
import type { EventOperations } from './contract.ts';
import type { Rooms } from './rooms.ts';
import { isoTime, reasonView } from './views.ts';

const EVENTS_DEFAULT = 100;
const OLDEST = 'oldest';

export function eventOperations({ events }: Rooms): EventOperations {
  return {
    events: async ({ after, topics, limit = EVENTS_DEFAULT }) => {
      const wanted = topicsIn(topics);
      const cursor = after === OLDEST ? events.tail() : (after ?? events.head());
      const found = await events.after(cursor, limit);
      const last = found.at(-1);
      return {
        events: found
          .filter(({ record }) => wanted === undefined || wanted.includes(record.topic))
          .map((event) => eventView(event, events)),
        cursor: last === undefined ? cursor : events.cursorOf(last.number),
      };
    },
  };
}

/** @throws GeoError E009 `unknown_topic` */
function topicsIn(text: string | undefined): readonly string[] | undefined {
  if (text === undefined) return undefined;
  const topics = text.split(',').map((topic) => topic.trim());
  const known: readonly string[] = shapes.EventTopic.options;
  const unknown = topics.find((topic) => !known.includes(topic));
  if (unknown === undefined) return topics;
  throw invalid(
    'unknown_topic',
    `There is no topic "${unknown.slice(0, 40)}". Topics: ${known.join(', ')}.`,
  );
}

function eventView({ number, record }: RecordedEvent, log: EventLog): shapes.Event {
  const { topic, time, tx, peer, role, state, equivalent, precision, amount, tookMs } = record;
  return {
    cursor: log.cursorOf(number),
    topic,
    time: isoTime(time),
    tx_id: tx ?? null,
    peer: peer ?? null,
    role: role ?? null,
    state: state ?? null,
    equivalent: equivalent ?? null,
    amount:
      amount === undefined || precision === undefined ? null : formatAmount(amount, precision),
    ms: tookMs ?? null,
    reason: reasonView(record.reason, precision ?? 0),
    text: record.text ?? null,
  };
}
