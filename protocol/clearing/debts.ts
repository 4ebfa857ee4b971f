/** The debts of a community's books as the search for an optimum wants them. */
import type { CompactGraph } from '../routing/compact-graph.ts';
import type { DebtGraph } from './circulation.ts';
import { clearableIn } from './trigger.ts';

export interface ScaledDebts {
  readonly graph: DebtGraph;
  /**
   * Smallest units in one unit of `graph.amount`: 1, unless the debts together reach 2^53. Then
   * amounts are rounded down to a power of two, so that doubles count them exactly.
   */
  readonly unit: bigint;
}

export interface DebtFilter {
  /** Debts that must be left alone, as if they were 0. */
  readonly isSpared?: (debtor: number, creditor: number) => boolean;
  /** Most that may be cleared of a debt at once, smallest unit. */
  readonly capOf?: (debtor: number, creditor: number) => bigint | undefined;
}

/** What may be cleared of each debt; debts of which nothing may be are left out. */
export function debtsOf(books: CompactGraph, { isSpared, capOf }: DebtFilter = {}): ScaledDebts {
  const { first, end, head, nodeCount } = books;
  const debtor: number[] = [];
  const creditor: number[] = [];
  const amounts: bigint[] = [];
  let total = 0n;
  for (let u = 0; u < nodeCount; u++) {
    for (let slot = first[u]!; slot < end[u]!; slot++) {
      const v = head[slot]!;
      const free = clearableIn(books, u, v);
      const cap = capOf?.(u, v) ?? free;
      const amount = free < cap ? free : cap;
      if (amount <= 0n || isSpared?.(u, v)) continue;
      debtor.push(u);
      creditor.push(v);
      amounts.push(amount);
      total += amount;
    }
  }
  let unit = 1n;
  while (total / unit > BigInt(Number.MAX_SAFE_INTEGER)) unit *= 2n;
  return {
    graph: {
      size: nodeCount,
      debtor: Int32Array.from(debtor),
      creditor: Int32Array.from(creditor),
      amount: Float64Array.from(amounts, (amount) => Number(amount / unit)),
    },
    unit,
  };
}
