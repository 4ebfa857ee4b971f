/** Events, read page by page, each reader its own. */
import { invalid } from '../../protocol/errors.ts';
import type { EventLog } from '../events/log.ts';
import type { News } from '../events/news.ts';
import type { EventOperations, LiveSource } from './contract.ts';
import { type EventReader, ownReader } from './event-view.ts';
import * as shapes from './shapes/events.ts';

const EVENTS_DEFAULT = 100;
/** Events that are read for one answer, and at once; whoever finds nothing in them goes on from the cursor. */
const READ_MAX = 10_000;
const READ_AT_ONCE = 1_000;
const OLDEST = 'oldest';
/** Events that a live reader may leave unread because none concerns it: fewer than the log has in memory. */
const PASSED_OVER_MAX = 500;

interface Asked {
  readonly cursor: string;
  readonly limit: number;
  readonly topics: readonly string[] | undefined;
}

export function eventOperations(
  { events }: { readonly events: EventLog },
  reader: EventReader = ownReader,
): EventOperations {
  return {
    events: async ({ after, topics, limit = EVENTS_DEFAULT }) => {
      const cursor = after === OLDEST ? events.tail() : (after ?? events.head());
      return pageAfter(events, reader, { cursor, limit, topics: topicsIn(topics) });
    },
  };
}

/** Wakes a visitor for what it may read, without who is connected unless it may know that. */
export function visitorSource(news: News, reader: EventReader, seesPeers: boolean): LiveSource {
  return {
    clock: news.clock,
    follow: (follower) => {
      let passedOver = 0;
      return news.follow(({ record }) => {
        passedOver++;
        if (passedOver < PASSED_OVER_MAX && reader(record) === undefined) return;
        passedOver = 0;
        follower();
      });
    },
    connected: () => (seesPeers ? news.connected() : []),
    followPeers: (follower) => (seesPeers ? news.followPeers(follower) : () => undefined),
  };
}

/** The bound is on what is wanted: whoever asks for few topics is not sent page after page of nothing. */
async function pageAfter(
  log: EventLog,
  reader: EventReader,
  { cursor: from, limit, topics }: Asked,
): Promise<shapes.EventPage> {
  const events: shapes.Event[] = [];
  let cursor = from;
  for (let read = 0; read < READ_MAX; ) {
    const found = await log.after(cursor, Math.max(limit, READ_AT_ONCE));
    if (found.length === 0) break;
    for (const { number, record } of found) {
      read++;
      cursor = log.cursorOf(number);
      const facts = reader(record);
      if (facts === undefined || topics?.includes(facts.topic) === false) continue;
      if (events.push({ cursor, ...facts }) === limit) return { events, cursor };
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
