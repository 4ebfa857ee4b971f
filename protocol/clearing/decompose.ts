/**
 * Cycles that can be carried out: each short enough for one transaction, chosen so that together they
 * clear nearly what could be cleared at all (docs/decisions/0012-clearing.md).
 *
 * The largest circulation says which debts an optimum uses, but it is made of cycles of any length.
 * It is worked off first, from large amounts to small, the shortest cycle through each debt taken
 * in parts; then the same is done with everything that remains of the debts. At last, cycles give way
 * to others that clear more, and lead round by longer ways.
 */
import { descending, meanOf } from './by-amount.ts';
import type { DebtGraph } from './circulation.ts';
import { CycleSearch } from './cycle-search.ts';
import { takeDetours } from './detours.ts';
import { type ChosenCycle, exchangeCycles } from './exchange.ts';
import { finish, STEP_WORK, type Steps } from './steps.ts';

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

/** Each threshold is this part of the one before: the nearer, the better the cycles ... */
const STEP_MIN = 1.25;
/** ... but from the largest debt to 1 there are no more of them than about this. */
const THRESHOLDS = 24;
/**
 * A cycle takes this part of a threshold at once, and may be found again: debts then shrink evenly, and are there for
 * others to close cycles with until late ...
 */
const PART = 0.5;
/** ... but not less than this part of the mean debt: what is smaller than that is not worth a cycle of its own. */
const LEAST_PART = 10;
/** Debts that the exchange looks at, for each debt there is, and then the detours. */
const EFFORT_PER_DEBT = 450;
/** Cycles that one step puts in their place. */
const CYCLES_PER_STEP = 2_048;
/** No more than that unless asked for: a second or two. */
const EFFORT_DEFAULT_MAX = 5_000_000;

/**
 * @param circulation what an optimum takes from each debt, see `largestCirculation`; not changed
 * @param lengthMax members of a cycle at most, ≥ 2
 * @param effort debts that may be looked at to improve what was found first; 0: none
 */
export function executableCycles(
  graph: DebtGraph,
  circulation: Float64Array,
  lengthMax: number,
  effort: number = usualEffort(graph),
): Decomposition {
  return finish(cycleSteps(graph, circulation, lengthMax, effort));
}

/** The same step by step. */
export function* cycleSteps(
  graph: DebtGraph,
  circulation: Float64Array,
  lengthMax: number,
  effort: number = usualEffort(graph),
): Steps<Decomposition> {
  const chosen: ChosenCycle[] = [];
  const inCirculation = circulation.slice();
  yield* takeCycles(graph, inCirculation, lengthMax, chosen);
  const left = graph.amount.slice();
  for (let i = 0; i < left.length; i++) left[i]! -= circulation[i]! - inCirculation[i]!;
  yield* takeCycles(graph, left, lengthMax, chosen);
  yield* exchangeCycles(graph, left, chosen, lengthMax, effort);
  yield* takeCycles(graph, left, lengthMax, chosen);
  yield* takeDetours(graph, left, chosen, lengthMax, effort);
  yield* takeCycles(graph, left, lengthMax, chosen);
  return yield* inOrder(graph, yield* merged(chosen));
}

function usualEffort({ amount }: DebtGraph): number {
  return Math.min(EFFORT_PER_DEBT * amount.length, EFFORT_DEFAULT_MAX);
}

/** @param available lowered by what the cycles take */
function* takeCycles(
  graph: DebtGraph,
  available: Float64Array,
  lengthMax: number,
  chosen: ChosenCycle[],
): Steps<void> {
  const byAmount = descending(available);
  if (byAmount.length === 0) return;
  yield;
  const search = new CycleSearch(graph, available, byAmount, lengthMax);
  yield;
  let pause = STEP_WORK;
  const part = Math.ceil(meanOf(graph.amount) / LEAST_PART);
  const largest = available[byAmount[0]!]!;
  const step = Math.max(STEP_MIN, largest ** (1 / THRESHOLDS));
  for (let threshold = largest / step; ; threshold /= step) {
    const least = Math.max(1, Math.ceil(threshold));
    const atMost = Math.max(part, Math.ceil(least * PART));
    // Debts that close only long cycles come first: others would take what these need, and find more ways.
    for (const lengthMin of [lengthMax - 1, 0]) {
      for (const debt of byAmount) {
        while (available[debt]! >= least) {
          const debts = search.through(debt, least);
          if (debts === undefined || debts.length < lengthMin) break;
          chosen.push({ debts, amount: takeFrom(available, debts, atMost) });
        }
        if (search.looked >= pause) {
          pause = search.looked + STEP_WORK;
          yield;
        }
      }
    }
    if (least === 1) return;
  }
}

/** Takes as much as there is of all of them, and no more than `atMost`. @returns how much */
function takeFrom(available: Float64Array, debts: readonly number[], atMost: number): number {
  let amount = atMost;
  for (const i of debts) amount = Math.min(amount, available[i]!);
  for (const i of debts) available[i]! -= amount;
  return amount;
}

/** Cycles over the same debts as one. */
function* merged(chosen: readonly ChosenCycle[]): Steps<ChosenCycle[]> {
  const byDebts = new Map<string, ChosenCycle>();
  for (const [at, { debts, amount }] of chosen.entries()) {
    if (at % CYCLES_PER_STEP === 0) yield;
    const first = debts.indexOf(Math.min(...debts));
    const rotated = [...debts.slice(first), ...debts.slice(0, first)];
    const key = rotated.join();
    const known = byDebts.get(key);
    if (known === undefined) byDebts.set(key, { debts: rotated, amount });
    else known.amount += amount;
  }
  return [...byDebts.values()];
}

function* inOrder({ debtor }: DebtGraph, chosen: readonly ChosenCycle[]): Steps<Decomposition> {
  const cycles: ClearingCycle[] = [];
  let cleared = 0;
  for (const at of descending(Float64Array.from(chosen, ({ amount }) => amount))) {
    if (cycles.length % CYCLES_PER_STEP === 0) yield;
    const { debts, amount } = chosen[at]!;
    cycles.push({ members: debts.map((i) => debtor[i]!), debts, amount });
    cleared += amount * debts.length;
  }
  return { cycles, cleared };
}
