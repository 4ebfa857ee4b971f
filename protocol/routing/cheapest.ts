/**
 * The cheapest single path that carries an amount within a number of hops.
 *
 * The cost of a hop, in units of the amount, is what it adds to all debts, −1 (wholly repaid) to +1
 * (all new debt), plus a weight. With the default weight of 1 a hop that repays costs nothing and one
 * that lends costs 2: a payment goes a longer way if that leaves less debt in the community, and the
 * shortest otherwise. Labels grow from both ends, the cheaper side first; the search ends when no
 * longer path can be cheaper than the one it has.
 */
import type { CompactGraph } from './compact-graph.ts';
import { HopLabels, type Meeting, NOWHERE, nextRun, pathThrough } from './hop-labels.ts';
import type { WorkBudget } from './work-budget.ts';

export interface CheapSettings {
  /** Cost of a hop for being one, ≥ 0. Below 1 detours that repay are sought for their own sake. */
  readonly hopWeight: number;
  /** Steps that may be spent on a cheaper path once there is one. */
  readonly detourSteps: number;
}

/** Sums of costs differ by rounding; less than this is no difference. */
const ROUNDING = 1e-9;

export class CheapestSearch {
  readonly #graph: CompactGraph;
  readonly #out = new HopLabels(false);
  readonly #in = new HopLabels(true);
  #run = 0;
  #found = Number.POSITIVE_INFINITY;
  #meeting: Meeting = { ...NOWHERE };

  constructor(graph: CompactGraph) {
    this.#graph = graph;
  }

  /**
   * @param amount what every hop must carry
   * @param owed the same amount in the unit of `CompactGraph.repays`
   * @returns slots of the hops, the payer's first
   */
  find(
    payer: number,
    payee: number,
    amount: number,
    owed: number,
    maxHops: number,
    settings: CheapSettings,
    budget: WorkBudget,
  ): number[] | undefined {
    const graph = this.#graph;
    const run = nextRun(this.#run);
    this.#run = run;
    const out = this.#out;
    const inn = this.#in;
    out.begin(graph, payer, 0, run);
    inn.begin(graph, payee, 0, run);
    this.#found = Number.POSITIVE_INFINITY;
    const leastHop = settings.hopWeight - 1;
    let detour = settings.detourSteps;
    let outLeast = 0;
    let innLeast = 0;
    for (let hops = 1; hops <= maxHops && !budget.exhausted; hops++) {
      const outFirst = out.cost <= inn.cost;
      const side = outFirst ? out : inn;
      const steps = side.cost + 1;
      if (this.#found < Number.POSITIVE_INFINITY) {
        detour -= steps;
        // What every longer path costs at least: its beginning, its end, and the hops between.
        const least = outLeast + innLeast + Math.min(leastHop, leastHop * (maxHops - hops + 1));
        if (detour < 0 || least > this.#found - ROUNDING) break;
      }
      budget.spend(steps);
      const cheapest = this.#grow(side, outFirst ? inn : out, amount, owed, settings.hopWeight);
      if (side.layers[side.depth]!.length === 0) break;
      if (outFirst) outLeast = cheapest;
      else innLeast = cheapest;
    }
    if (this.#found === Number.POSITIVE_INFINITY) return undefined;
    return pathThrough(graph, out, inn, this.#meeting);
  }

  /** @returns the cost of the cheapest label of the new layer */
  #grow(side: HopLabels, other: HopLabels, amount: number, owed: number, weight: number): number {
    const { first, end, carry, twin, head, repays } = this.#graph;
    const { inward, best, stamp } = side;
    const run = this.#run;
    const slack = weight < 1 ? Number.POSITIVE_INFINITY : 0;
    // What every path through the new layer costs at least, and every longer one: once one is found for
    // that, the rest of the layer, by far the largest, need not be looked at.
    const least = weight < 1 ? Number.NEGATIVE_INFINITY : (weight - 1) * (side.depth + 1);
    const before = side.layers[side.depth]!;
    const valuesBefore = side.values[side.depth]!;
    side.deepen();
    const depth = side.depth;
    const layer = side.layers[depth]!;
    const values = side.values[depth]!;
    const via = side.via[depth]!;
    const marks = side.marks[depth]!;
    // A label that is dearer than this cannot be part of a better path.
    let dearest = this.#found + slack - ROUNDING;
    let cost = 0;
    let cheapest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < before.length; i++) {
      const node = before[i]!;
      const soFar = valuesBefore[node]!;
      const stop = end[node]!;
      for (let slot = first[node]!; slot < stop; slot++) {
        const hop = inward ? twin[slot]! : slot;
        if (carry[hop]! < amount) continue;
        const repaid = repays[hop]!;
        const value = soFar + weight + (repaid >= owed ? -1 : 1 - (2 * repaid) / owed);
        if (value > dearest) continue;
        const next = head[slot]!;
        if (stamp[next] === run && best[next]! <= value + ROUNDING) continue;
        stamp[next] = run;
        best[next] = value;
        values[next] = value;
        via[next] = slot;
        if (value < cheapest) cheapest = value;
        if (marks[next] !== run) {
          marks[next] = run;
          layer.push(next);
          cost += end[next]! - first[next]!;
        }
        if (other.stamp[next] === run) {
          this.#meet(side, other, next, value);
          if (this.#found <= least + ROUNDING) return cheapest;
          dearest = this.#found + slack - ROUNDING;
        }
      }
    }
    side.cost = cost;
    return cheapest;
  }

  #meet(side: HopLabels, other: HopLabels, node: number, value: number): void {
    const met = value + other.best[node]!;
    if (met > this.#found - ROUNDING) return;
    let depth = 0;
    while (
      other.marks[depth]![node] !== this.#run ||
      other.values[depth]![node] !== other.best[node]
    ) {
      depth++;
    }
    this.#found = met;
    this.#meeting.node = node;
    this.#meeting.outDepth = side.inward ? depth : side.depth;
    this.#meeting.inDepth = side.inward ? side.depth : depth;
  }
}
