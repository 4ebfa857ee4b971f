import { describe, expect, it } from 'vitest';
import { debtsOf } from '../../../protocol/clearing/debts.ts';
import { ClearingTally, DebtOverTime } from '../../../protocol/clearing/report.ts';
import { CompactGraph } from '../../../protocol/routing/compact-graph.ts';

describe('what clearing did', () => {
  it('is counted for everyone, by length, and for each member', () => {
    const tally = new ClearingTally<string>();
    tally.add({ members: ['a', 'b', 'c'], amount: 10n });
    tally.add({ members: ['a', 'b', 'c'], amount: 5n });
    tally.add({ members: ['b', 'c', 'd', 'e'], amount: 2n });
    expect(tally.figures()).toEqual({
      cleared: 53n,
      cycles: 3,
      lengths: { 3: { cycles: 2, cleared: 45n }, 4: { cycles: 1, cleared: 8n } },
    });
    expect(tally.member('b')).toEqual({ cycles: 3, lessOwed: 17n });
    expect(tally.member('nobody')).toEqual({ cycles: 0, lessOwed: 0n });
  });

  it('shows in the average over time', () => {
    const time = new DebtOverTime();
    time.observe(100n, 0n, 1_000);
    time.observe(40n, 60n, 1_010);
    expect(time.averages(1_020)).toEqual({ debt: 70n, withoutClearing: 100n });
  });

  it('goes on from what was kept, as if it had watched all the time', () => {
    const before = new DebtOverTime();
    before.observe(100n, 0n, 1_000);
    before.observe(40n, 60n, 1_010);
    const after = new DebtOverTime(before.state);
    after.observe(80n, 60n, 1_030);
    expect(after.averages(1_040)).toEqual({ debt: 65n, withoutClearing: 110n });
    expect(after.state).toMatchObject({ since: 1_000, at: 1_040, debt: 80n, cleared: 60n });
  });

  it('does not run backwards with a clock that does', () => {
    const time = new DebtOverTime();
    time.observe(10n, 0n, 1_000);
    time.observe(20n, 0n, 900);
    time.observe(20n, 0n, 1_010);
    expect(time.averages(1_020)).toEqual({ debt: 20n, withoutClearing: 20n });
  });

  it('is the present state if no time has passed', () => {
    const time = new DebtOverTime();
    expect(time.averages(5)).toEqual({ debt: 0n, withoutClearing: 0n });
    time.observe(7n, 1n, 5);
    expect(time.averages(5)).toEqual({ debt: 7n, withoutClearing: 8n });
  });
});

describe('debts taken from books', () => {
  const most = 2n ** 62n;
  const books = new CompactGraph();
  for (let i = 0; i < 3; i++) books.addNode();
  books.setLine(0, 1, { limit: most, debt: most });
  books.setLine(1, 2, { limit: most, debt: most - 1n });
  books.setLine(2, 0, { limit: 9n, debt: 0n });

  it('are counted in a unit in which doubles are exact', () => {
    const { graph, unit } = debtsOf(books);
    expect(graph.amount.length).toBe(2);
    const total = graph.amount.reduce((sum, each) => sum + each, 0);
    expect(Number.isSafeInteger(total)).toBe(true);
    graph.amount.forEach((amount, i) => {
      const debt = books.line(graph.debtor[i]!, graph.creditor[i]!)!.debt;
      const rest = debt - BigInt(amount) * unit;
      expect(rest >= 0n && rest < unit).toBe(true);
    });
  });

  it('leave out who is spared, and count no more than the cap', () => {
    const { graph, unit } = debtsOf(books, {
      isSpared: (debtor) => debtor === 0,
      capOf: () => 5n,
    });
    expect([...graph.debtor]).toEqual([1]);
    expect([...graph.amount]).toEqual([5]);
    expect(unit).toBe(1n);
  });
});
