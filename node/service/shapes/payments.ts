/** Routes, payments and transactions. */
import { z } from 'zod';
import { HOPS_MAX, ROUTES_MAX } from '../../../protocol/limits.ts';
import { Clearing } from './clearing.ts';
import { HistoryQuery } from './ledger.ts';
import { ErrorBody } from './problem.ts';
import { amount, code, hash, moment, peer, pid, time } from './words.ts';

export const RoutesRequest = z.strictObject({
  peer,
  equivalent: code,
  amount,
  max_hops: z.coerce.number().int().min(1).max(HOPS_MAX).optional(),
  max_paths: z.coerce.number().int().min(1).max(ROUTES_MAX).optional(),
});

export const Route = z.object({ path: z.array(pid), amount });

export const Routes = z.object({
  routes: z.array(Route),
  payable: amount.describe('the largest amount that could be routed now, at most what was asked'),
  enough: z.boolean(),
  reason: ErrorBody.nullable().describe(
    'what is in the way of the whole amount, if a hub could say',
  ),
  messages: z.int().describe('queries sent by this node'),
});

export const PayRequest = z.strictObject({
  peer,
  equivalent: code,
  amount,
  note: z.string().max(800).optional().describe('only the payee can read it'),
  max_hops: z.int().min(1).max(HOPS_MAX).optional(),
  max_paths: z.int().min(1).max(ROUTES_MAX).optional(),
  timeout_ms: z.int().min(500).max(600_000).optional(),
  by_hub: z
    .boolean()
    .optional()
    .describe('have the hub of the community find the way; as configured if not said'),
  nonce: z
    .string()
    .regex(/^[0-9a-f]{32}$/)
    .optional()
    .describe('repeat it to ask for the same payment again without paying twice'),
});

export const AttemptState = z.enum([
  'COLLECT',
  'DECIDED',
  'DOUBT',
  'WITHDRAWN',
  'COMMITTED',
  'ABORTED',
]);

export const Payment = z.object({
  tx_id: hash,
  state: z.enum(['NEW', 'ROUTED', 'PREPARE_IN_PROGRESS', 'COMMITTED', 'ABORTED']),
  role: z.enum(['payer', 'payee', 'intermediary', 'coordinator']),
  payer: pid,
  payee: pid,
  equivalent: code,
  amount,
  reason: ErrorBody.nullable(),
  routes: z.array(Route),
  attempts: z.int(),
  created: time,
  finished: time.nullable(),
  ms: z.number().nullable().describe('from order to outcome'),
});

/** What a transaction has been to the engine, whatever it is about. */
const decided = {
  attempt: z.int(),
  attempt_state: AttemptState.nullable(),
  manifest_hash: hash.nullable(),
  voters: z.array(
    z.object({
      pid,
      public_key: hash,
      coordinator: z.boolean(),
      vote: z.enum(['YES', 'NO']).nullable(),
      withdrew: z.boolean(),
      applied: z.boolean(),
    }),
  ),
  effects: z
    .array(z.object({ debtor: pid, creditor: pid, delta: z.string() }))
    .describe('on edges of this node: the debtor owes that much more, or less if it is negative'),
  certificate: z.string().nullable().describe('hexadecimal bytes, as `geo verify` reads them'),
  note: z.string().nullable().describe('null for whoever cannot read it, and of a clearing'),
};

export const PaymentTransaction = Payment.extend({
  kind: z.literal('payment'),
  ...decided,
  sealed_note: z
    .object({ sealed: z.string(), nonce: z.string() })
    .optional()
    .describe(
      'to a payee whose key is elsewhere: the note as it came, and what it is opened with, in hexadecimal',
    ),
});

export const ClearingTransaction = Clearing.extend({ kind: z.literal('clearing'), ...decided });

export const Transaction = z.discriminatedUnion('kind', [PaymentTransaction, ClearingTransaction]);

/** A transaction in a list. */
export const TransactionRow = z.object({
  tx_id: hash,
  kind: z.enum(['payment', 'clearing']),
  state: z.enum([...Payment.shape.state.options, 'PROPOSED', 'WAITING_CONFIRMATIONS', 'REJECTED']),
  role: z.enum([...Payment.shape.role.options, 'participant']),
  peer: pid.nullable().describe('whom the payment came from or went to; null for a clearing'),
  equivalent: code,
  amount: amount.describe(
    'of a clearing: what each debt was lowered by, or the most that was proposed',
  ),
  created: time,
  finished: time.nullable(),
  reason: z.string().nullable().describe('why it came to nothing'),
});

export const TransactionsQuery = z.strictObject({
  kind: TransactionRow.shape.kind.optional(),
  state: TransactionRow.shape.state.optional(),
  role: TransactionRow.shape.role.optional(),
  peer: peer.optional(),
  equivalent: code.optional(),
  since: moment.optional(),
  until: moment.optional().describe('what ended before this'),
  limit: z.coerce.number().int().min(1).max(500).optional().describe('100 if not given'),
  cursor: HistoryQuery.shape.before.describe('`next` of the page before'),
});

export const TransactionsPage = z.object({
  items: z.array(TransactionRow),
  next: z.string().nullable(),
});

export const TransactionRef = z.strictObject({ tx_id: hash });

export type RoutesRequest = z.infer<typeof RoutesRequest>;
export type Route = z.infer<typeof Route>;
export type Routes = z.infer<typeof Routes>;
export type PayRequest = z.infer<typeof PayRequest>;
export type Payment = z.infer<typeof Payment>;
export type PaymentTransaction = z.infer<typeof PaymentTransaction>;
export type ClearingTransaction = z.infer<typeof ClearingTransaction>;
export type TransactionRow = z.infer<typeof TransactionRow>;
export type TransactionsQuery = z.infer<typeof TransactionsQuery>;
export type TransactionsPage = z.infer<typeof TransactionsPage>;
export type Transaction = z.infer<typeof Transaction>;
