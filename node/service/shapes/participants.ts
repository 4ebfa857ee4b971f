/** Who belongs to a community, as its members see each other. */
import { z } from 'zod';
import { MemberKind } from './hub.ts';
import { pid, time } from './words.ts';

export const ParticipantsQuery = z.strictObject({
  search: z
    .string()
    .max(80)
    .optional()
    .describe('part of the name or of what it says about itself, or the beginning of a PID'),
  cursor: pid.optional().describe('`next` of the page before'),
  limit: z.coerce.number().int().min(1).max(1_000).optional(),
});

export const Participant = z.object({
  pid,
  name: z.string(),
  about: z.string(),
  kind: MemberKind,
  hosted: z.boolean().describe('without a node of its own'),
  active: z.boolean().describe('false: suspended, it takes on nothing new'),
  joined: time.nullable(),
});

export const ParticipantsPage = z.object({
  items: z.array(Participant).describe('by PID'),
  next: pid.nullable().describe('cursor of the page after; null: there is none'),
});

export type ParticipantsQuery = z.infer<typeof ParticipantsQuery>;
export type Participant = z.infer<typeof Participant>;
export type ParticipantsPage = z.infer<typeof ParticipantsPage>;
