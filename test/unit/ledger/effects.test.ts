import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Pid } from '../../../protocol/identity/pid.ts';
import { changeFor } from '../../../protocol/ledger/edge.ts';
import { effectsOf, hopsOf, type Route } from '../../../protocol/ledger/effects.ts';
import { person, UAH } from '../machines/sample-payment.ts';

const people = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => person(name).pid);
const [a, b, c, d] = people as [Pid, Pid, Pid, Pid];

/** What each participant's net position changes by. */
function positions(routes: readonly Route[]): Map<Pid, bigint> {
  const sums = new Map<Pid, bigint>();
  const add = (pid: Pid, amount: bigint) => sums.set(pid, (sums.get(pid) ?? 0n) + amount);
  for (const { edge, change } of effectsOf(hopsOf(routes), UAH)) {
    add(edge.low, change);
    add(edge.high, -change);
  }
  return sums;
}

describe('the hops of routes', () => {
  it('make each next participant a creditor; all but the last carry for others', () => {
    expect(hopsOf([{ path: [a, b, c], amount: 5n }])).toEqual([
      { debtor: a, creditor: b, amount: 5n, intermediate: true },
      { debtor: b, creditor: c, amount: 5n, intermediate: false },
    ]);
  });
});

describe('the sums per edge', () => {
  it('add up hops of several routes over one edge', () => {
    const routes = [
      { path: [a, b, d], amount: 5n },
      { path: [a, b, c, d], amount: 2n },
    ];
    const [first] = effectsOf(hopsOf(routes), UAH);
    expect(first!.change).toBe(changeFor(first!.edge, a, 7n));
  });

  it('cancel opposite hops, and leave alone an edge whose sum is 0', () => {
    const crossing = (back: bigint) => [
      { path: [a, b, c, d], amount: 5n },
      { path: [a, c, b, d], amount: back },
    ];
    const between = (routes: readonly Route[]) =>
      effectsOf(hopsOf(routes), UAH).filter(
        ({ edge }) => [edge.low, edge.high].includes(b) && [edge.low, edge.high].includes(c),
      );
    const [netted] = between(crossing(2n));
    expect(netted!.change).toBe(changeFor(netted!.edge, b, 3n));
    expect(between(crossing(5n))).toEqual([]);
  });

  it('take from the payer what they give to the payee, and nobody between gains or loses', () => {
    const route = fc
      .record({
        between: fc.shuffledSubarray(people.slice(2)),
        amount: fc.bigInt({ min: 1n, max: 2n ** 50n }),
      })
      .map(({ between, amount }) => ({ path: [a, ...between, b], amount }));
    fc.assert(
      fc.property(fc.array(route, { minLength: 1, maxLength: 6 }), (routes) => {
        const total = routes.reduce((sum, { amount }) => sum + amount, 0n);
        const sums = positions(routes);
        expect(sums.get(a)).toBe(-total);
        expect(sums.get(b)).toBe(total);
        for (const pid of people.slice(2)) expect(sums.get(pid) ?? 0n).toBe(0n);
        for (const { change } of effectsOf(hopsOf(routes), UAH)) expect(change).not.toBe(0n);
      }),
    );
  });
});
