/**
 * The communities that this participant belongs to: asking their hubs to be taken in, asking again
 * from time to time, and taking over what they count in. What a hub says is kept as it said it.
 */
import { GeoError, invalid } from '../../protocol/errors.ts';
import { hashOf, type Pid, type PublicKey, pidFromPublicKey } from '../../protocol/identity/pid.ts';
import { signInvitationUse } from '../../protocol/invitation.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import {
  encodeBody,
  requireSignedBy,
  seal,
  signedFrame,
  type Unverified,
} from '../../protocol/wire/envelope.ts';
import type {
  EquivalentDefine,
  EquivalentDefinition,
  JoinReply,
  Profile,
} from '../../protocol/wire/messages/membership.ts';
import type { PeerError } from '../../protocol/wire/messages/service.ts';
import type { State } from '../engine/state.ts';
import type { Turn } from '../engine/turn.ts';
import type { Entropy, Signer, VerifySignature } from '../ports.ts';
import type { NodeSettings } from '../settings.ts';
import type { MembershipRecord } from '../store/hub-records.ts';
import { MEMBERSHIPS } from './shelves.ts';

export interface MembershipsContext {
  readonly state: State;
  readonly signer: Signer;
  readonly verify: VerifySignature;
  readonly entropy: Entropy;
  readonly settings: NodeSettings['memberships'];
}

/** Hubs that one participant may ask; each is asked again and again. */
const MEMBERSHIPS_MAX = 64;

export class Memberships {
  readonly #context: MembershipsContext;
  readonly #me: Pid;
  readonly #known: ReadonlyMap<string, MembershipRecord>;

  constructor(context: MembershipsContext) {
    this.#context = context;
    this.#me = pidFromPublicKey(context.signer.publicKey);
    this.#known = context.state.shelf(MEMBERSHIPS);
  }

  all(): ReadonlyMap<string, MembershipRecord> {
    return this.#known;
  }

  /** Hubs that have this participant as an active member. */
  hubs(): PublicKey[] {
    const active = [...this.#known.values()].filter(({ status }) => status === 'active');
    return active.map(({ hub_key }) => hub_key);
  }

  /**
   * Hubs that pay for this participant in an equivalent.
   * @throws GeoError E006 `no_hub_to_pay`
   */
  payingIn(equivalent: EquivalentCode): PublicKey[] {
    const paying = [...this.#known.values()].filter(
      ({ status, equivalents, conflicts }) =>
        status === 'active' && equivalents.includes(equivalent) && !conflicts.includes(equivalent),
    );
    if (paying.length > 0) return paying.map(({ hub_key }) => hub_key);
    throw new GeoError(
      'E006',
      `No hub of which this node is an active member counts in ${equivalent}. See geo memberships, or pay without a hub.`,
      { fault: 'no_hub_to_pay' },
    );
  }

  /**
   * Asks a hub to take this participant in; asked again until it has decided.
   * @throws GeoError E009 `join_self` | `bad_code` | `bad_profile`, E006 `too_many_memberships`
   */
  join(turn: Turn, hubKey: PublicKey, profile: Profile, code?: string): void {
    const hub = pidFromPublicKey(hubKey);
    if (hub === this.#me) {
      throw invalid('join_self', 'A hub is no member of its own community.');
    }
    const known = this.#known.get(hub);
    if (known === undefined && this.#known.size >= MEMBERSHIPS_MAX) {
      throw new GeoError('E006', 'This node is in too many communities already; leave one first.', {
        fault: 'too_many_memberships',
      });
    }
    requireLawful(profile);
    const { invitation: _, ...kept } = known ?? fresh(hubKey);
    const use = { participant: this.#me, hub };
    this.#ask(turn, hub, {
      ...kept,
      profile,
      wish: 'join',
      ...(code === undefined ? {} : { invitation: signInvitationUse(code, use) }),
    });
  }

  /** @throws GeoError E009 `unknown_membership` */
  leave(turn: Turn, hub: Pid): void {
    this.#ask(turn, hub, { ...this.#require(hub), wish: 'leave' });
  }

  /** It is time to ask again. */
  renew(turn: Turn, hub: Pid): void {
    const known = this.#known.get(hub);
    if (known !== undefined) this.#ask(turn, hub, known);
  }

  /** The hubs to ask at the start. */
  toAsk(): Pid[] {
    return [...this.#known].flatMap(([hub, record]) => (isKept(record) ? [hub as Pid] : []));
  }

  /** Whether the peer that is there (again) is a hub that has not been asked lately. */
  isDue(peer: PublicKey, now: number): boolean {
    const record = this.#known.get(pidFromPublicKey(peer));
    if (record === undefined || !isKept(record)) return false;
    return now - record.created >= this.#context.settings.retry_ms || record.wish !== undefined;
  }

  /** JOIN_REPLY. @throws GeoError E006 `not_asked` | `wrong_receiver`, E005 `bad_signature` */
  reply(turn: Turn, from: PublicKey, signed: Unverified<JoinReply>): void {
    const { body } = signed;
    const hub = pidFromPublicKey(from);
    const known = this.#known.get(hub);
    if (known === undefined || body.hub_key !== from) {
      throw new GeoError('E006', 'This node has not asked to join that hub.', {
        fault: 'not_asked',
      });
    }
    if (body.participant !== this.#me) {
      throw new GeoError('E006', 'That reply is for another participant.', {
        fault: 'wrong_receiver',
      });
    }
    const isAnswer = body.answers !== undefined && body.answers === known.request;
    // A late repeat of what the hub has taken back must not count; the answer to the newest question does.
    if (!isAnswer && body.sequence <= known.sequence) return;
    requireSignedBy(signed, body.hub_key, this.#context.verify);
    if (isAnswer && body.sequence < known.sequence && body.fault === undefined) {
      const text = `The hub ${hub} has forgotten something about this membership: its books are older than what it has signed.`;
      turn.history({ type: 'alert', text, peer: hub });
      turn.notice({ type: 'alert', text, peer: hub });
    }
    const { wish, fault: _, answered: __, invitation, ...kept } = known;
    const done = wish === undefined || isAnswer;
    const waits = body.status === 'pending' && body.fault === undefined;
    const { retry_ms, renew_ms } = this.#context.settings;
    const record: MembershipRecord = {
      ...kept,
      ...(done ? {} : { wish }),
      // A code that has let in, or is no good, is not shown again.
      ...(invitation !== undefined && waits ? { invitation } : {}),
      status: body.status,
      sequence: body.sequence,
      reason: body.reason,
      ...(body.fault === undefined ? {} : { fault: body.fault }),
      community: body.community,
      about: body.about,
      ...this.#adopt(turn, hub, body.equivalents),
      answered: turn.now,
      next: turn.now + (waits || !done ? retry_ms : renew_ms),
    };
    this.#keep(turn, hub, record);
    turn.notice({ type: 'membership-changed', hub });
  }

  /** ERROR about a request: the hub would not even look into it. Asked again later. */
  refused(turn: Turn, from: PublicKey, error: PeerError): void {
    const hub = pidFromPublicKey(from);
    const known = this.#known.get(hub);
    if (known === undefined) return;
    this.#keep(turn, hub, { ...known, reason: error.text, fault: error.fault });
    turn.notice({ type: 'membership-changed', hub });
  }

  /** EQUIVALENT_DEFINE. @throws GeoError E006 `not_asked`, E005 `bad_signature` */
  define(turn: Turn, from: PublicKey, signed: Unverified<EquivalentDefine>): void {
    const { hub_key, definition } = signed.body;
    const hub = pidFromPublicKey(from);
    const known = this.#known.get(hub);
    if (known?.status !== 'active' || hub_key !== from) {
      throw new GeoError(
        'E006',
        'Only a hub that this node has joined may define equivalents here.',
        {
          fault: 'not_asked',
        },
      );
    }
    requireSignedBy(signed, hub_key, this.#context.verify);
    const { equivalents, conflicts } = this.#adopt(turn, hub, [definition]);
    const others = (codes: readonly EquivalentCode[]) =>
      codes.filter((code) => code !== definition.code);
    this.#keep(turn, hub, {
      ...known,
      equivalents: [...others(known.equivalents), ...equivalents],
      conflicts: [...others(known.conflicts), ...conflicts],
    });
  }

  #require(hub: Pid): MembershipRecord {
    const known = this.#known.get(hub);
    if (known !== undefined) return known;
    throw invalid('unknown_membership', 'This node is not in the community of that hub.');
  }

  /** Signs a new request each time: what a hub has heard once it takes for a repeat. */
  #ask(turn: Turn, hub: Pid, known: MembershipRecord): void {
    const { signer, entropy, settings } = this.#context;
    const created = Math.max(turn.now, known.created + 1);
    const common = {
      participant_key: signer.publicKey,
      hub,
      profile: known.profile,
      created,
    };
    const sign = (message: Uint8Array) => signer.sign(message);
    const next = turn.now + settings.retry_ms;
    if (known.wish === 'leave') {
      const body = { ...common, leaves: true };
      const request = hashOf(encodeBody('PROFILE_UPDATE', body));
      const envelope = seal('PROFILE_UPDATE', body, signer.publicKey, sign);
      this.#keep(turn, hub, { ...known, created, request, next });
      turn.send(known.hub_key, signedFrame('PROFILE_UPDATE', envelope));
      return;
    }
    const { invitation } = known;
    const body = {
      ...common,
      nonce: entropy.bytes(16),
      ...(invitation === undefined ? {} : { invitation }),
    };
    const request = hashOf(encodeBody('JOIN_REQUEST', body));
    const envelope = seal('JOIN_REQUEST', body, signer.publicKey, sign);
    this.#keep(turn, hub, { ...known, created, request, next });
    turn.send(known.hub_key, signedFrame('JOIN_REQUEST', envelope));
  }

  #keep(turn: Turn, hub: Pid, record: MembershipRecord): void {
    turn.shelve(MEMBERSHIPS, hub, record);
    turn.deadline(`membership:${hub}`, isKept(record) ? record.next : undefined);
  }

  /** Takes over what a community counts in, where this node does not count it otherwise already. */
  #adopt(turn: Turn, hub: Pid, definitions: readonly EquivalentDefinition[]) {
    const equivalents: EquivalentCode[] = [];
    const conflicts: EquivalentCode[] = [];
    for (const { code, precision, metadata } of definitions) {
      equivalents.push(code);
      const known = this.#context.state.equivalents.get(code);
      if (known === undefined) {
        turn.putEquivalent(code, { precision, metadata });
        turn.history({
          type: 'equivalent',
          text: `defined with ${precision} decimal places, as the hub counts`,
          equivalent: code,
          peer: hub,
        });
      } else if (known.precision !== precision) conflicts.push(code);
    }
    return { equivalents, conflicts };
  }
}

/** Whether the hub is to be asked again: not if it has refused, or has let this participant go. */
function isKept({ wish, status, fault }: MembershipRecord): boolean {
  if (wish !== undefined) return true;
  if (fault !== undefined && status === 'refused') return false;
  return status === 'pending' || status === 'active' || status === 'suspended';
}

function fresh(hubKey: PublicKey): Omit<MembershipRecord, 'profile'> {
  return {
    hub_key: hubKey,
    sequence: 0,
    reason: '',
    community: '',
    about: '',
    equivalents: [],
    conflicts: [],
    created: 0,
    next: 0,
  };
}

function requireLawful(profile: Profile): void {
  const bytesOf = (text: string) => new TextEncoder().encode(text).length;
  if (bytesOf(profile.name) <= 80 && bytesOf(profile.about) <= 400) return;
  throw invalid(
    'bad_profile',
    'A name takes at most 80 bytes of UTF-8, what is said about oneself 400; say it shorter.',
  );
}
