/**
 * Cycles through a debt that has just changed, for whoever keeps the books of a community in a
 * `CompactGraph` (docs/PROTOCOL.md, "Clearing"). The one with the largest amount comes first, and of
 * those with the same amount the shortest.
 *
 * From the creditor hop by hop along debts back to the debtor: for each number of hops the widest way to
 * each participant. A longer way is only followed if it is wider than all shorter ones, so that nobody
 * comes twice. No debt counts for more than the one it must pass through, and no way that is not wider
 * than the best one found so far is followed.
 */
import type { CompactGraph } from '../routing/compact-graph.ts';

export interface TriggerBounds {
  /** Members of a cycle at most, ≥ 3. */
  readonly maxLength: number;
  /** Smaller amounts are not worth a clearing, smallest unit, ≥ 1. */
  readonly minAmount: bigint;
  /** Debts that one search may look at; what is found by then counts. */
  readonly work: number;
}

/** For about 0.1 ms. */
export const TRIGGER_WORK = 5_000;

export interface TriggeredCycle {
  /** Each owes the next, the last owes the first; 3 or more. */
  readonly members: readonly number[];
  /** What each of these debts can be lowered by, exactly. */
  readonly amount: bigint;
}

export class TriggerSearch {
  /** Debts looked at so far, by all searches. */
  looked = 0;
  readonly #graph: CompactGraph;
  readonly #isSpared: (debtor: number, creditor: number) => boolean;
  /** Participant → width of the widest way there by fewer hops; 0 if there is none. */
  #widest = new Float64Array(0);
  /** `hops · participants + participant` → who comes before it on a way of so many hops. */
  #before = new Int32Array(0);
  /** Participant → width by the number of hops being looked at; 0 except during it. */
  #next = new Float64Array(0);

  /** @param isSpared debts that are left alone for now */
  constructor(
    graph: CompactGraph,
    isSpared: (debtor: number, creditor: number) => boolean = () => false,
  ) {
    this.#graph = graph;
    this.#isSpared = isSpared;
  }

  /** The cycle with the largest amount over the debts between two participants, whoever owes whom. */
  between(one: number, other: number, bounds: TriggerBounds): TriggeredCycle | undefined {
    const there = this.through(one, other, bounds);
    const back = this.through(other, one, bounds);
    if (there === undefined || back === undefined) return there ?? back;
    if (there.amount === back.amount) {
      return there.members.length <= back.members.length ? there : back;
    }
    return there.amount > back.amount ? there : back;
  }

  /** The cycle with the largest amount through what `debtor` owes `creditor`. */
  through(debtor: number, creditor: number, bounds: TriggerBounds): TriggeredCycle | undefined {
    if (!this.#graph.hasNode(debtor) || !this.#graph.hasNode(creditor)) return undefined;
    const start = clearableIn(this.#graph, debtor, creditor);
    if (start < bounds.minAmount || this.#isSpared(debtor, creditor)) return undefined;
    const hops = this.#search(debtor, creditor, Number(start), bounds);
    if (hops === 0) return undefined;
    const members = this.#walkBack(debtor, creditor, hops);
    let amount = start;
    // The search counts in doubles; the amount is what the books say.
    for (const [i, member] of members.entries()) {
      const free = clearableIn(this.#graph, member, members[(i + 1) % members.length]!);
      if (free < amount) amount = free;
    }
    return amount < bounds.minAmount ? undefined : { members, amount };
  }

  /** @returns hops of the widest way from the creditor to the debtor; 0 if there is none */
  #search(debtor: number, creditor: number, most: number, bounds: TriggerBounds): number {
    const { first, end, head, twin, repays, nodeCount } = this.#graph;
    const hopsMax = bounds.maxLength - 1;
    const least = Number(bounds.minAmount);
    this.#prepare(nodeCount, hopsMax);
    const widest = this.#widest;
    const next = this.#next;
    const before = this.#before;
    const touched = [creditor];
    widest[creditor] = most;
    let front = [creditor];
    let best = 0;
    let work = bounds.work;
    for (let hops = 1; hops <= hopsMax && front.length > 0 && work > 0; hops++) {
      const reached: number[] = [];
      for (const u of front) {
        for (let slot = first[u]!; slot < end[u]! && work > 0; slot++) {
          work--;
          const owed = repays[twin[slot]!]!;
          const v = head[slot]!;
          const width = Math.min(owed, widest[u]!);
          if (width < least || width <= widest[v]! || width <= widest[debtor]!) continue;
          if (width <= next[v]! || (hops === 1 && v === debtor)) continue;
          if (this.#isSpared(u, v)) continue;
          if (next[v] === 0) reached.push(v);
          next[v] = width;
          before[hops * nodeCount + v] = u;
        }
      }
      front = [];
      for (const v of reached) {
        if (widest[v] === 0) touched.push(v);
        widest[v] = next[v]!;
        next[v] = 0;
        if (v === debtor) best = hops;
        else front.push(v);
      }
      if (widest[debtor] === most) break;
    }
    for (const v of touched) widest[v] = 0;
    this.looked += bounds.work - work;
    return best;
  }

  #prepare(nodes: number, hopsMax: number): void {
    if (this.#widest.length < nodes) {
      this.#widest = new Float64Array(nodes * 2);
      this.#next = new Float64Array(nodes * 2);
    }
    const labels = (hopsMax + 1) * nodes;
    if (this.#before.length < labels) this.#before = new Int32Array(labels * 2);
  }

  /** @returns members in order of debt, beginning with the creditor */
  #walkBack(debtor: number, creditor: number, hops: number): number[] {
    const { nodeCount } = this.#graph;
    const members: number[] = [];
    for (let v = debtor, k = hops; v !== creditor; k--) {
      members.push(v);
      v = this.#before[k * nodeCount + v]!;
    }
    members.push(creditor);
    return members.reverse();
  }
}

/** What of a debt may be cleared: what payments under way may work off goes first. Smallest unit. */
export function clearableIn(graph: CompactGraph, debtor: number, creditor: number): bigint {
  const owed = graph.line(debtor, creditor);
  if (owed === undefined) return 0n;
  const held = graph.line(creditor, debtor)?.held ?? 0n;
  return owed.debt > held ? owed.debt - held : 0n;
}
