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

/** @param bytes 32 of them: a hash or a key, so that the first two are as good as drawn by lot */
export function hexOf32(bytes: Uint8Array): string {
  const slot = ((bytes[0]! << 8) | bytes[1]!) & (SLOTS - 1);
  const from = slot * BYTES;
  const known = texts[slot];
  if (known !== undefined) {
    let same = 0;
    while (same < BYTES && keptBytes[from + same] === bytes[same]) same++;
    if (same === BYTES) return known;
  }
  const text = bytesToHex(bytes);
  keptBytes.set(bytes, from);
  texts[slot] = text;
  return text;
}
