/** A hub's own books as a graph: what an edge becomes is what the next search finds. */
import { describe, expect, it } from 'vitest';
import { State } from '../../../node/engine/state.ts';
import { BooksGraph } from '../../../node/routing/books-graph.ts';
import { createMemoryStore } from '../../../node/store/memory.ts';
import type { Pid } from '../../../protocol/identity/pid.ts';
import {
  type Edge,
  edgeId,
  edgeKey,
  newEdge,
  type TrustLine,
  withLine,
} from '../../../protocol/ledger/edge.ts';
import { DEFAULT_POLICY } from '../../../protocol/machines/trust-line.ts';
import { anna, boris, cyril, dora, UAH } from '../machines/sample-payment.ts';

const LINE: TrustLine = {
  limit: 100n,
  status: 'active',
  policy: DEFAULT_POLICY,
  sequence: 1,
  changed: 0,
};

function books() {
  const state = new State(createMemoryStore());
  const graph = new BooksGraph(state);
  return {
    state,
    /** `owner` lets `debtor` owe it. */
    give(owner: Pid, debtor: Pid, change: Partial<TrustLine> = {}, more: Partial<Edge> = {}) {
      const id = edgeId(owner, debtor, UAH);
      const edge = state.edges.get(edgeKey(id)) ?? newEdge(id, 2);
      state.setEdge(edgeKey(id), { ...withLine(edge, owner, { ...LINE, ...change }), ...more });
    },
    ways(payer: Pid, payee: Pid, amount = 10n, shut: readonly (readonly [Pid, Pid])[] = []) {
      const found = graph.routesFor({
        payer,
        payee,
        equivalent: UAH,
        amount,
        max_hops: 6,
        max_paths: 3,
        avoid: [],
        shut,
      });
      return found && { payable: found.payable, paths: found.routes.map(({ path }) => path) };
    },
  };
}

describe('the own books as a graph', () => {
  it('lead over members, as far as their lines let them', () => {
    const { give, ways } = books();
    give(boris.pid, anna.pid);
    give(dora.pid, boris.pid);
    expect(ways(anna.pid, dora.pid)).toEqual({
      payable: 10n,
      paths: [[anna.pid, boris.pid, dora.pid]],
    });
    expect(ways(anna.pid, dora.pid, 101n)?.payable).toBe(100n);
    expect(ways(dora.pid, anna.pid)?.payable).toBe(0n);
    expect(ways(anna.pid, cyril.pid)).toBeUndefined();
  });

  it('follow what becomes of an edge: debts, holds, frozen lines, disputes', () => {
    const { give, ways } = books();
    const low = edgeId(anna.pid, boris.pid, UAH).low === anna.pid;
    give(boris.pid, anna.pid, {}, { balance: low ? -95n : 95n });
    expect(ways(anna.pid, boris.pid, 6n)?.payable).toBe(5n);
    expect(ways(boris.pid, anna.pid, 95n)?.payable).toBe(95n);
    give(boris.pid, anna.pid, {}, { balance: 0n, [low ? 'heldDown' : 'heldUp']: 98n });
    expect(ways(anna.pid, boris.pid, 6n)?.payable).toBe(2n);
    give(boris.pid, anna.pid, { status: 'frozen' }, { heldDown: 0n, heldUp: 0n });
    expect(ways(anna.pid, boris.pid)?.payable).toBe(0n);
    give(boris.pid, anna.pid, {}, { dispute: 'the books differ' });
    expect(ways(anna.pid, boris.pid)?.payable).toBe(0n);
  });

  it('keep to the lines’ policies, and to what votes have refused', () => {
    const { give, ways } = books();
    give(boris.pid, anna.pid, { policy: { ...DEFAULT_POLICY, can_be_intermediate: false } });
    give(dora.pid, boris.pid);
    expect(ways(anna.pid, dora.pid)?.payable).toBe(0n);
    expect(ways(anna.pid, boris.pid)?.payable).toBe(10n);
    give(boris.pid, anna.pid, { policy: { ...DEFAULT_POLICY, blocked_participants: [dora.pid] } });
    expect(ways(anna.pid, dora.pid)?.payable).toBe(0n);
    give(boris.pid, anna.pid);
    expect(ways(anna.pid, dora.pid)?.payable).toBe(10n);
    expect(ways(anna.pid, dora.pid, 10n, [[boris.pid, dora.pid]])?.payable).toBe(0n);
  });

  it('are read anew with the store', async () => {
    const { state, give, ways } = books();
    give(boris.pid, anna.pid);
    await state.load();
    expect(ways(anna.pid, boris.pid)).toBeUndefined();
  });
});
