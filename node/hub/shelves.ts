/** What a hub, and whoever joins one, keeps in memory and in the store. */
import type { Shelf } from '../engine/shelf.ts';
import * as records from '../store/hub-records.ts';

/** By PID. */
export const MEMBERS: Shelf<records.MemberRecord> = {
  prefix: 'member',
  schema: records.MemberRecord,
};
/** By name: the SHA-256 of the code's public key. */
export const INVITATIONS: Shelf<records.InvitationRecord> = {
  prefix: 'invitation',
  schema: records.InvitationRecord,
};
/** By PID. */
export const OPERATORS: Shelf<records.OperatorRecord> = {
  prefix: 'operator',
  schema: records.OperatorRecord,
};
/** By code. */
export const OFFERS: Shelf<records.OfferRecord> = { prefix: 'offer', schema: records.OfferRecord };
/** By key of the edge. */
export const DISAGREEMENTS: Shelf<records.DisagreementRecord> = {
  prefix: 'disagreement',
  schema: records.DisagreementRecord,
};
/** By PID of the hub. */
export const MEMBERSHIPS: Shelf<records.MembershipRecord> = {
  prefix: 'membership',
  schema: records.MembershipRecord,
};
