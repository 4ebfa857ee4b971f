/** The debts of a community's books as the search for an optimum wants them. */
import type { CompactGraph } from '../routing/compact-graph.ts';
import type { DebtGraph } from './circulation.ts';
import { finish, STEP_WORK, type Steps } from './steps.ts';
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

/** Reading a book takes longer than looking at a debt in an array. */
const DEBTS_PER_STEP = STEP_WORK / 10;

/** What may be cleared of each debt; debts of which nothing may be are left out. */
export function debtsOf(books: CompactGraph, filter: DebtFilter = {}): ScaledDebts {
  return finish(debtSteps(books, filter));
}

/** The same step by step. The books may change meanwhile: each debt is taken as it is when its turn comes. */
export function* debtSteps(
  books: CompactGraph,
  { isSpared, capOf }: DebtFilter = {},
): Steps<ScaledDebts> {
  // Who comes later is owed at most: there is no cycle through them.
  const { nodeCount } = books;
  let looked = 0;
  const debtor: number[] = [];
  const creditor: number[] = [];
  const amounts: bigint[] = [];
  let total = 0n;
  for (let u = 0; u < nodeCount; u++) {
    if (looked >= DEBTS_PER_STEP) {
      looked = 0;
      yield;
    }
    const { first, end, head } = books;
    looked += end[u]! - first[u]!;
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
  yield;
  let unit = 1n;
  while (total / unit > BigInt(Number.MAX_SAFE_INTEGER)) unit *= 2n;
  return {
    graph: {
      size: books.nodeCount,
      debtor: Int32Array.from(debtor),
      creditor: Int32Array.from(creditor),
      amount: Float64Array.from(amounts, (amount) => Number(amount / unit)),
    },
    unit,
  };
}
