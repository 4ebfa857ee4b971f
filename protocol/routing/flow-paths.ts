/** A flow taken apart into paths. */
import type { CompactGraph } from './compact-graph.ts';

/** Part of an amount on its way. */
export interface FlowPath {
  /** Slots of the hops, the payer's first. */
  readonly slots: readonly number[];
  /** In the unit of `CompactGraph.carry`. */
  readonly amount: number;
}

/**
 * The paths of a flow, in time that grows with what they are long in all. What runs in circles is
 * left out.
 * @param flow slot → what flows along it, > 0; consumed
 */
export function flowPaths(
  graph: CompactGraph,
  payer: number,
  payee: number,
  flow: Map<number, number>,
): FlowPath[] {
  const { head, twin } = graph;
  const outOf = new Map<number, number[]>();
  for (const slot of flow.keys()) {
    const from = head[twin[slot]!]!;
    const slots = outOf.get(from);
    if (slots === undefined) outOf.set(from, [slot]);
    else slots.push(slot);
  }
  const paths: FlowPath[] = [];
  const slots: number[] = [];
  /** Participant on the way → how many hops lead to it. */
  const depth = new Map<number, number>([[payer, 0]]);
  let node = payer;
  for (;;) {
    const slot = outOf.get(node)?.at(-1);
    // What comes in goes out; only the payer can have nothing left.
    if (slot === undefined) return paths;
    slots.push(slot);
    node = head[slot]!;
    const circle = depth.get(node);
    if (node !== payee && circle === undefined) {
      depth.set(node, slots.length);
      continue;
    }
    const from = circle ?? 0;
    const amount = takeOut(flow, slots.slice(from));
    if (circle === undefined) paths.push({ slots: [...slots], amount });
    for (const used of slots.splice(from)) {
      if (!flow.has(used)) outOf.get(head[twin[used]!]!)!.pop();
      if (head[used] !== node) depth.delete(head[used]!);
    }
    if (circle === undefined) node = payer;
  }
}

/** Takes the narrowest amount from all. @returns that amount */
function takeOut(flow: Map<number, number>, slots: readonly number[]): number {
  let width = Number.POSITIVE_INFINITY;
  for (const slot of slots) width = Math.min(width, flow.get(slot)!);
  for (const slot of slots) {
    const left = flow.get(slot)! - width;
    if (left > 0) flow.set(slot, left);
    else flow.delete(slot);
  }
  return width;
}
