/** Random debts, and what an independent program would say about them. */
import type { DebtGraph } from '../../../protocol/clearing/circulation.ts';
import { seededRandom } from '../../../simulations/random.ts';

export type Row = readonly [from: number, to: number, debt: number];

export function graphOf(size: number, rows: readonly Row[]): DebtGraph {
  return {
    size,
    debtor: Int32Array.from(rows, ([from]) => from),
    creditor: Int32Array.from(rows, ([, to]) => to),
    amount: Float64Array.from(rows, ([, , debt]) => debt),
  };
}

/** `count` debts between different pairs, sizes spread evenly over the orders of magnitude. */
export function randomRows(seed: number, size: number, count: number, largest: number): Row[] {
  const random = seededRandom(seed);
  const rows = new Map<number, Row>();
  while (rows.size < count) {
    const from = random.below(size);
    const to = random.below(size);
    const debt = Math.floor(Math.exp(random.real() * Math.log(largest + 1)));
    if (from !== to) rows.set(from * size + to, [from, to, debt]);
  }
  return [...rows.values()];
}

/**
 * The largest circulation by the plainest method there is: while the residual graph has a cycle
 * along which more can be cleared, send what it takes (Klein 1967). Nothing in common with the
 * method under test: it begins with nothing cleared and uses Bellman and Ford.
 */
export function oracleOptimum(size: number, rows: readonly Row[]): number {
  const arcs = rows.flatMap(([from, to, debt]) => [
    { from, to, left: debt, gain: 1 },
    { from: to, to: from, left: 0, gain: -1 },
  ]);
  for (;;) {
    const cycle = gainfulCycle(size, arcs);
    if (cycle === undefined) break;
    const amount = Math.min(...cycle.map((arc) => arcs[arc]!.left));
    for (const arc of cycle) {
      arcs[arc]!.left -= amount;
      arcs[arc ^ 1]!.left += amount;
    }
  }
  return rows.reduce((sum, [, , debt], i) => sum + debt - arcs[2 * i]!.left, 0);
}

interface Arc {
  readonly from: number;
  readonly to: number;
  readonly gain: number;
  left: number;
}

function gainfulCycle(size: number, arcs: readonly Arc[]): number[] | undefined {
  const gain = new Array<number>(size).fill(0);
  const via = new Array<number>(size).fill(-1);
  let last = -1;
  for (let round = 0; round < size; round++) {
    last = -1;
    for (const [i, arc] of arcs.entries()) {
      if (arc.left === 0 || gain[arc.from]! + arc.gain <= gain[arc.to]!) continue;
      gain[arc.to] = gain[arc.from]! + arc.gain;
      via[arc.to] = i;
      last = arc.to;
    }
    if (last < 0) return undefined;
  }
  // Something still rose in the last round, so a cycle lies behind it.
  let at = last;
  for (let step = 0; step < size; step++) at = arcs[via[at]!]!.from;
  const cycle: number[] = [];
  for (let v = at; ; ) {
    const arc = via[v]!;
    cycle.push(arc);
    v = arcs[arc]!.from;
    if (v === at) return cycle;
  }
}
