/**
 * Exchanging cycles that are chosen already for others that clear more.
 *
 * A debt of which something remains may only lie on cycles whose other debts are used up. Such a
 * cycle is still worth taking if what it clears is more than what the cycles lose that must give
 * way: so each used-up debt has a price, the length of the shortest cycles that would make room on it,
 * and the search looks for the cycle with the largest gain after prices. Each exchange clears more
 * than before it, in whole units, so the search ends; `effort` ends it sooner.
 */
import { descending } from './by-amount.ts';
import type { DebtGraph } from './circulation.ts';
import { STEP_WORK, type Steps } from './steps.ts';

/** A chosen cycle; its amount falls when it gives way. */
export interface ChosenCycle {
  /** Indices of the debts in order of the cycle. */
  readonly debts: readonly number[];
  amount: number;
}

/** Each threshold is this part of the one before. */
const STEP = 4;
const UNKNOWN = -1;
/** A way's last hops only lead to participants that are known to be near enough to its end. */
const NEAR_HOPS = 3;
const FAR = 255;
/** Cycles that one step takes note of. */
const CYCLES_PER_STEP = 2_048;

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
  if (effort <= 0) return;
  const byAmount = descending(graph.amount);
  if (byAmount.length === 0) return;
  yield;
  const search = new ExchangeSearch(graph, byAmount, left, cycles, lengthMax);
  for (let cycle = 0; cycle < cycles.length; cycle++) {
    if (cycle % CYCLES_PER_STEP === 0) yield;
    search.note(cycle);
  }
  let pause = STEP_WORK;
  let threshold = Math.floor(graph.amount[byAmount[0]!]! / STEP);
  for (; threshold >= 1; threshold = Math.floor(threshold / STEP)) {
    search.setThreshold(threshold);
    for (const debt of byAmount) {
      if (graph.amount[debt]! < threshold) break;
      while (left[debt]! >= threshold) {
        if (search.looked >= effort) return;
        if (search.looked >= pause) {
          pause = search.looked + STEP_WORK;
          yield;
        }
        if (!search.exchangeAt(debt)) break;
      }
    }
  }
}

/** Debts of each participant: `order[first[v] .. first[v + 1])`. */
interface Sorted {
  readonly first: Int32Array;
  readonly order: Int32Array;
}

/** @param ends the participant that each debt is sorted to */
function byParticipant(size: number, ends: Int32Array, sorted: Int32Array): Sorted {
  const first = new Int32Array(size + 1);
  for (const i of sorted) first[ends[i]! + 1]!++;
  for (let v = 0; v < size; v++) first[v + 1]! += first[v]!;
  const order = new Int32Array(sorted.length);
  const place = first.slice(0, size);
  for (const i of sorted) order[place[ends[i]!]!++] = i;
  return { first, order };
}

class ExchangeSearch {
  /** Debts looked at so far. */
  looked = 0;
  readonly #graph: DebtGraph;
  readonly #left: Float64Array;
  readonly #cycles: ChosenCycle[];
  readonly #lengthMax: number;
  /** Debts out of each participant, and into each, the largest first. */
  readonly #out: Sorted;
  readonly #into: Sorted;
  /** Debt → cycles over it, some of which may have given way; none until there was one. */
  readonly #over: (number[] | undefined)[];
  /** Debt → what is lost elsewhere for each unit on it, at this threshold; −1 until asked for. */
  readonly #price: Float64Array;
  /** `hops · size + participant` → least loss less gain of a way there, and its last debt. */
  readonly #loss: Float64Array;
  readonly #via: Int32Array;
  readonly #touched: number[] = [];
  readonly #front: Int32Array;
  readonly #next: Int32Array;
  /** Participant → least loss by fewer hops: a longer way must beat it. */
  readonly #least: Float64Array;
  /** Participant → hops from there back to the debtor of the search, if they are few; else FAR. */
  readonly #back: Uint8Array;
  readonly #near: number[] = [];
  #threshold = 0;

  /** @param sorted debts, the largest first */
  constructor(
    graph: DebtGraph,
    sorted: Int32Array,
    left: Float64Array,
    cycles: ChosenCycle[],
    lengthMax: number,
  ) {
    const { size, debtor, creditor, amount } = graph;
    this.#graph = graph;
    this.#left = left;
    this.#cycles = cycles;
    this.#lengthMax = lengthMax;
    this.#out = byParticipant(size, debtor, sorted);
    this.#into = byParticipant(size, creditor, sorted);
    this.#back = new Uint8Array(size).fill(FAR);
    this.#over = new Array(amount.length);
    this.#price = new Float64Array(amount.length);
    this.#loss = new Float64Array(lengthMax * size).fill(Number.POSITIVE_INFINITY);
    this.#via = new Int32Array(lengthMax * size);
    this.#front = new Int32Array(size);
    this.#next = new Int32Array(size);
    this.#least = new Float64Array(size).fill(Number.POSITIVE_INFINITY);
  }

  /** Takes note of a cycle that is chosen: on its debts it can be asked to give way. */
  note(cycle: number): void {
    const { debts } = this.#cycles[cycle]!;
    for (const i of debts) {
      this.#over[i] ??= [];
      const over = this.#over[i];
      let at = over.length;
      for (; at > 0 && this.#cycles[over[at - 1]!]!.debts.length > debts.length; at--) {
        over[at] = over[at - 1]!;
      }
      over[at] = cycle;
    }
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
    }
    this.note(this.#cycles.push({ debts, amount }) - 1);
    return true;
  }

  /** Cycles over the debt that have not given way, the shortest first. */
  #holders(debt: number): readonly number[] {
    const holders = this.#over[debt];
    if (holders === undefined) return [];
    let kept = 0;
    for (const cycle of holders) if (this.#cycles[cycle]!.amount > 0) holders[kept++] = cycle;
    holders.length = kept;
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
    const least = this.#least;
    const { first, order } = this.#out;
    const back = this.#findNear(goal, Math.min(NEAR_HOPS, hopsMax));
    let front = this.#front;
    let next = this.#next;
    let inFront = 1;
    front[0] = creditor[debt]!;
    loss[creditor[debt]!] = 0;
    this.#touched.push(creditor[debt]!);
    least[creditor[debt]!] = 0;
    // The debt itself gains 1, so a way back may lose a little less than that.
    let best = 1;
    let bestHops = 0;
    for (let hops = 1; hops <= hopsMax && inFront > 0; hops++) {
      let inNext = 0;
      const hopsLeft = hopsMax - hops;
      for (let k = 0; k < inFront; k++) {
        const u = front[k]!;
        const soFar = loss[(hops - 1) * size + u]!;
        for (let at = first[u]!; at < first[u + 1]!; at++) {
          const i = order[at]!;
          if (amount[i]! < this.#threshold) break;
          this.looked++;
          const v = creditor[i]!;
          if (hopsLeft < NEAR_HOPS && back[v]! > hopsLeft) continue;
          const reached = soFar + this.#priceOf(i) - 1;
          const label = hops * size + v;
          if (reached - hopsLeft >= best || reached >= loss[label]!) continue;
          if (v !== goal && reached >= least[v]!) continue;
          if (loss[label] === Number.POSITIVE_INFINITY) {
            this.#touched.push(label);
            if (v !== goal) next[inNext++] = v;
          }
          loss[label] = reached;
          this.#via[label] = i;
          if (v === goal && reached < best) {
            best = reached;
            bestHops = hops;
          }
        }
      }
      for (let k = 0; k < inNext; k++) least[next[k]!] = loss[hops * size + next[k]!]!;
      [front, next] = [next, front];
      inFront = inNext;
    }
    const found = bestHops > 0 ? this.#walkBack(debt, bestHops) : undefined;
    for (const label of this.#touched) {
      loss[label] = Number.POSITIVE_INFINITY;
      least[label % size] = Number.POSITIVE_INFINITY;
    }
    this.#touched.length = 0;
    for (const participant of this.#near) back[participant] = FAR;
    this.#near.length = 0;
    return found;
  }

  /** Who is so few hops before `goal`: the last hops of a way need not look at anybody else. */
  #findNear(goal: number, hopsMax: number): Uint8Array {
    const { debtor, amount } = this.#graph;
    const { first, order } = this.#into;
    const back = this.#back;
    const near = this.#near;
    back[goal] = 0;
    near.push(goal);
    for (let k = 0; k < near.length; k++) {
      const v = near[k]!;
      const hops = back[v]! + 1;
      if (hops > hopsMax) break;
      for (let at = first[v]!; at < first[v + 1]!; at++) {
        const i = order[at]!;
        if (amount[i]! < this.#threshold) break;
        this.looked++;
        const u = debtor[i]!;
        if (back[u] !== FAR) continue;
        back[u] = hops;
        near.push(u);
      }
    }
    return back;
  }

  /** @returns the debts of the cycle; nothing if a participant comes twice */
  #walkBack(debt: number, hops: number): number[] | undefined {
    const { size, debtor } = this.#graph;
    const members: number[] = [];
    const debts: number[] = new Array(hops + 1);
    debts[0] = debt;
    let v = debtor[debt]!;
    for (let k = hops; k > 0; k--) {
      if (members.includes(v)) return undefined;
      members.push(v);
      const i = this.#via[k * size + v]!;
      debts[k] = i;
      v = debtor[i]!;
    }
    return members.includes(v) ? undefined : debts;
  }
}
