/** Clearings: cycles of debts that are lowered together. */
import { z } from 'zod';
import { CYCLE_MAX } from '../../../protocol/limits.ts';
import { ErrorBody } from './problem.ts';
import { amount, code, hash, peer, pid, time } from './words.ts';

export const ClearRequest = z.strictObject({
  equivalent: code,
  cycle: z
    .array(peer)
    .min(3)
    .max(CYCLE_MAX)
    .describe('each owes the next, the last owes the first; "me" is this participant'),
  amount: amount.describe('the most that each of these debts is lowered by'),
});

export const Clearing = z.object({
  tx_id: hash,
  state: z.enum(['NEW', 'PROPOSED', 'WAITING_CONFIRMATIONS', 'COMMITTED', 'REJECTED']),
  role: z.enum(['coordinator', 'participant']),
  coordinator: pid,
  cycle: z.array(pid).describe('each owes the next, the last owes the first'),
  equivalent: code,
  amount: amount.describe('the most that was proposed'),
  cleared: amount.nullable().describe('what each debt was lowered by; null unless committed'),
  waits_for: z.array(pid).describe('who is asked and has not answered'),
  waits_for_me: z.boolean(),
  reason: ErrorBody.nullable(),
  attempts: z.int(),
  created: time,
  expires: time.describe('when silence becomes a refusal'),
  finished: time.nullable(),
  ms: z.number().nullable().describe('from proposal to outcome'),
});

export const ClearingAnswer = z.strictObject({ tx_id: hash, accept: z.boolean() });

export type ClearRequest = z.infer<typeof ClearRequest>;
export type Clearing = z.infer<typeof Clearing>;
export type ClearingAnswer = z.infer<typeof ClearingAnswer>;
