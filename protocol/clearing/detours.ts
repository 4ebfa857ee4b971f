/**
 * Chosen cycles that take a longer way: a stretch of a cycle is left, and debts of which something remains
 * lead round it by more hops. The cycle then clears more, and what it left can be cleared by others.
 *
 * An exchange cannot see this: it counts a whole cycle as lost for each of its debts that is needed elsewhere.
 * Each detour clears more than before it, in whole units, so the search ends; `effort` ends it sooner.
 */
import { descending, meanOf } from './by-amount.ts';
import type { DebtGraph } from './circulation.ts';
import type { ChosenCycle } from './exchange.ts';
import { BLOCK, Reach } from './reach.ts';
import { STEP_WORK, type Steps } from './steps.ts';

/** Each threshold is this part of the one before. */
const STEP = 4;
/** The last threshold is this part of the mean debt: what is below it is not worth a search. */
const LEAST_PART = 100;
/** Rounds over all cycles at one threshold; fewer when one of them finds little. */
const ROUNDS = 3;
const LITTLE = 10;
/** Participants that are visited on the way back before a detour is given up. */
const VISITS = 30;

/**
 * @param left what remains of each debt beside the cycles; follows the detours
 * @param cycles changes in place and grows: a cycle may take a detour with a part of its amount
 * @param effort debts that may be looked at; the work ends soon after
 */
export function* takeDetours(
  graph: DebtGraph,
  left: Float64Array,
  cycles: ChosenCycle[],
  lengthMax: number,
  effort: number,
): Steps<void> {
  const byAmount = descending(left);
  if (effort <= 0 || byAmount.length === 0 || cycles.length === 0) return;
  yield;
  const search = new DetourSearch(graph, left, cycles, lengthMax);
  yield;
  const largest = left[byAmount[0]!]!;
  const least = Math.max(1, Math.floor(meanOf(graph.amount) / LEAST_PART));
  for (let threshold = largest / STEP; ; threshold /= STEP) {
    const units = Math.max(least, Math.floor(threshold));
    for (let round = 0; round < ROUNDS; round++) {
      const taken = yield* search.round(units, effort);
      if (search.looked >= effort) return;
      if (taken < LITTLE) break;
    }
    if (units === least) return;
  }
}

class DetourSearch {
  readonly #graph: DebtGraph;
  readonly #left: Float64Array;
  readonly #cycles: ChosenCycle[];
  readonly #lengthMax: number;
  readonly #reach: Reach;
  /** Debts to each participant: `order[first[v] .. first[v + 1])`. */
  readonly #first: Int32Array;
  readonly #order: Int32Array;
  /** 1: on the part of the cycle that stays, or on the way so far. */
  readonly #taken: Uint8Array;
  #way: number[] = [];
  #visits = 0;
  #threshold = 1;
  #looked = 0;

  constructor(graph: DebtGraph, left: Float64Array, cycles: ChosenCycle[], lengthMax: number) {
    const { size, creditor } = graph;
    this.#graph = graph;
    this.#left = left;
    this.#cycles = cycles;
    this.#lengthMax = lengthMax;
    this.#reach = new Reach(graph, lengthMax - 1);
    this.#taken = new Uint8Array(size);
    this.#first = new Int32Array(size + 1);
    for (const v of creditor) this.#first[v + 1]!++;
    for (let v = 0; v < size; v++) this.#first[v + 1]! += this.#first[v]!;
    const place = this.#first.slice(0, size);
    this.#order = new Int32Array(creditor.length);
    for (let i = 0; i < creditor.length; i++) this.#order[place[creditor[i]!]!++] = i;
  }

  get looked(): number {
    return this.#looked + this.#reach.looked;
  }

  /** One detour for each cycle that has one over debts with so much left. @returns how many there were */
  *round(threshold: number, effort: number): Steps<number> {
    this.#threshold = threshold;
    let taken = 0;
    let pause = this.#looked + STEP_WORK;
    for (let from = 0; from < this.#graph.size && this.looked < effort; from += BLOCK) {
      const open: number[] = [];
      this.#left.forEach((units, debt) => {
        if (units >= threshold) open.push(debt);
      });
      yield* this.#reach.fill(from, open);
      const count = this.#cycles.length;
      for (let k = 0; k < count && this.looked < effort; k++) {
        if (this.#lengthen(k)) taken++;
        if (this.#looked < pause) continue;
        pause = this.#looked + STEP_WORK;
        yield;
      }
    }
    return taken;
  }

  /** The longest detours first. @returns whether one was taken */
  #lengthen(k: number): boolean {
    const { debts, amount } = this.#cycles[k]!;
    if (amount < this.#threshold) return false;
    const length = debts.length;
    for (let gain = this.#lengthMax - length; gain > 0; gain--) {
      for (let at = 0; at < length; at++) {
        this.#looked++;
        const start = this.#graph.debtor[debts[at]!]!;
        if (!this.#reach.covers(start)) continue;
        for (let stretch = 1; stretch < length; stretch++) {
          if (this.#goRound(k, at, stretch, stretch + gain)) return true;
        }
      }
    }
    return false;
  }

  /**
   * @param at where in the cycle the stretch begins that is left
   * @param stretch its debts
   * @param hops of the way round it
   */
  #goRound(k: number, at: number, stretch: number, hops: number): boolean {
    const { debtor } = this.#graph;
    const { debts } = this.#cycles[k]!;
    const length = debts.length;
    const start = debtor[debts[at]!]!;
    const goal = debtor[debts[(at + stretch) % length]!]!;
    if (!this.#reach.leads(start, goal, hops)) return false;
    const kept: number[] = [];
    for (let i = stretch; i < length; i++) kept.push(debts[(at + i) % length]!);
    for (const debt of kept) this.#taken[debtor[debt]!] = 1;
    this.#taken[start] = 1;
    this.#visits = VISITS;
    this.#way = new Array(hops);
    const found = this.#walkBack(start, goal, hops);
    for (const debt of kept) this.#taken[debtor[debt]!] = 0;
    this.#taken[start] = 0;
    if (found) this.#replace(k, kept);
    return found;
  }

  /** Depth first from `goal` back to `start`, only by participants that are as many hops away as are left. */
  #walkBack(start: number, goal: number, hops: number): boolean {
    if (hops === 0) return true;
    if (--this.#visits < 0) return false;
    const { debtor } = this.#graph;
    for (let at = this.#first[goal]!; at < this.#first[goal + 1]!; at++) {
      const debt = this.#order[at]!;
      this.#looked++;
      if (this.#left[debt]! < this.#threshold) continue;
      const before = debtor[debt]!;
      if (!this.#reach.leads(start, before, hops - 1)) continue;
      if (hops > 1 && this.#taken[before] === 1) continue;
      this.#way[hops - 1] = debt;
      if (hops === 1) return true;
      this.#taken[before] = 1;
      const found = this.#walkBack(start, before, hops - 1);
      this.#taken[before] = 0;
      if (found) return true;
    }
    return false;
  }

  /** As much of the cycle as there is room for takes the way that was found. */
  #replace(k: number, kept: readonly number[]): void {
    const left = this.#left;
    const cycle = this.#cycles[k]!;
    const debts = [...this.#way, ...kept];
    let { amount } = cycle;
    for (const debt of this.#way) amount = Math.min(amount, left[debt]!);
    for (const debt of cycle.debts) left[debt]! += amount;
    for (const debt of debts) left[debt]! -= amount;
    cycle.amount -= amount;
    if (cycle.amount === 0) this.#cycles[k] = { debts, amount };
    else this.#cycles.push({ debts, amount });
  }
}
