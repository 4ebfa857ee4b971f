import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { largestCirculation } from '../../../protocol/clearing/circulation.ts';
import { graphOf, oracleOptimum, type Row, randomRows } from './debts.ts';

const net = (size: number, rows: readonly Row[], amount: ArrayLike<number>): number[] => {
  const positions = new Array<number>(size).fill(0);
  rows.forEach(([from, to], i) => {
    positions[from]! -= amount[i]!;
    positions[to]! += amount[i]!;
  });
  return positions;
};

describe('the largest circulation', () => {
  it.each<[string, number, Row[], number]>([
    ['no debts', 0, [], 0],
    [
      'a chain clears nothing',
      3,
      [
        [0, 1, 5],
        [1, 2, 5],
      ],
      0,
    ],
    [
      'two debts that face each other',
      2,
      [
        [0, 1, 5],
        [1, 0, 3],
      ],
      6,
    ],
    [
      'a ring, by its smallest debt',
      3,
      [
        [0, 1, 5],
        [1, 2, 3],
        [2, 0, 9],
      ],
      9,
    ],
    [
      'the long way round clears more',
      4,
      [
        [0, 1, 1],
        [1, 2, 1],
        [2, 3, 1],
        [3, 0, 1],
        [1, 0, 1],
      ],
      4,
    ],
    [
      'two rings through one participant',
      5,
      [
        [0, 1, 2],
        [1, 2, 2],
        [2, 0, 2],
        [0, 3, 7],
        [3, 4, 7],
        [4, 0, 7],
      ],
      27,
    ],
  ])('%s', (_, size, rows, optimum) => {
    expect(largestCirculation(graphOf(size, rows)).optimum).toBe(optimum);
  });

  it('equals what cancelling one cycle after the other finds', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1_000_000 }),
        fc.integer({ min: 2, max: 12 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.constantFrom(1, 9, 1_000_000),
        (seed, size, density, largest) => {
          const count = Math.floor(density * size * (size - 1));
          const rows = randomRows(seed, size, count, largest);
          const graph = graphOf(size, rows);
          const { cleared, optimum, total } = largestCirculation(graph);
          expect(optimum).toBe(oracleOptimum(size, rows));
          expect(total).toBe(rows.reduce((sum, [, , debt]) => sum + debt, 0));
          expect(cleared.reduce((sum, each) => sum + each, 0)).toBe(optimum);
          expect(cleared.every((each, i) => each >= 0 && each <= rows[i]![2])).toBe(true);
          expect(net(size, rows, cleared).every((position) => position === 0)).toBe(true);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('equals it on a network of sixty with four hundred debts', () => {
    const rows = randomRows(7, 60, 400, 50_000);
    expect(largestCirculation(graphOf(60, rows)).optimum).toBe(oracleOptimum(60, rows));
  });

  it('stays exact up to the last number that a double holds', () => {
    const third = (Number.MAX_SAFE_INTEGER - 1) / 3;
    const rows: Row[] = [
      [0, 1, third],
      [1, 2, third - 1],
      [2, 0, third],
    ];
    expect(largestCirculation(graphOf(3, rows)).optimum).toBe(3 * (third - 1));
  });

  it('refuses what it could not count exactly', () => {
    const half = 2 ** 52;
    const rows: Row[] = [
      [0, 1, half],
      [1, 0, half],
    ];
    expect(() => largestCirculation(graphOf(2, rows))).toThrow(
      expect.objectContaining({
        code: 'E009',
        details: expect.objectContaining({ fault: 'amounts_too_large' }),
      }),
    );
  });

  it.each<[string, Row]>([
    ['a part of a unit', [0, 1, 0.5]],
    ['less than nothing', [0, 1, -1]],
    ['owed to oneself', [1, 1, 4]],
    ['owed to nobody', [0, 2, 4]],
    ['owed by nobody', [-1, 1, 4]],
  ])('refuses a debt that is %s', (_, row) => {
    expect(() => largestCirculation(graphOf(2, [row]))).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ fault: 'bad_debt' }) }),
    );
  });
});
