/** What debts are measured in. */
import { z } from 'zod';
import { code } from './words.ts';

export const EquivalentRequest = z.strictObject({
  code,
  precision: z.int().min(0).max(8),
  metadata: z.record(z.string().max(40), z.string().max(400)).default({}),
});

export const Equivalent = z.object({
  code,
  precision: z.int(),
  metadata: z.record(z.string(), z.string()),
});

export type EquivalentRequest = z.infer<typeof EquivalentRequest>;
export type Equivalent = z.infer<typeof Equivalent>;
