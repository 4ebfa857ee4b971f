/** What a node's own books say about a cycle that passes it. */
import type { Pid } from '../../protocol/identity/pid.ts';
import { asksFirst } from '../../protocol/ledger/clearing.ts';
import { type Edge, edgeId, edgeKey } from '../../protocol/ledger/edge.ts';
import type { State } from '../engine/state.ts';
import type { Cycle } from './cycle.ts';

interface OwnDebt {
  readonly edge: Edge;
  readonly debtor: Pid;
  readonly creditor: Pid;
}

/** The debts of the cycle that are in this node's books. */
export function ownDebts(
  { edges }: State,
  { members, equivalent, shortens }: Pick<Cycle, 'members' | 'equivalent' | 'shortens'>,
): OwnDebt[] {
  // What a shortening ends with is no debt yet.
  const debtors = shortens === true ? members.slice(0, -1) : members;
  return debtors.flatMap((debtor, i) => {
    const creditor = members[(i + 1) % members.length]!;
    const edge = edges.get(edgeKey(edgeId(debtor, creditor, equivalent)));
    return edge === undefined ? [] : [{ edge, debtor, creditor }];
  });
}

/** Creditors in the cycle whose lines say that they want to be asked, as far as it is known here. */
export function knownToAsk(state: State, cycle: Cycle): Set<Pid> {
  const asks = new Set(cycle.asks ?? []);
  for (const { edge, creditor } of ownDebts(state, cycle)) {
    if (asksFirst(edge, creditor)) asks.add(creditor);
  }
  return asks;
}
