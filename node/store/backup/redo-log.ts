/**
 * The redo log: while an incremental backup is kept, every batch also writes down what it writes, under a
 * number of its own and in the same batch. So there is no moment at which the store has a change and the
 * log has not. What a segment file has taken over is dropped again, along with later batches.
 */
import type { Clock, ScanRange, Store, StoreOp } from '../../ports.ts';
import { keys, numberOf, redoAfter } from '../keys.ts';
import { encodeRecord } from '../records.ts';
import { RedoRecord } from './redo-record.ts';

/** Entries that one batch drops besides its own work. */
const DROPPED_PER_BATCH = 256;

export class RedoLog implements Store {
  readonly #store: Store;
  readonly #clock: Clock;
  #isOn = false;
  /** Of the newest batch tried. */
  #head = 0;
  /** Entries up to here may go, and up to here they have gone. */
  #taken = 0;
  #dropped = 0;
  /** Bytes of the entries that no segment has yet. */
  readonly #sizes = new Map<number, number>();
  #waitingBytes = 0;

  constructor(store: Store, clock: Clock) {
    this.#store = store;
    this.#clock = clock;
  }

  /** Number of the newest batch that was tried. */
  get head(): number {
    return this.#head;
  }

  /** Bytes of batches that no segment has taken over yet. */
  get waitingBytes(): number {
    return this.#waitingBytes;
  }

  get isOn(): boolean {
    return this.#isOn;
  }

  /**
   * From now on batches are logged. What is in the store's log already stays there until it is taken, so
   * that numbers go on where they were.
   */
  async begin(): Promise<void> {
    let first: number | undefined;
    for await (const [key, value] of this.#store.scan(redoAfter(this.#head))) {
      const number = numberOf(key);
      first ??= number;
      this.#head = number;
      this.#count(number, value.length);
    }
    if (first !== undefined) this.#dropped = first - 1;
    this.#isOn = true;
  }

  /** Batches are logged no more, and what is in the log goes. */
  end(): void {
    this.#isOn = false;
    this.take(this.#head);
  }

  /** The batches after `number`, oldest first, each as an encoded RedoRecord. */
  async *after(number: number): AsyncGenerator<readonly [number: number, record: Uint8Array]> {
    for await (const [key, value] of this.#store.scan(redoAfter(number))) {
      yield [numberOf(key), value];
    }
  }

  /** A segment has everything up to `number`. */
  take(number: number): void {
    this.#taken = Math.max(this.#taken, number);
    for (const [each, bytes] of this.#sizes) {
      if (each > number) break;
      this.#sizes.delete(each);
      this.#waitingBytes -= bytes;
    }
  }

  get(key: string): Uint8Array | undefined {
    return this.#store.get(key);
  }

  scan(range: ScanRange): AsyncIterable<readonly [string, Uint8Array]> {
    return this.#store.scan(range);
  }

  async write(ops: readonly StoreOp[]): Promise<void> {
    const drops = ops.length === 0 ? [] : this.#drops();
    if (!this.#isOn || ops.length === 0) {
      await this.#store.write(drops.length === 0 ? ops : [...ops, ...drops]);
      return;
    }
    this.#head += 1;
    const number = this.#head;
    const value = encodeRecord(RedoRecord, {
      number,
      time: this.#clock.now(),
      put: ops.flatMap((op) => (op.type === 'put' ? [[op.key, op.value] as const] : [])),
      del: ops.flatMap((op) => (op.type === 'del' ? [op.key] : [])),
    });
    this.#count(number, value.length);
    try {
      await this.#store.write([...ops, ...drops, { type: 'put', key: keys.redo(number), value }]);
    } catch (error) {
      // It may be in the store all the same; then the next look at the log finds it.
      this.#waitingBytes -= this.#sizes.get(number) ?? 0;
      this.#sizes.delete(number);
      throw error;
    }
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #count(number: number, bytes: number): void {
    this.#sizes.set(number, bytes);
    this.#waitingBytes += bytes;
  }

  #drops(): StoreOp[] {
    // The newest entry stays: from it the numbers go on after a restart.
    const until = Math.min(this.#taken - 1, this.#dropped + DROPPED_PER_BATCH);
    const drops: StoreOp[] = [];
    while (this.#dropped < until) {
      this.#dropped += 1;
      drops.push({ type: 'del', key: keys.redo(this.#dropped) });
    }
    return drops;
  }
}
