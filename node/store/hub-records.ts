/** The values of the store that a hub, and whoever joins one, keep about membership. */

import { PRECISION_MAX } from '../../protocol/limits.ts';
import { EquivalentDefinition, Profile } from '../../protocol/wire/messages/membership.ts';
import { ReportedEdge } from '../../protocol/wire/messages/report.ts';
import * as s from '../../protocol/wire/schema.ts';

const status = s.oneOf('pending', 'refused', 'active', 'suspended', 'left', 'deleted');
const role = s.oneOf('admin', 'operator', 'auditor');
const count = s.uint(Number.MAX_SAFE_INTEGER);
const reason = s.text(300);

/** At the hub: a member, or somebody who asks to be one. */
export const MemberRecord = s.map({
  key: s.publicKey,
  profile: Profile,
  /** Has no node of its own: the hub votes for it. */
  hosted: s.bool,
  status,
  /** Why, in an operator's words; empty where nothing needed a reason. */
  reason,
  /** Grows with each change; the highest is in force. */
  sequence: count,
  /** `created` of the newest thing that the participant has signed for this hub: older ones are repeats. */
  heard: s.time,
  /** When it asked to join, last taken in (absent: never), and came to its status. */
  asked: s.time,
  joined: s.optional(s.time),
  since: s.time,
  /** Name of the invitation that it came with. */
  invitation: s.optional(s.hash),
});
export type MemberRecord = s.Infer<typeof MemberRecord>;

/** At the hub: an invitation, by its name. The code itself is nowhere. */
export const InvitationRecord = s.map({
  key: s.publicKey,
  uses: count,
  used: count,
  made: s.time,
  expires: s.time,
  revoked: s.bool,
  by: s.pid,
  note: s.text(200),
});
export type InvitationRecord = s.Infer<typeof InvitationRecord>;

/** At the hub: who may do operator acts besides the hub's own participant. */
export const OperatorRecord = s.map({ role, since: s.time });
export type OperatorRecord = s.Infer<typeof OperatorRecord>;

/** At the hub: what the agent of one end reports of an edge. */
export const ReportRecord = s.map({
  edge: ReportedEdge,
  teller: s.oneOf('low', 'high'),
  sequence: count,
  received: s.time,
  /** SHA-256 of the signed report that it comes from; absent in records of older versions. */
  told: s.optional(s.hash),
});
export type ReportRecord = s.Infer<typeof ReportRecord>;

const EdgeTold = s.map({
  balance: s.signedAmount,
  up: s.limit,
  down: s.limit,
  /** SHA-256 of the signed report; absent: the hub's own book. */
  told: s.optional(s.hash),
});

/** At the hub: an edge of which different things were told for longer than a report may be late. */
export const DisagreementRecord = s.map({
  low: s.pid,
  high: s.pid,
  equivalent: s.equivalentCode,
  precision: s.uint(PRECISION_MAX),
  since: s.time,
  /** When those who tell of it agreed again, or said nothing any more. */
  ended: s.optional(s.time),
  by_low: s.optional(EdgeTold),
  by_high: s.optional(EdgeTold),
  own: s.optional(EdgeTold),
});
export type DisagreementRecord = s.Infer<typeof DisagreementRecord>;

/** At the hub: what the community counts in. */
export const OfferRecord = s.map({
  definition: EquivalentDefinition,
  since: s.time,
  /** Since when the community takes on nothing new in it. */
  withdrawn: s.optional(s.time),
});
export type OfferRecord = s.Infer<typeof OfferRecord>;

/** At the hub: one act in the journal. Its hash stands in the next one. */
export const ActRecord = s.map({
  /** 1, 2, 3, … */
  number: count,
  time: s.time,
  actor: s.pid,
  role: s.oneOf('admin', 'operator', 'auditor', 'participant'),
  act: s.text(40),
  /** Whom or what it was done to: a PID, a code, the name of an invitation. */
  subject: s.text(100),
  reason,
  /** JSON of what changed; empty: there was nothing. */
  before: s.text(2_000),
  after: s.text(2_000),
  /** The operator's signed request, unless the hub's own participant acted. */
  request: s.optional(s.bytesUpTo(8 * 1024)),
  /** Hash of the act before this one; of the first, 32 zero bytes. */
  previous: s.hash,
});
export type ActRecord = s.Infer<typeof ActRecord>;

/** The newest act. */
export const JournalHead = s.map({ number: count, hash: s.hash });
export type JournalHead = s.Infer<typeof JournalHead>;

/** At a participant: its membership in the community of a hub. */
export const MembershipRecord = s.map({
  hub_key: s.publicKey,
  profile: Profile,
  invitation: s.optional(s.bytesUpTo(4096)),
  /** What the hub still has to be told, if anything: asked for the first time, leaving. */
  wish: s.optional(s.oneOf('join', 'leave')),
  /** As the hub said last; absent: it has not answered yet. */
  status: s.optional(status),
  sequence: count,
  reason,
  fault: s.optional(s.text(40)),
  community: s.text(80),
  about: s.text(400),
  /** Codes of the community's equivalents, and those of them that this node counts otherwise. */
  equivalents: s.list(s.equivalentCode, 1_000),
  conflicts: s.list(s.equivalentCode, 1_000),
  /** `created` and payload hash of the newest request, when the hub has answered last, when it is asked again. */
  created: s.time,
  request: s.optional(s.hash),
  answered: s.optional(s.time),
  next: s.time,
});
export type MembershipRecord = s.Infer<typeof MembershipRecord>;
