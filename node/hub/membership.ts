/**
 * Who is a member of this hub's community, as the rest of the node asks: the one gate between a
 * status and what it still allows.
 */
import type { Pid } from '../../protocol/identity/pid.ts';
import { type MemberAct, mayDo } from '../../protocol/machines/membership.ts';
import type { Bar } from '../engine/admission.ts';
import type { Shelf } from '../engine/shelf.ts';
import type { State } from '../engine/state.ts';
import type { NodeSettings } from '../settings.ts';
import { MemberRecord } from '../store/hub-records.ts';

export const MEMBERS: Shelf<MemberRecord> = { prefix: 'member', schema: MemberRecord };

export class Membership {
  /** A node that is no hub any more has no members, whatever its store remembers. */
  readonly isHub: boolean;
  readonly #members: ReadonlyMap<string, MemberRecord>;

  constructor(state: State, settings: NodeSettings) {
    this.#members = state.shelf(MEMBERS);
    this.isHub = settings.hub.enabled;
  }

  memberOf(participant: Pid): MemberRecord | undefined {
    return this.isHub ? this.#members.get(participant) : undefined;
  }

  /** Whether it is a member that may do this. Strangers may do nothing as members. */
  may(participant: Pid, act: MemberAct): boolean {
    const member = this.memberOf(participant);
    return member !== undefined && mayDo(member.status, act);
  }

  /**
   * Why a participant takes on nothing new on any edge that this node votes on, if so. Whoever has
   * left with a node of its own is a stranger like any other: its lines are its own affair.
   */
  barOf(participant: Pid): Bar | undefined {
    const member = this.memberOf(participant);
    if (member === undefined || mayDo(member.status, 'carry')) return undefined;
    switch (member.status) {
      case 'suspended':
      case 'deleted':
        return member.status;
      case 'left':
        return member.hosted ? 'left' : undefined;
      case 'active':
      case 'pending':
      case 'refused':
        return undefined;
    }
  }
}
