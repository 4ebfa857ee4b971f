/** Trust lines and their policies. */
import { z } from 'zod';
import { ErrorBody } from './problem.ts';
import { amount, code, peer, pid } from './words.ts';

export const PolicyPatch = z.strictObject({
  auto_clearing: z.boolean().optional(),
  can_be_intermediate: z.boolean().optional(),
  daily_limit: amount.nullable().optional().describe('new debt per UTC day; null removes it'),
  clearing_limit: amount
    .nullable()
    .optional()
    .describe('the most that one clearing takes from the debt; null removes it'),
  allow_shortening: z
    .boolean()
    .optional()
    .describe('debts on the line may pass to another creditor, and new ones come from that'),
  blocked_participants: z.array(pid).max(256).optional(),
});

export const Policy = z.object({
  auto_clearing: z.boolean(),
  can_be_intermediate: z.boolean(),
  daily_limit: amount.nullable(),
  clearing_limit: amount.nullable(),
  allow_shortening: z.boolean(),
  blocked_participants: z.array(pid),
});

export const TrustLineRequest = z.strictObject({
  peer,
  equivalent: code,
  limit: amount,
  policy: PolicyPatch.optional(),
});

export const TrustLineRef = z.strictObject({ peer, equivalent: code });

export const TrustLine = z.object({
  direction: z
    .enum(['given', 'received'])
    .describe('given: the peer may owe me; received: I may owe the peer'),
  peer: pid,
  peer_name: z.string().nullable(),
  equivalent: code,
  limit: amount,
  debt: amount.describe('how much of it is owed now'),
  available: amount.describe('limit minus debt minus what is held'),
  status: z.enum(['active', 'frozen', 'closed']),
  state: z
    .enum(['PENDING', 'COMMITTED', 'FAILED'])
    .describe('whether the other end has acknowledged the newest version'),
  sequence: z.int(),
  policy: Policy,
  failure: ErrorBody.nullable(),
});

export type PolicyPatch = z.infer<typeof PolicyPatch>;
export type Policy = z.infer<typeof Policy>;
export type TrustLineRequest = z.infer<typeof TrustLineRequest>;
export type TrustLineRef = z.infer<typeof TrustLineRef>;
export type TrustLine = z.infer<typeof TrustLine>;
