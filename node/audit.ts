/**
 * The node's own audit: the invariants of docs/PROTOCOL.md that one node can check alone, from what
 * its store holds. It finds; it never repairs.
 */
import {
  applyChange,
  debtOf,
  type Edge,
  edgeKey,
  lineOf,
  newEdge,
} from '../protocol/ledger/edge.ts';
import type { Invariant } from './api/shapes.ts';
import type { State } from './engine/state.ts';
import type { Store } from './ports.ts';
import { isOf, rangeOf } from './store/keys.ts';
import { AttemptRecord, decodeRecord, EdgeRecord } from './store/records.ts';

export async function auditNode(store: Store, state: State): Promise<Invariant[]> {
  const stored: Edge[] = [];
  const rebuilt = new Map<string, Edge>();
  const held = new Map<string, bigint>();
  const committed = new Map<string, number>();
  // One scan is one snapshot: edges and attempts fit together however much is going on.
  const range = { gte: rangeOf('attempt').gte, lt: rangeOf('edge').lt };
  for await (const [key, value] of store.scan(range)) {
    if (isOf('edge', key)) stored.push(decodeRecord(EdgeRecord, value));
    if (!isOf('attempt', key)) continue;
    const record = decodeRecord(AttemptRecord, value);
    for (const { low, high, equivalent, change } of record.effects) {
      const name = edgeKey({ low, high, equivalent });
      if (record.phase === 'COMMITTED') {
        const edge = rebuilt.get(name) ?? newEdge({ low, high, equivalent }, 0);
        rebuilt.set(name, applyChange(edge, record.tx, record.attempt, change));
      } else if (record.phase !== 'ABORTED') {
        held.set(name, (held.get(name) ?? 0n) + (change > 0n ? change : -change));
      }
    }
    if (record.phase === 'COMMITTED') {
      committed.set(record.tx, (committed.get(record.tx) ?? 0) + 1);
    }
  }
  const faults = {
    limits: [] as string[],
    certificates: [] as string[],
    holds: [] as string[],
  };
  for (const edge of stored) {
    const name = edgeKey(edge);
    const sum = rebuilt.get(name);
    if (
      (sum?.balance ?? 0n) !== edge.balance ||
      (sum?.count ?? 0) !== edge.count ||
      (sum !== undefined && sum.digest !== edge.digest)
    ) {
      faults.certificates.push(name);
    }
    if ((held.get(name) ?? 0n) !== edge.heldUp + edge.heldDown) faults.holds.push(name);
    for (const owner of [edge.low, edge.high]) {
      const debt = debtOf(edge, owner === edge.low ? edge.high : edge.low);
      const limit = lineOf(edge, owner)?.limit ?? 0n;
      if (debt > limit) faults.limits.push(name);
    }
  }
  const twice = [...committed].filter(([, count]) => count > 1).map(([tx]) => tx);
  return [
    row('debts within limits', faults.limits, `${stored.length} edges`),
    row(
      'debts are the sum of stored certificates',
      faults.certificates,
      `${committed.size} transactions`,
    ),
    row(
      'every hold belongs to a live attempt',
      faults.holds,
      `${state.attempts.size} live attempts`,
    ),
    row('at most one committed attempt per order', twice, `${committed.size} orders`),
  ];
}

function row(name: string, faults: readonly string[], fine: string): Invariant {
  return {
    name,
    held: faults.length === 0,
    detail:
      faults.length === 0 ? fine : `${faults.length} broken: ${faults.slice(0, 5).join(', ')}`,
  };
}
