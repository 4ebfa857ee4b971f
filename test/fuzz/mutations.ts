/** Bytes made from sound bytes by small misfortunes, repeatably. */
import type { SeededRandom } from '../../simulations/random.ts';
import type { MessageCase } from '../vectors/messages-cases.ts';
import { readVectors } from '../vectors/read.ts';

/** A sound frame of every message, as the vectors have it. */
export const SOUND_FRAMES: readonly Uint8Array[] = readVectors<MessageCase>('messages.json').map(
  ({ frame }) => new Uint8Array(Buffer.from(frame, 'hex')),
);

/** Bytes that mean much in CBOR: heads of every kind, with short, long and absurd lengths. */
const TELLING = [
  0x00, 0x01, 0x17, 0x18, 0x19, 0x1a, 0x1b, 0x20, 0x3b, 0x40, 0x41, 0x57, 0x58, 0x59, 0x5a, 0x5b,
  0x5f, 0x60, 0x61, 0x78, 0x7f, 0x80, 0x81, 0x82, 0x98, 0x9b, 0x9f, 0xa0, 0xa1, 0xb8, 0xbb, 0xbf,
  0xc0, 0xd2, 0xf4, 0xf5, 0xf6, 0xf7, 0xf9, 0xfb, 0xff,
];
/** Larger inputs are refused by their size alone. */
const BYTES_MOST = 4_096;

/** One to four misfortunes; `others` lend parts of themselves. */
export function mutated(
  bytes: Uint8Array,
  random: SeededRandom,
  others: readonly Uint8Array[],
): Uint8Array {
  let result = bytes;
  for (let count = 1 + random.below(4); count > 0; count--) result = once(result, random, others);
  return result.slice(0, BYTES_MOST);
}

function once(bytes: Uint8Array, random: SeededRandom, others: readonly Uint8Array[]): Uint8Array {
  const at = random.below(bytes.length + 1);
  const length = random.below(Math.min(64, bytes.length - at + 1));
  const other = random.pick(others);
  const from = random.below(other.length + 1);
  switch (random.below(8)) {
    case 0:
      return replaced(bytes, at, 1, Uint8Array.of((bytes[at] ?? 0) ^ (1 << random.below(8))));
    case 1:
      return replaced(bytes, at, 1, Uint8Array.of(random.pick(TELLING)));
    case 2:
      return replaced(
        bytes,
        at,
        1,
        Uint8Array.of(((bytes[at] ?? 0) + (random.below(2) ? 1 : 255)) & 255),
      );
    case 3:
      return replaced(bytes, at, 0, random.bytes(1 + random.below(4)));
    case 4:
      return replaced(bytes, at, length, new Uint8Array(0));
    case 5:
      return replaced(bytes, at, 0, bytes.subarray(at, at + length));
    case 6:
      return replaced(bytes, at, length, other.subarray(from, from + random.below(64)));
    default:
      return bytes.slice(0, at);
  }
}

function replaced(bytes: Uint8Array, at: number, length: number, by: Uint8Array): Uint8Array {
  return new Uint8Array([...bytes.subarray(0, at), ...by, ...bytes.subarray(at + length)]);
}
