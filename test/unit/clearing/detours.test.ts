import { describe, expect, it } from 'vitest';
import { takeDetours } from '../../../protocol/clearing/detours.ts';
import type { ChosenCycle } from '../../../protocol/clearing/exchange.ts';
import { BLOCK, Reach } from '../../../protocol/clearing/reach.ts';
import { finish } from '../../../protocol/clearing/steps.ts';
import { graphOf, type Row, randomRows } from './debts.ts';

const TRIANGLE: Row[] = [
  [0, 1, 10],
  [1, 2, 10],
  [2, 0, 10],
];
const ROUND: Row[] = [
  [0, 3, 4],
  [3, 4, 9],
  [4, 1, 9],
];

function detoursOf(rows: readonly Row[], lengthMax: number, effort = 1e6) {
  const graph = graphOf(5, [...rows]);
  const left = graph.amount.slice();
  const cycles: ChosenCycle[] = [{ debts: [0, 1, 2], amount: 10 }];
  for (const debt of [0, 1, 2]) left[debt] = 0;
  finish(takeDetours(graph, left, cycles, lengthMax, effort));
  return { left: [...left], cycles };
}

describe('detours', () => {
  it('lead a cycle round by more debts, with as much of it as there is room for', () => {
    const { left, cycles } = detoursOf([...TRIANGLE, ...ROUND], 8);
    expect(left).toEqual([4, 0, 0, 0, 5, 5]);
    expect(cycles).toEqual([
      { debts: [0, 1, 2], amount: 6 },
      { debts: [3, 4, 5, 1, 2], amount: 4 },
    ]);
  });

  it('do not make a cycle longer than allowed, and need some effort', () => {
    const before = [{ debts: [0, 1, 2], amount: 10 }];
    expect(detoursOf([...TRIANGLE, ...ROUND], 4).cycles).toEqual(before);
    expect(detoursOf([...TRIANGLE, ...ROUND], 8, 0).cycles).toEqual(before);
  });

  it('do not lead by a participant that is on the rest of the cycle', () => {
    const byTheThird: Row[] = [
      [0, 2, 9],
      [2, 3, 9],
      [3, 1, 9],
    ];
    expect(detoursOf([...TRIANGLE, ...byTheThird], 8).cycles).toHaveLength(1);
  });
});

describe('who is reached in so many hops', () => {
  it('agrees with walking, in each block of starts', () => {
    const size = BLOCK + 90;
    const graph = graphOf(size, randomRows(3, size, 900, 9));
    const reach = new Reach(graph, 4);
    const debts = graph.amount.map((_, debt) => debt).filter((debt) => debt % 3 > 0);
    for (const [from, starts] of [
      [0, [0, 33, BLOCK - 1]],
      [BLOCK, [BLOCK, size - 1]],
    ] as const) {
      finish(reach.fill(from, [...debts]));
      for (const start of starts) {
        expect(reach.covers(start)).toBe(true);
        let front = new Set([start]);
        for (let hops = 1; hops <= 4; hops++) {
          front = new Set(
            [...debts]
              .filter((debt) => front.has(graph.debtor[debt]!))
              .map((debt) => graph.creditor[debt]!),
          );
          const led = Array.from({ length: size }, (_, v) => v).filter((v) =>
            reach.leads(start, v, hops),
          );
          expect(led).toEqual([...front].sort((a, b) => a - b));
        }
      }
    }
    expect(reach.covers(0)).toBe(false);
  });
});
