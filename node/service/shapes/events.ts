/** What has happened, as programs hear of it. */
import { z } from 'zod';
import { ErrorBody } from './problem.ts';
import { amount, code, hash, pid, time } from './words.ts';

export const EventTopic = z.enum([
  'payment.received',
  'payment.state',
  'trustline.changed',
  'clearing.proposed',
  'clearing.state',
  'clearing.done',
  'clearing.pass',
  'member.changed',
  'integrity.alert',
  'addon.failed',
  'peer.state',
]);

export const EventsQuery = z.strictObject({
  after: z
    .string()
    .max(40)
    .optional()
    .describe('cursor of the last event seen; "oldest": all that are kept; left out: from now on'),
  topics: z.string().max(400).optional().describe('topics, separated by commas; left out: all'),
  limit: z.coerce.number().int().min(1).max(1_000).optional(),
});

export const Event = z.object({
  cursor: z.string().nullable().describe('place after this event; null: it is not kept'),
  topic: EventTopic,
  time,
  tx_id: hash.nullable(),
  peer: pid.nullable(),
  role: z
    .string()
    .nullable()
    .describe(
      'of a payment: payer, payee, intermediary or coordinator; of a clearing: coordinator or participant; of a line: given or received',
    ),
  state: z.string().nullable(),
  equivalent: code.nullable(),
  amount: amount.nullable().describe('of a payment its sum, of a line its limit'),
  ms: z.int().nullable().describe('from the order, or the first message about it, to the outcome'),
  reason: ErrorBody.nullable(),
  text: z.string().nullable(),
});

export const EventPage = z.object({
  events: z.array(Event).describe('oldest first'),
  cursor: z.string().describe('where to go on, whether or not there were events'),
});

export type EventTopic = z.infer<typeof EventTopic>;
export type EventsQuery = z.infer<typeof EventsQuery>;
export type Event = z.infer<typeof Event>;
export type EventPage = z.infer<typeof EventPage>;
