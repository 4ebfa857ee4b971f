/** What the search for cycles may know of the debts of this node and of its members. */
import type { Pid } from '../../protocol/identity/pid.ts';
import { allowsShortening, clearable } from '../../protocol/ledger/clearing.ts';
import { counterparty, debtOf } from '../../protocol/ledger/edge.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import type { Agents } from '../engine/agents.ts';
import type { State } from '../engine/state.ts';
import { followsMarks, type OwnHop, type SearchGround } from '../routing/neighbour-search.ts';
import type { Marks } from './marks.ts';

interface DebtGroundContext {
  /** As for routes: who is where. */
  readonly places: SearchGround;
  readonly state: State;
  readonly agents: Agents;
  readonly marks: Marks;
  /** Debts to this creditor are left alone for now. */
  readonly isSpared: (creditor: Pid, equivalent: EquivalentCode) => boolean;
}

/**
 * A way along debts, from whoever is owed to whoever owes it, closes a cycle. So the search for routes
 * finds cycles too, over other hops: who owes whom, instead of who trusts whom.
 */
export function debtGroundOf(context: DebtGroundContext): SearchGround {
  const { places, state, agents, marks, isSpared } = context;
  return {
    ...places,
    isMarked: (id) => marks.has(id),
    hops(query, isOfUse = () => true) {
      const { id, payee } = query;
      const isOnWay = (debtor: Pid, creditor: Pid) =>
        id === undefined ||
        !followsMarks(query) ||
        creditor === payee ||
        marks.leads(id, debtor, creditor);
      const hops: OwnHop[] = [];
      for (const edge of state.edges.values()) {
        if (edge.equivalent !== query.equivalent || edge.balance === 0n) continue;
        const debtor = edge.balance > 0n ? edge.high : edge.low;
        const creditor = counterparty(edge, debtor);
        if (!agents.served(debtor) || !isOfUse(creditor)) continue;
        if (!isOnWay(debtor, creditor) || isSpared(creditor, query.equivalent)) continue;
        if (query.shortens === true && !allowsShortening(edge, creditor)) continue;
        const capacity = clearable(edge, { debtor, creditor });
        if (capacity > 0n) hops.push({ debtor, creditor, capacity, carries: true });
      }
      return hops;
    },
    /** Only whoever owes somebody here is on a way through here, and only such a one is answered. */
    carriesFrom(agent, query) {
      for (const edge of state.edges.values()) {
        if (edge.equivalent !== query.equivalent) continue;
        const far = agents.farEnd(edge);
        if (far === undefined || !agents.isAgent(agent, far)) continue;
        if (debtOf(edge, far) > 0n) return true;
      }
      return false;
    },
  };
}
