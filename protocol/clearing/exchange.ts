/**
 * Exchanging cycles that are chosen already for others that clear more.
 *
 * A debt of which something remains may only lie on cycles whose other debts are used up. Such a
 * cycle is still worth taking if what it clears is more than what the cycles lose that must give
 * way: so each used-up debt has a price, the length of the shortest cycles that would make room on it,
 * and the search looks for the cycle with the largest gain after prices. Each exchange clears more
 * than before it, in whole units, so the search ends; `effort` ends it sooner.
 */
import type { DebtGraph } from './circulation.ts';
import { descending } from './cycle-search.ts';
import type { Steps } from './steps.ts';

/** A chosen cycle; its amount falls when it gives way. */
export interface ChosenCycle {
  /** Indices of the debts in order of the cycle. */
  readonly debts: readonly number[];
  amount: number;
}

/** Each threshold is this part of the one before. */
const STEP = 4;
const UNKNOWN = -1;

/**
 * @param left what remains of each debt beside the cycles; follows the exchanges
 * @param cycles grows; cycles that gave way entirely are left with amount 0
 * @param effort debts that may be looked at; the work ends soon after
 */
export function* exchangeCycles(
  graph: DebtGraph,
  left: Float64Array,
  cycles: ChosenCycle[],
  lengthMax: number,
  effort: number,
): Steps<void> {
  const search = new ExchangeSearch(graph, left, cycles, lengthMax);
  const byAmount = descending(graph.amount);
  if (byAmount.length === 0) return;
  let threshold = Math.floor(graph.amount[byAmount[0]!]! / STEP);
  for (; threshold >= 1; threshold = Math.floor(threshold / STEP)) {
    search.setThreshold(threshold);
    for (const debt of byAmount) {
      if (graph.amount[debt]! < threshold) break;
      while (left[debt]! >= threshold) {
        if (search.looked >= effort) return;
        yield;
        if (!search.exchangeAt(debt)) break;
      }
    }
  }
}

class ExchangeSearch {
  /** Debts looked at so far. */
  looked = 0;
  readonly #graph: DebtGraph;
  readonly #left: Float64Array;
  readonly #cycles: ChosenCycle[];
  readonly #lengthMax: number;
  /** Debts out of each participant, the largest first. */
  readonly #first: Int32Array;
  readonly #order: Int32Array;
  /** Debt → cycles over it, some of which may have given way. */
  readonly #over: number[][];
  /** Debt → what is lost elsewhere for each unit on it, at this threshold; −1 until asked for. */
  readonly #price: Float64Array;
  /** `hops · size + participant` → least loss less gain of a way there, and its last debt. */
  readonly #loss: Float64Array;
  readonly #via: Int32Array;
  readonly #touched: number[] = [];
  /** Participant → least loss by fewer hops: a longer way must beat it. */
  readonly #least: Float64Array;
  #threshold = 0;

  constructor(graph: DebtGraph, left: Float64Array, cycles: ChosenCycle[], lengthMax: number) {
    const { size, debtor, amount } = graph;
    this.#graph = graph;
    this.#left = left;
    this.#cycles = cycles;
    this.#lengthMax = lengthMax;
    const sorted = descending(amount);
    this.#first = new Int32Array(size + 1);
    for (const i of sorted) this.#first[debtor[i]! + 1]!++;
    for (let v = 0; v < size; v++) this.#first[v + 1]! += this.#first[v]!;
    this.#order = new Int32Array(sorted.length);
    const place = this.#first.slice(0, size);
    for (const i of sorted) this.#order[place[debtor[i]!]!++] = i;
    this.#over = Array.from(amount, () => []);
    cycles.forEach(({ debts }, cycle) => {
      for (const i of debts) this.#over[i]!.push(cycle);
    });
    this.#price = new Float64Array(amount.length);
    this.#loss = new Float64Array(lengthMax * size).fill(Number.POSITIVE_INFINITY);
    this.#via = new Int32Array(lengthMax * size);
    this.#least = new Float64Array(size).fill(Number.POSITIVE_INFINITY);
  }

  setThreshold(threshold: number): void {
    this.#threshold = threshold;
    this.#price.fill(UNKNOWN);
  }

  /** Takes the most gainful cycle through `debt`. @returns false if none clears more than is lost */
  exchangeAt(debt: number): boolean {
    const debts = this.#gainfulCycle(debt);
    if (debts === undefined) return false;
    for (const i of debts) this.#makeRoom(i);
    let amount = Number.POSITIVE_INFINITY;
    for (const i of debts) amount = Math.min(amount, this.#left[i]!);
    for (const i of debts) {
      this.#left[i]! -= amount;
      this.#price[i] = UNKNOWN;
      this.#over[i]!.push(this.#cycles.length);
    }
    this.#cycles.push({ debts, amount });
    return true;
  }

  /** Cycles over the debt that have not given way, the shortest first. */
  #holders(debt: number): number[] {
    const cycles = this.#cycles;
    const holders = this.#over[debt]!.filter((cycle) => cycles[cycle]!.amount > 0);
    holders.sort((a, b) => cycles[a]!.debts.length - cycles[b]!.debts.length);
    this.#over[debt] = holders;
    return holders;
  }

  #priceOf(debt: number): number {
    if (this.#price[debt] !== UNKNOWN) return this.#price[debt]!;
    let missing = this.#threshold - this.#left[debt]!;
    let lost = 0;
    if (missing > 0) {
      for (const holder of this.#holders(debt)) {
        const { amount, debts } = this.#cycles[holder]!;
        const units = Math.min(missing, amount);
        lost += units * debts.length;
        missing -= units;
        if (missing === 0) break;
      }
    }
    const price = lost / this.#threshold;
    this.#price[debt] = price;
    return price;
  }

  #makeRoom(debt: number): void {
    if (this.#left[debt]! >= this.#threshold) return;
    for (const holder of this.#holders(debt)) {
      const cycle = this.#cycles[holder]!;
      const units = Math.min(this.#threshold - this.#left[debt]!, cycle.amount);
      cycle.amount -= units;
      for (const i of cycle.debts) {
        this.#left[i]! += units;
        this.#price[i] = UNKNOWN;
      }
      if (this.#left[debt]! >= this.#threshold) return;
    }
  }

  /** Hop by hop from the creditor back to the debtor: each hop gains 1 and loses its price. */
  #gainfulCycle(debt: number): number[] | undefined {
    const { size, amount, debtor, creditor } = this.#graph;
    const goal = debtor[debt]!;
    const hopsMax = this.#lengthMax - 1;
    const loss = this.#loss;
    let front = [creditor[debt]!];
    loss[creditor[debt]!] = 0;
    this.#touched.push(creditor[debt]!);
    this.#least[creditor[debt]!] = 0;
    // The debt itself gains 1, so a way back may lose a little less than that.
    let best = 1;
    let bestHops = 0;
    for (let hops = 1; hops <= hopsMax && front.length > 0; hops++) {
      const next: number[] = [];
      for (const u of front) {
        const soFar = loss[(hops - 1) * size + u]!;
        for (let at = this.#first[u]!; at < this.#first[u + 1]!; at++) {
          const i = this.#order[at]!;
          if (amount[i]! < this.#threshold) break;
          this.looked++;
          const v = creditor[i]!;
          const reached = soFar + this.#priceOf(i) - 1;
          const label = hops * size + v;
          if (reached - (hopsMax - hops) >= best || reached >= loss[label]!) continue;
          if (v !== goal && reached >= this.#least[v]!) continue;
          if (loss[label] === Number.POSITIVE_INFINITY) {
            this.#touched.push(label);
            if (v !== goal) next.push(v);
          }
          loss[label] = reached;
          this.#via[label] = i;
          if (v === goal && reached < best) {
            best = reached;
            bestHops = hops;
          }
        }
      }
      for (const v of next) this.#least[v] = loss[hops * size + v]!;
      front = next;
    }
    const found = bestHops > 0 ? this.#walkBack(debt, bestHops) : undefined;
    for (const label of this.#touched) {
      loss[label] = Number.POSITIVE_INFINITY;
      this.#least[label % size] = Number.POSITIVE_INFINITY;
    }
    this.#touched.length = 0;
    return found;
  }

  /** @returns the debts of the cycle; nothing if a participant comes twice */
  #walkBack(debt: number, hops: number): number[] | undefined {
    const { size, debtor } = this.#graph;
    const members = new Set<number>();
    const debts: number[] = [];
    let v = debtor[debt]!;
    for (let k = hops; k > 0; k--) {
      members.add(v);
      const i = this.#via[k * size + v]!;
      debts.push(i);
      v = debtor[i]!;
    }
    members.add(v);
    if (members.size !== hops + 1) return undefined;
    debts.push(debt);
    return debts.reverse();
  }
}
