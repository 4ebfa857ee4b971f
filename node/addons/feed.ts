/** Events on their way to an add-on: one after another, each at least once, from where it stopped. */
import { GeoError } from '../../protocol/errors.ts';
import type { Clock, Log } from '../ports.ts';
import type { LiveSource, NodeService } from '../service/contract.ts';
import type { Event, EventTopic } from '../service/shapes/events.ts';
import type { AddonBooks } from './books.ts';
import type { Unanswered } from './conversation.ts';

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
/** Longest wait for news; so long the place of an add-on that wants nothing of what happens may stay unwritten, ms. */
const PAUSE_MS = 10_000;
/** Between two tries while the store of the node cannot be written, ms. */
const STORE_RETRY_MS = 1_000;
/** Not the add-on's fault, and over some time: it is not to be given up for a full disk. */
const STORE_FAULTS: readonly unknown[] = ['store_write_failed', 'store_recovering', 'overloaded'];

/** Resolves when the add-on has ended. Rejects if it does not take an event: it will come again. */
export async function feed(options: FeedOptions): Promise<void> {
  const { topics, service, isOver, clock } = options;
  const wake = wakesOf(options);
  try {
    let cursor = await withStore(options, () => startOf(options));
    let writtenAt = clock.now();
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
          await withStore(options, () => options.deliver(event));
          heard = event.cursor ?? heard;
        }
        heard = page.cursor;
      } finally {
        const isWorth = page.events.length > 0 || clock.now() - writtenAt >= PAUSE_MS;
        if (isWorth && heard !== cursor) {
          await write(options, heard);
          writtenAt = clock.now();
        }
      }
      if (page.cursor === cursor) await wake.next();
      cursor = page.cursor;
    }
  } finally {
    wake.end();
  }
}

/** Work that is done again for as long as only the store is in its way. */
async function withStore<T>({ clock, isOver }: FeedOptions, work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work();
    } catch (error) {
      const fault = error instanceof GeoError ? error.details.fault : (error as Unanswered).fault;
      if (!STORE_FAULTS.includes(fault) || isOver()) throw error;
      await new Promise<void>((resolve) => clock.after(STORE_RETRY_MS, resolve));
    }
  }
}

/** If it cannot be written, more events come again after a restart than would have to. */
async function write({ name, books, log }: FeedOptions, heard: string): Promise<void> {
  await books.hear(name, heard).catch((error: unknown) => {
    log.warn({ addon: name, error: String(error) }, 'how far an add-on has heard was not written');
  });
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
