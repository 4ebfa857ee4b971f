/**
 * The members of a hub: who asks to join, who describes itself anew or leaves, and what operators do
 * about them. Statuses change by `protocol/machines/membership.ts` alone.
 */
import { GeoError, invalid } from '../../protocol/errors.ts';
import {
  type Hash,
  hashOf,
  type Pid,
  type PublicKey,
  pidFromPublicKey,
} from '../../protocol/identity/pid.ts';
import { CLOCK_SKEW_MS_MAX, JOIN_AGE_MS_MAX } from '../../protocol/limits.ts';
import {
  type MemberStatus,
  type MembershipEvent,
  mayDo,
  stepMembership,
} from '../../protocol/machines/membership.ts';
import { requireSignedBy, signedFrame, type Unverified } from '../../protocol/wire/envelope.ts';
import type { JoinRequest, ProfileUpdate } from '../../protocol/wire/messages/membership.ts';
import type { State } from '../engine/state.ts';
import type { Turn } from '../engine/turn.ts';
import type { VerifySignature } from '../ports.ts';
import type { NodeSettings } from '../settings.ts';
import type { MemberRecord } from '../store/hub-records.ts';
import type { Invitations } from './invitations.ts';
import { JoinBudget } from './join-budget.ts';
import type { Answered, JoinReplies } from './join-replies.ts';
import type { Journal } from './journal.ts';
import type { Actor, Operators } from './operators.ts';
import { MEMBERS } from './shelves.ts';

export type MemberChange = 'approve' | 'refuse' | 'suspend' | 'reinstate' | 'remove';

/** Acts that take something from somebody are written down with a reason. */
const NEED_REASON: readonly MemberChange[] = ['refuse', 'suspend', 'remove'];

export interface MembersContext {
  readonly me: Pid;
  readonly state: State;
  readonly settings: NodeSettings['hub'];
  readonly verify: VerifySignature;
  readonly invitations: Invitations;
  readonly operators: Operators;
  readonly journal: Journal;
  readonly replies: JoinReplies;
  /** Does this node vote for the participant? */
  readonly served: (participant: Pid) => boolean;
}

export class Members {
  readonly #context: MembersContext;
  readonly #known: ReadonlyMap<string, MemberRecord>;
  readonly #budget: JoinBudget;

  constructor(context: MembersContext) {
    this.#context = context;
    this.#known = context.state.shelf(MEMBERS);
    const { joins_per_minute: all, joins_per_minute_per_peer: each } = context.settings;
    this.#budget = new JoinBudget(all, each);
  }

  /**
   * JOIN_REQUEST, by whichever door.
   * @param asker the key that the door has proven; the members' door has nothing but the signature to
   *   go by, which is checked last
   * @param hosted it came by the members' door: the participant has no node of its own
   * @returns the JOIN_REPLY, signed
   * @throws GeoError what is answered with an ERROR: nothing was signed by the participant for this hub
   */
  join(turn: Turn, asker: PublicKey, signed: Unverified<JoinRequest>, hosted = false): Uint8Array {
    const { body } = signed;
    const participant = this.#open(turn, asker, signed);
    const known = this.#known.get(participant);
    const answers = hashOf(signed.payload);
    const { replies } = this.#context;
    if (known !== undefined && body.created <= known.heard) {
      return replies.seal(turn, participant, known, { answers });
    }
    try {
      const invitation = this.#invitationIn(body, participant, known, turn.now);
      const member = this.#admit(turn, participant, body, hosted, known, invitation);
      return replies.seal(turn, participant, member, { answers });
    } catch (error) {
      if (!(error instanceof GeoError) || error.code === 'E010') throw error;
      return replies.refuse(turn, participant, error, answers);
    }
  }

  /** PROFILE_UPDATE: as {@link join}, for whoever is a member or waits to be one. */
  update(turn: Turn, asker: PublicKey, signed: Unverified<ProfileUpdate>): Uint8Array {
    const { body } = signed;
    const participant = this.#open(turn, asker, signed);
    const { replies } = this.#context;
    const about: Answered = { answers: hashOf(signed.payload) };
    const known = this.#known.get(participant);
    if (known === undefined) {
      const error = new GeoError('E006', 'The hub has no such member.', { fault: 'not_a_member' });
      return replies.refuse(turn, participant, error, about.answers);
    }
    if (body.created <= known.heard) return replies.seal(turn, participant, known, about);
    const heard = { ...known, heard: body.created };
    try {
      if (body.leaves) {
        const member = this.#become(turn, participant, heard, { type: 'leave' }, '');
        if (known.status !== 'left') {
          this.#note(turn, participant, 'leave', known, member);
        }
        return replies.seal(turn, participant, member, about);
      }
      if (!mayDo(known.status, 'describe')) {
        throw new GeoError('E008', `The participant is ${known.status}; its profile stays.`, {
          fault: 'wrong_status',
          status: known.status,
        });
      }
      const member = { ...heard, profile: body.profile, sequence: known.sequence + 1 };
      turn.shelve(MEMBERS, participant, member);
      return replies.seal(turn, participant, member, about);
    } catch (error) {
      if (!(error instanceof GeoError) || error.code === 'E010') throw error;
      return replies.refuse(turn, participant, error, about.answers, known);
    }
  }

  /**
   * An operator's act on one member. The member is told at once if it is there, otherwise when its
   * node asks the next time.
   * @throws GeoError E006 `not_an_operator`, E008 `wrong_status` | `member_owes`, E009
   *   `unknown_member` | `reason_missing`
   */
  change(
    turn: Turn,
    actor: Actor,
    participant: Pid,
    act: MemberChange,
    reason: string,
  ): MemberRecord {
    const role = this.#context.operators.require(actor, act);
    const known = this.#known.get(participant);
    if (known === undefined) {
      throw invalid(
        'unknown_member',
        'The hub knows no such participant; geo hub members lists them.',
      );
    }
    if (reason === '' && NEED_REASON.includes(act)) {
      throw invalid(
        'reason_missing',
        `Say why (--reason): to ${act} somebody is written down with it.`,
      );
    }
    const event: MembershipEvent =
      act === 'remove' ? { type: act, owing: this.#owes(participant) } : { type: act };
    const member = this.#become(turn, participant, known, event, reason);
    this.#context.journal.note(turn, {
      actor,
      role,
      act,
      subject: participant,
      reason,
      before: { status: known.status },
      after: { status: member.status },
    });
    if (!member.hosted) {
      const envelope = this.#context.replies.seal(turn, participant, member);
      turn.send(member.key, signedFrame('JOIN_REPLY', envelope));
    }
    return member;
  }

  /** Everything that can be said against a request before it is looked into, the signature last. */
  #open(turn: Turn, asker: PublicKey, signed: Unverified<JoinRequest | ProfileUpdate>): Pid {
    const { me, settings, verify } = this.#context;
    const { hub, participant_key, created } = signed.body;
    if (!settings.enabled) {
      throw new GeoError('E006', 'This node is no hub: it takes in no members.', {
        fault: 'no_hub',
      });
    }
    if (hub !== me) {
      throw new GeoError('E006', 'That request is for another hub.', { fault: 'wrong_receiver' });
    }
    if (asker !== participant_key) {
      throw new GeoError('E006', "Only the participant's own node may ask that for it.", {
        fault: 'wrong_sender',
      });
    }
    this.#budget.spend(asker, turn.now);
    if (created > turn.now + CLOCK_SKEW_MS_MAX || created < turn.now - JOIN_AGE_MS_MAX) {
      throw invalid(
        'clock_off',
        'The request was made at another time than now: check both clocks, and ask again.',
      );
    }
    requireSignedBy(signed, participant_key, verify);
    const participant = pidFromPublicKey(participant_key);
    if (participant === me) {
      throw invalid('join_self', 'A hub is no member of its own community.');
    }
    return participant;
  }

  /** The invitation that is to be counted; a member needs none, and one that is used again is not counted again. */
  #invitationIn(
    { invitation }: JoinRequest,
    participant: Pid,
    known: MemberRecord | undefined,
    now: number,
  ): Hash | undefined {
    if (invitation === undefined || known?.status === 'active' || known?.status === 'suspended') {
      return undefined;
    }
    return this.#context.invitations.check(invitation, participant, this.#context.me, now);
  }

  #admit(
    turn: Turn,
    participant: Pid,
    body: JoinRequest,
    hosted: boolean,
    known: MemberRecord | undefined,
    invitation: Hash | undefined,
  ): MemberRecord {
    const { settings, invitations } = this.#context;
    const status = stepMembership(known?.status, {
      type: 'ask',
      rule: settings.admission,
      invited: invitation !== undefined,
    });
    const changed = status !== known?.status;
    if (changed) this.#requireRoomFor(status);
    const joins = changed && status === 'active';
    const member: MemberRecord = {
      key: body.participant_key,
      profile: mayDo(status, 'describe') || known === undefined ? body.profile : known.profile,
      hosted: hosted || this.#context.served(participant),
      status,
      reason: changed ? '' : (known?.reason ?? ''),
      sequence: (known?.sequence ?? 0) + (changed ? 1 : 0),
      heard: body.created,
      asked: changed ? turn.now : (known?.asked ?? turn.now),
      since: changed ? turn.now : (known?.since ?? turn.now),
      ...joinedOf(joins, turn.now, known),
      ...(invitation === undefined ? invitationOf(known) : { invitation }),
    };
    turn.shelve(MEMBERS, participant, member);
    if (joins && invitation !== undefined) invitations.count(turn, invitation);
    if (changed) this.#note(turn, participant, 'join', known, member);
    return member;
  }

  #become(
    turn: Turn,
    participant: Pid,
    known: MemberRecord,
    event: MembershipEvent,
    reason: string,
  ): MemberRecord {
    const status = stepMembership(known.status, event);
    const joins = status === 'active' && known.status !== 'suspended';
    const member: MemberRecord = {
      ...known,
      // Who is removed is forgotten, but for the name that it must not come back under unseen.
      ...(status === 'deleted'
        ? { profile: { kind: known.profile.kind, name: '', about: '' } }
        : {}),
      ...joinedOf(joins, turn.now, known),
      status,
      reason,
      sequence: known.sequence + 1,
      since: turn.now,
    };
    turn.shelve(MEMBERS, participant, member);
    turn.notice({ type: 'member-changed', participant, status });
    return member;
  }

  #note(
    turn: Turn,
    participant: Pid,
    act: 'join' | 'leave',
    before: MemberRecord | undefined,
    after: MemberRecord,
  ): void {
    const { status, profile, invitation } = after;
    this.#context.journal.note(turn, {
      actor: { pid: participant },
      role: 'participant',
      act,
      subject: participant,
      reason: '',
      before: before && { status: before.status },
      after: { status, name: profile.name, kind: profile.kind, ...(invitation && { invitation }) },
    });
    if (act === 'join') turn.notice({ type: 'member-changed', participant, status });
  }

  #requireRoomFor(status: MemberStatus): void {
    const { members_max, pending_max } = this.#context.settings;
    const count = (...wanted: MemberStatus[]) =>
      [...this.#known.values()].filter((each) => wanted.includes(each.status)).length;
    if (status === 'pending' && count('pending') >= pending_max) {
      throw new GeoError('E006', 'Too many participants wait for an operator; ask again later.', {
        fault: 'too_many_waiting',
      });
    }
    if (status === 'active' && count('active', 'suspended') >= members_max) {
      throw new GeoError('E006', 'The community takes no more members.', {
        fault: 'community_full',
      });
    }
  }

  /** Whether the participant owes or is owed, or soon may, as far as the hub's books know. */
  #owes(participant: Pid): boolean {
    for (const edge of this.#context.state.edgesOf(participant)) {
      if (edge.balance !== 0n || edge.heldUp > 0n || edge.heldDown > 0n) return true;
    }
    return false;
  }
}

function joinedOf(joins: boolean, now: number, known: MemberRecord | undefined) {
  if (joins) return { joined: now };
  return known?.joined === undefined ? {} : { joined: known.joined };
}

function invitationOf(known: MemberRecord | undefined) {
  return known?.invitation === undefined ? {} : { invitation: known.invitation };
}
