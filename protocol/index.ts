/**
 * The only door of the protocol package (`geo-node/protocol`): what two parties must agree on, in
 * pure functions that run in a browser too. docs/PROTOCOL.md is the text, `protocol/geo.cddl` the
 * form of every message, `test/vectors/` the bytes to test against.
 */

// Refusals and agreed bounds.

export * from './errors.ts';
export * from './limits.ts';

// Who: keys, names, signatures, and notes for one reader.

export * from './identity/keys.ts';
export * from './identity/pid.ts';
export * from './identity/recovery-words.ts';
export * from './identity/sealed-note.ts';
export * from './identity/signature.ts';

// How much: text to whole numbers of the smallest unit, and back.

export * from './money/amount.ts';
export * from './money/equivalent.ts';

// Bytes: deterministic CBOR, COSE_Sign1, frames, and every message with its schema.

export * from './cddl.ts';
export * from './wire/cbor.ts';
export * from './wire/commit-names.ts';
export * from './wire/cose.ts';
export * from './wire/envelope.ts';
export * from './wire/message-types.ts';
export * from './wire/messages/clearing.ts';
export * from './wire/messages/edge.ts';
export * from './wire/messages/evidence.ts';
export * from './wire/messages/membership.ts';
export * from './wire/messages/payment.ts';
export * from './wire/messages/report.ts';
export * from './wire/messages/route.ts';
export * from './wire/messages/service.ts';
export * from './wire/messages/trust-line.ts';
export * as schema from './wire/schema.ts';

// The books: edges, what an attempt does to them, and whether it may.

export * from './ledger/edge.ts';
export * from './ledger/effects.ts';
export * from './ledger/reservation.ts';

// Machines: (state, event) to the next state and what is to be done.

export * from './machines/coordinator.ts';
export * from './machines/edge-sync.ts';
export * as evidence from './machines/evidence.ts';
export * from './machines/manifest.ts';
export * from './machines/membership.ts';
export * from './machines/outcome.ts';
export * from './machines/trust-line.ts';
export * from './machines/voter.ts';

// Clearing: how much of the debts can go at most, and short cycles that take it.

export * from './clearing/circulation.ts';
export * from './clearing/decompose.ts';

// Invitations to a community.

export * from './invitation.ts';

// Routes over what is known, and proofs as files.

export * from './presence.ts';
export * from './proof.ts';
export * from './receipt.ts';
export * from './routing/graph.ts';
export * from './routing/refusal.ts';
export * from './routing/select.ts';
export * from './statement.ts';
