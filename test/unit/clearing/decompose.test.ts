import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type DebtGraph, largestCirculation } from '../../../protocol/clearing/circulation.ts';
import { type Decomposition, executableCycles } from '../../../protocol/clearing/decompose.ts';
import { seededRandom } from '../../../simulations/random.ts';
import { graphOf, type Row, randomRows } from './debts.ts';

const cyclesOf = (graph: DebtGraph, lengthMax: number): Decomposition =>
  executableCycles(graph, largestCirculation(graph).cleared, lengthMax);

/** Carries the cycles out on a copy of the debts. @returns what remains of each */
function replay(graph: DebtGraph, { cycles, cleared }: Decomposition, lengthMax: number) {
  const left = graph.amount.slice();
  let sum = 0;
  let before = Number.POSITIVE_INFINITY;
  for (const { members, debts, amount } of cycles) {
    expect(Number.isSafeInteger(amount) && amount > 0 && amount <= before).toBe(true);
    before = amount;
    expect(members.length >= 2 && members.length <= lengthMax).toBe(true);
    expect(new Set(members).size).toBe(members.length);
    expect(debts.length).toBe(members.length);
    for (const [at, debt] of debts.entries()) {
      expect(graph.debtor[debt]).toBe(members[at]);
      expect(graph.creditor[debt]).toBe(members[(at + 1) % members.length]);
      left[debt]! -= amount;
      expect(left[debt]).toBeGreaterThanOrEqual(0);
      sum += amount;
    }
  }
  expect(sum).toBe(cleared);
  return left;
}

/** Members of the shortest cycle of debts that are left; Infinity if there is none. */
function shortestLeft(graph: DebtGraph, left: Float64Array): number {
  let shortest = Number.POSITIVE_INFINITY;
  for (let start = 0; start < graph.size; start++) {
    const hops = new Map([[start, 0]]);
    for (const [u, far] of hops) {
      left.forEach((amount, debt) => {
        if (amount === 0 || graph.debtor[debt] !== u) return;
        const v = graph.creditor[debt]!;
        if (v === start) shortest = Math.min(shortest, far + 1);
        if (!hops.has(v)) hops.set(v, far + 1);
      });
    }
  }
  return shortest;
}

describe('executable cycles', () => {
  it('carry out within the debts, and leave no short cycle behind', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 1_000_000 }),
        fc.integer({ min: 2, max: 14 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.constantFrom(1, 9, 1_000_000),
        fc.integer({ min: 2, max: 8 }),
        (seed, size, density, largest, lengthMax) => {
          const count = Math.floor(density * size * (size - 1));
          const graph = graphOf(size, randomRows(seed, size, count, largest));
          const found = cyclesOf(graph, lengthMax);
          const left = replay(graph, found, lengthMax);
          expect(found.cleared).toBeLessThanOrEqual(largestCirculation(graph).optimum);
          expect(shortestLeft(graph, left)).toBeGreaterThan(lengthMax);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('do not touch the circulation that they are made from', () => {
    const graph = graphOf(3, [
      [0, 1, 5],
      [1, 2, 3],
      [2, 0, 9],
    ]);
    const { cleared } = largestCirculation(graph);
    expect(executableCycles(graph, cleared, 8).cycles).toEqual([
      {
        members: expect.arrayContaining([0, 1, 2]),
        debts: expect.arrayContaining([0, 1, 2]),
        amount: 3,
      },
    ]);
    expect([...cleared]).toEqual([3, 3, 3]);
  });

  it('give way to others that clear more', () => {
    // The triangle is found first. Through its last debt goes a ring of six, which clears more.
    const triangle: Row[] = [
      [0, 1, 10],
      [1, 2, 10],
      [2, 0, 10],
    ];
    const ring: Row[] = [
      [0, 3, 10],
      [3, 4, 10],
      [4, 5, 10],
      [5, 6, 10],
      [6, 2, 10],
    ];
    const graph = graphOf(7, [...triangle, ...ring]);
    const nothing = new Float64Array(graph.amount.length);
    expect(executableCycles(graph, nothing, 8, 0).cleared).toBe(30);
    const better = executableCycles(graph, nothing, 8);
    expect(better.cleared).toBe(60);
    replay(graph, better, 8);
  });

  it('only get better with more effort', () => {
    const graph = graphOf(80, randomRows(5, 80, 400, 1_000_000));
    const { cleared } = largestCirculation(graph);
    const none = executableCycles(graph, cleared, 8, 0).cleared;
    const much = executableCycles(graph, cleared, 8, 1e6).cleared;
    expect(much).toBeGreaterThan(none);
  });

  it('leave a ring alone that is longer than allowed', () => {
    const ring = Array.from({ length: 9 }, (_, i): Row => [i, (i + 1) % 9, 10]);
    expect(cyclesOf(graphOf(9, ring), 8)).toEqual({ cycles: [], cleared: 0 });
    expect(cyclesOf(graphOf(9, ring), 9).cleared).toBe(90);
  });

  it('reach nearly all of the optimum where a village pays one another', () => {
    const graph = graphOf(100, randomRows(11, 100, 2_000, 10_000));
    const { optimum } = largestCirculation(graph);
    expect(cyclesOf(graph, 8).cleared / optimum).toBeGreaterThan(0.97);
  });

  it('reach 97 % of the optimum with 500 members and 3,000 debts between any two of them', () => {
    const random = seededRandom(7);
    const evenly = randomRows(1, 500, 3_000, 1).map(
      ([from, to]): Row => [from, to, 1 + random.below(100)],
    );
    const graph = graphOf(500, evenly);
    const { optimum } = largestCirculation(graph);
    const found = cyclesOf(graph, 8);
    replay(graph, found, 8);
    expect(found.cleared / optimum).toBeGreaterThan(0.97);
  });

  it('take the same debts once only', () => {
    const graph = graphOf(60, randomRows(4, 60, 500, 1_000));
    const { cycles } = cyclesOf(graph, 8);
    const keys = cycles.map(({ debts }) => [...debts].sort((a, b) => a - b).join());
    expect(new Set(keys).size).toBe(keys.length);
  });
});
