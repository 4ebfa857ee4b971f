/**
 * Random numbers that a seed repeats: for simulations, never for keys.
 *
 * The generator is sfc32 ("small fast counter", Chris Doty-Humphrey, PractRand): 128 bits of state,
 * of which 32 are a counter, so no seed has a short cycle. The seed is spread over the state by
 * the finaliser of MurmurHash3, and the first outputs are thrown away.
 */
export interface SeededRandom {
  /** 0 .. 2^32 − 1. */
  uint32(): number;
  /** 0 ≤ x < 1, 32 bits of it. */
  real(): number;
  /** A whole number 0 .. count − 1, each equally likely. `count` from 1 to 2^32. */
  below(count: number): number;
  pick<Item>(items: readonly Item[]): Item;
  /** A shuffled copy. */
  shuffled<Item>(items: readonly Item[]): Item[];
  bytes(count: number): Uint8Array;
}

/** @param seed any whole number that is exact; the same seed gives the same sequence for ever. */
export function seededRandom(seed: number): SeededRandom {
  if (!Number.isSafeInteger(seed)) throw new RangeError(`A seed is a whole number, not ${seed}.`);
  let a = mixed(seed >>> 0);
  let b = mixed(a ^ Math.floor(seed / 2 ** 32));
  let c = mixed(b + 0x9e3779b9);
  let counter = 1;

  const uint32 = (): number => {
    const sum = (a + b + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  for (let round = 0; round < 16; round++) uint32();

  const below = (count: number): number => {
    if (!Number.isInteger(count) || count < 1 || count > 2 ** 32) {
      throw new RangeError(`There is no number below ${count} to draw.`);
    }
    // Draws from the incomplete last stretch are thrown away, or small numbers would be favoured.
    const end = 2 ** 32 - (2 ** 32 % count);
    for (;;) {
      const drawn = uint32();
      if (drawn < end) return drawn % count;
    }
  };

  return {
    uint32,
    below,
    real: () => uint32() / 2 ** 32,
    pick: (items) => items[below(items.length)]!,
    shuffled: (items) => {
      const result = [...items];
      for (let last = result.length - 1; last > 0; last--) {
        const other = below(last + 1);
        [result[last], result[other]] = [result[other]!, result[last]!];
      }
      return result;
    },
    bytes: (count) => Uint8Array.from({ length: count }, () => uint32() & 0xff),
  };
}

/** A bijection of 32-bit numbers in which each input bit changes about half of the output bits. */
function mixed(value: number): number {
  let bits = value | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (bits ^ (bits >>> 16)) | 0;
}
