/** From paths in doubles to routes in exact amounts, checked against the books once more. */
import type { CompactGraph } from './compact-graph.ts';
import type { FlowPath } from './flow-paths.ts';
import type { FoundRoute } from './question.ts';

/**
 * Routes of exactly `amount` in all, or as near to it as these paths come. Each hop's sum keeps within
 * its capacity in its own direction; opposite hops on one edge are not set off against each other,
 * so that any order of application is allowed.
 */
export function exactRoutes(
  graph: CompactGraph,
  payer: number,
  paths: readonly FlowPath[],
  amount: bigint,
  unit: bigint,
): FoundRoute[] {
  const used = new Map<number, bigint>();
  const amounts = paths.map(() => 0n);
  let left = amount;
  const send = (index: number, wanted: bigint): void => {
    const { slots } = paths[index]!;
    let sent = wanted < left ? wanted : left;
    for (const slot of slots) {
      const room = graph.capacityAt(slot) - (used.get(slot) ?? 0n);
      if (room < sent) sent = room;
    }
    if (sent <= 0n) return;
    for (const slot of slots) used.set(slot, (used.get(slot) ?? 0n) + sent);
    amounts[index]! += sent;
    left -= sent;
  };
  paths.forEach((path, index) => {
    send(index, BigInt(path.amount) * unit);
  });
  // What rounding to units left over.
  for (let index = 0; left > 0n && unit > 1n && index < paths.length; index++) send(index, left);

  const routes = new Map<string, { path: number[]; amount: bigint }>();
  paths.forEach(({ slots }, index) => {
    const path = [payer, ...slots.map((slot) => graph.head[slot]!)];
    const same = routes.get(path.join());
    if (same !== undefined) same.amount += amounts[index]!;
    else if (amounts[index]! > 0n) routes.set(path.join(), { path, amount: amounts[index]! });
  });
  return [...routes.values()].sort((a, b) =>
    a.amount < b.amount ? 1 : a.amount > b.amount ? -1 : 0,
  );
}
