/** Asks the node for what reports are reckoned from. */
import type { NodeReader } from '../define.ts';
import type { ClearingLength } from './community.ts';
import { type EdgeFact, type Facts, unitsOf } from './facts.ts';

export type Reader = NodeReader<'node' | 'books' | 'clearing' | 'hub'>;

/** @returns everything that a hub knows; at any other node, its own edges */
export async function factsIn(node: Reader, equivalent: string, precision: number): Promise<Facts> {
  const community = await communityIn(node, equivalent, precision);
  if (community !== undefined) return community;
  const [{ pid: me }, lines] = await Promise.all([node.identity(), node.trustLines()]);
  const edges = new Map<string, { given: bigint; received: bigint; balance: bigint }>();
  const names = new Map([[me, 'me']]);
  for (const line of lines.filter((each) => each.equivalent === equivalent)) {
    const edge = edges.get(line.peer) ?? { given: 0n, received: 0n, balance: 0n };
    const debt = unitsOf(line.debt, precision);
    const limit = line.status === 'closed' ? 0n : unitsOf(line.limit, precision);
    if (line.direction === 'given') {
      edge.given = limit;
      edge.balance += debt;
    } else {
      edge.received = limit;
      edge.balance -= debt;
    }
    edges.set(line.peer, edge);
    if (line.peer_name !== null) names.set(line.peer, line.peer_name);
  }
  return {
    equivalent,
    precision,
    scope: 'own',
    edges: [...edges].map(([peer, { given, received, balance }]) => ({
      low: me,
      high: peer,
      balance,
      lowGives: given,
      highGives: received,
    })),
    names,
  };
}

async function communityIn(
  node: Reader,
  equivalent: string,
  precision: number,
): Promise<Facts | undefined> {
  try {
    const [rows, members] = await Promise.all([node.hubEdges({ equivalent }), node.hubMembers({})]);
    const edges = rows.map(
      (row): EdgeFact => ({
        low: row.low,
        high: row.high,
        balance: unitsOf(row.balance, precision),
        lowGives: unitsOf(row.low_gives, precision),
        highGives: unitsOf(row.high_gives, precision),
      }),
    );
    const names = new Map(members.map(({ pid, name }) => [pid, name]));
    return { equivalent, precision, scope: 'community', edges, names };
  } catch (error) {
    if ((error as { fault?: unknown }).fault === 'no_hub') return undefined;
    throw error;
  }
}

export async function clearedIn(
  node: Reader,
  equivalent: string,
  precision: number,
): Promise<ClearingLength[]> {
  const stats = (await node.clearingTotals()).find((each) => each.equivalent === equivalent);
  return (stats?.lengths ?? []).map(({ length, cycles, removed }) => ({
    length,
    cycles,
    removed: unitsOf(removed, precision),
  }));
}
