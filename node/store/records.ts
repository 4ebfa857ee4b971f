/** The values of the store, in the schema language of the wire: deterministic CBOR, checked when read. */

import { CYCLE_MAX, VOTERS_MAX } from '../../protocol/limits.ts';
import { GrantScope } from '../../protocol/wire/messages/agent.ts';
import { EdgeStatement } from '../../protocol/wire/messages/edge.ts';
import { Contact } from '../../protocol/wire/messages/route.ts';
import { LinePolicy } from '../../protocol/wire/messages/trust-line.ts';
import * as s from '../../protocol/wire/schema.ts';

const voterSet = s.simple<bigint>({
  cddl: 'uint',
  read: (v) => BigInt(v as number | bigint),
  write: (v, to) => to.value(v),
});
const count = s.uint(Number.MAX_SAFE_INTEGER);

const LineRecord = s.map({
  limit: s.limit,
  status: s.oneOf('active', 'frozen', 'closed'),
  policy: LinePolicy,
  sequence: count,
  changed: s.time,
});
const DailyUseRecord = s.map({ day: count, used: s.limit });

export const EdgeRecord = s.map({
  low: s.pid,
  high: s.pid,
  equivalent: s.equivalentCode,
  precision: s.uint(8),
  lowLine: s.optional(LineRecord),
  highLine: s.optional(LineRecord),
  balance: s.signedAmount,
  heldUp: s.limit,
  heldDown: s.limit,
  count,
  digest: s.hash,
  base: count,
  dispute: s.optional(s.text(400)),
  lowUse: s.optional(DailyUseRecord),
  highUse: s.optional(DailyUseRecord),
});

export const EvidenceRecord = s.map({
  yes: voterSet,
  no: voterSet,
  withdrawn: voterSet,
  applied: voterSet,
  firstHand: voterSet,
});

export const RefusalRecord = s.map({
  code: s.oneOf('E001', 'E002', 'E003', 'E004', 'E005', 'E006', 'E007', 'E008', 'E009', 'E010'),
  fault: s.text(40),
  text: s.text(300),
  hop: s.optional(s.tuple(s.pid, s.pid)),
  available: s.optional(s.limit),
});

/** One own edge's part in an attempt. While the attempt holds, this *is* the hold. */
const EffectRecord = s.map({
  low: s.pid,
  high: s.pid,
  equivalent: s.equivalentCode,
  change: s.signedAmount,
  /** New debt counted against the creditor's daily limit on `day`. */
  counted: s.limit,
  day: count,
});

export const AttemptRecord = s.map({
  tx: s.hash,
  attempt: s.uint(0xffff),
  role: s.oneOf('voter', 'coordinator'),
  phase: s.oneOf('COLLECT', 'DECIDED', 'DOUBT', 'WITHDRAWN', 'ABORTED', 'COMMITTED'),
  size: s.uint(64),
  me: s.uint(63),
  evidence: EvidenceRecord,
  round: s.uint(0xffff_ffff),
  /** Coordinator: who is known to hold an outcome, and whether everyone's `applied` was sent round. */
  answered: voterSet,
  relayed: s.bool,
  effects: s.list(EffectRecord, 256),
  refusal: s.optional(RefusalRecord),
  started: s.time,
  /** When to act again without being asked; absent: never. */
  timer: s.optional(s.time),
  tries: count,
  /** Voted on by a former agent of the member: only a proof. */
  inherited: s.optional(s.bool),
});

/** What a clearing needs to be known of beside its attempts. */
const ClearingPart = s.map({
  /** Who was asked and has not answered: of all at the coordinator, elsewhere of those who are served here. */
  waiting: s.list(s.pid, CYCLE_MAX),
  /** CLEARING_ACCEPTs: all that came to the coordinator, elsewhere those of hosted members. */
  consents: s.list(s.bytesUpTo(4096), CYCLE_MAX),
  /** Coordinator: what is left of the amount. */
  cap: s.limit,
  /** What was signed here about another's proposal: CLEARING_ACCEPT or CLEARING_REJECT. */
  accepted: s.optional(s.bytesUpTo(4096)),
  rejected: s.optional(s.bytesUpTo(4096)),
});

export const TransactionRecord = s.map({
  /** COSE_Sign1 of the order, or of a clearing's proposal. */
  order: s.bytesUpTo(16 * 1024),
  /** Of this node itself; `coordinator`: it carries out the order of somebody else, or proposes a clearing. */
  role: s.oneOf('payer', 'payee', 'intermediary', 'coordinator', 'participant'),
  state: s.oneOf(
    'NEW',
    'ROUTED',
    'PREPARE_IN_PROGRESS',
    'PROPOSED',
    'WAITING_CONFIRMATIONS',
    'COMMITTED',
    'ABORTED',
    'REJECTED',
  ),
  /** Manifest hashes, oldest first. */
  attempts: s.list(s.hash, 0xffff),
  created: s.time,
  finished: s.optional(s.time),
  reason: s.optional(RefusalRecord),
  /** The note's ciphertext: at the payer and the payee. */
  note: s.optional(s.bytesUpTo(1024)),
  /** There exactly if it is a clearing; its role is then coordinator or participant. */
  clearing: s.optional(ClearingPart),
});

/** A creditor that is left out of proposals for a time. */
export const SparedRecord = s.map({
  until: s.time,
  /** Members of the shortest cycle that is not wanted; the shortest of all cycles: none is. */
  from: s.uint(CYCLE_MAX),
});

/** Where the voters of a live attempt may be reached, as far as no PeerRecord says it: a restarted node has to ask them. */
export const LiveRecord = s.map({ contacts: s.list(Contact, VOTERS_MAX) });

export const LineEnvelopeRecord = s.map({
  type: s.oneOf('TRUST_LINE_CREATE', 'TRUST_LINE_UPDATE', 'TRUST_LINE_CLOSE'),
  envelope: s.bytesUpTo(16 * 1024),
  /** At the owner: whether the other end has it. */
  state: s.oneOf('PENDING', 'COMMITTED', 'FAILED'),
  failure: s.optional(RefusalRecord),
});

export const OutboxRecord = s.map({
  frame: s.bytesUpTo(64 * 1024),
  queued: s.time,
  tries: count,
  next: s.time,
});

/** The newest word of a participant on who votes for it. */
export const AgentRecord = s.map({
  type: s.oneOf('AGENT_GRANT', 'AGENT_REVOKE'),
  envelope: s.bytesUpTo(4096),
  /** The key that votes: of a revocation the participant's own. */
  agent: s.publicKey,
  sequence: count,
  /** Of a grant. */
  expires: s.optional(s.time),
  scope: s.optional(GrantScope),
});

export const PeerRecord = s.map({ key: s.publicKey, addresses: s.list(s.text(400), 16) });
export const ContactRecord = s.map({ pid: s.pid });
export const EquivalentRecord = s.map({
  precision: s.uint(8),
  metadata: s.list(s.tuple(s.text(40), s.text(400)), 64),
});

export const HistoryRecord = s.map({
  time: s.time,
  type: s.oneOf(
    'payment',
    'payment_failed',
    'clearing',
    'trust_line',
    'equivalent',
    'agent',
    'alert',
  ),
  text: s.text(400),
  tx: s.optional(s.hash),
  peer: s.optional(s.pid),
  equivalent: s.optional(s.equivalentCode),
  amount: s.optional(s.limit),
});

export const StatementRecord = s.map({
  /** COSE_Sign1 of the same statement by this node and by the other end. */
  mine: s.bytesUpTo(4096),
  theirs: s.optional(s.bytesUpTo(4096)),
});

/** Two books that differ: both views, `made` when they were found to. */
export const DisputeRecord = s.map({
  found: s.time,
  mine: EdgeStatement,
  theirs: EdgeStatement,
  /** Manifests that the other end lists and has shown no receipt for. */
  unproven: s.list(s.hash, 256),
});

export type DisputeRecord = s.Infer<typeof DisputeRecord>;
export type SparedRecord = s.Infer<typeof SparedRecord>;
export type StatementRecord = s.Infer<typeof StatementRecord>;
export type LiveRecord = s.Infer<typeof LiveRecord>;
export type EdgeRecord = s.Infer<typeof EdgeRecord>;
export type AttemptRecord = s.Infer<typeof AttemptRecord>;
export type EffectRecord = s.Infer<typeof EffectRecord>;
export type RefusalRecord = s.Infer<typeof RefusalRecord>;
export type ClearingPart = s.Infer<typeof ClearingPart>;
export type TransactionRecord = s.Infer<typeof TransactionRecord>;
export type LineEnvelopeRecord = s.Infer<typeof LineEnvelopeRecord>;
export type OutboxRecord = s.Infer<typeof OutboxRecord>;
export type AgentRecord = s.Infer<typeof AgentRecord>;
export type PeerRecord = s.Infer<typeof PeerRecord>;
export type ContactRecord = s.Infer<typeof ContactRecord>;
export type EquivalentRecord = s.Infer<typeof EquivalentRecord>;
export type HistoryRecord = s.Infer<typeof HistoryRecord>;

/** Code of `0`. */
const ZERO = 0x30;

/** A count as the store has it, decimal text; every turn counts something. */
export function encodeCount(count: number): Uint8Array {
  const digits = String(count);
  const bytes = new Uint8Array(digits.length);
  for (let i = 0; i < digits.length; i++) bytes[i] = digits.charCodeAt(i);
  return bytes;
}

/** @returns NaN if it is no decimal text */
export function decodeCount(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) {
    const digit = byte - ZERO;
    count = digit >= 0 && digit <= 9 ? count * 10 + digit : Number.NaN;
  }
  return count;
}

export function encodeRecord<T>(schema: s.Schema<T>, value: T): Uint8Array {
  return s.encodeWith(schema, value);
}

/** @throws GeoError E009: the store holds something that this version did not write */
export function decodeRecord<T>(schema: s.Schema<T>, bytes: Uint8Array): T {
  return s.decodeWith(schema, bytes, 'store record');
}
