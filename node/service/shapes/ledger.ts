/** Balances, debts, books, statements and history. */
import { z } from 'zod';
import { TrustLine } from './trust-lines.ts';
import { amount, code, hash, moment, peer, pid, time } from './words.ts';

export const BalanceRow = z.object({
  equivalent: code,
  owed_to_me: amount,
  i_owe: amount,
  net: z.string().describe('owed to me minus what I owe; may be negative'),
  can_receive: amount.describe('sum over my edges'),
  can_spend: amount.describe('sum over my edges'),
});

export const DebtRow = z.object({
  debtor: pid,
  creditor: pid,
  peer_name: z.string().nullable(),
  equivalent: code,
  amount,
});

export const HistoryType = z.enum([
  'payment',
  'payment_failed',
  'clearing',
  'trust_line',
  'equivalent',
  'agent',
  'alert',
]);

export const HistoryQuery = z.strictObject({
  since: moment.optional(),
  until: moment.optional().describe('what happened before this'),
  type: HistoryType.optional(),
  peer: peer.optional(),
  equivalent: code.optional(),
  limit: z.coerce.number().int().min(1).max(10_000).optional(),
  before: z
    .string()
    .regex(/^[0-9]{1,15}$/)
    .optional()
    .describe('`id` of the oldest row of the page before: what is older than that'),
});

export const HistoryRow = z.object({
  id: z.string().describe('its place in the history'),
  time,
  type: HistoryType,
  text: z.string(),
  tx_id: hash.nullable(),
  peer: pid.nullable(),
  equivalent: code.nullable(),
  amount: amount.nullable(),
});

export const BookRow = z.object({
  peer: pid,
  equivalent: code,
  balance: z.string().describe('positive: the peer owes this node'),
  limit_given: amount,
  limit_received: amount,
  held: amount.describe('capacity held for live attempts, both directions together'),
  held_in: amount.describe('held of what the peer may come to owe this node'),
  held_out: amount.describe('held of what this node may come to owe the peer'),
  count: z.int(),
  digest: hash,
  frozen: z.boolean(),
});

const EdgeBook = z.object({
  balance: z.string().describe('positive: the peer owes this node'),
  count: z.int().describe('payments and clearings applied'),
  digest: hash,
  checksum: hash.describe('of balance, count and digest: equal at both ends of an edge'),
  given_sequence: z.int().describe('version of the line given; 0: none'),
  received_sequence: z.int().describe('version of the line received; 0: none'),
});

const AuditedBook = z.object({
  balance: z.string().describe('positive: the peer owes this node'),
  count: z.int(),
  digest: hash,
});

export const EdgeRef = z.strictObject({ peer, equivalent: code });

export const Edge = z.object({
  peer: pid,
  peer_name: z.string().nullable(),
  equivalent: code,
  mine: EdgeBook,
  theirs: EdgeBook.extend({ said: time })
    .nullable()
    .describe('what the other end has said last since the start'),
  compared: z.boolean().describe('both books have been equal since the start'),
  given: TrustLine.nullable(),
  received: TrustLine.nullable(),
  held_in: amount.describe('held of what the peer may come to owe this node'),
  held_out: amount.describe('held of what this node may come to owe the peer'),
  dispute: z
    .object({
      reason: z.string(),
      found: time.nullable(),
      mine: EdgeBook.nullable().describe('both views when the difference was found'),
      theirs: EdgeBook.nullable(),
      unproven: z
        .array(hash)
        .describe('manifests that the other end has applied and showed no receipt for'),
    })
    .nullable(),
  finding: z
    .object({
      found: time,
      problems: z.array(z.string()),
      stored: AuditedBook.describe('the book as it was'),
      proven: AuditedBook.describe('what the stored certificates make of it'),
    })
    .nullable()
    .describe('the evidence, if an audit has frozen the edge'),
  statement: EdgeBook.extend({
    made: time,
    current: z.boolean().describe('whether it says what the edge is now'),
  })
    .nullable()
    .describe('the newest statement that both ends have signed'),
});

export const Statement = z.object({
  peer: pid,
  equivalent: code,
  balance: z.string().describe('positive: the peer owes this node'),
  count: z.int(),
  digest: hash,
  made: time,
  file: z.string().describe('hexadecimal bytes, as `geo verify` reads them'),
});

export const ReleaseRequest = z.strictObject({
  peer,
  equivalent: code,
  reason: z.string().min(1).max(80).describe('kept in the history'),
});

export const Checksum = z.object({
  equivalent: code,
  edges: z.int(),
  checksum: hash.describe('sum mod 2^256 over the checksums of all edges'),
});

export const Invariant = z.object({
  invariant: z
    .string()
    .describe('for programs: `limits`, `certificates`, `holds`, `once`, `checksums` or `log`'),
  name: z.string().describe('for people'),
  held: z.boolean(),
  detail: z.string(),
});

export const StoreCheck = z.object({
  records: z.int(),
  rows: z.array(Invariant),
  checksums: z.array(Checksum),
  problems: z.array(z.string()).describe('a sentence for each; none: the store is sound'),
});

export const LogQuery = z.strictObject({
  after: z.coerce.number().int().min(0).default(0).describe('entries above this number only'),
  limit: z.coerce.number().int().min(1).max(1_000).default(100),
});

export const LogEntry = z.object({
  number: z.int(),
  time,
  kind: z
    .string()
    .describe('`started`, `act`, `freeze`, `release`, `session`, `backup` or `participation`'),
  text: z.string(),
  previous: hash.describe('SHA-256 of the entry before, as it is stored'),
});

export type StoreCheck = z.infer<typeof StoreCheck>;
export type LogQuery = z.infer<typeof LogQuery>;
export type LogEntry = z.infer<typeof LogEntry>;
export type BalanceRow = z.infer<typeof BalanceRow>;
export type DebtRow = z.infer<typeof DebtRow>;
export type HistoryQuery = z.infer<typeof HistoryQuery>;
export type HistoryRow = z.infer<typeof HistoryRow>;
export type BookRow = z.infer<typeof BookRow>;
export type EdgeBook = z.infer<typeof EdgeBook>;
export type EdgeRef = z.infer<typeof EdgeRef>;
export type Edge = z.infer<typeof Edge>;
export type Statement = z.infer<typeof Statement>;
export type Checksum = z.infer<typeof Checksum>;
export type ReleaseRequest = z.infer<typeof ReleaseRequest>;
export type Invariant = z.infer<typeof Invariant>;
