/** Routes, payments and transactions. */
import { z } from 'zod';
import { HOPS_MAX, ROUTES_MAX } from '../../../protocol/limits.ts';
import { ErrorBody } from './problem.ts';
import { amount, code, hash, peer, pid, time } from './words.ts';

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

export const Transaction = Payment.extend({
  kind: z.enum(['payment', 'clearing']),
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
    .array(z.object({ debtor: pid, creditor: pid, delta: amount }))
    .describe('on edges of this node'),
  certificate: z.string().nullable().describe('hexadecimal bytes, as `geo verify` reads them'),
  note: z.string().nullable(),
});

export const TransactionRef = z.strictObject({ tx_id: hash });

export type RoutesRequest = z.infer<typeof RoutesRequest>;
export type Route = z.infer<typeof Route>;
export type Routes = z.infer<typeof Routes>;
export type PayRequest = z.infer<typeof PayRequest>;
export type Payment = z.infer<typeof Payment>;
export type Transaction = z.infer<typeof Transaction>;
