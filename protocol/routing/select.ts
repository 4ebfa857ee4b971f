/**
 * Chooses routes: one short path if it carries the amount, otherwise several wide ones
 * (docs/PROTOCOL.md, "Routes"). Works on what is known; whether it still holds, the votes tell.
 */
import type { Pid } from '../identity/pid.ts';
import type { Route } from '../ledger/effects.ts';
import type { CapacityGraph } from './graph.ts';

export interface RouteRequest {
  readonly payer: Pid;
  readonly payee: Pid;
  readonly amount: bigint;
  readonly maxHops: number;
  readonly maxPaths: number;
  readonly avoid: readonly Pid[];
}

export interface RouteChoice {
  readonly routes: readonly Route[];
  /** Sum of the routes, at most the amount asked. */
  readonly payable: bigint;
}

/**
 * Routes for as much of the amount as the graph can carry with `maxPaths` paths of `maxHops` hops.
 */
export function selectRoutes(graph: CapacityGraph, request: RouteRequest): RouteChoice {
  const single = widestPath(graph, request, request.amount, new Map());
  if (single !== undefined && single.width >= request.amount) {
    return {
      routes: [{ path: single.path, amount: request.amount }],
      payable: request.amount,
    };
  }
  const routes: Route[] = [];
  const used = new Map<string, bigint>();
  let left = request.amount;
  while (left > 0n && routes.length < request.maxPaths) {
    const found = widestPath(graph, request, left, used);
    if (found === undefined) break;
    const amount = found.width < left ? found.width : left;
    for (let i = 1; i < found.path.length; i++) {
      const hop = hopKey(found.path[i - 1]!, found.path[i]!);
      used.set(hop, (used.get(hop) ?? 0n) + amount);
    }
    routes.push({ path: found.path, amount });
    left -= amount;
  }
  return { routes, payable: request.amount - left };
}

interface Reached {
  readonly width: bigint;
  readonly from: Pid;
}

/**
 * The widest path of at most `maxHops` hops, layer by layer; the shortest of those that carry
 * `enough`. Time: hops × known hops.
 */
function widestPath(
  graph: CapacityGraph,
  request: RouteRequest,
  enough: bigint,
  used: ReadonlyMap<string, bigint>,
): { readonly path: Pid[]; readonly width: bigint } | undefined {
  const { payer, payee, maxHops } = request;
  const avoid = new Set(request.avoid);
  const layers: Map<Pid, Reached>[] = [new Map([[payer, { width: enough, from: payer }]])];
  let best: { layer: number; width: bigint } | undefined;
  for (let layer = 0; layer < maxHops; layer++) {
    const next = new Map<Pid, Reached>();
    for (const [debtor, { width }] of layers[layer]!) {
      if (debtor === payee) continue;
      for (const [creditor, capacity] of graph.hopsFrom(debtor)) {
        if (creditor === payer || avoid.has(creditor)) continue;
        const free = capacity - (used.get(hopKey(debtor, creditor)) ?? 0n);
        const narrow = free < width ? free : width;
        if (narrow <= 0n || narrow <= widthBefore(layers, creditor)) continue;
        if (narrow > (next.get(creditor)?.width ?? 0n)) {
          next.set(creditor, { width: narrow, from: debtor });
        }
      }
    }
    layers.push(next);
    const arrived = next.get(payee)?.width ?? 0n;
    if (arrived > (best?.width ?? 0n)) best = { layer: layer + 1, width: arrived };
    if (arrived >= enough || next.size === 0) break;
  }
  if (best === undefined) return undefined;
  const path = [payee];
  for (let layer = best.layer, at = payee; layer > 0; layer--) {
    at = layers[layer]!.get(at)!.from;
    path.unshift(at);
  }
  return { path, width: best.width };
}

/** A participant reached as widely with fewer hops need not be visited again: paths stay simple. */
function widthBefore(layers: readonly Map<Pid, Reached>[], pid: Pid): bigint {
  let width = 0n;
  for (const layer of layers) {
    const reached = layer.get(pid)?.width ?? 0n;
    if (reached > width) width = reached;
  }
  return width;
}

function hopKey(debtor: Pid, creditor: Pid): string {
  return `${debtor}>${creditor}`;
}
