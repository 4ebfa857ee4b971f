/**
 * What a manifest must be to clear a cycle (docs/PROTOCOL.md, "Clearing"). Its one route goes against
 * the debts and ends where it began: each of its hops lowers what the hop's receiver owes. Of a chain that
 * is shortened the same route's first hop makes the debt that comes instead.
 */
import type { Pid } from '../identity/pid.ts';
import type { Effect, Route } from '../ledger/effects.ts';
import type { Proposal } from '../wire/messages/clearing.ts';
import { refuse } from './agents.ts';

/** The route that lowers a cycle, of which each owes the next and the last owes the first. */
export function routeOfCycle(cycle: readonly Pid[], amount: bigint): Route {
  return { path: [cycle[0]!, ...cycle.slice(1).reverse(), cycle[0]!], amount };
}

/** The debt that comes instead of a chain's, from its first to its last; none where a cycle is cleared. */
export function debtInstead({
  cycle,
  shortens,
}: Pick<Proposal, 'cycle' | 'shortens'>): { debtor: Pid; creditor: Pid } | undefined {
  return shortens === true ? { debtor: cycle[0]!, creditor: cycle.at(-1)! } : undefined;
}

/** @throws GeoError E009 `bad_manifest` */
export function checkCycle(routes: readonly Route[], { cycle, amount }: Proposal): void {
  if (new Set(cycle).size !== cycle.length) refuse('cycle', 'the cycle passes a participant twice');
  const [route, ...more] = routes;
  if (route === undefined || more.length > 0) refuse('routes', 'a clearing has one route');
  const { path } = routeOfCycle(cycle, route.amount);
  if (route.path.length !== path.length || route.path.some((pid, i) => pid !== path[i])) {
    refuse('routes', 'the route is not the cycle that was proposed');
  }
  if (route.amount > amount) refuse('routes', 'the amount is larger than the proposed one');
}

/**
 * Whoever is owed less on one edge owes as much less on another: added up from what will be applied, not from
 * the form of the route.
 * @throws GeoError E009 `bad_manifest`
 */
export function checkNeutral(effects: readonly Effect[]): void {
  const gains = new Map<Pid, bigint>();
  for (const { edge, change } of effects) {
    gains.set(edge.low, (gains.get(edge.low) ?? 0n) + change);
    gains.set(edge.high, (gains.get(edge.high) ?? 0n) - change);
  }
  for (const gain of gains.values()) {
    if (gain !== 0n) refuse('routes', 'somebody would gain by the clearing, and somebody lose');
  }
}
