/** What a migration is: one step from a version of the store to the next, in batches. */
import type { Store, StoreOp } from '../../ports.ts';

export interface MigrationBatch {
  /** What this batch changes; with it the place is written down from which the next one goes on. */
  readonly ops: readonly StoreOp[];
  /** Where to go on; undefined: this was the last batch. */
  readonly next: string | undefined;
}

export interface Migration {
  /** The version that the store has afterwards. */
  readonly to: number;
  /** What it does, for a log. */
  readonly what: string;
  /**
   * The batch that follows a place, or the first one. It may be asked for the same batch again after a
   * crash, but never for one that is written.
   */
  batch(store: Store, place: string | undefined): Promise<MigrationBatch>;
}
