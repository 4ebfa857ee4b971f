/**
 * The store without a disk, for tests and simulations: same contract as `level.ts`, same order, no
 * randomness. A crash is `createMemoryStore(image)` from an image taken with `snapshot()`.
 */
import { GeoError } from '../../protocol/errors.ts';
import type { ScanRange, Store, StoreOp } from '../ports.ts';

/** All entries at one moment, in key order. The bytes are shared with the store, which never changes them. */
export type StoreImage = readonly (readonly [key: string, value: Uint8Array])[];

export interface MemoryStore extends Store {
  /** What a disk would hold if the power failed now: the writes that have resolved. Also after `close`. */
  snapshot(): StoreImage;
  /** Replaces everything by an image. Writes that have not resolved yet still follow. */
  restore(image: StoreImage): void;
}

export function createMemoryStore(image: StoreImage = []): MemoryStore {
  return new OrderedMapStore(image);
}

class OrderedMapStore implements MemoryStore {
  #values = new Map<string, Uint8Array>();
  /** The keys of `#values` in UTF-8 order. */
  #keys: string[] = [];
  #lastWrite: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(image: StoreImage) {
    this.restore(image);
  }

  get(key: string): Uint8Array | undefined {
    this.#refuseIfClosed();
    return this.#values.get(key);
  }

  async *scan(range: ScanRange): AsyncGenerator<readonly [string, Uint8Array]> {
    this.#refuseIfClosed();
    const found = this.#keys.slice(this.#indexOf(range.gte), this.#indexOf(range.lt));
    if (range.reverse) found.reverse();
    // Values are fetched now, not one by one: a scan sees one moment.
    const moment = found.slice(0, range.limit).map((key) => [key, this.#values.get(key)!] as const);
    for (const entry of moment) {
      this.#refuseIfClosed();
      yield entry;
    }
  }

  async write(ops: readonly StoreOp[]): Promise<void> {
    this.#refuseIfClosed();
    // Later than the call, as with a disk: nobody may count on reading what is still being written.
    this.#lastWrite = this.#lastWrite.then(() => this.#apply(ops));
    await this.#lastWrite;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#lastWrite;
  }

  snapshot(): StoreImage {
    return this.#keys.map((key) => [key, this.#values.get(key)!] as const);
  }

  restore(image: StoreImage): void {
    this.#values = new Map(image);
    this.#keys = [...this.#values.keys()].sort(compareUtf8);
  }

  #apply(ops: readonly StoreOp[]): void {
    for (const op of ops) {
      if (op.type === 'put') this.#put(op.key, Uint8Array.from(op.value));
      else this.#delete(op.key);
    }
  }

  #put(key: string, value: Uint8Array): void {
    if (!this.#values.has(key)) this.#keys.splice(this.#indexOf(key), 0, key);
    this.#values.set(key, value);
  }

  #delete(key: string): void {
    if (this.#values.delete(key)) this.#keys.splice(this.#indexOf(key), 1);
  }

  /** Index of the first key that is not below `bound`. */
  #indexOf(bound: string): number {
    let low = 0;
    let high = this.#keys.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareUtf8(this.#keys[middle]!, bound) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #refuseIfClosed(): void {
    if (this.#closed) {
      throw new GeoError('E008', 'The store has been closed.', { fault: 'store_closed' });
    }
  }
}

/**
 * The order of the UTF-8 bytes, which is the order of code points. JavaScript compares UTF-16 units
 * and puts surrogates (U+10000 and above) before U+E000.
 */
function compareUtf8(a: string, b: string): number {
  const shorter = Math.min(a.length, b.length);
  for (let i = 0; i < shorter; i += 1) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Puts surrogate units above all others. */
function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
