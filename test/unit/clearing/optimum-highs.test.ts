/** The exact optimum beside what HiGHS, a linear solver with nothing in common with ours, finds. */
import highsModule, { type Highs } from 'highs';
import { beforeAll, describe, expect, it } from 'vitest';
import { largestCirculation } from '../../../protocol/clearing/circulation.ts';
import { graphOf, type Row, randomRows } from './debts.ts';

// Its types describe the CommonJS build; what Node imports is the function itself.
const loadHighs = highsModule as unknown as (typeof highsModule)['default'];

/** Most that can be cleared: each debt within its amount, as much out of everyone as into. */
function problemOf(size: number, rows: readonly Row[]): string {
  const sum = (names: readonly string[], sign: string) =>
    names.map((name) => ` ${sign} ${name}`).join('\n');
  const names = rows.map((_, i) => `x${i}`);
  const balances = Array.from({ length: size }, (_, v) => {
    const out = names.filter((_, i) => rows[i]![0] === v);
    const into = names.filter((_, i) => rows[i]![1] === v);
    return out.length + into.length === 0
      ? ''
      : `b${v}:\n${sum(out, '+')}\n${sum(into, '-')}\n = 0`;
  }).filter((line) => line !== '');
  const bounds = rows.map(([, , debt], i) => ` 0 <= x${i} <= ${debt}`);
  return [
    'Maximize',
    `total:\n${sum(names, '+')}`,
    'Subject To',
    ...balances,
    'Bounds',
    ...bounds,
    'End',
  ].join('\n');
}

describe('the exact optimum', () => {
  let highs: Highs;
  beforeAll(async () => {
    highs = await loadHighs();
  });

  it.each([
    [2, 2, 9],
    [8, 30, 5],
    [20, 200, 1],
    [40, 300, 1_000],
    [150, 900, 20_000],
    [300, 1_500, 1_000_000],
  ])('of %i members with %i debts up to %i is what HiGHS finds', (size, count, largest) => {
    for (const seed of [1, 2, 3]) {
      const rows = randomRows(seed, size, count, largest);
      const { Status, ObjectiveValue } = highs.solve(problemOf(size, rows));
      expect(Status).toBe('Optimal');
      expect(Math.round(ObjectiveValue)).toBe(largestCirculation(graphOf(size, rows)).optimum);
    }
  });
});
