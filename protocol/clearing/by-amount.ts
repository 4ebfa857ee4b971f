/** Debts in order of their amounts, fast enough to be one step of a long computation. */

const DIGIT_BITS = 11;
const DIGITS = 2 ** DIGIT_BITS;
const WORD_BITS = 32;

/**
 * Indices of the amounts above 0, largest first, and of equal ones the lower index first.
 *
 * A radix sort: the bits of doubles above 0, read as whole numbers, are in the order of the doubles, whatever
 * the byte order of the machine. A comparison for each pair would take ten times as long.
 */
export function descending(amount: Float64Array): Int32Array {
  let count = 0;
  for (let i = 0; i < amount.length; i++) if (amount[i]! > 0) count++;
  let order = new Int32Array(count);
  for (let i = 0, at = 0; i < amount.length; i++) if (amount[i]! > 0) order[at++] = i;
  let sorted = new Int32Array(count);
  const words = new Uint32Array(amount.buffer, amount.byteOffset, amount.length * 2);
  const place = new Int32Array(DIGITS);
  for (const half of [LOW_HALF, 1 - LOW_HALF]) {
    for (let shift = 0; shift < WORD_BITS; shift += DIGIT_BITS) {
      if (!countPlaces(words, half, order, shift, place)) continue;
      for (let at = 0; at < count; at++) {
        const i = order[at]!;
        sorted[place[digitOf(words[2 * i + half]!, shift)]!++] = i;
      }
      [order, sorted] = [sorted, order];
    }
  }
  return order;
}

/** @param amounts not empty */
export function meanOf(amounts: Float64Array): number {
  let sum = 0;
  for (const amount of amounts) sum += amount;
  return sum / amounts.length;
}

/** Which of a double's two words has its lower bits on this machine. */
const LOW_HALF = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 0 : 1;

/** Larger digits come first. */
function digitOf(word: number, shift: number): number {
  return DIGITS - 1 - ((word >>> shift) & (DIGITS - 1));
}

/** Where each digit's first index goes. @returns false if all have the same digit */
function countPlaces(
  words: Uint32Array,
  half: number,
  order: Int32Array,
  shift: number,
  place: Int32Array,
): boolean {
  place.fill(0);
  for (let at = 0; at < order.length; at++) {
    place[digitOf(words[2 * order[at]! + half]!, shift)]!++;
  }
  let before = 0;
  for (let digit = 0; digit < DIGITS; digit++) {
    const count = place[digit]!;
    if (count === order.length && count > 0) return false;
    place[digit] = before;
    before += count;
  }
  return true;
}
