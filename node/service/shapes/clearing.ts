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
  shortens: z
    .boolean()
    .optional()
    .describe(
      'a chain: the last owes the first nothing, and the first comes to owe the last as much',
    ),
});

export const Clearing = z.object({
  tx_id: hash,
  state: z.enum(['NEW', 'PROPOSED', 'WAITING_CONFIRMATIONS', 'COMMITTED', 'REJECTED']),
  role: z.enum(['coordinator', 'participant']),
  coordinator: pid,
  cycle: z.array(pid).describe('each owes the next, the last owes the first'),
  shortens: z
    .boolean()
    .describe('a chain: instead of the last owing the first, the first comes to owe the last'),
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

export const ClearNowRequest = z.strictObject({
  equivalent: code.optional().describe('all that are known here, if it is left out'),
  max_length: z.int().min(3).max(CYCLE_MAX).optional(),
  dry_run: z.boolean().describe('only say which cycles there are'),
});

export const FoundCycle = z.object({
  cycle: z.array(pid).describe('each owes the next, the last owes the first'),
  shortens: z.boolean().describe('a chain, as in a clearing'),
  equivalent: code,
  amount: amount.describe('what each of these debts could be lowered by'),
  clearing: Clearing.nullable().describe('what became of it; null in a dry run'),
});

export const ClearingStats = z.object({
  equivalent: code,
  cycles: z.int().describe('cleared with a part of this participant'),
  removed: amount.describe('sum of all debts of those cycles that are gone'),
  mine: amount.describe('what this participant owes less, and is owed less'),
  lengths: z.array(z.object({ length: z.int(), cycles: z.int(), removed: amount })),
  shortened: z
    .object({ chains: z.int(), removed: amount })
    .describe('chains that became one debt, not counted above: the debts gone less the new ones'),
});

export const ClearingTotals = z.object({
  equivalent: code,
  cycles: z
    .int()
    .describe('cleared with a part of this node; at a hub, of those whom it votes for'),
  removed: amount.describe('sum of all debts of those cycles that are gone'),
  lengths: z.array(z.object({ length: z.int(), cycles: z.int(), removed: amount })),
  shortened: z
    .object({ chains: z.int(), removed: amount })
    .describe('chains, as for a participant'),
  debt: amount.describe('all that this node knows of now: at a hub, of its community'),
  clearable: amount
    .nullable()
    .describe('the most that could be cleared of it now, exactly; null: no hub'),
  clearable_share: z.number().nullable().describe('the same as a part of 1'),
  mine: ClearingStats.nullable().describe('of the node itself; null: it had no part in any'),
  since: time.describe('the averages are over the time from here to now'),
  average_debt: amount,
  average_without_clearing: amount.describe(
    'what clearing has taken away is added back; other ways that payments would have gone are not',
  ),
});

export const ClearingPass = z.object({
  equivalent: code,
  state: z.enum(['SEARCHING', 'CLEARING', 'DONE', 'CANCELLED']),
  began: time,
  debts: z.int().nullable().describe('looked at; null, like the next four: not known yet'),
  total: amount.nullable().describe('of these debts'),
  optimum: amount.nullable().describe('the most that could be cleared of them, exactly'),
  planned: amount.nullable().describe('what the cycles that were found would clear'),
  cycles: z.int().nullable().describe('that were found'),
  tried: z.int(),
  committed: z.int().describe('of those tried; others were refused, or wait for a word'),
  cleared: amount.describe('debt that is gone'),
});

export const PassRequest = z.strictObject({ equivalent: code });

export const ClearingAnswer = z.strictObject({ tx_id: hash, accept: z.boolean() });

export type ClearRequest = z.infer<typeof ClearRequest>;
export type ClearNowRequest = z.infer<typeof ClearNowRequest>;
export type FoundCycle = z.infer<typeof FoundCycle>;
export type ClearingStats = z.infer<typeof ClearingStats>;
export type Clearing = z.infer<typeof Clearing>;
export type ClearingTotals = z.infer<typeof ClearingTotals>;
export type ClearingPass = z.infer<typeof ClearingPass>;
export type PassRequest = z.infer<typeof PassRequest>;
export type ClearingAnswer = z.infer<typeof ClearingAnswer>;
