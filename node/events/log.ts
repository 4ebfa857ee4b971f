/**
 * The events of a node: numbered without gaps, written in the batch of the turn that they tell of, kept
 * up to a bound. Whoever remembers the number of the last event it has seen goes on from there, over
 * lost connections and restarts, and misses and repeats nothing.
 */
import { GeoError, invalid } from '../../protocol/errors.ts';
import type { Hall } from '../engine/hall.ts';
import type { RecordedEvent } from '../engine/notices.ts';
import type { Turn } from '../engine/turn.ts';
import type { Store } from '../ports.ts';
import { EventRecord } from '../store/event-record.ts';
import { EVENT_HEAD, eventsAfter, keys, numberOf } from '../store/keys.ts';
import { decodeCount, decodeRecord, encodeCount, encodeRecord } from '../store/records.ts';
import { eventsOf, type Readers } from './recorder.ts';

/** Newest events that are kept in memory too: who follows closely costs no reading. */
const RECENT_MAX = 1_024;
/** Old events that one turn drops at the start. */
const PRUNED_PER_TURN = 1_000;

interface EventLogOptions {
  readonly readers: Readers;
  readonly hall: Hall;
  readonly store: Store;
  /** Events that are kept. */
  readonly kept: number;
  /** When these books were restored from a backup: their numbers are given a second time. */
  readonly restoredAt: () => number | undefined;
}

export class EventLog {
  readonly #options: EventLogOptions;
  /** The last of them have consecutive numbers. */
  readonly #recent: RecordedEvent[] = [];
  readonly #followers = new Set<(event: RecordedEvent) => void>();

  constructor(options: EventLogOptions) {
    this.#options = options;
    const { hall } = options;
    hall.beforeSeal((turn) => this.#record(turn));
    hall.listen((notice) => {
      if (notice.type !== 'recorded') return;
      // A batch that was refused and reached the disk all the same was never told of.
      if (this.#recent.at(-1)?.number !== notice.event.number - 1) this.#recent.length = 0;
      this.#recent.push(notice.event);
      if (this.#recent.length > RECENT_MAX) this.#recent.shift();
      for (const follower of this.#followers) follower(notice.event);
    });
  }

  /** Drops what a smaller bound than last time does not keep. */
  async start(): Promise<void> {
    const { store, hall } = this.#options;
    const oldest = this.#oldest();
    let names: string[] = [];
    const drop = async () => {
      const dropped = names;
      names = [];
      await hall.turn((turn) => {
        for (const name of dropped) turn.del(name);
      });
    };
    for await (const [name] of store.scan({ ...eventsAfter(0), lt: keys.event(oldest) })) {
      names.push(name);
      if (names.length >= PRUNED_PER_TURN) await drop();
    }
    if (names.length > 0) await drop();
  }

  /** Where a reader stands that wants nothing of what was. */
  head(): string {
    return this.cursorOf(this.#head());
  }

  /** Where a reader stands that wants everything that is kept. */
  tail(): string {
    return this.cursorOf(this.#oldest() - 1);
  }

  /** Names the place after an event; a restored node numbers anew, so its cursors are others. */
  cursorOf(number: number): string {
    return `${this.#epoch()}-${number}`;
  }

  /**
   * Events after a cursor, oldest first.
   * @param limit events at most
   * @throws GeoError E009 `bad_cursor`, E008 `cursor_too_old` | `cursor_of_other_books`
   */
  async after(cursor: string, limit: number): Promise<RecordedEvent[]> {
    const number = this.#numberIn(cursor);
    const first = this.#recent[0];
    if (number >= this.#head()) return [];
    if (first !== undefined && first.number <= number + 1) {
      const from = number + 1 - first.number;
      return this.#recent.slice(from, from + limit);
    }
    const found: RecordedEvent[] = [];
    for await (const [name, value] of this.#options.store.scan({
      ...eventsAfter(number),
      limit,
    })) {
      found.push({ number: numberOf(name), record: decodeRecord(EventRecord, value) });
    }
    return found;
  }

  /** Calls for each event as soon as it can be read. @returns ends it */
  follow(follower: (event: RecordedEvent) => void): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  #record(turn: Turn): void {
    const events = eventsOf(turn, this.#options.readers);
    if (events.length === 0) return;
    let number = this.#head();
    for (const record of events) {
      number++;
      turn.put(keys.event(number), encodeRecord(EventRecord, record));
      if (number > this.#options.kept) turn.del(keys.event(number - this.#options.kept));
      turn.notice({ type: 'recorded', event: { number, record } });
    }
    turn.putMeta(EVENT_HEAD, encodeCount(number));
  }

  #head(): number {
    const mark = this.#options.hall.state.meta.get(EVENT_HEAD);
    return mark === undefined ? 0 : decodeCount(mark);
  }

  #oldest(): number {
    return Math.max(1, this.#head() - this.#options.kept + 1);
  }

  #epoch(): string {
    return (this.#options.restoredAt() ?? 0).toString(36);
  }

  #numberIn(cursor: string): number {
    const [, epoch, digits] = /^([0-9a-z]{1,11})-(\d{1,15})$/.exec(cursor) ?? [];
    if (digits === undefined) {
      throw invalid(
        'bad_cursor',
        `"${cursor.slice(0, 40)}" is not a cursor. Take the one that came with the last event; leave it out to begin now.`,
      );
    }
    const number = Number(digits);
    if (epoch !== this.#epoch() || number > this.#head()) {
      throw new GeoError(
        'E008',
        'The cursor belongs to other books: this node was restored from a backup since. Read the balances and debts again, then begin without a cursor.',
        { fault: 'cursor_of_other_books' },
      );
    }
    if (number < this.#oldest() - 1) {
      throw new GeoError(
        'E008',
        'Events after this cursor are not kept any more. Read the balances, debts and history again, then begin without a cursor; raise events.kept to be away longer.',
        { fault: 'cursor_too_old', oldest: this.tail() },
      );
    }
    return number;
  }
}
