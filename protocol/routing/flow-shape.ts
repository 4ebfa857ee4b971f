/** How many paths a flow takes, and how long they are. */
import type { CompactGraph } from './compact-graph.ts';

export interface FlowShape {
  readonly paths: number;
  readonly hops: number;
}

/**
 * Takes a flow apart, the shortest path first.
 * @param flow slot → what flows along it, > 0; consumed
 */
export function flowShape(
  graph: CompactGraph,
  payer: number,
  payee: number,
  flow: Map<number, number>,
): FlowShape {
  let paths = 0;
  let hops = 0;
  for (;;) {
    const path = shortestPath(graph, payer, payee, flow);
    if (path === undefined) return { paths, hops };
    let width = Number.POSITIVE_INFINITY;
    for (const slot of path) width = Math.min(width, flow.get(slot)!);
    for (const slot of path) {
      const left = flow.get(slot)! - width;
      if (left > 0) flow.set(slot, left);
      else flow.delete(slot);
    }
    paths++;
    hops = Math.max(hops, path.length);
  }
}

function shortestPath(
  graph: CompactGraph,
  payer: number,
  payee: number,
  flow: ReadonlyMap<number, number>,
): number[] | undefined {
  const { head, twin } = graph;
  const outOf = new Map<number, number[]>();
  for (const slot of flow.keys()) {
    const from = head[twin[slot]!]!;
    const slots = outOf.get(from);
    if (slots === undefined) outOf.set(from, [slot]);
    else slots.push(slot);
  }
  const via = new Map<number, number | undefined>([[payer, undefined]]);
  for (const node of via.keys()) {
    if (node === payee) break;
    for (const slot of outOf.get(node) ?? []) {
      if (!via.has(head[slot]!)) via.set(head[slot]!, slot);
    }
  }
  if (!via.has(payee)) return undefined;
  const path: number[] = [];
  for (let slot = via.get(payee); slot !== undefined; slot = via.get(head[twin[slot]!]!)) {
    path.unshift(slot);
  }
  return path;
}
