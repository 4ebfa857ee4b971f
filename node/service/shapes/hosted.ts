/** Members without a node of their own, and books on their way from one agent to another. */
import { z } from 'zod';
import { Clearing } from './clearing.ts';
import { BalanceRow, BookRow, DebtRow, HistoryRow } from './ledger.ts';
import { Payment } from './payments.ts';
import { TrustLine } from './trust-lines.ts';
import { code, hash, peer, pid, time } from './words.ts';

const base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/);

export const KeyQuery = z.strictObject({ pid });
export const ParticipantKey = z.object({
  pid,
  public_key: hash.describe('the PID is its hash: nobody has to believe who tells it'),
});

export const AgentCard = z.object({
  pid,
  public_key: hash,
  hub: z.boolean().describe('takes in members'),
  community: z.string(),
  equivalents: z.array(z.object({ code, precision: z.int() })),
});

export const Envelope = z.strictObject({
  frame: base64
    .max(30_000)
    .describe('a signed message as it would travel between nodes, in base64'),
  note: base64
    .max(1_400)
    .optional()
    .describe('ciphertext for the payee, beside an order that names its hash, in base64'),
});

export const Submission = z.object({
  member: pid,
  payment: Payment.nullable().describe('of an order: what has become of it'),
  reply: base64.nullable().describe('of a request to join or a profile: the JOIN_REPLY, in base64'),
});

export const MemberQuery = z.strictObject({
  query: base64.max(2_000).describe('a signed MEMBER_QUERY, not older than two minutes, in base64'),
});

export const MemberTransactionQuery = MemberQuery.extend({ tx_id: hash });

export const Account = z.object({
  member: pid,
  agent: z
    .object({ pid, sequence: z.int(), expires: time.nullable(), serves: z.boolean() })
    .nullable()
    .describe('by the newest grant or revocation that this node knows'),
  trust_lines: z.array(TrustLine),
  balance: z.array(BalanceRow),
  debts: z.array(DebtRow),
  books: z.array(BookRow),
  clearings: z.array(Clearing).describe('that wait for the word of the member'),
  history: z.array(HistoryRow).describe('the newest of it'),
});

export const BooksFile = z.object({
  file: base64.describe('in base64, as `geo member import` reads it'),
});

export const ExportRequest = z.strictObject({
  peer: peer.optional().describe('of whom; without it, this node itself'),
  file: z.string().min(1).max(1000).describe('absolute path of a file that is not there yet'),
});
export const Exported = z.object({ file: z.string(), bytes: z.int() });

export const ImportRequest = z.strictObject({
  file: z.string().min(1).max(1000).describe('absolute path'),
});
export const Imported = z.object({
  member: pid,
  edges: z.int(),
  applied: z.int().describe('payments that were not in these books'),
});

export const GrantRequest = z.strictObject({
  peer,
  days: z.int().min(1).max(3650).default(365).describe('until the grant ends'),
});

export type AgentCard = z.infer<typeof AgentCard>;
export type Envelope = z.infer<typeof Envelope>;
export type Submission = z.infer<typeof Submission>;
export type MemberQuery = z.infer<typeof MemberQuery>;
export type MemberTransactionQuery = z.infer<typeof MemberTransactionQuery>;
export type Account = z.infer<typeof Account>;
export type BooksFile = z.infer<typeof BooksFile>;
export type ExportRequest = z.infer<typeof ExportRequest>;
export type Exported = z.infer<typeof Exported>;
export type ImportRequest = z.infer<typeof ImportRequest>;
export type Imported = z.infer<typeof Imported>;
export type GrantRequest = z.infer<typeof GrantRequest>;
export type KeyQuery = z.infer<typeof KeyQuery>;
export type ParticipantKey = z.infer<typeof ParticipantKey>;
