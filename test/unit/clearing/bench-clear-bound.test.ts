/** The bound beside the linear program over all short cycles, listed one by one and solved by HiGHS. */
import highsModule, { type Highs } from 'highs';
import { beforeAll, describe, expect, it } from 'vitest';
import { largestCirculation } from '../../../protocol/clearing/circulation.ts';
import { executableCycles } from '../../../protocol/clearing/decompose.ts';
import { shortCycleBound } from '../../../simulations/bench/clear-bound.ts';
import { graphOf, type Row, randomRows } from './debts.ts';

// Its types describe the CommonJS build; what Node imports is the function itself.
const loadHighs = highsModule as unknown as (typeof highsModule)['default'];

/** Every cycle of at most `lengthMax` members, as indices of its rows; it begins at its lowest member. */
function shortCycles(rows: readonly Row[], lengthMax: number): number[][] {
  const found: number[][] = [];
  const walk = (start: number, members: readonly number[], path: readonly number[]): void => {
    for (const [i, [from, to]] of rows.entries()) {
      if (from !== members.at(-1)) continue;
      if (to === start) found.push([...path, i]);
      else if (to > start && !members.includes(to) && members.length < lengthMax) {
        walk(start, [...members, to], [...path, i]);
      }
    }
  };
  for (const start of new Set(rows.map(([from]) => from))) walk(start, [start], []);
  return found;
}

/** Most that these cycles can clear together, each debt within its amount; cycles may be taken in fractions. */
function problemOf(rows: readonly Row[], cycles: readonly number[][]): string {
  const over = rows.map((_, i) => cycles.flatMap((debts, c) => (debts.includes(i) ? [c] : [])));
  const limits = rows.flatMap(([, , debt], i) =>
    over[i]!.length === 0
      ? []
      : [`d${i}:\n${over[i]!.map((c) => ` + x${c}`).join('\n')}\n <= ${debt}`],
  );
  const total = cycles.map(({ length }, c) => ` + ${length} x${c}`).join('\n');
  return ['Maximize', `total:\n${total}`, 'Subject To', ...limits, 'End'].join('\n');
}

const boundOf = (size: number, rows: readonly Row[], lengthMax: number) => {
  const graph = graphOf(size, rows);
  return shortCycleBound(graph, largestCirculation(graph), lengthMax);
};

describe('the bound on what short cycles clear', () => {
  let highs: Highs;
  beforeAll(async () => {
    highs = await loadHighs();
  });

  it.each([
    [6, 14, 9, 3],
    [9, 25, 100, 2],
    [12, 40, 1_000, 4],
    [14, 40, 1_000_000, 5],
  ])('of %i members, %i debts up to %i, cycles of %i', (size, count, largest, lengthMax) => {
    let tooHigh = 0;
    let optimumTooHigh = 0;
    for (let seed = 1; seed <= 12; seed++) {
      const rows = randomRows(seed, size, count, largest);
      const graph = graphOf(size, rows);
      const solved = largestCirculation(graph);
      const cycles = shortCycles(rows, lengthMax);
      const possible =
        cycles.length === 0 ? 0 : highs.solve(problemOf(rows, cycles)).ObjectiveValue;
      const bound = shortCycleBound(graph, solved, lengthMax);
      expect(bound).toBeGreaterThanOrEqual(Math.floor(possible * (1 - 1e-9)));
      expect(bound).toBeLessThanOrEqual(solved.optimum);
      expect(bound).toBeGreaterThanOrEqual(
        executableCycles(graph, solved.cleared, lengthMax).cleared,
      );
      tooHigh += bound - possible;
      optimumTooHigh += solved.optimum - possible;
    }
    // Near enough to say something: less than half of what the optimum has in longer cycles is still in it.
    expect(tooHigh).toBeLessThan(optimumTooHigh / 2);
  });

  it('is exact where one cycle is too long and another is not', () => {
    const rows: Row[] = [
      [0, 1, 10],
      [1, 2, 10],
      [2, 3, 10],
      [3, 0, 10],
      [4, 5, 7],
      [5, 4, 3],
    ];
    expect(boundOf(6, rows, 4)).toBe(46);
    expect(boundOf(6, rows, 3)).toBe(6);
  });

  it('is nothing where no short cycle is', () => {
    const rows: Row[] = [
      [0, 1, 10],
      [1, 2, 10],
      [2, 0, 10],
    ];
    expect(boundOf(3, rows, 2)).toBe(0);
    expect(boundOf(3, [], 2)).toBe(0);
  });
});
