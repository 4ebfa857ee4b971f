/**
 * 32 bytes as lower-case hexadecimal digits. A node reads the same few keys and hashes over and over, and
 * a string that is put together anew each time has to be hashed and compared digit by digit wherever
 * it is looked up; the one that was met before is at hand.
 *
 * A table of fixed size: what strangers send can push a text out of it, not make it grow.
 */
import { bytesToHex } from './hex.ts';

const BYTES = 32;
/** A power of two. With bytes and texts half a megabyte at most. */
const SLOTS = 4096;
const texts = new Array<string | undefined>(SLOTS).fill(undefined);
const keptBytes = new Uint8Array(SLOTS * BYTES);

/**
 * @param bytes from `at` on 32 of them are there: a hash or a key, so that the first two are as good as
 *   drawn by lot
 */
export function hexOf32(bytes: Uint8Array, at = 0): string {
  const slot = ((bytes[at]! << 8) | bytes[at + 1]!) & (SLOTS - 1);
  const from = slot * BYTES;
  const known = texts[slot];
  if (known !== undefined) {
    let same = 0;
    while (same < BYTES && keptBytes[from + same] === bytes[at + same]) same++;
    if (same === BYTES) return known;
  }
  const read = bytes.subarray(at, at + BYTES);
  const text = bytesToHex(read);
  keptBytes.set(read, from);
  texts[slot] = text;
  return text;
}
