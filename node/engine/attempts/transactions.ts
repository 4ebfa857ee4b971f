/** The order behind attempts: who the node was in it, which attempts were made, how it ended. */
import { type Pid, pidFromPublicKey, type TxId } from '../../../protocol/identity/pid.ts';
import type { Refusal } from '../../../protocol/ledger/reservation.ts';
import { allButCoordinator, has } from '../../../protocol/machines/evidence.ts';
import type { OpenManifest, OpenPayment } from '../../../protocol/machines/manifest.ts';
import { readSigned } from '../../../protocol/wire/envelope.ts';
import type { Signer } from '../../ports.ts';
import type { TransactionRecord } from '../../store/records.ts';
import type { Agents } from '../agents.ts';
import type { AttemptEnded } from '../notices.ts';
import type { Turn } from '../turn.ts';
import type { Attempt, CommitState } from './attempt.ts';
import { recordClearingOutcome, recordClearingStart } from './clearing-records.ts';

/** A reason has up to 300 bytes by itself; the history takes 400. */
const FAILURE_CHARS_MAX = 200;

/** Names no hop: no other route helps, and a second attempt might be paid beside the first. */
const WITHDRAWN: Refusal = {
  code: 'E007',
  fault: 'withdrawn',
  text: 'Everyone agreed, but took it back before anyone had carried it out; nothing was done.',
};

interface Agency {
  readonly signer: Signer;
  readonly served: (participant: Pid) => boolean;
}

/** An attempt begins here, as voter or coordinator. */
export function recordStart(
  turn: Turn,
  open: OpenManifest,
  agency: Agency,
  note?: Uint8Array,
): void {
  if (open.kind === 'clearing') {
    const coordinates = open.proposal.coordinator_key === agency.signer.publicKey;
    recordClearingStart(turn, open, coordinates);
    return;
  }
  turn.putTransaction(open.tx, begun(turn, open, agency, note));
}

/** The transaction's record with this attempt as its newest. */
function begun(
  turn: Turn,
  open: OpenPayment,
  agency: Agency,
  note?: Uint8Array,
): TransactionRecord {
  const known = turn.transaction(open.tx);
  const { payer, order } = open;
  const kept = note ?? known?.note;
  const isFor = agency.served(payer) || agency.served(order.payee);
  return {
    order: open.manifest.order,
    role: known?.role ?? roleIn(open, pidFromPublicKey(agency.signer.publicKey)),
    state: 'PREPARE_IN_PROGRESS',
    attempts: [...(known?.attempts ?? []), open.hash],
    created: known?.created ?? turn.now,
    ...(kept === undefined || !isFor ? {} : { note: kept }),
  };
}

function roleIn({ payer, order }: OpenPayment, me: Pid): TransactionRecord['role'] {
  if (payer === me) return 'payer';
  if (order.payee === me) return 'payee';
  return order.coordinator === me ? 'coordinator' : 'intermediary';
}

/** Tells the order, the history and the listeners if the attempt has just got its outcome. */
export function recordOutcome(
  turn: Turn,
  before: Attempt | undefined,
  after: Attempt,
  agency: Agency,
): void {
  const { phase } = after.commit;
  if (before?.commit.phase === phase || (phase !== 'COMMITTED' && phase !== 'ABORTED')) return;
  const { refusal } = after;
  if (after.open.kind === 'clearing')
    recordClearingOutcome(turn, after.open, phase, refusal, memberOf(agency));
  else recordPaymentOutcome(turn, after, after.open, agency);
  const ended = endOf(after);
  if (ended !== undefined) turn.notice(ended);
}

/** What is told of an attempt that has its outcome; undefined without one. */
export function endOf(attempt: Attempt): AttemptEnded | undefined {
  const { open, commit, effects } = attempt;
  const { phase } = commit;
  if (phase !== 'COMMITTED' && phase !== 'ABORTED') return undefined;
  const refusal = isWithdrawn(commit) ? WITHDRAWN : attempt.refusal;
  const coordinator = commit.role === 'coordinator';
  return {
    type: 'attempt-ended',
    kind: open.kind,
    edges: effects.map(({ edge }) => edge),
    tx: open.tx,
    hash: open.hash,
    outcome: phase,
    coordinator,
    ...(refusal === undefined ? {} : { refusal }),
    silent: coordinator && phase === 'ABORTED' ? silentIn(attempt) : [],
  };
}

function recordPaymentOutcome(
  turn: Turn,
  { commit: { phase, role }, refusal }: Attempt,
  open: OpenPayment,
  agency: Agency,
): void {
  const { tx } = open;
  if (phase === 'COMMITTED') {
    // A manifest that was only refused has no record yet. It commits all the same if somebody else
    // has signed with this node's key (R8).
    const record = turn.transaction(tx) ?? begun(turn, open, agency);
    turn.putTransaction(tx, { ...withoutReason(record), state: 'COMMITTED', finished: turn.now });
    writeHistory(turn, open, record.role, agency);
  } else if (role === 'voter') {
    // A coordinator may try again: its payment decides whether the order has ended. So does the payer's
    // own node, where a hub carries out the order.
    const record = turn.transaction(tx);
    if (record !== undefined && record.state !== 'COMMITTED' && record.role !== 'payer') {
      turn.putTransaction(tx, {
        ...record,
        state: 'ABORTED',
        finished: turn.now,
        ...(refusal === undefined ? {} : { reason: refusal }),
      });
    }
  }
}

/**
 * Aborted after the coordinator's own YES. If one of those who withdrew has also applied, first-hand, it commits
 * yet (R8); after a NO of the coordinator nothing can.
 */
function isWithdrawn({ role, phase, size, evidence }: CommitState): boolean {
  return role === 'coordinator' && phase === 'ABORTED' && has(evidence.yes, size - 1);
}

/**
 * Who was on the routes and never voted: gone, or behind a broken line. After a NO of another, or its WITHDRAW, the
 * others' votes were not waited for.
 */
function silentIn({ open, commit: { evidence, size } }: Attempt): Pid[] {
  const { participants, agents } = open.manifest;
  if (((evidence.no | evidence.withdrawn) & allButCoordinator(size)) !== 0n) return [];
  const heard = evidence.yes | evidence.no;
  return participants.filter((_, i) => !has(heard, agents[i]!));
}

/**
 * A payment that is carried out here ends without a commit, unless an attempt of it is still being
 * decided. Whose it was finds it in its history.
 */
export function recordEnd(turn: Turn, tx: TxId, reason: Refusal, agents: Agents): void {
  const record = turn.transaction(tx);
  if (record === undefined || record.state === 'COMMITTED' || record.state === 'ABORTED') return;
  const phases = record.attempts.map((hash) => turn.attempt(hash)?.commit.phase);
  if (phases.some((phase) => phase !== undefined && phase !== 'ABORTED')) return;
  turn.putTransaction(tx, { ...record, state: 'ABORTED', finished: turn.now, reason });
  turn.notice({ type: 'payment-ended', tx });
  const { payer_key, payee, equivalent, amount } = readSigned('PAYMENT_REQUEST', record.order).body;
  const payer = pidFromPublicKey(payer_key);
  if (!agents.served(payer)) return;
  const text = `not paid: ${reason.text}`.slice(0, FAILURE_CHARS_MAX);
  const entry = { type: 'payment_failed', text, tx, peer: payee, equivalent, amount } as const;
  turn.history(entry, agents.historyOf(payer));
}

function withoutReason(record: TransactionRecord): TransactionRecord {
  const { reason: _, ...rest } = record;
  return rest;
}

function writeHistory(
  turn: Turn,
  open: OpenPayment,
  role: TransactionRecord['role'],
  { served, signer }: Agency,
): void {
  const { order, payer, tx } = open;
  const texts = {
    payer: 'paid',
    payee: 'received',
    intermediary: 'carried for others',
    coordinator: 'carried out for others',
    participant: 'took part',
  };
  const about = {
    type: 'payment',
    tx,
    equivalent: order.equivalent,
    amount: order.amount,
  } as const;
  const peer = role === 'payee' ? payer : order.payee;
  const isMember = memberOf({ served, signer });
  // What goes on among members stands in their accounts.
  if (role !== 'coordinator' || !isMember(payer) || !isMember(order.payee)) {
    turn.history({ ...about, text: texts[role], ...(role === 'intermediary' ? {} : { peer }) });
  }
  if (isMember(payer)) turn.history({ ...about, text: texts.payer, peer: order.payee }, payer);
  if (isMember(order.payee))
    turn.history({ ...about, text: texts.payee, peer: payer }, order.payee);
}

/** Says of a participant whether it is a member here, whose history is kept apart. */
function memberOf({ served, signer }: Agency): (participant: Pid) => boolean {
  const me = pidFromPublicKey(signer.publicKey);
  return (pid) => pid !== me && served(pid);
}
