/** The amounts beside a chart: round ones, from nothing to beyond the largest. Pure. */

const STEPS = 4;
/** Times a power of ten. */
const ROUND = [1, 2, 2.5, 5, 10];

/** @returns rising, from 0; the last is `most` or more. One step where there is nothing. */
export function ticksTo(most: number): number[] {
  if (!(most > 0)) return [0, 1];
  const power = 10 ** Math.floor(Math.log10(most / STEPS));
  const step = ROUND.map((each) => each * power).find((each) => each * STEPS >= most)!;
  const count = Math.ceil(most / step - 1e-9);
  return Array.from({ length: count + 1 }, (_, index) => index * step);
}

/** `12.5K`. */
export function shortAmount(value: number): string {
  return new Intl.NumberFormat('en', {
    notation: 'compact',
    maximumSignificantDigits: 3,
  }).format(value);
}
