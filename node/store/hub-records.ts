/** The values of the store that a hub and its members keep about membership. */
import * as s from '../../protocol/wire/schema.ts';

const status = s.oneOf('pending', 'refused', 'active', 'suspended', 'left', 'deleted');
const kind = s.oneOf('person', 'organization', 'hub');
const count = s.uint(Number.MAX_SAFE_INTEGER);

/** At the hub: a member, or somebody who asks to be one. */
export const MemberRecord = s.map({
  key: s.publicKey,
  kind,
  name: s.text(80),
  about: s.text(400),
  /** Has no node of its own: the hub votes for it. */
  hosted: s.bool,
  status,
  /** Why, in an operator's words; empty where nothing needed a reason. */
  reason: s.text(300),
  /** Grows with each change; the highest is in force. */
  sequence: count,
  /** `created` of the newest thing that the participant has signed for this hub: older ones are repeats. */
  heard: s.time,
  asked: s.time,
  /** First taken in. */
  joined: s.optional(s.time),
  /** The status since. */
  since: s.time,
  /** The public key of the invitation that it came with. */
  invitation: s.optional(s.publicKey),
});
export type MemberRecord = s.Infer<typeof MemberRecord>;
