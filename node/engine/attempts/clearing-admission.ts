/** What a voter checks before it says YES to a clearing (docs/PROTOCOL.md, "Clearing"). */
import { type Pid, pidFromPublicKey } from '../../../protocol/identity/pid.ts';
import {
  asksFirst,
  refuseInstead,
  refuseLowering,
  refusePassing,
} from '../../../protocol/ledger/clearing.ts';
import { changeFor, type Edge, edgeId } from '../../../protocol/ledger/edge.ts';
import type { Hop } from '../../../protocol/ledger/effects.ts';
import { type Refusal, refuseHop } from '../../../protocol/ledger/reservation.ts';
import { debtInstead } from '../../../protocol/machines/clearing-manifest.ts';
import type { OpenClearing } from '../../../protocol/machines/manifest.ts';
import { isSignedBy } from '../../../protocol/wire/envelope.ts';
import type { Turn } from '../turn.ts';
import {
  type Admission,
  checkLife,
  checkOtherAttempts,
  checkSum,
  type Occasion,
  refusal,
  touches,
  unusable,
} from './admission.ts';

/**
 * @param live how many attempts still have something to do here
 * @returns why the vote is NO, or nothing
 */
export function checkClearing(
  turn: Turn,
  open: OpenClearing,
  context: Admission,
  live: number,
  occasion: Occasion,
): Refusal | undefined {
  return (
    checkLife(turn, open, context) ??
    (occasion.own ? undefined : checkProposal(open, context)) ??
    checkOtherAttempts(turn, open, context, live) ??
    checkDebts(turn, open, context)
  );
}

function checkProposal(open: OpenClearing, context: Admission): Refusal | undefined {
  const { proposal, coordinator, signedProposal, manifest } = open;
  const represents = manifest.agents.includes(open.voters.length - 1);
  if (!represents && !context.isHub(coordinator)) {
    return refusal(
      'E006',
      'stranger_proposes',
      'A clearing is proposed by one of the cycle, its agent, or a hub of its participants.',
    );
  }
  const { max_length: longest } = context.settings.clearing;
  if (proposal.cycle.length > longest) {
    // Whose word it is, so that the coordinator leaves that one alone in cycles as long as this.
    const hop = open.hops.find(({ debtor }) => context.served(debtor));
    return {
      ...refusal(
        'E006',
        'cycle_too_long',
        `A participant takes part in clearings of at most ${longest}.`,
      ),
      ...(hop === undefined ? {} : { hop: [hop.debtor, hop.creditor] as const }),
    };
  }
  // Receipts rest on it, so everyone who votes has seen it.
  if (!isSignedBy(signedProposal, proposal.coordinator_key, context.verify)) {
    return refusal('E005', 'bad_signature', "The proposal is not signed by the coordinator's key.");
  }
  return undefined;
}

function checkDebts(turn: Turn, open: OpenClearing, context: Admission): Refusal | undefined {
  const made = debtInstead(open.proposal);
  for (const hop of open.hops) {
    const id = edgeId(hop.debtor, hop.creditor, open.equivalent);
    if (!touches(id, context)) continue;
    const edge = turn.edge(id);
    const why = unusable(edge, hop, open, context);
    if (why !== undefined) return why;
    const refused =
      hop.debtor === made?.debtor && hop.creditor === made.creditor
        ? checkNewDebt(turn, edge!, hop, open, context)
        : checkLowering(turn, edge!, hop, open, context);
    if (refused !== undefined) return refused;
  }
  return undefined;
}

/** The hop runs against a debt of the cycle or chain. */
function checkLowering(
  turn: Turn,
  edge: Edge,
  { debtor: creditor, creditor: debtor, amount }: Hop,
  open: OpenClearing,
  context: Admission,
): Refusal | undefined {
  const lowering = { debtor, creditor, amount };
  const shortens = open.proposal.shortens === true;
  const refused =
    (shortens ? refusePassing(edge, lowering) : undefined) ?? refuseLowering(edge, lowering);
  if (refused !== undefined) return refused;
  if (!context.served(creditor) || !asksFirst(edge, creditor)) return undefined;
  if (hasConsent(turn, open, creditor, context)) return undefined;
  return {
    ...refusal(
      'E006',
      'consent_missing',
      'A participant of the cycle wants to be asked first, and has not agreed to this.',
    ),
    hop: [creditor, debtor],
  };
}

/** The one hop of a shortening that lowers nothing: within what its creditor's line allows any new debt. */
function checkNewDebt(
  turn: Turn,
  edge: Edge,
  hop: Hop,
  open: OpenClearing,
  context: Admission,
): Refusal | undefined {
  const { participants } = open.manifest;
  const hopContext = { served: context.served, participants, now: turn.now };
  return (
    refuseInstead(edge, hop) ??
    refuseHop(edge, { ...hop, intermediate: false }, hopContext) ??
    checkSum(edge, changeFor(edge, hop.debtor, hop.amount), open, turn.now, context)
  );
}

function hasConsent(
  turn: Turn,
  open: OpenClearing,
  participant: Pid,
  { verify }: Admission,
): boolean {
  return open.consents.some((consent) => {
    const { tx, participant_key: key, amount, expires } = consent.body;
    return (
      pidFromPublicKey(key) === participant &&
      tx === open.tx &&
      amount >= open.amount &&
      expires >= turn.now &&
      isSignedBy(consent, key, verify)
    );
  });
}
