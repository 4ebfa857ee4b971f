/** What the route search may know of the edges of this node and of its members. */
import type { Pid, PublicKey } from '../../protocol/identity/pid.ts';
import { capacity, counterparty, type Edge, lineOf } from '../../protocol/ledger/edge.ts';
import type { Agents } from '../engine/agents.ts';
import type { State } from '../engine/state.ts';
import type { OwnHop, SearchGround } from './neighbour-search.ts';

interface Ends {
  readonly payer: Pid;
  readonly payee: Pid;
}

export interface GroundContext {
  readonly publicKey: PublicKey;
  readonly state: State;
  readonly agents: Agents;
  /** Carries nothing new. */
  readonly isBarred: (participant: Pid) => boolean;
  readonly placeOf: SearchGround['placeOf'];
}

export function groundOf(context: GroundContext): SearchGround {
  const { publicKey, state, agents, isBarred, placeOf } = context;
  return {
    publicKey,
    isOwn: (pid) => agents.served(pid),
    agentOf: (pid) => agents.agentOf(pid),
    placeOf,
    hops(query, isOfUse = () => true) {
      const hops: OwnHop[] = [];
      for (const edge of state.edges.values()) {
        if (edge.equivalent !== query.equivalent) continue;
        for (const debtor of [edge.low, edge.high]) {
          const creditor = counterparty(edge, debtor);
          if (!agents.served(debtor) || !isOfUse(creditor)) continue;
          // Members carry for others; the payer starts at its own lines only.
          if (debtor !== query.payer && isBarred(debtor)) continue;
          const hop = hopOf(edge, debtor, creditor, query);
          if (hop !== undefined) hops.push(hop);
        }
      }
      return hops;
    },
    carriesFrom(agent, query) {
      for (const edge of state.edges.values()) {
        if (edge.equivalent !== query.equivalent) continue;
        const far = agents.farEnd(edge);
        if (far === undefined || !agents.isAgent(agent, far)) continue;
        const near = counterparty(edge, far);
        const policy = lineOf(edge, near)?.policy;
        const willing = policy === undefined || policy.can_be_intermediate || near === query.payee;
        if (willing && !isBarred(near) && !blocks(policy?.blocked_participants, query)) return true;
      }
      return false;
    },
  };
}

function hopOf(edge: Edge, debtor: Pid, creditor: Pid, query: Ends): OwnHop | undefined {
  const free = capacity(edge, debtor, creditor);
  const policy = lineOf(edge, creditor)?.policy;
  if (free === 0n || blocks(policy?.blocked_participants, query)) return undefined;
  return { debtor, creditor, capacity: free, carries: policy?.can_be_intermediate ?? true };
}

function blocks(blocked: readonly Pid[] | undefined, { payer, payee }: Ends): boolean {
  return blocked !== undefined && (blocked.includes(payer) || blocked.includes(payee));
}
