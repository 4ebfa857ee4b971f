/**
 * Records of rooms above the engine: kept whole in memory beside the engine's own, read at the start,
 * written by turns. A shelf is one kind of them, with a prefix of the store to itself.
 */
import type { Schema } from '../../protocol/wire/schema.ts';
import type { ShelfPrefix } from '../store/keys.ts';

export interface Shelf<T> {
  readonly prefix: ShelfPrefix;
  readonly schema: Schema<T>;
}
