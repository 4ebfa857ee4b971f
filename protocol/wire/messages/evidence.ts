/**
 * What voters sign about an attempt, and how it travels (docs/PROTOCOL.md, "Payment" and "When someone disappears").
 * Payments and clearings share these bodies; the message type in the signature's context keeps them apart.
 */
import { VOTERS_MAX } from '../../limits.ts';
import * as s from '../schema.ts';

/** The payload of a vote: YES or NO over one manifest. A NO says why, and which hop stands in the way. */
export const Vote = s.named(
  'vote',
  s.map({
    tx: s.hash,
    attempt: s.uint(0xffff),
    manifest: s.hash,
    yes: s.bool,
    code: s.optional(s.text(4)),
    fault: s.optional(s.text(40)),
    text: s.optional(s.text(300)),
    /** The hop at fault, `[debtor, creditor]`, and what it can still carry. */
    hop: s.optional(s.tuple(s.pid, s.pid)),
    available: s.optional(s.limit),
  }),
);
export type Vote = s.Infer<typeof Vote>;

/** The payload of WITHDRAW: "I shall not apply this attempt on the certificate alone". */
export const Withdrawal = s.named(
  'withdrawal',
  s.map({ tx: s.hash, attempt: s.uint(0xffff), manifest: s.hash }),
);
export type Withdrawal = s.Infer<typeof Withdrawal>;

/** The payload of PAYMENT_COMMIT_ACK and CLEARING_COMMIT_ACK: "applied". */
export const Applied = s.named(
  'applied',
  s.map({
    tx: s.hash,
    attempt: s.uint(0xffff),
    manifest: s.hash,
    /** True: met the certificate before withdrawing. False: rests on another voter's `applied`. */
    first_hand: s.bool,
    rests_on: s.optional(s.signed('applied')),
  }),
);
export type Applied = s.Infer<typeof Applied>;

/** Signed statements about one attempt, each as the COSE_Sign1 bytes that its signer made. */
export const EvidenceBundle = s.named(
  'evidence',
  s.map({
    votes: s.list(s.signed('vote'), 2 * VOTERS_MAX),
    withdrawals: s.list(s.signed('withdrawal'), VOTERS_MAX),
    applied: s.list(s.signed('applied'), 2 * VOTERS_MAX),
  }),
);
export type EvidenceBundle = s.Infer<typeof EvidenceBundle>;
