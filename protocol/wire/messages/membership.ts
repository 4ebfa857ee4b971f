/** Joining a community, and what its hub tells its members (docs/PROTOCOL.md, "Membership"). */
import {
  METADATA_MAX,
  OFFERED_MAX,
  OPERATOR_RESULT_BYTES_MAX,
  PRECISION_MAX,
} from '../../limits.ts';
import * as s from '../schema.ts';

export const MemberKind = s.oneOf('person', 'organization', 'hub');
export type MemberKind = s.Infer<typeof MemberKind>;

export const Profile = s.named(
  'profile',
  s.map({ kind: MemberKind, name: s.text(80), about: s.text(400) }),
);
export type Profile = s.Infer<typeof Profile>;

/** Signed with the key that follows from an invitation's code: whoever made it knows the code. */
export const InvitationUse = s.named('invitation-use', s.map({ participant: s.pid, hub: s.pid }));
export type InvitationUse = s.Infer<typeof InvitationUse>;

/** JOIN_REQUEST: "take me in", and, from a member, "am I still one?". */
export const JoinRequest = s.named(
  'join-request',
  s.map({
    participant_key: s.publicKey,
    hub: s.pid,
    profile: Profile,
    invitation: s.optional(s.signed('invitation-use')),
    nonce: s.bytes(16),
    /** Later than in anything else that the participant has signed for this hub. */
    created: s.time,
  }),
);
export type JoinRequest = s.Infer<typeof JoinRequest>;

export const EquivalentDefinition = s.named(
  'equivalent-definition',
  s.map({
    code: s.equivalentCode,
    precision: s.uint(PRECISION_MAX),
    /** Facts for people, each a name and a text. */
    metadata: s.list(s.tuple(s.text(40), s.text(200)), METADATA_MAX),
  }),
);
export type EquivalentDefinition = s.Infer<typeof EquivalentDefinition>;

/** JOIN_REPLY: what the participant is to the community now. */
export const JoinReply = s.named(
  'join-reply',
  s.map({
    hub_key: s.publicKey,
    participant: s.pid,
    status: s.oneOf('pending', 'refused', 'active', 'suspended', 'left', 'deleted'),
    /** Version of the membership; the highest counts. 0: the hub keeps nothing about the participant. */
    sequence: s.uint(Number.MAX_SAFE_INTEGER),
    /** Why, for people; and, if a rule refused, its fault. */
    reason: s.text(300),
    fault: s.optional(s.text(40)),
    community: s.text(80),
    about: s.text(400),
    /** What the community counts in; empty for who is no member. */
    equivalents: s.list(EquivalentDefinition, OFFERED_MAX),
    /** SHA-256 of the payload that this answers; absent: the hub speaks by itself. */
    answers: s.optional(s.hash),
    made: s.time,
  }),
);
export type JoinReply = s.Infer<typeof JoinReply>;

/** PROFILE_UPDATE: a member describes itself anew, or leaves. */
export const ProfileUpdate = s.named(
  'profile-update',
  s.map({
    participant_key: s.publicKey,
    hub: s.pid,
    profile: Profile,
    leaves: s.bool,
    /** As in a JOIN_REQUEST. */
    created: s.time,
  }),
);
export type ProfileUpdate = s.Infer<typeof ProfileUpdate>;

/** EQUIVALENT_DEFINE: the community counts in this as well, from now on. */
export const EquivalentDefine = s.named(
  'equivalent-define',
  s.map({ hub_key: s.publicKey, definition: EquivalentDefinition, made: s.time }),
);
export type EquivalentDefine = s.Infer<typeof EquivalentDefine>;

/** OPERATOR_REQUEST: somebody with a role asks the hub for an act, or for what it may see. */
export const OperatorRequest = s.named(
  'operator-request',
  s.map({
    operator_key: s.publicKey,
    hub: s.pid,
    /** What is asked for, by its name in the hub's API, and its argument as JSON. */
    method: s.text(40),
    argument: s.text(4_000),
    nonce: s.bytes(16),
    created: s.time,
  }),
);
export type OperatorRequest = s.Infer<typeof OperatorRequest>;

/** OPERATOR_REPLY: the answer as JSON; if it was refused, of `{code, message, details}`. */
export const OperatorReply = s.named(
  'operator-reply',
  s.map({ answers: s.hash, done: s.bool, result: s.text(OPERATOR_RESULT_BYTES_MAX) }),
);
export type OperatorReply = s.Infer<typeof OperatorReply>;
