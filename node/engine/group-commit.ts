/**
 * Many turns, one synced batch. While one batch is on its way to the disk the next one collects;
 * what a turn wants to send waits for its batch. At most one write is in flight, so batches reach
 * the store in the order of their turns.
 */
import { GeoError } from '../../protocol/errors.ts';
import type { Clock, Store, StoreOp } from '../ports.ts';

/**
 * A record that is encoded when its batch leaves: of an edge that fifty turns of a batch change, only
 * the last version ever becomes bytes. What `encode` reads must not change any more.
 */
export interface RecordOp {
  readonly type: 'record';
  readonly key: string;
  readonly encode: () => Uint8Array;
}

export type TurnOp = StoreOp | RecordOp;

interface Unit {
  readonly ops: readonly TurnOp[];
  readonly committed: () => void;
  readonly failed: (error: GeoError) => void;
}

export interface GroupCommitCounters {
  batches: number;
  units: number;
  operations: number;
  failures: number;
}

export class GroupCommit {
  readonly counters: GroupCommitCounters = { batches: 0, units: 0, operations: 0, failures: 0 };
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #onFailure: () => Promise<void>;
  readonly #turnsMax: number;
  #waiting: Unit[] = [];
  #writing = false;
  #scheduled = false;
  #idle: (() => void)[] = [];
  /** Lets in who waits for room, the first come first. */
  readonly #entrances: (() => void)[] = [];

  /**
   * @param onFailure called when a batch could not be written, before its units hear of it: what
   *   was built in memory upon them has to be forgotten
   */
  constructor(store: Store, clock: Clock, turnsMax: number, onFailure: () => Promise<void>) {
    this.#store = store;
    this.#clock = clock;
    this.#turnsMax = turnsMax;
    this.#onFailure = onFailure;
  }

  submit(unit: Unit): void {
    this.#waiting.push(unit);
    if (this.#writing || this.#scheduled) return;
    this.#scheduled = true;
    // One breath, so that all frames that arrived together share the batch.
    this.#clock.soon(() => {
      this.#scheduled = false;
      void this.#drain();
    });
  }

  /**
   * For work that has not begun and may wait: room in the batch that is being filled, at once or in time.
   * Work that waits before its turn keeps its input in memory; behind it, all that the turn has made, and
   * so long that the collector copies it twice.
   * @returns resolves when there is room; undefined if there is some now
   */
  room(): Promise<void> | undefined {
    if (this.#entrances.length === 0 && this.#waiting.length < this.#turnsMax) return undefined;
    return new Promise((resolve) => this.#entrances.push(resolve));
  }

  /** Nothing waits and nothing is being written: what is in memory is on the disk. */
  get idle(): boolean {
    return !this.#writing && this.#waiting.length === 0;
  }

  /** Units that wait for the disk, and work that waits to become one. */
  get backlog(): number {
    return this.#waiting.length + this.#entrances.length;
  }

  /** Resolves when everything submitted so far is on the disk, or has failed. */
  settled(): Promise<void> {
    if (!this.#writing && this.#waiting.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  async #drain(): Promise<void> {
    if (this.#writing) return;
    this.#writing = true;
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, this.#turnsMax);
      // Not at once: their turns would all run before the store so much as begins, and the disk would
      // wait for the processor, then the processor for the disk.
      if (this.#entrances.length > 0) this.#clock.soon(() => this.#letIn());
      try {
        const ops = lastWins(batch);
        if (ops.length > 0) {
          await this.#store.write(ops);
          this.counters.batches++;
          this.counters.operations += ops.length;
        }
        this.counters.units += batch.length;
        for (const unit of batch) unit.committed();
      } catch (error) {
        this.counters.failures++;
        // The turns behind this batch were computed upon it: they fall with it.
        const fallen = [...batch, ...this.#waiting];
        this.#waiting = [];
        await this.#onFailure();
        for (const unit of fallen) unit.failed(asStoreError(error));
      }
    }
    this.#writing = false;
    this.#letIn();
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** As many as there is room for; whoever is let in may also find that there is nothing to write. */
  #letIn(): void {
    if (this.#entrances.length === 0) return;
    for (const enter of this.#entrances.splice(0, this.#turnsMax - this.#waiting.length)) enter();
    // While a batch is under way, its end asks again.
    if (!this.#writing && !this.#scheduled) this.#clock.soon(() => this.#letIn());
  }
}

/** One operation per key: a record changed by ten turns of a batch is written once. */
function lastWins(batch: readonly Unit[]): StoreOp[] {
  const byKey = new Map<string, TurnOp>();
  for (const unit of batch) for (const op of unit.ops) byKey.set(op.key, op);
  return Array.from(byKey.values(), encoded);
}

function encoded(op: TurnOp): StoreOp {
  return op.type === 'record' ? { type: 'put', key: op.key, value: op.encode() } : op;
}

function asStoreError(error: unknown): GeoError {
  if (error instanceof GeoError) return error;
  return new GeoError(
    'E010',
    'The store could not be written; nothing of this was done. Check the disk and try again.',
    { fault: 'store_write_failed' },
    { cause: error },
  );
}
