/**
 * What one end of a search has reached, layer by layer: a layer holds the participants that are so
 * many hops away on a way that is better than every shorter one. Arrays are kept from search to
 * search; the number of the run tells whose labels they hold.
 */
import { type CompactGraph, NONE } from './compact-graph.ts';

export class HopLabels {
  /** The labels grow against the direction of payment, from the payee. */
  readonly inward: boolean;
  /** Participant → its best value in any layer; valid where `stamp` is the run. */
  best = new Float64Array(0);
  stamp = new Int32Array(0);
  /** Layer → participants in it. */
  readonly layers: number[][] = [];
  /** Layer → participant → value; valid where `marks` is the run. */
  readonly values: Float64Array[] = [];
  readonly marks: Int32Array[] = [];
  /** Layer → participant → slot that leads to it from the layer before. */
  readonly via: Int32Array[] = [];
  depth = 0;
  /** Slots to look at for the next layer. */
  cost = 0;

  constructor(inward: boolean) {
    this.inward = inward;
  }

  begin(graph: CompactGraph, node: number, value: number, run: number): void {
    const nodes = graph.first.length;
    if (this.best.length < nodes) {
      this.best = new Float64Array(nodes);
      this.stamp = new Int32Array(nodes);
      this.values.length = this.marks.length = this.via.length = 0;
    }
    this.depth = 0;
    this.#openLayer(0);
    this.layers[0]!.push(node);
    this.values[0]![node] = value;
    this.marks[0]![node] = run;
    this.best[node] = value;
    this.stamp[node] = run;
    this.cost = graph.end[node]! - graph.first[node]!;
  }

  /** Goes one layer on; the new one is empty. */
  deepen(): void {
    this.depth++;
    this.#openLayer(this.depth);
    this.cost = 0;
  }

  #openLayer(depth: number): void {
    if (this.values.length === depth) {
      this.values.push(new Float64Array(this.best.length));
      this.marks.push(new Int32Array(this.best.length));
      this.via.push(new Int32Array(this.best.length));
    }
    if (this.layers.length === depth) this.layers.push([]);
    this.layers[depth]!.length = 0;
  }
}

/** The number of the next run: 32 bits, never 0, which is what an array that is new holds. */
export function nextRun(run: number): number {
  const next = (run + 1) | 0;
  return next === 0 ? 1 : next;
}

/** Where the labels of the two ends meet: a participant and its layers on either side. */
export interface Meeting {
  node: number;
  outDepth: number;
  inDepth: number;
}

export const NOWHERE: Readonly<Meeting> = { node: NONE, outDepth: 0, inDepth: 0 };

/** The hops from payer to payee through the meeting, without loops: they only cost hops. */
export function pathThrough(
  graph: CompactGraph,
  out: HopLabels,
  inn: HopLabels,
  meeting: Readonly<Meeting>,
): number[] {
  const { head, twin } = graph;
  const walk: number[] = [];
  let node = meeting.node;
  for (let depth = meeting.outDepth; depth > 0; depth--) {
    const slot = out.via[depth]![node]!;
    walk.push(slot);
    node = head[twin[slot]!]!;
  }
  walk.reverse();
  const path: number[] = [];
  const visited = [node];
  node = meeting.node;
  for (let depth = meeting.inDepth; depth > 0; depth--) {
    const slot = twin[inn.via[depth]![node]!]!;
    walk.push(slot);
    node = head[slot]!;
  }
  for (const slot of walk) {
    const seen = visited.indexOf(head[slot]!);
    if (seen < 0) {
      path.push(slot);
      visited.push(head[slot]!);
    } else {
      path.length = seen;
      visited.length = seen + 1;
    }
  }
  return path;
}
