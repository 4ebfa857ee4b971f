/** Records of events: what programs are told, kept for a while (`node/events/`). */
import * as s from '../../protocol/wire/schema.ts';
import { RefusalRecord } from './records.ts';

/** What an event is about; the names are those of the API. */
export const TOPICS = [
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
] as const;

/** Longest text of an event, bytes of UTF-8. */
export const TEXT_BYTES_MAX = 400;

/** Participants at most whom an event may concern besides this node. */
export const PARTIES_MAX = 64;

export const EventRecord = s.map({
  topic: s.oneOf(...TOPICS),
  time: s.time,
  tx: s.optional(s.hash),
  peer: s.optional(s.pid),
  /** What this node was in a payment or clearing; of a line, which of the two it is. `agent`: it concerns members alone. */
  role: s.optional(
    s.oneOf(
      'payer',
      'payee',
      'intermediary',
      'coordinator',
      'participant',
      'given',
      'received',
      'agent',
    ),
  ),
  state: s.optional(s.text(40)),
  equivalent: s.optional(s.equivalentCode),
  precision: s.optional(s.uint(8)),
  /** Of a payment its sum, of a line its limit; smallest unit. */
  amount: s.optional(s.limit),
  /** From the order, or the first message about it, to the outcome. */
  tookMs: s.optional(s.uint(Number.MAX_SAFE_INTEGER)),
  reason: s.optional(RefusalRecord),
  text: s.optional(s.text(TEXT_BYTES_MAX)),
  /**
   * If it concerns members for whom this node votes: of a payment the payer, the payee, then those members
   * that carry it; of a line its owner, then the other end; of a clearing the members in the cycle.
   */
  parties: s.optional(s.list(s.pid, PARTIES_MAX)),
});

export type Topic = (typeof TOPICS)[number];
export type EventRecord = s.Infer<typeof EventRecord>;
