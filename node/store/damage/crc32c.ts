/**
 * CRC-32C (Castagnoli), with which LevelDB protects every record and block; RFC 3720, appendix B.4 has
 * check values. Eight bytes a step ("slicing by 8"), which makes it three times as fast as one at a time:
 * a store is read whole whenever it is opened.
 */
const POLYNOMIAL = 0x82f63b78; // reflected
const SLICES = 8;

/** `TABLES[256 · k + b]`: the remainder of byte `b` followed by `k` zero bytes. */
const TABLES = new Uint32Array(256 * SLICES);
for (let byte = 0; byte < 256; byte += 1) {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit += 1) {
    remainder = remainder & 1 ? (remainder >>> 1) ^ POLYNOMIAL : remainder >>> 1;
  }
  TABLES[byte] = remainder;
}
for (let entry = 256; entry < TABLES.length; entry += 1) {
  const shorter = TABLES[entry - 256]!;
  TABLES[entry] = TABLES[shorter & 0xff]! ^ (shorter >>> 8);
}

export function crc32c(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let crc = -1;
  let offset = 0;
  for (; offset + SLICES <= bytes.length; offset += SLICES) {
    const low = crc ^ view.getInt32(offset, true);
    const high = view.getInt32(offset + 4, true);
    crc =
      TABLES[0x700 + (low & 0xff)]! ^
      TABLES[0x600 + ((low >>> 8) & 0xff)]! ^
      TABLES[0x500 + ((low >>> 16) & 0xff)]! ^
      TABLES[0x400 + (low >>> 24)]! ^
      TABLES[0x300 + (high & 0xff)]! ^
      TABLES[0x200 + ((high >>> 8) & 0xff)]! ^
      TABLES[0x100 + ((high >>> 16) & 0xff)]! ^
      TABLES[high >>> 24]!;
  }
  for (; offset < bytes.length; offset += 1) {
    crc = TABLES[(crc ^ bytes[offset]!) & 0xff]! ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}

/** The form in which LevelDB stores a checksum: rotated and shifted, since one of checksums is weak. */
export function maskedCrc32c(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
