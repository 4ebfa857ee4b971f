/** What a node's books say to a proposal before a person is asked. */
import type { Pid } from '../../protocol/identity/pid.ts';
import { allowsShortening, asksFirst, clearable } from '../../protocol/ledger/clearing.ts';
import { type Edge, edgeId } from '../../protocol/ledger/edge.ts';
import type { Proposal } from '../../protocol/wire/messages/clearing.ts';
import type { Turn } from '../engine/turn.ts';

/** Why a proposal is not agreed to, as a CLEARING_REJECT says it. */
export interface Why {
  readonly fault: string;
  readonly text: string;
}

/** Agreed to, refused, or a question to those who want to be asked; at least one. */
export type Readiness =
  | { readonly readiness: 'auto' }
  | { readonly readiness: 'ask'; readonly asks: readonly Pid[] }
  | { readonly readiness: 'refuse'; readonly why: Why };

/** @param served members of the cycle that this node votes for; at least one */
export function readinessFor(
  turn: Turn,
  { cycle, equivalent, shortens }: Proposal,
  served: readonly Pid[],
  longest: number,
): Readiness {
  if (cycle.length > longest) return { readiness: 'refuse', why: TOO_LONG };
  const asks: Pid[] = [];
  for (const participant of served) {
    const at = cycle.indexOf(participant);
    const debtor = cycle.at(at - 1)!;
    const creditor = cycle[(at + 1) % cycle.length]!;
    const owed = turn.edge(edgeId(debtor, participant, equivalent));
    const owing = turn.edge(edgeId(participant, creditor, equivalent));
    // Between the last of a chain and its first there is no debt yet; that one is for the votes to judge.
    const begins = shortens === true && at === 0;
    const ends = shortens === true && at === cycle.length - 1;
    const isThere = (edge: Edge | undefined, from: Pid, to: Pid) =>
      edge !== undefined && clearable(edge, { debtor: from, creditor: to }) > 0n;
    // Nobody is asked about a debt that is not there, or about what he has not allowed anyway.
    if (!ends && !isThere(owing, participant, creditor)) return NO_DEBT;
    if (begins) continue;
    if (!isThere(owed, debtor, participant)) return NO_DEBT;
    if (shortens === true && !allowsShortening(owed!, participant)) return NOT_ALLOWED;
    if (asksFirst(owed!, participant)) asks.push(participant);
  }
  return asks.length === 0 ? { readiness: 'auto' } : { readiness: 'ask', asks };
}

export const REFUSED: Why = {
  fault: 'consent_refused',
  text: 'A participant of the cycle does not want it cleared.',
};
export const ASKED: Why = {
  fault: 'already_asked',
  text: 'A participant is being asked about the same cycle by somebody else.',
};
const TOO_LONG: Why = {
  fault: 'cycle_too_long',
  text: 'A participant takes part in shorter cycles only.',
};
const NOT_ALLOWED: Readiness = {
  readiness: 'refuse',
  why: {
    fault: 'shortening_not_allowed',
    text: 'A trust line of the chain does not let its debts pass to another creditor.',
  },
};
const NO_DEBT: Readiness = {
  readiness: 'refuse',
  why: {
    fault: 'debt_too_small',
    text: 'A debt of the cycle is not there, or a payment works it off.',
  },
};
