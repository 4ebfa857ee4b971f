/** The hub of a community: members, invitations, operators, journal; and memberships elsewhere. */
import { z } from 'zod';
import { amount, code, hash, peer, pid, time } from './words.ts';

export const MemberStatus = z.enum([
  'pending',
  'refused',
  'active',
  'suspended',
  'left',
  'deleted',
]);
export const MemberKind = z.enum(['person', 'organization', 'hub']);
export const OperatorRole = z.enum(['admin', 'operator', 'auditor']);
const reason = z.string().max(300).describe('why; stands in the journal');

export const HubStats = z.object({
  community: z.string(),
  about: z.string(),
  admission: z.enum(['open', 'code', 'approval']),
  members: z.object({
    pending: z.int(),
    refused: z.int(),
    active: z.int(),
    suspended: z.int(),
    left: z.int(),
    deleted: z.int(),
  }),
  hosted: z.int().describe('members without a node of their own'),
  connected: z.int().describe('active members whose node is connected'),
  invitations_open: z.int(),
  operators: z.int().describe("besides the hub's own participant"),
  equivalents: z.array(code).describe('what the community counts in'),
  acts: z.int().describe('entries of the journal'),
  head: hash.nullable().describe('hash of the newest entry'),
  index: z
    .array(
      z.object({
        equivalent: code,
        participants: z.int(),
        edges: z.int(),
        differing: z.int().describe('edges whose two ends tell different things at this moment'),
        stale: z.int().describe('edges not reported for so long that less is led over them'),
      }),
    )
    .describe('what the hub can lead payments over'),
  disagreements: z.int().describe('edges whose ends have told different things for too long'),
  reports_refused: z
    .record(z.string(), z.int())
    .describe('reports of members that were refused since the start, by fault'),
  unconfirmed: z
    .boolean()
    .describe('the members come from a backup: nobody takes on anything new until confirmed'),
});

export const MembersQuery = z.strictObject({
  status: MemberStatus.optional(),
  kind: MemberKind.optional(),
  hosted: z
    .stringbool()
    .or(z.boolean())
    .optional()
    .describe('only members without a node of their own, or only those with one'),
  name: z.string().max(80).optional().describe('a part of the name, in whatever case'),
  after: pid
    .optional()
    .describe('members with a greater PID only: the last one of the page before'),
  limit: z.coerce.number().int().min(1).max(10_000).optional().describe('all, if not given'),
});
export const Member = z.object({
  pid,
  name: z.string(),
  about: z.string(),
  kind: MemberKind,
  hosted: z.boolean(),
  status: MemberStatus,
  reason: z.string(),
  asked: time,
  joined: time.nullable(),
  since: time.describe('of the status'),
  invitation: hash.nullable(),
  connected: z.boolean(),
  disagreements: z
    .int()
    .describe('edges on which its reports stand against those of the other end'),
});
export const MemberChangeRequest = z.strictObject({
  member: peer.describe('PID, or a unique prefix of one'),
  act: z.enum(['approve', 'refuse', 'suspend', 'reinstate', 'remove']),
  reason: reason.default(''),
});

export const InviteRequest = z.strictObject({
  uses: z.int().min(1).max(1_000_000),
  life_ms: z.int().min(60_000).max(34_560_000_000).optional(),
  note: z.string().max(100).default(''),
});
export const Invitation = z.object({
  id: hash,
  status: z.enum(['open', 'used_up', 'expired', 'revoked']),
  uses: z.int(),
  used: z.int(),
  made: time,
  expires: time,
  by: pid,
  note: z.string(),
});
export const NewInvitation = Invitation.extend({
  code: z.string().describe('told once: the hub does not keep it'),
});
export const RevokeRequest = z.strictObject({
  invitation: z.string().min(1).max(64).describe('name, or a unique beginning of it'),
  reason: reason.default(''),
});

export const OfferRequest = z.strictObject({
  code,
  precision: z.int().min(0).max(8),
  metadata: z.record(z.string().max(40), z.string().max(200)).default({}),
  reason: reason.default(''),
});

export const WithdrawRequest = z.strictObject({ code, reason: reason.default('') });

export const Operator = z.object({
  pid,
  name: z.string().nullable(),
  role: OperatorRole,
  since: time.nullable().describe("null: the hub's own participant"),
});
export const AppointRequest = z.strictObject({
  operator: peer,
  role: OperatorRole.nullable().describe('null takes the role away'),
  reason: reason.default(''),
});

export const ActsQuery = z.strictObject({
  after: z.coerce.number().int().min(0).optional().describe('acts with a greater number only'),
  limit: z.coerce.number().int().min(1).max(10_000).optional(),
});
export const HubAct = z.object({
  number: z.int(),
  time,
  actor: pid,
  role: z.enum(['admin', 'operator', 'auditor', 'participant']),
  act: z.string(),
  subject: z.string(),
  reason: z.string(),
  before: z.string().describe('JSON, or empty'),
  after: z.string().describe('JSON, or empty'),
  signed: z.boolean().describe("the operator's own signed request is kept with it"),
  previous: hash,
});
export const JournalQuery = z.strictObject({
  head: hash.optional().describe('the newest hash at some earlier time'),
});
export const JournalCheck = z.object({
  held: z.boolean(),
  acts: z.int(),
  head: hash.nullable(),
  problem: z.string(),
});
export const ConfirmRequest = z.strictObject({ reason: reason.min(1) });

export const JoinRequest = z.strictObject({
  address: z.string().min(1).max(400).describe('multiaddr of the hub'),
  code: z.string().max(60).optional().describe('invitation code'),
  name: z.string().max(80).default(''),
  about: z.string().max(400).default(''),
  kind: MemberKind.default('person'),
});
export const Membership = z.object({
  hub: pid,
  community: z.string(),
  about: z.string(),
  status: MemberStatus.nullable().describe('null: the hub has not answered yet'),
  wish: z.enum(['join', 'leave']).nullable().describe('what the hub has still to be told'),
  reason: z.string(),
  fault: z.string().nullable().describe('why the hub would not look into the request'),
  equivalents: z.array(code),
  conflicts: z.array(code).describe('equivalents that this node counts with another precision'),
  answered: time.nullable(),
});
export const LeaveRequest = z.strictObject({
  hub: peer.describe('PID of the hub, or a unique prefix of it'),
});

export const RemoteRequest = z.strictObject({
  hub: peer,
  method: z
    .string()
    .max(40)
    .describe("name of one of the hub's operations, for example changeMember"),
  argument: z.unknown().optional(),
});
export const RemoteAnswer = z.object({ result: z.unknown() });

const EdgeTold = z.object({
  balance: z.string().describe('positive: `high` owes `low`'),
  up: amount.describe('what `high` can still come to owe `low`'),
  down: amount.describe('what `low` can still come to owe `high`'),
});
export const HubDisagreement = z.object({
  equivalent: code,
  low: pid,
  high: pid,
  since: time,
  ended: time.nullable().describe('when both told the same again, or nothing any more'),
  by_low: EdgeTold.nullable().describe('what the agent of `low` reports'),
  by_high: EdgeTold.nullable(),
  own: EdgeTold.nullable().describe("the hub's own book, if it has the edge"),
});
export const DisagreementsQuery = z.strictObject({
  standing: z.stringbool().or(z.boolean()).optional().describe('only those that have not ended'),
});
export const EvidenceQuery = z.strictObject({ equivalent: code, low: pid, high: pid });
export const HubEvidence = HubDisagreement.extend({
  low_report: z
    .string()
    .nullable()
    .describe('hexadecimal COSE_Sign1 of an EDGE_REPORT, as the agent of `low` has signed it'),
  high_report: z.string().nullable(),
});

export const HubEdgesQuery = z.strictObject({ equivalent: code.optional() });

export const HubEdge = z.object({
  equivalent: code,
  low: pid,
  high: pid,
  balance: z.string().describe('positive: high owes low'),
  low_gives: amount.describe('limit of the line by which high may owe low'),
  high_gives: amount.describe('limit of the line by which low may owe high'),
});

export type RemoteRequest = z.infer<typeof RemoteRequest>;
export type RemoteAnswer = z.infer<typeof RemoteAnswer>;
export type HubStats = z.infer<typeof HubStats>;
export type MembersQuery = z.infer<typeof MembersQuery>;
export type Member = z.infer<typeof Member>;
export type MemberChangeRequest = z.infer<typeof MemberChangeRequest>;
export type InviteRequest = z.infer<typeof InviteRequest>;
export type Invitation = z.infer<typeof Invitation>;
export type NewInvitation = z.infer<typeof NewInvitation>;
export type RevokeRequest = z.infer<typeof RevokeRequest>;
export type WithdrawRequest = z.infer<typeof WithdrawRequest>;
export type OfferRequest = z.infer<typeof OfferRequest>;
export type Operator = z.infer<typeof Operator>;
export type AppointRequest = z.infer<typeof AppointRequest>;
export type ActsQuery = z.infer<typeof ActsQuery>;
export type HubAct = z.infer<typeof HubAct>;
export type JournalQuery = z.infer<typeof JournalQuery>;
export type JournalCheck = z.infer<typeof JournalCheck>;
export type ConfirmRequest = z.infer<typeof ConfirmRequest>;
export type JoinRequest = z.infer<typeof JoinRequest>;
export type Membership = z.infer<typeof Membership>;
export type LeaveRequest = z.infer<typeof LeaveRequest>;
export type HubEdgesQuery = z.infer<typeof HubEdgesQuery>;
export type HubEdge = z.infer<typeof HubEdge>;
export type HubDisagreement = z.infer<typeof HubDisagreement>;
export type DisagreementsQuery = z.infer<typeof DisagreementsQuery>;
export type EvidenceQuery = z.infer<typeof EvidenceQuery>;
export type HubEvidence = z.infer<typeof HubEvidence>;
