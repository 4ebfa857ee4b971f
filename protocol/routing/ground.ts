/**
 * The graph as one payment sees it: amounts as doubles that are exact enough, its payee's lines open
 * to it, and what it must avoid shut. All of it is undone after the search.
 */
import type { CarryChanges } from './carry-changes.ts';
import { CARRY_MAX, type CompactGraph, NONE } from './compact-graph.ts';
import type { RouteQuestion } from './question.ts';

/**
 * Prepares the graph for a question.
 * @returns the smallest units in one unit of `CompactGraph.carry`: 1, except for amounts over
 *   {@link CARRY_MAX}. Then capacities are rounded down to the unit, but a hop that carries the whole
 *   amount still does.
 */
export function layGround(
  graph: CompactGraph,
  changes: CarryChanges,
  question: RouteQuestion,
): bigint {
  const { first, end, head, twin } = graph;
  const { payee, amount } = question;
  const unit = unitFor(amount);
  const whole = unitsOf(amount, unit);
  const carried = (slot: number): number => {
    const capacity = graph.capacityAt(slot);
    return capacity >= amount ? whole : Number(capacity / unit);
  };
  if (unit > 1n) {
    for (let node = 0; node < graph.nodeCount; node++) {
      for (let slot = first[node]!; slot < end[node]!; slot++) {
        if (graph.carriesAt(slot)) changes.set(slot, carried(slot));
      }
    }
  }
  for (let slot = first[payee]!; slot < end[payee]!; slot++) {
    const hop = twin[slot]!;
    // The payee carries nobody else's payment when it is paid itself.
    if (!graph.carriesAt(hop)) changes.set(hop, carried(hop));
  }
  for (const node of question.avoid ?? []) {
    for (let slot = first[node]!; slot < end[node]!; slot++) {
      changes.set(slot, 0);
      changes.set(twin[slot]!, 0);
    }
  }
  for (const [debtor, creditor] of question.shut ?? []) {
    const slot = graph.slotOf(debtor, creditor);
    if (slot !== NONE && head[slot] === creditor) changes.set(slot, 0);
  }
  return unit;
}

/** An amount in whole units, the last one begun. */
export function unitsOf(amount: bigint, unit: bigint): number {
  return Number((amount + unit - 1n) / unit);
}

function unitFor(amount: bigint): bigint {
  let unit = 1n;
  while (amount / unit >= BigInt(CARRY_MAX)) unit *= 2n;
  return unit;
}
