/**
 * Chains of debts that one debt can come instead of (docs/decisions/0032-shortening.md), as they are found
 * over whole books in memory: what would it be worth if everybody allowed it?
 */
import { CHAIN_DEBTS_MAX } from '../../node/clearing/chains.ts';
import { clearableIn } from '../../protocol/clearing/trigger.ts';
import { AMOUNT_MAX } from '../../protocol/limits.ts';
import type { CompactGraph } from '../../protocol/routing/compact-graph.ts';

/** Debts that one search looks at. */
const WORK = 20_000;

export interface Chain {
  /** Each owes the next; the first comes to owe the last. */
  readonly members: readonly number[];
  readonly amount: bigint;
}

/**
 * The chain from `first` whose shortening takes away the most debt, within the limits of all lines.
 * @param isSpared debts that are left alone
 */
export function bestChain(
  books: CompactGraph,
  first: number,
  isSpared: (debtor: number, creditor: number) => boolean,
): Chain | undefined {
  let best: Chain | undefined;
  let most = 0n;
  let looked = 0;
  const members = [first];
  const walk = (last: number, width: bigint): void => {
    if (members.length > 2) {
      const amount = smaller(width, roomFor(books, first, last));
      const removed = amount * BigInt(members.length - 2);
      if (removed > most) [most, best] = [removed, { members: [...members], amount }];
    }
    if (members.length > CHAIN_DEBTS_MAX) return;
    for (let slot = books.first[last]!; slot < books.end[last]! && looked < WORK; slot++) {
      looked++;
      const next = books.head[slot]!;
      const owed = clearableIn(books, last, next);
      if (owed === 0n || members.includes(next) || isSpared(last, next)) continue;
      members.push(next);
      walk(next, smaller(width, owed));
      members.pop();
    }
  };
  walk(first, AMOUNT_MAX);
  return best;
}

/** What `debtor` may come to owe `creditor` besides; nothing while the creditor owes it: that is a cycle. */
function roomFor(books: CompactGraph, debtor: number, creditor: number): bigint {
  const line = books.line(debtor, creditor);
  if (line === undefined || clearableIn(books, creditor, debtor) > 0n) return 0n;
  return line.limit > line.debt ? line.limit - line.debt : 0n;
}

const smaller = (a: bigint, b: bigint) => (a < b ? a : b);
