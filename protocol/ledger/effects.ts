/**
 * What a manifest does to edges (docs/PROTOCOL.md, "Payment", vote): the hops of all its routes,
 * summed per edge, because several routes may cross one edge, in either direction.
 */
import type { Pid } from '../identity/pid.ts';
import type { EquivalentCode } from '../money/equivalent.ts';
import { changeFor, type EdgeId, edgeId, edgeKey } from './edge.ts';

/** `debtor` comes to owe `creditor` more, by `amount` > 0. */
export interface Hop {
  readonly debtor: Pid;
  readonly creditor: Pid;
  readonly amount: bigint;
  /** The creditor carries someone else's payment: its line must allow that. */
  readonly intermediate: boolean;
}

export interface Route {
  /** Payer first, payee last. */
  readonly path: readonly Pid[];
  readonly amount: bigint;
}

/** The sum on one edge; `change` as in {@link changeFor}, never 0. */
export interface Effect {
  readonly edge: EdgeId;
  readonly change: bigint;
}

/**
 * All hops of all routes, in the order of the routes; a hop that does not end at the payee is
 * intermediate.
 */
export function hopsOf(routes: readonly Route[]): Hop[] {
  const hops: Hop[] = [];
  for (const { path, amount } of routes) {
    for (let i = 1; i < path.length; i++) {
      const intermediate = i < path.length - 1;
      hops.push({ debtor: path[i - 1]!, creditor: path[i]!, amount, intermediate });
    }
  }
  return hops;
}

/** Sums per edge; opposite hops cancel, and an edge whose sum is 0 is left alone. */
export function effectsOf(hops: readonly Hop[], equivalent: EquivalentCode): Effect[] {
  const sums = new Map<string, { edge: EdgeId; change: bigint }>();
  for (const hop of hops) {
    const edge = edgeId(hop.debtor, hop.creditor, equivalent);
    const key = edgeKey(edge);
    const change = changeFor(edge, hop.debtor, hop.amount);
    const sum = sums.get(key);
    if (sum === undefined) sums.set(key, { edge, change });
    else sum.change += change;
  }
  return [...sums.values()].filter((effect) => effect.change !== 0n);
}
