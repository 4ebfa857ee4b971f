/**
 * Who is a member of this hub's community, as the rest of the node asks: the one gate between a
 * status and what it still allows.
 */
import { GeoError } from '../../protocol/errors.ts';
import type { Pid } from '../../protocol/identity/pid.ts';
import { type MemberAct, mayDo } from '../../protocol/machines/membership.ts';
import type { Bar } from '../engine/attempts/admission.ts';
import type { State } from '../engine/state.ts';
import type { Turn } from '../engine/turn.ts';
import type { NodeSettings } from '../settings.ts';
import type { MemberRecord } from '../store/hub-records.ts';
import { MEMBERS_CONFIRMED, RESTORED_MARK } from '../store/keys.ts';
import { MEMBERS } from './shelves.ts';

export class Membership {
  /** A node that is no hub any more has no members, whatever its store remembers. */
  readonly isHub: boolean;
  readonly #state: State;
  readonly #members: ReadonlyMap<string, MemberRecord>;

  constructor(state: State, settings: NodeSettings) {
    this.#state = state;
    this.#members = state.shelf(MEMBERS);
    this.isHub = settings.hub.enabled;
  }

  all(): ReadonlyMap<string, MemberRecord> {
    return this.#members;
  }

  memberOf(participant: Pid): MemberRecord | undefined {
    return this.isHub ? this.#members.get(participant) : undefined;
  }

  /**
   * Whether the members come from a backup that no operator has gone through since. Whoever was
   * suspended or removed after it was made stands there as before, so nobody takes on anything new.
   */
  get isUnconfirmed(): boolean {
    const restored = this.#state.meta.get(RESTORED_MARK);
    if (restored === undefined || this.#members.size === 0) return false;
    return !sameBytes(restored, this.#state.meta.get(MEMBERS_CONFIRMED));
  }

  /**
   * Whether this node takes on to vote for the participant.
   * @throws GeoError E006 `not_a_hub` | `not_a_member` | `not_active_member`
   */
  requireHosted(participant: Pid): void {
    if (!this.isHub) {
      throw new GeoError('E006', 'This node is not a hub: it votes for nobody but its owner.', {
        fault: 'not_a_hub',
      });
    }
    const member = this.memberOf(participant);
    if (member === undefined) {
      throw new GeoError('E006', 'The hub votes for its members only. Join it first.', {
        fault: 'not_a_member',
      });
    }
    if (mayDo(member.status, 'carry')) return;
    throw new GeoError(
      'E006',
      `The hub does not vote for a participant that is ${member.status}.`,
      {
        fault: 'not_active_member',
      },
    );
  }

  /** A member has moved to the hub, or from it to a node of its own. */
  setHosted(turn: Turn, participant: Pid, hosted: boolean): void {
    const member = this.memberOf(participant);
    if (member === undefined || member.hosted === hosted) return;
    turn.shelve(MEMBERS, participant, { ...member, hosted });
  }

  /** Whether it is a member that may do this. Strangers may do nothing as members. */
  may(participant: Pid, act: MemberAct): boolean {
    const member = this.memberOf(participant);
    if (member === undefined) return false;
    const status = this.isUnconfirmed && member.status === 'active' ? 'suspended' : member.status;
    return mayDo(status, act);
  }

  /**
   * Why a participant takes on nothing new on any edge that this node votes on, if so. Whoever has
   * left with a node of its own is a stranger like any other: its lines are its own affair.
   */
  barOf(participant: Pid): Bar | undefined {
    const member = this.memberOf(participant);
    if (member === undefined) return undefined;
    switch (member.status) {
      case 'suspended':
      case 'deleted':
        return member.status;
      case 'left':
        return member.hosted ? 'left' : undefined;
      case 'active':
        return this.isUnconfirmed ? 'unconfirmed' : undefined;
      case 'pending':
      case 'refused':
        return undefined;
    }
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array | undefined): boolean {
  return b !== undefined && a.length === b.length && a.every((byte, i) => byte === b[i]);
}
