/** What a voter checks before it says YES to a payment (docs/PROTOCOL.md, "Payment", vote). */
import { GeoError } from '../../../protocol/errors.ts';
import { hashOf, type Pid } from '../../../protocol/identity/pid.ts';
import { type Edge, type EdgeId, edgeId } from '../../../protocol/ledger/edge.ts';
import type { Hop } from '../../../protocol/ledger/effects.ts';
import {
  dayOf,
  directionOf,
  newDebtOf,
  type Refusal,
  refuseHop,
  refuseSum,
} from '../../../protocol/ledger/reservation.ts';
import {
  checkTimes,
  type OpenManifest,
  type OpenPayment,
} from '../../../protocol/machines/manifest.ts';
import { isSignedBy } from '../../../protocol/wire/envelope.ts';
import type { Signer, VerifySignature } from '../../ports.ts';
import type { NodeSettings } from '../../settings.ts';
import type { AgentRecord } from '../../store/records.ts';
import { sameBytes } from '../same-bytes.ts';
import type { Turn } from '../turn.ts';
import type { OwnEffect } from './attempt.ts';

export interface Admission {
  readonly settings: NodeSettings;
  readonly verify: VerifySignature;
  /** Whose votes these are. */
  readonly signer: Pick<Signer, 'publicKey'>;
  /** Does this node vote for the participant? */
  readonly served: (participant: Pid) => boolean;
  /** What is known of who votes for the participant; nothing is known of most: they vote for themselves. */
  readonly wordOf: (participant: Pid) => AgentRecord | undefined;
  /** Who is barred starts and carries nothing new; its debts can still be worked off. */
  readonly barOf: (participant: Pid) => Bar | undefined;
  /** Have both books of the edge been found equal since the node started? */
  readonly isCompared: (edge: EdgeId) => boolean;
  /** Signed two things that exclude each other: its manifests are refused (R8). */
  readonly isOffender: (participant: Pid) => boolean;
  /** May it propose clearings of cycles in which it has no part? */
  readonly isHub: (participant: Pid) => boolean;
}

/** Why a participant takes on nothing new: frozen by itself, or by its status in the community. */
export type Bar = 'frozen' | 'suspended' | 'left' | 'deleted' | 'unconfirmed';

const WRONG_AGENT = refusal(
  'E006',
  'wrong_agent',
  'Somebody votes for a participant who is not, or no longer, known here as its agent; try again shortly.',
);

export interface Occasion {
  /** This node is the coordinator: its own order needs no second check. */
  readonly own: boolean;
  /** The note's ciphertext, if it came along. */
  readonly note?: Uint8Array;
}

/**
 * @param live how many attempts still have something to do here
 * @returns why the vote is NO, or nothing
 */
export function checkPayment(
  turn: Turn,
  open: OpenPayment,
  context: Admission,
  live: number,
  occasion: Occasion,
): Refusal | undefined {
  return (
    checkLife(turn, open, context) ??
    (occasion.own ? undefined : checkOrder(turn, open, context, occasion)) ??
    checkOtherAttempts(turn, open, context, live) ??
    checkEdges(turn, open, context)
  );
}

/** The attempt's sums on the own edges that exist. */
export function ownEffects(turn: Turn, open: OpenManifest, context: Admission): OwnEffect[] {
  const own: OwnEffect[] = [];
  for (const { edge: id, change } of open.effects) {
    const edge = touches(id, context) ? turn.edge(id) : undefined;
    if (edge === undefined) continue;
    const counts = context.served(directionOf(edge, change).creditor);
    own.push({
      edge: { low: id.low, high: id.high, equivalent: id.equivalent },
      change,
      counted: counts ? newDebtOf(edge, change) : 0n,
      day: dayOf(turn.now),
    });
  }
  return own;
}

/** The order's or proposal's life, who coordinates it, and whether this node is who the manifest takes it for. */
export function checkLife(turn: Turn, open: OpenManifest, context: Admission): Refusal | undefined {
  try {
    checkTimes(open, turn.now, context.settings.payments.clock_skew_ms);
  } catch (error) {
    if (error instanceof GeoError) return fromError(error);
    throw error;
  }
  if (context.isOffender(open.coordinator)) {
    return refusal(
      'E006',
      'coordinator_broke_protocol',
      'The coordinator has signed two things that exclude each other; its payments are refused here.',
    );
  }
  return namesRightly(open, context) ? undefined : WRONG_AGENT;
}

/**
 * A participant that has left this node may not be spoken for by it, and its edges do not show that: they are
 * no longer own ones. Its neighbours may not have heard of it yet.
 */
function namesRightly({ manifest, voters }: OpenManifest, context: Admission): boolean {
  const me = voters.indexOf(context.signer.publicKey);
  return manifest.participants.every((pid, i) => manifest.agents[i] !== me || context.served(pid));
}

function checkOrder(
  turn: Turn,
  open: OpenPayment,
  context: Admission,
  occasion: Occasion,
): Refusal | undefined {
  const { order, payer } = open;
  // All that the payer authorises is in its order: its own agent answers for that signature.
  if (context.served(payer) && !isSignedBy(open.signedOrder, order.payer_key, context.verify)) {
    return refusal('E005', 'bad_signature', "The order is not signed by the payer's key.");
  }
  // The hub has said that nothing was paid; the payer may have paid another way since.
  const record = turn.transaction(open.tx);
  if (record?.role === 'payer' && record.state === 'ABORTED') {
    return refusal('E008', 'order_ended', 'The order has ended in the books of its payer.');
  }
  if (context.served(order.payee) && order.note_hash !== undefined) {
    if (occasion.note === undefined || hashOf(occasion.note) !== order.note_hash) {
      return refusal('E009', 'note_mismatch', 'The note does not fit the order.');
    }
  }
  return undefined;
}

/** A voter answers YES for at most one live attempt of an order, and never after a commit. */
export function checkOtherAttempts(
  turn: Turn,
  open: OpenManifest,
  context: Admission,
  live: number,
): Refusal | undefined {
  for (const hash of turn.transaction(open.tx)?.attempts ?? []) {
    const phase = turn.attempt(hash)?.commit.phase;
    if (phase !== undefined && phase !== 'ABORTED') {
      return refusal(
        'E008',
        'attempt_open',
        'Another attempt of this order is still open, or has committed.',
      );
    }
  }
  if (live >= context.settings.limits.pending_orders) {
    return refusal(
      'E010',
      'too_many_pending',
      'A node on the route has too many payments in flight; try again shortly.',
    );
  }
  return undefined;
}

function checkEdges(turn: Turn, open: OpenPayment, context: Admission): Refusal | undefined {
  const participants = open.manifest.participants;
  const hopContext = { served: context.served, participants, now: turn.now };
  const payerBar = context.barOf(open.payer);
  if (payerBar !== undefined) return barred(payerBar);
  for (const hop of open.hops) {
    const id = edgeId(hop.debtor, hop.creditor, open.equivalent);
    if (!touches(id, context)) continue;
    const edge = turn.edge(id);
    const why = unusable(edge, hop, open, context) ?? refuseHop(edge!, hop, hopContext);
    if (why !== undefined) return why;
  }
  for (const { edge: id, change } of open.effects) {
    if (!touches(id, context)) continue;
    const why = checkSum(turn.edge(id)!, change, open, turn.now, context);
    if (why !== undefined) return why;
  }
  return undefined;
}

/** What an own edge is to carry, all together: capacity, daily limit, and no new debt for whoever is barred. */
export function checkSum(
  edge: Edge,
  change: bigint,
  { manifest: { participants } }: OpenManifest,
  now: number,
  { served, barOf }: Admission,
): Refusal | undefined {
  const why = refuseSum(edge, change, { served, participants, now });
  if (why !== undefined) return why;
  const { debtor, creditor } = directionOf(edge, change);
  const bar = barOf(edge.low) ?? barOf(edge.high);
  const newDebt = newDebtOf(edge, change);
  if (bar === undefined || newDebt === 0n) return undefined;
  const available = (change < 0n ? -change : change) - newDebt;
  return { ...barred(bar), hop: [debtor, creditor], available };
}

/** What stands against any use of an own edge, whatever it is to carry. */
export function unusable(
  edge: Edge | undefined,
  { debtor, creditor }: Hop,
  open: OpenManifest,
  context: Admission,
): Refusal | undefined {
  const at = { hop: [debtor, creditor] as const, available: 0n };
  const misrepresented = checkAgent(open, debtor, context) ?? checkAgent(open, creditor, context);
  if (misrepresented !== undefined) return { ...misrepresented, ...at };
  if (edge === undefined) {
    const text = 'Two neighbours on the route have no trust line in this equivalent.';
    return { ...refusal('E004', 'no_line', text), ...at };
  }
  if (!context.isCompared(edge)) {
    const text =
      'Two neighbours on the route have not compared their books yet; try again shortly.';
    return { ...refusal('E008', 'edge_not_compared', text), ...at };
  }
  if (edge.precision !== open.precision) {
    return refusal(
      'E009',
      'precision_differs',
      `The order counts ${edge.equivalent} with ${open.precision} decimal places, an edge on the route with ${edge.precision}.`,
    );
  }
  return undefined;
}

/**
 * Whoever votes for a participant of an own edge must be the one that it has named last. Its word
 * came before the first line between the two, its signature was checked then: the same bytes need
 * no second check.
 */
function checkAgent(
  open: OpenManifest,
  participant: Pid,
  { wordOf }: Admission,
): Refusal | undefined {
  const word = wordOf(participant);
  const shown = open.grants.get(participant);
  if (word?.type === 'AGENT_GRANT') {
    if (shown !== undefined && sameBytes(shown.bytes, word.envelope)) return undefined;
  } else if (shown === undefined) return undefined;
  return WRONG_AGENT;
}

/** Is it an edge of a participant for whom this node votes? */
export function touches(id: EdgeId, context: Admission): boolean {
  return context.served(id.low) || context.served(id.high);
}

function barred(bar: Bar): Refusal {
  if (bar === 'frozen') {
    return refusal(
      'E006',
      'participant_frozen',
      'A participant is frozen: its debts can be repaid, but nothing new is carried.',
    );
  }
  return refusal(
    'E006',
    'not_active_member',
    `A participant is ${bar} in its community: its debts can be repaid and cleared, but nothing new is carried.`,
  );
}

function fromError(error: GeoError): Refusal {
  return refusal(error.code, error.details.fault, error.message);
}

export function refusal(code: Refusal['code'], fault: string, text: string): Refusal {
  return { code, fault, text };
}
