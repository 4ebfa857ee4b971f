/**
 * A checksum before every value. LevelDB is opened without verifying its own, so a flipped bit in a
 * table would otherwise come back as somebody's balance.
 *
 * Stored form: `crc32(key ‖ value) (4, little-endian) | value`. The key is included, so that a value
 * found under the wrong key is noticed too.
 */
import { crc32 } from 'node:zlib';

const CHECKSUM_BYTES = 4;

export function withChecksum(key: string, value: Uint8Array): Uint8Array {
  const stored = Buffer.allocUnsafe(CHECKSUM_BYTES + value.length);
  stored.writeUInt32LE(crc32(value, crc32(key)), 0);
  stored.set(value, CHECKSUM_BYTES);
  return stored;
}

/** The value, without copying; undefined if it is not what was written under this key. */
export function withoutChecksum(key: string, stored: Uint8Array): Uint8Array | undefined {
  if (stored.length < CHECKSUM_BYTES) return undefined;
  const { buffer, byteOffset, length } = stored;
  const value = new Uint8Array(buffer, byteOffset + CHECKSUM_BYTES, length - CHECKSUM_BYTES);
  const expected = new DataView(buffer, byteOffset, CHECKSUM_BYTES).getUint32(0, true);
  return crc32(value, crc32(key)) === expected ? value : undefined;
}
