/** The cheapest single path against every simple path. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CheapestSearch } from '../../../protocol/routing/cheapest.ts';
import { WorkBudget } from '../../../protocol/routing/work-budget.ts';
import { everyPath, graphOf, PAYEE, PAYER, type PlainLine, plainLines, widthOf } from './oracle.ts';

const ENDLESS = Number.POSITIVE_INFINITY;

function find(lines: readonly PlainLine[], amount: number, maxHops: number, hopWeight: number) {
  const graph = graphOf(lines);
  const slots = new CheapestSearch(graph).find(
    PAYER,
    PAYEE,
    amount,
    amount,
    maxHops,
    { hopWeight, detourSteps: ENDLESS },
    new WorkBudget(ENDLESS),
  );
  return slots === undefined ? undefined : [PAYER, ...slots.map((slot) => graph.head[slot]!)];
}

/** What a path adds to all debts, in units of the amount, plus the weight of its hops. */
function costOf(
  lines: readonly PlainLine[],
  path: readonly number[],
  amount: number,
  weight: number,
) {
  let cost = 0;
  for (let i = 1; i < path.length; i++) {
    const back = lines.find((line) => line.from === path[i] && line.to === path[i - 1]);
    const repaid = Math.min(amount, Number(back?.debt ?? 0n));
    cost += (amount - 2 * repaid) / amount + weight;
  }
  return cost;
}

describe('the cheapest path', () => {
  it('carries the amount and costs as little as any, for every weight of 1 and more', () => {
    fc.assert(
      fc.property(
        plainLines,
        fc.integer({ min: 1, max: 15 }),
        fc.integer({ min: 1, max: 6 }),
        fc.constantFrom(1, 1.5, 3),
        (given, amount, maxHops, weight) => {
          const lines = given.map((line) => ({ ...line, carries: true }));
          const fit = everyPath(lines, maxHops).filter(
            (path) => widthOf(lines, path) >= BigInt(amount),
          );
          const path = find(lines, amount, maxHops, weight);
          expect(path === undefined).toBe(fit.length === 0);
          if (path === undefined) return;
          expect(fit).toContainEqual(path);
          const least = Math.min(...fit.map((each) => costOf(lines, each, amount, weight)));
          expect(costOf(lines, path, amount, weight)).toBeCloseTo(least, 6);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('stays simple and within its bounds where the weight rewards detours', () => {
    fc.assert(
      fc.property(plainLines, fc.integer({ min: 1, max: 15 }), (given, amount) => {
        const lines = given.map((line) => ({ ...line, carries: true }));
        const path = find(lines, amount, 5, 0);
        const fit = everyPath(lines, 5).filter((each) => widthOf(lines, each) >= BigInt(amount));
        if (path === undefined) expect(fit).toEqual([]);
        else expect(fit).toContainEqual(path);
      }),
      { numRuns: 300 },
    );
  });

  const DETOUR: readonly PlainLine[] = [
    { from: 0, to: 6, limit: 10n, debt: 0n, carries: true },
    // 0 → 1 → 2 → 6 only repays.
    { from: 1, to: 0, limit: 10n, debt: 10n, carries: true },
    { from: 2, to: 1, limit: 10n, debt: 10n, carries: true },
    { from: 6, to: 2, limit: 10n, debt: 10n, carries: true },
  ];

  it('goes a longer way that repays debts, unless hops weigh too much', () => {
    expect(find(DETOUR, 10, 6, 1)).toEqual([0, 1, 2, 6]);
    expect(find(DETOUR, 10, 6, 2.5)).toEqual([0, 6]);
    expect(find(DETOUR, 10, 2, 1)).toEqual([0, 6]);
  });

  it('takes the first path it has when the steps for a better one are used up', () => {
    const graph = graphOf(DETOUR);
    const settings = { hopWeight: 1, detourSteps: 0 };
    const search = new CheapestSearch(graph);
    const slots = search.find(PAYER, PAYEE, 10, 10, 6, settings, new WorkBudget(ENDLESS));
    expect(slots).toHaveLength(1);
  });
});
