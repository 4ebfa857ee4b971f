/**
 * Proposals to clear a cycle of debts, and what its participants say to them (docs/PROTOCOL.md,
 * "Clearing"). How a clearing is voted on and decided is as for a payment.
 */
import {
  CYCLE_MAX,
  CYCLE_MIN,
  FRAME_BYTES_MAX,
  HOPS_MAX,
  PRECISION_MAX,
  VOTERS_MAX,
} from '../../limits.ts';
import * as s from '../schema.ts';
import { Contact } from './route.ts';

/** Signed by the coordinator: which debts are to be lowered, and by how much at most. `tx = sha256(these bytes)`. */
export const Proposal = s.named(
  'proposal',
  s.map({
    coordinator_key: s.publicKey,
    equivalent: s.equivalentCode,
    /** Decimal places, so that the amount can be read by whoever is shown the proposal. */
    precision: s.uint(PRECISION_MAX),
    /** Each owes the next, the last owes the first. */
    cycle: s.list(s.pid, CYCLE_MAX, CYCLE_MIN),
    /** The most that each of these debts may be lowered by. */
    amount: s.amount,
    /** True: the last owes the first nothing; instead the first comes to owe the last as much. */
    shortens: s.optional(s.bool),
    nonce: s.bytes(16),
    created: s.time,
    expires: s.time,
  }),
);
export type Proposal = s.Infer<typeof Proposal>;

/** Signed by a participant whose line does not clear by itself: it agrees, up to this amount. */
export const Consent = s.named(
  'consent',
  s.map({
    tx: s.hash,
    participant_key: s.publicKey,
    amount: s.amount,
    /** No voter counts it later than this. */
    expires: s.time,
  }),
);
export type Consent = s.Infer<typeof Consent>;

/** Signed by a participant that does not agree. */
export const Objection = s.named(
  'objection',
  s.map({
    tx: s.hash,
    participant_key: s.publicKey,
    fault: s.text(40),
    text: s.text(300),
  }),
);
export type Objection = s.Infer<typeof Objection>;

/** Those who owe `to` are on a way to the end of a search, and so are those who owe them. */
export const ClearingMark = s.named(
  'clearing-mark',
  s.map({
    /** Of the search whose CLEARING_SEARCH will follow the marks. */
    id: s.bytes(16),
    equivalent: s.equivalentCode,
    /** Served by the sender. */
    to: s.pid,
    /** Steps against the debts that may still follow, the one to those who owe `to` included. */
    hops: s.uint(HOPS_MAX),
    /** Marks that the receiver may send, its own and those behind it. */
    budget: s.uint(10_000),
  }),
);
export type ClearingMark = s.Infer<typeof ClearingMark>;

export const ClearingPrepare = s.named(
  'clearing-prepare',
  s.map({
    manifest: { ...s.bytesUpTo(FRAME_BYTES_MAX / 2), cddl: 'bstr .cbor manifest' },
    /** Where the voters may be reached, so that they can ask each other (R4). Hints, not evidence. */
    contacts: s.list(Contact, VOTERS_MAX),
  }),
);
export type ClearingPrepare = s.Infer<typeof ClearingPrepare>;
