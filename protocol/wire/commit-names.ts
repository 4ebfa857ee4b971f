/**
 * Payments and clearings are prepared, voted on and decided alike; only the names of their messages
 * differ, and so the context of each signature: no vote for one can be shown as a vote for the other.
 */
export const COMMIT_NAMES = {
  payment: {
    order: 'PAYMENT_REQUEST',
    prepare: 'PAYMENT_PREPARE',
    vote: 'PAYMENT_PREPARE_ACK',
    commit: 'PAYMENT_COMMIT',
    abort: 'PAYMENT_ABORT',
    applied: 'PAYMENT_COMMIT_ACK',
  },
  clearing: {
    order: 'CLEARING_PROPOSE',
    prepare: 'CLEARING_PREPARE',
    vote: 'CLEARING_PREPARE_ACK',
    commit: 'CLEARING_COMMIT',
    abort: 'CLEARING_ABORT',
    applied: 'CLEARING_COMMIT_ACK',
  },
} as const;

/** What a manifest is about. */
export type TransactionKind = keyof typeof COMMIT_NAMES;
