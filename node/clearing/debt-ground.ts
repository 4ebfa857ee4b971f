/** What the search for cycles may know of the debts of this node and of its members. */
import type { Pid } from '../../protocol/identity/pid.ts';
import { allowsShortening, clearable } from '../../protocol/ledger/clearing.ts';
import { counterparty, debtOf } from '../../protocol/ledger/edge.ts';
import { HOPS_MAX } from '../../protocol/limits.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import type { Agents } from '../engine/agents.ts';
import type { State } from '../engine/state.ts';
import {
  followsMarks,
  type GroundQuery,
  type OwnHop,
  type SearchGround,
} from '../routing/neighbour-search.ts';
import { debtsFrom, type OwedOn } from './debts-from.ts';
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
  /** Whoever begins at somebody here needs what is near; of a question that passes by, nobody knows where it comes in. */
  function* debtsFor({ payer, equivalent, hops = HOPS_MAX }: GroundQuery): Generator<OwedOn> {
    if (agents.served(payer)) {
      const isServed = (pid: Pid) => agents.served(pid);
      yield* debtsFrom(state, isServed, { from: [payer], equivalent, steps: hops });
      return;
    }
    for (const edge of state.edges.values()) {
      if (edge.equivalent !== equivalent || edge.balance === 0n) continue;
      const debtor = edge.balance > 0n ? edge.high : edge.low;
      if (agents.served(debtor)) yield { edge, debtor, creditor: counterparty(edge, debtor) };
    }
  }
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
      const hopOf = ({ edge, debtor, creditor }: OwedOn): OwnHop | undefined => {
        if (!isOfUse(creditor) || !isOnWay(debtor, creditor)) return undefined;
        if (isSpared(creditor, query.equivalent)) return undefined;
        if (query.shortens === true && !allowsShortening(edge, creditor)) return undefined;
        const capacity = clearable(edge, { debtor, creditor });
        return capacity > 0n ? { debtor, creditor, capacity, carries: true } : undefined;
      };
      return [...debtsFor(query)].map(hopOf).filter((hop) => hop !== undefined);
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
