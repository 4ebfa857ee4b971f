/**
 * Checks a LevelDB table (`*.ldb`) block by block. LevelDB, as the npm package opens it, does not compare
 * the checksums of tables, and a garbled one can end the whole process in a failed assertion.
 *
 * Format (LevelDB, doc/table_format.md): `data blocks | filter block | metaindex block | index block |
 * footer (48)`. A block is followed by `type (1) | crc32c of block and type (4, masked)`; type 0 is plain.
 * The footer is `handle of the metaindex | handle of the index | padding | magic (8)`; a handle is
 * `varint offset | varint length`. Entries of an index block are `varint shared | varint rest | varint
 * length of the handle | rest of the key | handle`, then `uint32 restart offsets … | uint32 their number`.
 */
import { maskedCrc32c } from './crc32c.ts';
import { Cursor } from './cursor.ts';

const FOOTER_BYTES = 48;
const MAGIC = 0xdb4775248b80fb57n;
const TRAILER_BYTES = 5;
const PLAIN = 0;

interface Handle {
  readonly offset: number;
  readonly length: number;
}

/** @throws RangeError if any block of the table is damaged */
export function checkTable(file: Uint8Array): void {
  if (file.length < FOOTER_BYTES) throw new RangeError('it is too short');
  const footer = file.subarray(file.length - FOOTER_BYTES);
  const view = new DataView(footer.buffer, footer.byteOffset, FOOTER_BYTES);
  if (view.getBigUint64(FOOTER_BYTES - 8, true) !== MAGIC) throw new RangeError('its end is wrong');
  const cursor = new Cursor(footer);
  for (const index of [readHandle(cursor), readHandle(cursor)]) {
    for (const block of handlesIn(readBlock(file, index))) readBlock(file, block);
  }
}

function readHandle(cursor: Cursor): Handle {
  return { offset: cursor.varint(), length: cursor.varint() };
}

/** The content of a block whose checksum is right. */
function readBlock(file: Uint8Array, { offset, length }: Handle): Uint8Array {
  const end = offset + length;
  if (end + TRAILER_BYTES > file.length) throw new RangeError('a block lies outside it');
  const checksum = new DataView(file.buffer, file.byteOffset + end + 1, 4).getUint32(0, true);
  if (checksum !== maskedCrc32c(file.subarray(offset, end + 1))) {
    throw new RangeError(`the block at byte ${offset} has a wrong checksum`);
  }
  // The store is opened without compression (level-opening.ts), so that no block needs unpacking here.
  if (file[end] !== PLAIN) throw new RangeError(`the block at byte ${offset} is compressed`);
  return file.subarray(offset, end);
}

function handlesIn(block: Uint8Array): Handle[] {
  const view = new DataView(block.buffer, block.byteOffset, block.byteLength);
  const restarts = view.getUint32(block.length - 4, true);
  const cursor = new Cursor(block.subarray(0, block.length - 4 - 4 * restarts));
  const handles: Handle[] = [];
  while (!cursor.atEnd()) {
    cursor.varint(); // bytes shared with the key before
    const keyBytes = cursor.varint();
    const handleBytes = cursor.varint();
    cursor.take(keyBytes);
    handles.push(readHandle(new Cursor(cursor.take(handleBytes))));
  }
  return handles;
}
