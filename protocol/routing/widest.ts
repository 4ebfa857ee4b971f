/**
 * The widest path within a number of hops, and among the widest one with the fewest hops.
 *
 * Labels grow from both ends, a layer at a time, the side with fewer hops to look at first: a hub of
 * ten thousand members is met in the middle rather than walked through. With every layer the paths
 * may be a hop longer, so the first path of its width is also the shortest of that width.
 */
import type { CompactGraph } from './compact-graph.ts';
import { HopLabels, type Meeting, NOWHERE, nextRun, pathThrough } from './hop-labels.ts';
import type { WorkBudget } from './work-budget.ts';

export interface WidePath {
  /** Slots of the hops, the payer's first. */
  readonly slots: readonly number[];
  readonly width: number;
}

export class WidestSearch {
  readonly #graph: CompactGraph;
  readonly #out = new HopLabels(false);
  readonly #in = new HopLabels(true);
  #run = 0;
  #found = 0;
  #meeting: Meeting = { ...NOWHERE };

  constructor(graph: CompactGraph) {
    this.#graph = graph;
  }

  /** @param enough a path need not be wider than this */
  find(
    payer: number,
    payee: number,
    enough: number,
    maxHops: number,
    budget: WorkBudget,
  ): WidePath | undefined {
    const graph = this.#graph;
    const most = Math.min(enough, widestHop(graph, payer, false), widestHop(graph, payee, true));
    if (most <= 0) return undefined;
    const run = nextRun(this.#run);
    this.#run = run;
    const out = this.#out;
    const inn = this.#in;
    out.begin(graph, payer, most, run);
    inn.begin(graph, payee, most, run);
    this.#found = 0;
    for (let hops = 1; hops <= maxHops && this.#found < most && !budget.exhausted; hops++) {
      const outFirst = out.cost <= inn.cost;
      const side = outFirst ? out : inn;
      budget.spend(side.cost + 1);
      this.#grow(side, outFirst ? inn : out);
      if (side.layers[side.depth]!.length === 0) break;
    }
    if (this.#found === 0) return undefined;
    return { slots: pathThrough(graph, out, inn, this.#meeting), width: this.#found };
  }

  #grow(side: HopLabels, other: HopLabels): void {
    const { first, end, carry, twin, head } = this.#graph;
    const { inward, best, stamp } = side;
    const run = this.#run;
    const before = side.layers[side.depth]!;
    const valuesBefore = side.values[side.depth]!;
    side.deepen();
    const depth = side.depth;
    const layer = side.layers[depth]!;
    const values = side.values[depth]!;
    const via = side.via[depth]!;
    const marks = side.marks[depth]!;
    let cost = 0;
    for (let i = 0; i < before.length; i++) {
      const node = before[i]!;
      const soFar = valuesBefore[node]!;
      const stop = end[node]!;
      for (let slot = first[node]!; slot < stop; slot++) {
        const room = carry[inward ? twin[slot]! : slot]!;
        const width = room < soFar ? room : soFar;
        if (width <= this.#found) continue;
        const next = head[slot]!;
        if (stamp[next] === run && best[next]! >= width) continue;
        stamp[next] = run;
        best[next] = width;
        values[next] = width;
        via[next] = slot;
        if (marks[next] !== run) {
          marks[next] = run;
          layer.push(next);
          cost += end[next]! - first[next]!;
        }
        if (other.stamp[next] === run) this.#meet(side, other, next, width);
      }
    }
    side.cost = cost;
  }

  #meet(side: HopLabels, other: HopLabels, node: number, width: number): void {
    const met = Math.min(width, other.best[node]!);
    if (met <= this.#found) return;
    let depth = 0;
    while (other.marks[depth]![node] !== this.#run || other.values[depth]![node]! < met) depth++;
    this.#found = met;
    this.#meeting.node = node;
    this.#meeting.outDepth = side.inward ? depth : side.depth;
    this.#meeting.inDepth = side.inward ? side.depth : depth;
  }
}

/** The most that a single hop out of, or `inward` into, a participant carries. */
export function widestHop(graph: CompactGraph, node: number, inward: boolean): number {
  const { first, end, carry, twin } = graph;
  let width = 0;
  for (let slot = first[node]!; slot < end[node]!; slot++) {
    const room = carry[inward ? twin[slot]! : slot]!;
    if (room > width) width = room;
  }
  return width;
}
