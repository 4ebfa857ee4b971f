/**
 * A circulation as cycles that can be carried out: each short enough for one transaction, the
 * largest first (docs/PROTOCOL.md, "Clearing").
 *
 * Amounts are worked off from large to small by a falling threshold: among the arcs above it, the
 * shortest cycle through each is taken whole. What closes only in longer cycles waits; taking it
 * needs other paths, which the next pass finds among the remaining debts.
 */
import type { DebtGraph } from './circulation.ts';

export interface ClearingCycle {
  /** Participants in the order of debt: each owes the next, the last owes the first. */
  readonly members: readonly number[];
  /** Indices of the debts along the cycle, parallel to `members`. */
  readonly debts: readonly number[];
  readonly amount: number;
}

export interface Decomposition {
  readonly cycles: readonly ClearingCycle[];
  /** Sum over cycles of amount times length: the debt that disappears. */
  readonly cleared: number;
}

/**
 * @param cleared a circulation over the graph's debts, see `largestCirculation`; used up
 * @param lengthMax members of a cycle at most, ≥ 2
 */
export function decompose(
  graph: DebtGraph,
  cleared: Float64Array,
  lengthMax: number,
): Decomposition {
  const search = new CycleSearch(graph, cleared, lengthMax);
  const cycles: ClearingCycle[] = [];
  let sum = 0;
  const byAmount = [...cleared.keys()].filter((i) => cleared[i]! > 0);
  byAmount.sort((a, b) => cleared[b]! - cleared[a]!);
  let threshold = byAmount.length > 0 ? 2 ** Math.floor(Math.log2(cleared[byAmount[0]!]!)) : 0;
  for (; threshold >= 1; threshold = Math.floor(threshold / 2)) {
    for (const debt of byAmount) {
      while (cleared[debt]! >= threshold) {
        const cycle = search.through(debt, threshold);
        if (cycle === undefined) break;
        for (const i of cycle.debts) cleared[i]! -= cycle.amount;
        sum += cycle.amount * cycle.debts.length;
        cycles.push(cycle);
      }
    }
  }
  return { cycles, cleared: sum };
}

/** Breadth-first search for the shortest way back from a debt's creditor to its debtor. */
class CycleSearch {
  readonly #graph: DebtGraph;
  readonly #cleared: Float64Array;
  readonly #hopsMax: number;
  readonly #first: Int32Array;
  readonly #order: Int32Array;
  /** The debt by which a participant was reached; valid where `#stamp` is the current one. */
  readonly #via: Int32Array;
  readonly #stamp: Int32Array;
  readonly #queue: Int32Array;
  #now = 0;

  constructor(graph: DebtGraph, cleared: Float64Array, lengthMax: number) {
    this.#graph = graph;
    this.#cleared = cleared;
    this.#hopsMax = lengthMax - 1;
    this.#first = new Int32Array(graph.size + 1);
    this.#order = new Int32Array(cleared.length);
    this.#via = new Int32Array(graph.size);
    this.#stamp = new Int32Array(graph.size);
    this.#queue = new Int32Array(graph.size);
    for (const u of graph.debtor) this.#first[u + 1]!++;
    for (let v = 0; v < graph.size; v++) this.#first[v + 1]! += this.#first[v]!;
    const place = this.#first.slice(0, graph.size);
    for (let i = 0; i < cleared.length; i++) this.#order[place[graph.debtor[i]!]!++] = i;
  }

  through(debt: number, threshold: number): ClearingCycle | undefined {
    const { debtor, creditor } = this.#graph;
    const goal = debtor[debt]!;
    const start = creditor[debt]!;
    const stamp = ++this.#now;
    const queue = this.#queue;
    this.#stamp[start] = stamp;
    this.#via[start] = debt;
    queue[0] = start;
    let end = 1;
    let layerEnd = 1;
    let hops = 1;
    for (let i = 0; i < end && hops <= this.#hopsMax; i++) {
      const u = queue[i]!;
      for (let at = this.#first[u]!; at < this.#first[u + 1]!; at++) {
        const next = this.#order[at]!;
        if (this.#cleared[next]! < threshold) continue;
        const v = creditor[next]!;
        if (v === goal) return this.#cycle(debt, next);
        if (this.#stamp[v] === stamp) continue;
        this.#stamp[v] = stamp;
        this.#via[v] = next;
        queue[end++] = v;
      }
      if (i + 1 === layerEnd) {
        layerEnd = end;
        hops++;
      }
    }
    return undefined;
  }

  #cycle(debt: number, last: number): ClearingCycle {
    const { debtor } = this.#graph;
    const debts = [last];
    for (let i = last; i !== debt; ) {
      i = this.#via[debtor[i]!]!;
      debts.unshift(i);
    }
    let amount = Number.POSITIVE_INFINITY;
    for (const i of debts) amount = Math.min(amount, this.#cleared[i]!);
    return { members: debts.map((i) => debtor[i]!), debts, amount };
  }
}
