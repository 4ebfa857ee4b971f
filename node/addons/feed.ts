/** Events on their way to an add-on: one after another, each at least once, from where it stopped. */
import { GeoError } from '../../protocol/errors.ts';
import type { Event, EventTopic } from '../api/shapes/events.ts';
import type { Clock, Log } from '../ports.ts';
import type { LiveSource, NodeService } from '../service/contract.ts';
import type { AddonBooks } from './books.ts';

export interface FeedOptions {
  readonly name: string;
  readonly topics: readonly EventTopic[];
  readonly books: AddonBooks;
  readonly service: Pick<NodeService, 'events'>;
  readonly live: LiveSource;
  readonly clock: Clock;
  readonly log: Log;
  readonly isOver: () => boolean;
  /** Resolves when the add-on has heard it. */
  readonly deliver: (event: Event) => Promise<unknown>;
  readonly tellGap: () => Promise<unknown>;
}

const EVENTS_PER_READ = 50;
/** The place is also written when nothing of interest has come for so long; a restart then begins near. */
const PAUSE_MS = 10_000;

/** Resolves when the add-on has ended. Rejects if it does not take an event: it will come again. */
export async function feed(options: FeedOptions): Promise<void> {
  const { name, topics, books, service, isOver } = options;
  const wake = wakesOf(options);
  try {
    let cursor = await startOf(options);
    while (!isOver()) {
      const page = await service.events({
        after: cursor,
        topics: topics.join(','),
        limit: EVENTS_PER_READ,
      });
      if (isOver()) return;
      let heard = cursor;
      try {
        for (const event of page.events) {
          await options.deliver(event);
          heard = event.cursor ?? heard;
        }
        heard = page.cursor;
      } finally {
        if (heard !== cursor) await books.hear(name, heard);
      }
      if (page.cursor === cursor) await wake.next();
      cursor = page.cursor;
    }
  } finally {
    wake.end();
  }
}

/** Where it goes on; if the events after that place are gone, it is told so. */
async function startOf({ name, books, service, log, tellGap }: FeedOptions): Promise<string> {
  const heard = books.heard(name);
  if (heard === undefined) return begin(name, books, service, undefined);
  try {
    await service.events({ after: heard, limit: 1 });
    return heard;
  } catch (error) {
    if (!(error instanceof GeoError)) throw error;
    const { fault } = error.details;
    if (fault !== 'cursor_too_old' && fault !== 'cursor_of_other_books') throw error;
    log.warn({ addon: name, fault }, 'events are lost to an add-on');
    await tellGap();
    return begin(name, books, service, 'oldest');
  }
}

async function begin(
  name: string,
  books: AddonBooks,
  service: Pick<NodeService, 'events'>,
  after: 'oldest' | undefined,
): Promise<string> {
  // A page of nothing: the cursor of the end, or of the first one that is kept.
  const { cursor } = await service.events(after === undefined ? {} : { after, limit: 1 });
  await books.hear(name, cursor);
  return cursor;
}

/** Waits for news, or for a pause: whoever misses the one has the other. */
function wakesOf({ live, clock }: FeedOptions) {
  let waiting: (() => void) | undefined;
  let isNew = false;
  const wake = () => {
    isNew = true;
    waiting?.();
  };
  const unfollow = live.follow(wake);
  return {
    async next(): Promise<void> {
      if (!isNew) {
        await new Promise<void>((resolve) => {
          const cancel = clock.after(PAUSE_MS, resolve);
          waiting = () => {
            cancel();
            resolve();
          };
        });
      }
      waiting = undefined;
      isNew = false;
    },
    end: unfollow,
  };
}
