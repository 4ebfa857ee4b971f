/**
 * JSON forms of everything that crosses the daemon's HTTP door, once: the server checks requests
 * against them, the CLI and tests take their types from them, OpenAPI is made from them.
 * Amounts are decimal strings, times ISO 8601 in UTC, identifiers text (PID base58, hashes hex).
 */
import { z } from 'zod';
import { ERROR_TITLES } from '../../protocol/errors.ts';
import { HOPS_MAX, ROUTES_MAX } from '../../protocol/limits.ts';

const pid = z.string().min(32).max(64).describe('PID: base58btc of sha256(public key)');
/** A contact name, a PID, or a unique prefix of either. */
const peer = z.string().min(1).max(120).describe('contact name, PID, or a unique prefix of one');
const code = z.string().min(1).max(16).describe('equivalent code, for example UAH');
const amount = z.string().min(1).max(42).describe('decimal text, for example "12.50"');
const hash = z
  .string()
  .regex(/^[0-9a-f]{64}$/)
  .describe('64 hexadecimal digits');
const time = z.string().describe('ISO 8601, UTC');

export const ErrorBody = z.object({
  code: z.enum(Object.keys(ERROR_TITLES) as [keyof typeof ERROR_TITLES]),
  message: z.string(),
  details: z.looseObject({ fault: z.string() }),
});

/** An error as the HTTP door shows it: the envelope and the members of RFC 9457. */
export const Problem = ErrorBody.extend({
  type: z.string().describe('urn:geo:error:CODE'),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
});

export const Health = z.object({ status: z.literal('ok') });

export const Identity = z.object({ pid, public_key: hash, addresses: z.array(z.string()) });

export const Status = z.object({
  pid,
  public_key: hash,
  version: z.string(),
  api: z.string().describe('base URL of the HTTP API'),
  addresses: z.array(z.string()),
  started: time,
  participation: z.enum(['active', 'frozen']),
  peers_connected: z.int(),
  trust_lines: z.int(),
  edges: z.int(),
  attempts_live: z.int().describe('payments and clearings not yet decided or not yet known to all'),
  attempts_in_doubt: z.int().describe('voted YES, outcome unknown'),
  outbox: z.int().describe('messages waiting for an acknowledgement'),
  store: z.string().describe('ok, or what is wrong with it'),
  edges_not_compared: z
    .int()
    .describe('edges whose books have not been equal to the other end since the start'),
  edges_disputed: z.int().describe('edges that are frozen for a dispute'),
  recovered: z.int().describe('payments brought back from other ends since the start'),
  restored: time.nullable().describe('when these books were restored from a backup'),
});

export const ParticipationRequest = z.strictObject({ state: z.enum(['active', 'frozen']) });

export const Peer = z.object({
  pid,
  public_key: hash,
  name: z.string().nullable(),
  connected: z.boolean(),
  addresses: z.array(z.string()),
});

export const ConnectRequest = z.strictObject({ address: z.string().min(1).max(400) });

export const ContactRequest = z.strictObject({
  name: z
    .string()
    .regex(/^[^\s@/]{1,60}$/, 'a contact name has 1 to 60 characters without spaces, @ and /'),
  pid,
  address: z.string().max(400).optional(),
});
export const Contact = z.object({ name: z.string(), pid, addresses: z.array(z.string()) });

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

export const PolicyPatch = z.strictObject({
  auto_clearing: z.boolean().optional(),
  can_be_intermediate: z.boolean().optional(),
  daily_limit: amount.nullable().optional().describe('new debt per UTC day; null removes it'),
  blocked_participants: z.array(pid).max(256).optional(),
});
export const Policy = z.object({
  auto_clearing: z.boolean(),
  can_be_intermediate: z.boolean(),
  daily_limit: amount.nullable(),
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
  role: z.enum(['payer', 'payee', 'intermediary']),
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

export const HistoryQuery = z.strictObject({
  since: z.string().max(40).optional(),
  type: z.enum(['payment', 'trust_line', 'equivalent', 'alert']).optional(),
  peer: peer.optional(),
  limit: z.coerce.number().int().min(1).max(10_000).optional(),
});
export const HistoryRow = z.object({
  time,
  type: z.enum(['payment', 'trust_line', 'equivalent', 'alert']),
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
  given_sequence: z.int().describe('version of the line given; 0: none'),
  received_sequence: z.int().describe('version of the line received; 0: none'),
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

export const BackupRequest = z.strictObject({
  file: z.string().min(1).max(4_000).describe('absolute path on the machine of the node'),
});
export const Backup = z.object({
  file: z.string(),
  entries: z.int(),
  bytes: z.int(),
});

export const Invariant = z.object({ name: z.string(), held: z.boolean(), detail: z.string() });

export type ErrorBody = z.infer<typeof ErrorBody>;
export type Problem = z.infer<typeof Problem>;
export type Identity = z.infer<typeof Identity>;
export type Status = z.infer<typeof Status>;
export type Peer = z.infer<typeof Peer>;
export type ContactRequest = z.infer<typeof ContactRequest>;
export type Contact = z.infer<typeof Contact>;
export type EquivalentRequest = z.infer<typeof EquivalentRequest>;
export type Equivalent = z.infer<typeof Equivalent>;
export type PolicyPatch = z.infer<typeof PolicyPatch>;
export type Policy = z.infer<typeof Policy>;
export type TrustLineRequest = z.infer<typeof TrustLineRequest>;
export type TrustLineRef = z.infer<typeof TrustLineRef>;
export type TrustLine = z.infer<typeof TrustLine>;
export type RoutesRequest = z.infer<typeof RoutesRequest>;
export type Route = z.infer<typeof Route>;
export type Routes = z.infer<typeof Routes>;
export type PayRequest = z.infer<typeof PayRequest>;
export type Payment = z.infer<typeof Payment>;
export type Transaction = z.infer<typeof Transaction>;
export type BalanceRow = z.infer<typeof BalanceRow>;
export type DebtRow = z.infer<typeof DebtRow>;
export type HistoryQuery = z.infer<typeof HistoryQuery>;
export type HistoryRow = z.infer<typeof HistoryRow>;
export type BookRow = z.infer<typeof BookRow>;
export type EdgeBook = z.infer<typeof EdgeBook>;
export type EdgeRef = z.infer<typeof EdgeRef>;
export type Edge = z.infer<typeof Edge>;
export type Statement = z.infer<typeof Statement>;
export type Backup = z.infer<typeof Backup>;
export type Invariant = z.infer<typeof Invariant>;
