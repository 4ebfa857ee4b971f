/**
 * Cycles that can be carried out: each short enough for one transaction, chosen so that together they
 * clear nearly what could be cleared at all (docs/decisions/0012-clearing.md).
 *
 * The largest circulation says which debts an optimum uses, but it is made of cycles of any length.
 * It is worked off first, from large amounts to small, the shortest cycle through each debt taken
 * whole; then the same is done with everything that remains of the debts.
 */
import type { DebtGraph } from './circulation.ts';
import { CycleSearch, descending } from './cycle-search.ts';

export interface ClearingCycle {
  /** Participants in the order of debt: each owes the next, the last owes the first. */
  readonly members: readonly number[];
  /** Indices of the debts along the cycle, parallel to `members`. */
  readonly debts: readonly number[];
  readonly amount: number;
}

export interface Decomposition {
  /** In order of execution: the largest amounts first. */
  readonly cycles: readonly ClearingCycle[];
  /** Sum over cycles of amount times length: the debt that disappears. */
  readonly cleared: number;
}

/** Each threshold is this part of the one before. */
const STEP = 4;

/**
 * @param circulation what an optimum takes from each debt, see `largestCirculation`; not changed
 * @param lengthMax members of a cycle at most, ≥ 2
 */
export function executableCycles(
  graph: DebtGraph,
  circulation: Float64Array,
  lengthMax: number,
): Decomposition {
  const cycles: ClearingCycle[] = [];
  const taken = circulation.slice();
  takeCycles(graph, taken, lengthMax, cycles);
  const remaining = graph.amount.slice();
  for (let i = 0; i < taken.length; i++) remaining[i]! -= circulation[i]! - taken[i]!;
  takeCycles(graph, remaining, lengthMax, cycles);
  cycles.sort((a, b) => b.amount - a.amount);
  let cleared = 0;
  for (const { amount, debts } of cycles) cleared += amount * debts.length;
  return { cycles, cleared };
}

/** @param available lowered by what the cycles take */
function takeCycles(
  graph: DebtGraph,
  available: Float64Array,
  lengthMax: number,
  cycles: ClearingCycle[],
): void {
  const search = new CycleSearch(graph, available, lengthMax);
  const byAmount = descending(available);
  if (byAmount.length === 0) return;
  const largest = available[byAmount[0]!]!;
  for (let threshold = largest / STEP; ; threshold /= STEP) {
    const least = Math.max(1, Math.ceil(threshold));
    for (const debt of byAmount) {
      while (available[debt]! >= least) {
        const debts = search.through(debt, least);
        if (debts === undefined) break;
        let amount = Number.POSITIVE_INFINITY;
        for (const i of debts) amount = Math.min(amount, available[i]!);
        for (const i of debts) available[i]! -= amount;
        cycles.push({ members: debts.map((i) => graph.debtor[i]!), debts, amount });
      }
    }
    if (least === 1) return;
  }
}
