/** Orders, manifests and the messages that carry an attempt to its decision (docs/PROTOCOL.md, "Payment"). */
import {
  AVOID_MAX,
  CYCLE_MAX,
  FRAME_BYTES_MAX,
  HOPS_MAX,
  NOTE_BYTES_MAX,
  PRECISION_MAX,
  ROUTES_MAX,
  VOTERS_MAX,
} from '../../limits.ts';
import * as s from '../schema.ts';
import { EvidenceBundle } from './evidence.ts';
import { Contact } from './route.ts';

/** Everyone on the routes of one manifest. */
export const PARTICIPANTS_MAX = 128;

/** Signed by the payer: how much to whom, not which way. `tx = sha256(these bytes)`. */
export const Order = s.named(
  'order',
  s.map({
    payer_key: s.publicKey,
    payee: s.pid,
    equivalent: s.equivalentCode,
    /** Decimal places, so that the amount can be read by whoever is shown the order. */
    precision: s.uint(PRECISION_MAX),
    amount: s.amount,
    max_hops: s.uint(HOPS_MAX),
    max_paths: s.uint(ROUTES_MAX),
    avoid: s.list(s.pid, AVOID_MAX),
    /** Whom the payer trusts to choose the routes: its own node, or its hub. */
    coordinator: s.pid,
    nonce: s.bytes(16),
    created: s.time,
    expires: s.time,
    /** SHA-256 of the note's ciphertext, if there is a note. */
    note_hash: s.optional(s.hash),
  }),
);
export type Order = s.Infer<typeof Order>;

/** Route: indices into the manifest's participants, payer first, payee last; a cycle ends where it begins. */
export const ManifestRoute = s.named(
  'manifest-route',
  s.map({ path: s.list(s.uint(255), HOPS_MAX + 1, 2), amount: s.amount }),
);

/** What is voted on. Every vote signs the SHA-256 of these bytes. */
export const Manifest = s.named(
  'manifest',
  s.map({
    kind: s.oneOf('payment', 'clearing'),
    /** COSE_Sign1 of the order, or of a clearing's proposal. */
    order: { ...s.signed('order'), cddl: 'signed-order / signed-proposal' },
    attempt: s.uint(0xffff),
    participants: s.list(s.pid, PARTICIPANTS_MAX, 2),
    /** For each participant, which voter is its agent. */
    agents: s.list(s.uint(VOTERS_MAX - 1), PARTICIPANTS_MAX, 2),
    routes: s.list(ManifestRoute, ROUTES_MAX, 1),
    /** Distinct agents by public key; the coordinator is the last. */
    voters: s.list(s.publicKey, VOTERS_MAX, 1),
    /** One of each participant whose agent has another key than its own. */
    grants: s.optional(s.list(s.signed('agent-grant'), PARTICIPANTS_MAX, 1)),
    prepare_by: s.time,
    /** A clearing's: of the participants whose lines do not clear by themselves. */
    consents: s.optional(s.list(s.signed('consent'), CYCLE_MAX, 1)),
  }),
);
export type Manifest = s.Infer<typeof Manifest>;

const manifestBytes: s.Schema<Uint8Array> = {
  ...s.bytesUpTo(FRAME_BYTES_MAX / 2),
  cddl: 'bstr .cbor manifest',
};

export const PaymentRequest = Order;

/** Goes ahead of an order that names the hash of it; kept by the coordinator until that order comes. */
export const PaymentNote = s.named('payment-note', s.map({ note: s.bytesUpTo(NOTE_BYTES_MAX) }));
export type PaymentNote = s.Infer<typeof PaymentNote>;

/** What has become of an order that another node was asked to carry out; if it was not paid, why. */
export const PaymentReply = s.named(
  'payment-reply',
  s.map({
    tx: s.hash,
    committed: s.bool,
    code: s.optional(s.text(4)),
    fault: s.optional(s.text(40)),
    text: s.optional(s.text(300)),
    /** The most that could be paid, or that the hop at fault could carry. */
    available: s.optional(s.limit),
  }),
);
export type PaymentReply = s.Infer<typeof PaymentReply>;

export const PaymentPrepare = s.named(
  'payment-prepare',
  s.map({
    manifest: manifestBytes,
    /** Where the voters may be reached, so that they can ask each other (R4). Hints, not evidence. */
    contacts: s.list(Contact, VOTERS_MAX),
    /** The note's ciphertext, for the payee's agent alone. */
    note: s.optional(s.bytesUpTo(NOTE_BYTES_MAX)),
  }),
);
export type PaymentPrepare = s.Infer<typeof PaymentPrepare>;

/** PAYMENT_COMMIT, PAYMENT_ABORT and their twins of a clearing: the evidence for the outcome. */
export const PaymentOutcome = s.named(
  'payment-outcome',
  s.map({
    tx: s.hash,
    attempt: s.uint(0xffff),
    manifest: s.hash,
    /** The manifest itself, when the message is repeated. */
    bytes: s.optional(manifestBytes),
    evidence: EvidenceBundle,
  }),
);
export type PaymentOutcome = s.Infer<typeof PaymentOutcome>;

export const StatusQuery = s.named(
  'status-query',
  s.map({
    manifest: manifestBytes,
    /** Echoed by the reply: answers to an older round of asking do not count. */
    round: s.uint(0xffff_ffff),
    evidence: EvidenceBundle,
  }),
);
export type StatusQuery = s.Infer<typeof StatusQuery>;

export const StatusReply = s.named(
  'status-reply',
  s.map({
    tx: s.hash,
    attempt: s.uint(0xffff),
    manifest: s.hash,
    round: s.uint(0xffff_ffff),
    /** What the sender knows: still open, in doubt, withdrawn, or an outcome. */
    stance: s.oneOf('open', 'doubt', 'withdrawn', 'committed', 'aborted'),
    evidence: EvidenceBundle,
  }),
);
export type StatusReply = s.Infer<typeof StatusReply>;

export const WithdrawRequest = s.named(
  'withdraw-request',
  s.map({ manifest: manifestBytes, evidence: EvidenceBundle }),
);
export type WithdrawRequest = s.Infer<typeof WithdrawRequest>;
