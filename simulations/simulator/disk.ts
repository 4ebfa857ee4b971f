/**
 * A simulated disk behind the Store port. A batch reaches it whole or not at all, some virtual time
 * after it was written; a crash in between decides which of the two, and the process never hears.
 */
import type { ScanRange, Store, StoreOp } from '../../node/ports.ts';
import { GeoError } from '../../protocol/errors.ts';
import type { VirtualTime } from './clock.ts';

/** What a disk tells of its batches; see {@link Watch}. */
export interface DiskEars {
  writing(ops: readonly StoreOp[]): void;
  written(ops: readonly StoreOp[], acknowledged: boolean): void;
  vanished(ops: readonly StoreOp[], why: 'crash' | 'disk fault'): void;
}

interface Pending {
  readonly ops: readonly StoreOp[];
  readonly cancel: () => void;
}

export class SimulatedDisk {
  /** What a power failure would leave: only batches that are through. */
  readonly image = new Map<string, Uint8Array>();
  /** Batches that fail before one succeeds again. */
  faults = 0;
  /** Whether what fails was written all the same, and turns up with the next batch that succeeds. */
  keepsRefused = false;
  readonly #time: VirtualTime;
  readonly #ears: DiskEars;
  readonly #latencyMs: () => number;
  readonly #pending: Pending[] = [];
  /** Refused batches that will turn up. */
  readonly #refused: (readonly StoreOp[])[] = [];
  #lastAt = 0;

  constructor(time: VirtualTime, ears: DiskEars, latencyMs: () => number) {
    this.#time = time;
    this.#ears = ears;
    this.#latencyMs = latencyMs;
  }

  /**
   * The port of one process.
   * @param isAlive a dead process reads and writes nothing
   */
  open(isAlive: () => boolean): Store {
    return {
      get: (key) => this.image.get(key),
      scan: (range) => this.#scan(range),
      write: (ops) => (isAlive() ? this.#write(ops) : never()),
      close: async () => undefined,
    };
  }

  /** The process dies. @param kept whether batches on their way are on the disk all the same */
  crash(kept: boolean): void {
    for (const ops of this.#refused.splice(0)) {
      if (kept) this.#apply(ops, false);
      else this.#ears.vanished(ops, 'crash');
    }
    for (const { ops, cancel } of this.#pending.splice(0)) {
      cancel();
      if (kept) this.#apply(ops, false);
      else this.#ears.vanished(ops, 'crash');
    }
  }

  #write(ops: readonly StoreOp[]): Promise<void> {
    return new Promise((resolve, reject) => {
      // Batches reach the disk in the order in which they were written.
      const at = Math.max(this.#time.now + this.#latencyMs(), this.#lastAt);
      this.#lastAt = at;
      const cancel = this.#time.after(at - this.#time.now, () => {
        this.#pending.splice(this.#pending.indexOf(pending), 1);
        if (this.faults > 0) {
          this.faults--;
          if (this.keepsRefused) this.#refused.push(ops);
          else this.#ears.vanished(ops, 'disk fault');
          reject(noSpace());
          return;
        }
        for (const refused of this.#refused.splice(0)) this.#apply(refused, false);
        this.#apply(ops, true);
        resolve();
      });
      const pending: Pending = { ops, cancel };
      this.#pending.push(pending);
    });
  }

  #apply(ops: readonly StoreOp[], acknowledged: boolean): void {
    this.#ears.writing(ops);
    for (const op of ops) {
      if (op.type === 'put') this.image.set(op.key, op.value);
      else this.image.delete(op.key);
    }
    this.#ears.written(ops, acknowledged);
  }

  async *#scan(range: ScanRange): AsyncGenerator<readonly [string, Uint8Array]> {
    // Keys are ASCII, where the order of UTF-16 units is that of the bytes.
    const found = [...this.image.keys()].filter((key) => key >= range.gte && key < range.lt).sort();
    if (range.reverse) found.reverse();
    const moment = found.slice(0, range.limit).map((key) => [key, this.image.get(key)!] as const);
    for (const entry of moment) yield entry;
  }
}

/** A promise of its own each time: one for all would keep alive whatever waits for it. */
function never(): Promise<never> {
  return new Promise(() => undefined);
}

function noSpace(): GeoError {
  return new GeoError('E010', 'The simulated disk is full. Make room and try again.', {
    fault: 'store_write_failed',
  });
}
