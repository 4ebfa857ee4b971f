/** How unevenly something is spread over participants. Pure. */
import { share, sum } from './facts.ts';

/**
 * Gini coefficient: 0 where all have the same, towards 1 where one has all; null where there is nothing.
 * Whoever has none counts too. Source: G = 2·Σ i·xᵢ / (n·Σ xᵢ) − (n + 1)/n over x in ascending order, i from 1.
 */
export function gini(values: readonly bigint[]): number | null {
  const sorted = [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const total = sum(sorted);
  if (total === 0n) return null;
  const count = BigInt(sorted.length);
  const weighted = sum(sorted.map((value, index) => BigInt(index + 1) * value));
  // Over one denominator, so that whole numbers decide and rounding comes last.
  return share(2n * weighted - (count + 1n) * total, count * total);
}

/** What the `count` largest have of all; null where there is nothing. */
export function topShare(values: readonly bigint[], count: number): number | null {
  const largest = [...values].sort((a, b) => (a > b ? -1 : a < b ? 1 : 0)).slice(0, count);
  return share(sum(largest), sum(values));
}
