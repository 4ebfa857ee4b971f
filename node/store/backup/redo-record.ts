/** What one batch wrote, as it stands in the redo log and in the segments of an incremental backup. */
import * as s from '../../../protocol/wire/schema.ts';

/** As for an entry of a full copy: bounds the memory that a file can ask for. */
const VALUE_BYTES_MAX = 64 * 1024 * 1024;
const CHANGES_MAX = 1_000_000;
const key = s.text(1_000);

export const RedoRecord = s.map({
  /** Grows from batch to batch; a batch that the disk refused leaves a gap. */
  number: s.uint(Number.MAX_SAFE_INTEGER),
  /** When it was handed to the disk, ms since 1970 UTC. */
  time: s.time,
  /** A key is in one of the lists, once. */
  put: s.list(s.tuple(key, s.bytesUpTo(VALUE_BYTES_MAX)), CHANGES_MAX),
  del: s.list(key, CHANGES_MAX),
});
export type RedoRecord = s.Infer<typeof RedoRecord>;
