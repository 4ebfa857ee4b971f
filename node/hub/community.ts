/**
 * The hub of a community: its parts put together, and the operators' acts that are not about one
 * member. Every act is one turn with one entry of the journal.
 */
import { GeoError, invalid } from '../../protocol/errors.ts';
import type { Hash, Pid, PublicKey } from '../../protocol/identity/pid.ts';
import { METADATA_MAX } from '../../protocol/limits.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import { seal, signedFrame } from '../../protocol/wire/envelope.ts';
import type { EquivalentDefinition } from '../../protocol/wire/messages/membership.ts';
import type { Hall } from '../engine/hall.ts';
import type { Turn } from '../engine/turn.ts';
import type { Ports } from '../ports.ts';
import type { NodeSettings } from '../settings.ts';
import { HUB_SETTINGS, MEMBERS_CONFIRMED, RESTORED_MARK } from '../store/keys.ts';
import { decodeCount } from '../store/records.ts';
import { Invitations, type InvitationTerms } from './invitations.ts';
import { JoinReplies } from './join-replies.ts';
import { Journal } from './journal.ts';
import { Members } from './members.ts';
import type { Membership } from './membership.ts';
import { type Actor, Operators, type Role } from './operators.ts';
import { OFFERS } from './shelves.ts';

export class Community {
  readonly membership: Membership;
  readonly members: Members;
  readonly invitations: Invitations;
  readonly operators: Operators;
  readonly journal: Journal;
  readonly replies: JoinReplies;
  readonly settings: NodeSettings['hub'];
  readonly #ports: Ports;
  readonly #hall: Hall;
  readonly #me: Pid;

  constructor(
    ports: Ports,
    hall: Hall,
    me: Pid,
    membership: Membership,
    settings: NodeSettings,
    served: (participant: Pid) => boolean,
  ) {
    const { state } = hall;
    this.#ports = ports;
    this.#hall = hall;
    this.#me = me;
    this.settings = settings.hub;
    this.membership = membership;
    this.invitations = new Invitations(state, ports.entropy, ports.verify);
    this.operators = new Operators(state, me);
    this.journal = new Journal(state, ports.store, ports.verify);
    this.replies = new JoinReplies(state, ports.signer, settings.hub);
    this.members = new Members({
      me,
      state,
      settings: settings.hub,
      verify: ports.verify,
      invitations: this.invitations,
      operators: this.operators,
      journal: this.journal,
      replies: this.replies,
      served,
    });
  }

  /** Whether the options that govern who comes in are others than at the last start. */
  hasNewSettings(): boolean {
    const known = this.#hall.state.meta.get(HUB_SETTINGS);
    if (known === undefined) return this.settings.enabled;
    return new TextDecoder().decode(known) !== JSON.stringify(this.#governing());
  }

  /** Writes them down. */
  noteSettings(turn: Turn): void {
    const known = this.#hall.state.meta.get(HUB_SETTINGS);
    const after = this.#governing();
    turn.putMeta(HUB_SETTINGS, new TextEncoder().encode(JSON.stringify(after)));
    this.journal.note(turn, {
      actor: { pid: this.#me },
      role: 'admin',
      act: 'settings',
      subject: 'hub',
      reason: 'the configuration at the start',
      before: known && (JSON.parse(new TextDecoder().decode(known)) as object),
      after,
    });
  }

  #governing() {
    const { enabled, admission, members_max, pending_max } = this.settings;
    return { enabled, admission, members_max, pending_max };
  }

  /** @returns the code, told once */
  invite(turn: Turn, actor: Actor, terms: InvitationTerms): { code: string; id: Hash } {
    const role = this.operators.require(actor, 'invite');
    const made = this.invitations.make(turn, actor.pid, terms);
    const { uses, lifeMs, note } = terms;
    this.journal.note(turn, {
      actor,
      role,
      act: 'invite',
      subject: made.id,
      reason: note,
      after: { uses, expires: new Date(turn.now + lifeMs).toISOString() },
    });
    return made;
  }

  /** @returns the whole name of the invitation */
  revoke(turn: Turn, actor: Actor, invitation: string, reason: string): Hash {
    const role = this.operators.require(actor, 'revoke');
    const id = this.invitations.revoke(turn, invitation);
    this.journal.note(turn, {
      actor,
      role,
      act: 'revoke',
      subject: id,
      reason,
      before: { status: 'open' },
      after: { status: 'revoked' },
    });
    return id;
  }

  /**
   * Takes an equivalent among those that the community counts in, and tells the members that are there.
   * @throws GeoError E006 `not_an_operator`, E008 `equivalent_exists`, E009 `bad_metadata` |
   *   `too_many_equivalents`
   */
  offer(turn: Turn, actor: Actor, definition: EquivalentDefinition, reason: string): void {
    const role = this.operators.require(actor, 'offer');
    requireLawful(definition);
    const { code, precision, metadata } = definition;
    const { state } = this.#hall;
    const known = state.equivalents.get(code);
    if (known !== undefined && known.precision !== precision) {
      throw new GeoError(
        'E008',
        `${code} is already defined with ${known.precision} decimal places; that cannot be changed. Use another code.`,
        { fault: 'equivalent_exists', precision: known.precision },
      );
    }
    const before = state.shelf(OFFERS).get(code);
    const others = this.replies.definitions().filter((each) => each.code !== code);
    this.replies.requireRoomFor([...others, definition]);
    turn.shelve(OFFERS, code, { definition, since: turn.now });
    turn.putEquivalent(code, { precision, metadata });
    const told = ({ precision: digits, metadata: facts }: EquivalentDefinition) => ({
      precision: digits,
      ...Object.fromEntries(facts),
    });
    this.journal.note(turn, {
      actor,
      role,
      act: 'offer',
      subject: code,
      reason,
      before: before && {
        ...told(before.definition),
        ...(before.withdrawn && { status: 'withdrawn' }),
      },
      after: told(definition),
    });
    this.#tellMembers(turn, definition);
  }

  /**
   * Counts no more in an equivalent: who joins does not take it over, and hosted members give no wider lines
   * in it. What is owed stays, and can be repaid and cleared. Offering it again ends that.
   * @throws GeoError E006 `not_an_operator`, E009 `not_offered` | `reason_missing`
   */
  withdraw(turn: Turn, actor: Actor, code: EquivalentCode, reason: string): void {
    const role = this.operators.require(actor, 'withdraw');
    const offer = this.#hall.state.shelf(OFFERS).get(code);
    if (offer === undefined || offer.withdrawn !== undefined) {
      throw invalid('not_offered', `The community does not count in ${code}.`);
    }
    if (reason === '') {
      throw invalid('reason_missing', 'Say why (--reason): a withdrawal is written down with it.');
    }
    turn.shelve(OFFERS, code, { ...offer, withdrawn: turn.now });
    this.journal.note(turn, {
      actor,
      role,
      act: 'withdraw',
      subject: code,
      reason,
      before: { status: 'offered' },
      after: { status: 'withdrawn' },
    });
  }

  /** Gives a participant a role, or takes it. */
  appoint(turn: Turn, actor: Actor, pid: Pid, wanted: Role | undefined, reason: string): void {
    const role = this.operators.require(actor, 'appoint');
    const before = this.operators.roleOf(pid);
    this.operators.appoint(turn, pid, wanted);
    this.journal.note(turn, {
      actor,
      role,
      act: 'appoint',
      subject: pid,
      reason,
      before: before && { role: before },
      after: wanted && { role: wanted },
    });
  }

  /**
   * An operator has gone through the members that came from a backup: what stands there holds again.
   * @throws GeoError E008 `nothing_to_confirm`
   */
  confirm(turn: Turn, actor: Actor, reason: string): void {
    const role = this.operators.require(actor, 'confirm');
    const restored = this.#hall.state.meta.get(RESTORED_MARK);
    if (restored === undefined || !this.membership.isUnconfirmed) {
      throw new GeoError(
        'E008',
        'The members do not come from a backup; there is nothing to confirm.',
        {
          fault: 'nothing_to_confirm',
        },
      );
    }
    turn.putMeta(MEMBERS_CONFIRMED, restored);
    this.journal.note(turn, {
      actor,
      role,
      act: 'confirm',
      subject: 'members',
      reason,
      before: { status: 'unconfirmed' },
      after: {
        status: 'confirmed',
        restored: new Date(decodeCount(restored)).toISOString(),
        members: this.membership.all().size,
      },
    });
  }

  #tellMembers(turn: Turn, definition: EquivalentDefinition): void {
    const { signer, transport } = this.#ports;
    const body = { hub_key: signer.publicKey, definition, made: turn.now };
    const envelope = seal('EQUIVALENT_DEFINE', body, signer.publicKey, (m) => signer.sign(m));
    const frame = signedFrame('EQUIVALENT_DEFINE', envelope);
    // Whoever is away learns it at its next renewal.
    const there = new Set<PublicKey>(
      transport.peers().flatMap((peer) => (peer.connected ? [peer.publicKey] : [])),
    );
    for (const { key, status, hosted } of this.membership.all().values()) {
      if (status === 'active' && !hosted && there.has(key)) turn.send(key, frame);
    }
  }
}

function requireLawful({ metadata }: EquivalentDefinition): void {
  const bytesOf = (text: string) => new TextEncoder().encode(text).length;
  const fit = metadata.every(([name, text]) => bytesOf(name) <= 40 && bytesOf(text) <= 200);
  if (metadata.length <= METADATA_MAX && fit) return;
  throw invalid(
    'bad_metadata',
    `An equivalent of a community has at most ${METADATA_MAX} facts; their names take at most 40 bytes of UTF-8, their texts 200.`,
  );
}
