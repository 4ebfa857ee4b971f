/** Events, read page by page. */
import { invalid } from '../../protocol/errors.ts';
import { formatAmount } from '../../protocol/money/amount.ts';
import type { RecordedEvent } from '../engine/notices.ts';
import type { EventLog } from '../events/log.ts';
import type { EventOperations } from './contract.ts';
import type { Rooms } from './rooms.ts';
import * as shapes from './shapes/events.ts';
import { isoTime, reasonView } from './views.ts';

const EVENTS_DEFAULT = 100;
/** Events that are read for one answer, and at once; whoever finds nothing in them goes on from the cursor. */
const READ_MAX = 10_000;
const READ_AT_ONCE = 1_000;
const OLDEST = 'oldest';

export function eventOperations({ events }: Rooms): EventOperations {
  return {
    events: async ({ after, topics, limit = EVENTS_DEFAULT }) => {
      const wanted = topicsIn(topics);
      const cursor = after === OLDEST ? events.tail() : (after ?? events.head());
      const isWanted = ({ record }: RecordedEvent) =>
        wanted === undefined || wanted.includes(record.topic);
      const page = await wantedAfter(events, { cursor, limit, isWanted });
      return { ...page, events: page.events.map((event) => eventView(event, events)) };
    },
  };
}

/** The bound is on what is wanted: whoever asks for few topics is not sent page after page of nothing. */
async function wantedAfter(
  log: EventLog,
  asked: { cursor: string; limit: number; isWanted: (event: RecordedEvent) => boolean },
): Promise<{ events: RecordedEvent[]; cursor: string }> {
  const events: RecordedEvent[] = [];
  let { cursor } = asked;
  for (let read = 0; read < READ_MAX; ) {
    const found = await log.after(cursor, Math.max(asked.limit, READ_AT_ONCE));
    if (found.length === 0) break;
    for (const event of found) {
      read++;
      cursor = log.cursorOf(event.number);
      if (asked.isWanted(event) && events.push(event) === asked.limit) return { events, cursor };
    }
  }
  return { events, cursor };
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
