/**
 * The members' door: what a participant without a node of its own has signed, by whichever way it
 * comes. The signature is the authority; nothing else is asked for (docs/PROTOCOL.md, "Agents").
 */
import { GeoError, invalid } from '../../protocol/errors.ts';
import { type Pid, pidFromPublicKey, type TxId } from '../../protocol/identity/pid.ts';
import { edgeId, lineOf } from '../../protocol/ledger/edge.ts';
import { type LineMessage, widens } from '../../protocol/machines/trust-line.ts';
import { type OpenFrame, openFrame, type Unverified } from '../../protocol/wire/envelope.ts';
import type { LineState } from '../../protocol/wire/messages/trust-line.ts';
import type { ClearingRoom } from '../clearing/room.ts';
import type { Agents } from '../engine/agents.ts';
import type { TrustLines } from '../engine/edges/trust-lines.ts';
import type { Hall } from '../engine/hall.ts';
import type { Community } from '../hub/community.ts';
import type { Membership } from '../hub/membership.ts';
import type { Payments } from '../payments/payments.ts';
import type { Clock } from '../ports.ts';
import type { NodeSettings } from '../settings.ts';
import { TokenBucket } from '../token-bucket.ts';

interface Rooms {
  readonly clock: Clock;
  readonly settings: NodeSettings;
  readonly hall: Hall;
  readonly agents: Agents;
  readonly lines: TrustLines;
  readonly payments: Payments;
  readonly membership: Membership;
  readonly community: Community;
  readonly clearing: ClearingRoom;
}

/** What has become of a signed message. */
export interface Submitted {
  readonly member: Pid;
  /** Of an order: the transaction that carries it out, decided or out of time. */
  readonly tx?: TxId;
  /** Of a request to join or a new profile: the JOIN_REPLY, as the hub has signed it. */
  readonly reply?: Uint8Array;
}

export class MemberDoor {
  readonly #rooms: Rooms;
  /** Made at the first use, when the time is known. */
  #budget: TokenBucket | undefined;

  constructor(rooms: Rooms) {
    this.#rooms = rooms;
  }

  /**
   * @param frame as it would travel between peers
   * @param note ciphertext for the payee, beside an order that names its hash
   * @throws GeoError E009 `not_for_members` for any other message; whatever its turn refuses
   */
  async submit(frame: Uint8Array, note?: Uint8Array): Promise<Submitted> {
    this.requireRoom();
    const open = openFrame(frame);
    switch (open.type) {
      case 'AGENT_GRANT':
      case 'AGENT_REVOKE': {
        const { signed } = open;
        await this.#rooms.hall.turn((turn) => this.#rooms.agents.adopt(turn, signed!));
        return { member: pidFromPublicKey(open.body.member_key) };
      }
      case 'TRUST_LINE_CREATE':
      case 'TRUST_LINE_UPDATE':
      case 'TRUST_LINE_CLOSE':
        await this.line(open.type, open.signed!);
        return { member: pidFromPublicKey(open.body.from_key) };
      case 'PAYMENT_REQUEST':
        return {
          member: pidFromPublicKey(open.body.payer_key),
          tx: await this.order(open, note),
        };
      case 'CLEARING_ACCEPT':
        await this.#rooms.clearing.accepted(open.signed!);
        return { member: pidFromPublicKey(open.body.participant_key) };
      case 'CLEARING_REJECT':
        await this.#rooms.clearing.rejected(open.signed!);
        return { member: pidFromPublicKey(open.body.participant_key) };
      case 'JOIN_REQUEST':
      case 'PROFILE_UPDATE': {
        const { participant_key: key } = open.body;
        const { members } = this.#rooms.community;
        const reply = await this.#rooms.hall.turn((turn) =>
          open.type === 'JOIN_REQUEST'
            ? members.join(turn, key, open.signed!, true)
            : members.update(turn, key, open.signed!),
        );
        return { member: pidFromPublicKey(key), reply };
      }
      default:
        throw invalid(
          'not_for_members',
          `A ${open.type} is between nodes; members send requests to join, profiles, grants, lines, orders, and their word on clearings.`,
        );
    }
  }

  /**
   * Called before a signature is checked that anybody may have sent.
   * @throws GeoError E006 `too_many_requests`
   */
  requireRoom(): void {
    const now = this.#rooms.clock.now();
    const { signed_per_second: perSecond } = this.#rooms.settings.hub;
    this.#budget ??= new TokenBucket({ perSecond, burst: perSecond }, now);
    if (this.#budget.take(1, now)) return;
    throw new GeoError('E006', 'The hub is asked for too much at once; try again in a second.', {
      fault: 'too_many_requests',
    });
  }

  /**
   * A line of a member, by its own signature.
   * @throws GeoError E006 `not_active_member` | `equivalent_withdrawn`: it may only make its lines narrower
   */
  line(type: LineMessage, signed: Unverified<LineState>): Promise<void> {
    const { hall, lines, membership, community } = this.#rooms;
    const { from_key, to, equivalent, limit, status } = signed.body;
    const owner = pidFromPublicKey(from_key);
    return hall.turn((turn) => {
      const bar = membership.barOf(owner);
      const edge = turn.edge(edgeId(owner, to, equivalent));
      const wider = widens(edge && lineOf(edge, owner), { limit, status });
      if (wider && community.replies.hasWithdrawn(equivalent)) {
        throw new GeoError(
          'E006',
          `The community counts in ${equivalent} no more: lines in it can be lowered, frozen and closed, and debts repaid and cleared.`,
          { fault: 'equivalent_withdrawn' },
        );
      }
      if (bar !== undefined && wider) {
        throw new GeoError(
          'E006',
          `The participant is ${bar} in the community of this hub: it can lower, freeze and close its lines, but give nobody more.`,
          { fault: 'not_active_member' },
        );
      }
      lines.submit(turn, type, signed);
    });
  }

  /**
   * An order of a member: whoever this node votes for, or has in its community.
   * @throws GeoError E006 `not_a_coordinator`, and as {@link Payments.coordinate}
   */
  order(
    { body, signed }: Extract<OpenFrame, { type: 'PAYMENT_REQUEST' }>,
    note?: Uint8Array,
  ): Promise<TxId> {
    this.requirePayer(pidFromPublicKey(body.payer_key));
    return this.#rooms.payments.coordinate(signed!, note);
  }

  /** @throws GeoError E006 `not_a_coordinator` */
  requirePayer(payer: Pid): void {
    const { agents, membership } = this.#rooms;
    if (agents.served(payer) || membership.may(payer, 'start')) return;
    throw new GeoError('E006', 'This node carries out orders of its members only.', {
      fault: 'not_a_coordinator',
    });
  }
}
