/**
 * Reads LevelDB's log format (its `*.log` and `MANIFEST-*` files) only to see whether it is whole.
 *
 * LevelDB, as the npm package opens it, skips what it cannot read in these files and goes on, which
 * would silently forget acknowledged writes. So every record is checked before LevelDB may look.
 *
 * Format (LevelDB, doc/log_format.md): blocks of 32 KiB; in a block, records of
 * `crc32c (4, masked) | length (2) | type (1) | data`, little-endian; type 1 is a whole record,
 * 2, 3, 4 are the first, a middle and the last part of one; fewer than 7 bytes at the end of a block are padding.
 */
import { maskedCrc32c } from './crc32c.ts';

const BLOCK_BYTES = 32 * 1024;
const HEADER_BYTES = 7;
const FULL = 1;
const MIDDLE = 3;
const LAST = 4;
/**
 * Zero bytes at the end of a file from which on we take them for space that a file system gave the
 * file before a power cut, not for data.
 */
const UNWRITTEN_BYTES_MIN = 16;

/** Everything before `end` is whole; what follows, if anything, is one write that never finished. */
export interface LogContent {
  readonly records: readonly Uint8Array[];
  /** Bytes at the end that belong to a write cut short; such a write was never acknowledged. */
  readonly tornBytes: number;
}

/** Where a log contradicts itself. */
export class LogFault extends Error {
  readonly offset: number;

  constructor(offset: number, what: string) {
    super(`${what} at byte ${offset}`);
    this.name = 'LogFault';
    this.offset = offset;
  }
}

/**
 * All records of a log file.
 * @throws LogFault if a record is damaged, other than by being the last one and cut short
 */
export function readLog(file: Uint8Array): LogContent {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const written = writtenBytes(file);
  const records: Uint8Array[] = [];
  let parts: Uint8Array[] = [];
  let start = 0;
  let offset = 0;

  while (offset < file.length) {
    const blockLeft = BLOCK_BYTES - (offset % BLOCK_BYTES);
    if (blockLeft < HEADER_BYTES) {
      offset += blockLeft;
      continue;
    }
    if (parts.length === 0) start = offset;
    if (offset >= written || offset + HEADER_BYTES > file.length) break;

    const length = view.getUint16(offset + 4, true);
    const type = view.getUint8(offset + 6);
    const end = offset + HEADER_BYTES + length;
    if (length > blockLeft - HEADER_BYTES)
      throw new LogFault(offset, 'a record has a wrong length');
    if (end > file.length) break;
    const data = file.subarray(offset + HEADER_BYTES, end);
    if (view.getUint32(offset, true) !== maskedCrc32c(file.subarray(offset + 6, end))) {
      if (end - written >= UNWRITTEN_BYTES_MIN) break;
      throw new LogFault(offset, 'a record has a wrong checksum');
    }

    const continues = type === MIDDLE || type === LAST;
    if (type < FULL || type > LAST) throw new LogFault(offset, 'a record has an unknown type');
    if (continues !== parts.length > 0) throw new LogFault(offset, 'part of a record is missing');
    parts.push(data);
    if (type === FULL || type === LAST) {
      records.push(parts.length === 1 ? data : Buffer.concat(parts));
      parts = [];
    }
    offset = end;
  }
  const tornAt = parts.length > 0 || offset < file.length ? start : file.length;
  return { records, tornBytes: Math.max(0, file.length - tornAt) };
}

/** Length of the file without the zero bytes at its end, if these are too many to be data. */
function writtenBytes(file: Uint8Array): number {
  let end = file.length;
  while (end > 0 && file[end - 1] === 0) end -= 1;
  return file.length - end >= UNWRITTEN_BYTES_MIN ? end : file.length;
}
