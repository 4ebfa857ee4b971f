/** Debts that lead on from somebody, and how far they are followed. */
import { describe, expect, it } from 'vitest';
import { debtsFrom } from '../../../node/clearing/debts-from.ts';
import type { Pid } from '../../../protocol/identity/pid.ts';
import { changeFor, type Edge, edgeId, newEdge } from '../../../protocol/ledger/edge.ts';
import type { EquivalentCode } from '../../../protocol/money/equivalent.ts';
import { anna, bob, CROWD, carol, dave, eve } from '../../vectors/messages-world.ts';

const UAH = 'UAH' as EquivalentCode;
const NAMES = new Map([anna, bob, carol, dave, eve].map(({ pid }, i) => [pid, 'abcde'[i]!]));

function booksOf(debts: readonly (readonly [debtor: Pid, creditor: Pid])[]) {
  const edges: Edge[] = debts.map(([debtor, creditor]) => {
    const id = edgeId(debtor, creditor, UAH);
    return { ...newEdge(id, 2), balance: changeFor(id, debtor, 5n) };
  });
  return {
    edgesOf: (pid: Pid) => edges.filter(({ low, high }) => low === pid || high === pid),
  };
}

/** `a b` for what Anna owes Bob. */
function walk(
  books: ReturnType<typeof booksOf>,
  { steps = 9, isServed = () => true }: { steps?: number; isServed?: (pid: Pid) => boolean } = {},
): string[] {
  const found = debtsFrom(books, isServed, { from: [anna.pid], equivalent: UAH, steps });
  return [...found].map(
    ({ debtor, creditor }) => `${NAMES.get(debtor) ?? '?'} ${NAMES.get(creditor) ?? '?'}`,
  );
}

const round = booksOf([
  [anna.pid, bob.pid],
  [bob.pid, carol.pid],
  [carol.pid, anna.pid],
  [carol.pid, dave.pid],
  [eve.pid, anna.pid],
]);

describe('debts that lead on', () => {
  it('are told once each, the nearest first, and not those of others', () => {
    const [first, second, ...third] = walk(round);
    expect([first, second]).toEqual(['a b', 'b c']);
    expect(third.sort()).toEqual(['c a', 'c d']);
  });

  it('are followed no farther than asked, and through nobody of whom the books do not know all', () => {
    expect(walk(round, { steps: 2 })).toEqual(['a b', 'b c']);
    expect(walk(round, { isServed: (pid) => pid !== carol.pid })).toEqual(['a b', 'b c']);
  });

  it('are left to a pass where there are too many', () => {
    const crowd = Array.from({ length: 3_000 }, (_, i) => [anna.pid, CROWD[i % 5]!.pid] as const);
    expect(walk(booksOf(crowd)).length).toBe(2_000);
  });
});
