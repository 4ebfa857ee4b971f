/**
 * Chance by name. What happens to the 17th frame from one host to another depends on the seed and on
 * those three numbers alone, so that leaving out one fault or command while a failing run is made
 * shorter does not change the luck of everything after it.
 */

/** A number 0 ≤ x < 1 that the seed and the names decide. */
export function chance(seed: number, ...names: readonly number[]): number {
  let bits = mixed(seed | 0) ^ mixed(Math.floor(seed / 2 ** 32));
  for (const name of names) bits = mixed(bits ^ Math.imul(name + 1, 0x9e3779b1));
  return (mixed(bits) >>> 0) / 2 ** 32;
}

/** The finaliser of MurmurHash3: each input bit changes about half of the output bits. */
function mixed(value: number): number {
  let bits = value;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return bits ^ (bits >>> 16);
}
