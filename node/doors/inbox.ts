/** The peers' door: one frame in, one turn of the engine (or an answer that needs none). */
import { type ErrorCode, GeoError } from '../../protocol/errors.ts';
import { type Pid, type PublicKey, pidFromPublicKey } from '../../protocol/identity/pid.ts';
import { openManifest } from '../../protocol/machines/manifest.ts';
import { bareFrame, type OpenFrame, openFrame, signedFrame } from '../../protocol/wire/envelope.ts';
import type { ClearingPrepare } from '../../protocol/wire/messages/clearing.ts';
import type { PaymentPrepare } from '../../protocol/wire/messages/payment.ts';
import type { PeerError } from '../../protocol/wire/messages/service.ts';
import { textWithin } from '../../protocol/wire/text-within.ts';
import type { ClearingRoom } from '../clearing/room.ts';
import type { Agents } from '../engine/agents.ts';
import type { Attempts } from '../engine/attempts/attempts.ts';
import type { EdgeStatements } from '../engine/edges/statements.ts';
import type { EdgeSync } from '../engine/edges/sync.ts';
import type { TrustLines } from '../engine/edges/trust-lines.ts';
import type { Hall } from '../engine/hall.ts';
import type { Turn } from '../engine/turn.ts';
import type { Community } from '../hub/community.ts';
import type { Memberships } from '../hub/memberships.ts';
import type { RouteDesk } from '../hub/route-desk.ts';
import type { Payments } from '../payments/payments.ts';
import type { Log, Transport } from '../ports.ts';
import type { NeighbourSearch } from '../routing/neighbour-search.ts';
import type { MemberDoor } from './member-door.ts';
import type { Operating } from './operating.ts';
import { Ordering } from './ordering.ts';

export interface InboxCounters {
  frames: number;
  /** Refused frames, by the code of what they were refused with. */
  readonly refused: Partial<Record<ErrorCode, number>>;
}

interface Rooms {
  readonly hall: Hall;
  readonly agents: Agents;
  readonly attempts: Attempts;
  readonly lines: TrustLines;
  readonly edges: EdgeSync;
  readonly statements: EdgeStatements;
  readonly clearing: ClearingRoom;
  readonly search: NeighbourSearch;
  readonly desk: RouteDesk;
  readonly door: MemberDoor;
  readonly payments: Payments;
  readonly community: Community;
  readonly memberships: Memberships;
  readonly operating: Operating;
  readonly transport: Transport;
  readonly log: Log;
}

export class Inbox {
  readonly counters: InboxCounters = { frames: 0, refused: {} };
  readonly #rooms: Rooms;
  readonly #ordering: Ordering;

  constructor(rooms: Rooms) {
    this.#rooms = rooms;
    this.#ordering = new Ordering(rooms);
  }

  /** Never throws: whatever a peer sends, the node stays up and tells it what was wrong. */
  frame(from: PublicKey, bytes: Uint8Array): void {
    this.counters.frames++;
    let about: string | undefined;
    try {
      const frame = openFrame(bytes);
      about = frame.type;
      const handled = this.#dispatch(from, frame);
      handled?.catch((error: unknown) => this.#refused(from, about, error));
    } catch (error) {
      this.#refused(from, about, error);
    }
  }

  #dispatch(from: PublicKey, frame: OpenFrame): Promise<void> | undefined {
    const {
      agents,
      attempts,
      lines,
      edges,
      statements,
      clearing,
      search,
      desk,
      memberships,
      door,
      transport,
      operating,
    } = this.#rooms;
    switch (frame.type) {
      case 'TRUST_LINE_CREATE':
      case 'TRUST_LINE_UPDATE':
      case 'TRUST_LINE_CLOSE': {
        const { type, body, signed } = frame;
        // A member's own line comes to its agent by whichever channel; all others to their other end.
        if (agents.served(pidFromPublicKey(body.from_key))) return door.line(type, signed!);
        return this.#turn((turn) => lines.receive(turn, from, type, signed!));
      }
      case 'TRUST_LINE_ACK':
        return this.#turn((turn) => lines.acknowledged(turn, from, frame.body));
      case 'PAYMENT_PREPARE':
      case 'CLEARING_PREPARE':
        return this.#prepare(from, frame.body);
      case 'PAYMENT_PREPARE_ACK':
      case 'CLEARING_PREPARE_ACK': {
        const { body, signed } = frame;
        const votes = [signed!.bytes];
        return this.#turn((turn) => attempts.statement(turn, from, body.manifest, { votes }));
      }
      case 'PAYMENT_COMMIT':
      case 'PAYMENT_ABORT':
      case 'CLEARING_COMMIT':
      case 'CLEARING_ABORT':
        return this.#turn((turn) => attempts.outcome(turn, from, frame.body));
      case 'PAYMENT_COMMIT_ACK':
      case 'CLEARING_COMMIT_ACK': {
        const { body, signed } = frame;
        const applied = [signed!.bytes];
        return this.#turn((turn) => attempts.statement(turn, from, body.manifest, { applied }));
      }
      case 'CLEARING_SEARCH':
        clearing.search.onQuery(from, frame.body);
        return undefined;
      case 'CLEARING_FOUND':
        clearing.search.onReply(from, frame.body);
        return undefined;
      case 'CLEARING_MARK':
        clearing.marks.onMark(from, frame.body);
        return undefined;
      case 'CLEARING_PROPOSE':
        return clearing.consents.proposed(from, frame.signed!);
      case 'CLEARING_ACCEPT':
        return clearing.accepted(frame.signed!);
      case 'CLEARING_REJECT':
        return clearing.rejected(frame.signed!);
      case 'WITHDRAW': {
        const { body, signed } = frame;
        const withdrawals = [signed!.bytes];
        return this.#turn((turn) => attempts.statement(turn, from, body.manifest, { withdrawals }));
      }
      case 'STATUS_QUERY':
        return this.#turn((turn) => attempts.query(turn, from, frame.body));
      case 'STATUS_REPLY':
        return this.#turn((turn) => attempts.reply(turn, from, frame.body));
      case 'WITHDRAW_REQUEST':
        return this.#turn((turn) => attempts.withdrawRequest(turn, from, frame.body));
      case 'EDGE_DIGEST':
        return edges.digest(from, frame.body);
      case 'EDGE_HISTORY':
        return edges.history(from, frame.body);
      case 'EDGE_STATEMENT': {
        const { signed } = frame;
        return this.#turn((turn) => statements.receive(turn, from, signed!));
      }
      case 'EDGE_REPORT': {
        const { signed } = frame;
        return this.#turn((turn) => desk.report(turn, from, signed!));
      }
      case 'ROUTE_QUERY':
        if (frame.body.max_paths === undefined) search.onQuery(from, frame.body);
        else desk.query(from, frame.body);
        return undefined;
      case 'ROUTE_REPLY':
        if (!desk.reply(from, frame.body)) search.onReply(from, frame.body);
        return undefined;
      case 'PAYMENT_REQUEST':
        return this.#ordering.request(from, frame);
      case 'PAYMENT_NOTE':
        this.#ordering.note(from, frame.body);
        return undefined;
      case 'PAYMENT_REPLY':
        this.#rooms.payments.entrusted.reply(from, frame.body);
        return undefined;
      case 'AGENT_GRANT':
      case 'AGENT_REVOKE': {
        const { signed } = frame;
        return this.#turn((turn) => agents.receive(turn, from, signed!));
      }
      case 'MEMBER_QUERY':
      case 'SIGN_IN':
        throw new GeoError('E006', 'Members ask and sign in by the API of the hub.', {
          fault: 'not_between_nodes',
        });
      case 'AGENT_QUERY':
        return this.#turn((turn) => agents.query(turn, from, frame.body));
      case 'AGENT_ACK':
        return this.#turn((turn) => agents.acknowledged(turn, from, frame.body));
      case 'OPERATOR_REQUEST':
        return operating.request(from, frame.signed!);
      case 'OPERATOR_REPLY':
        operating.reply(from, frame.body);
        return undefined;
      case 'JOIN_REQUEST':
      case 'PROFILE_UPDATE':
        return this.#membership(from, frame);
      case 'JOIN_REPLY': {
        const { signed } = frame;
        return this.#turn((turn) => memberships.reply(turn, from, signed!));
      }
      case 'EQUIVALENT_DEFINE': {
        const { signed } = frame;
        return this.#turn((turn) => memberships.define(turn, from, signed!));
      }
      case 'PING':
        transport.send(from, bareFrame('PONG', frame.body));
        return undefined;
      case 'PONG':
        return undefined;
      case 'ERROR':
        this.#rooms.log.warn(
          { peer: pidFromPublicKey(from), ...frame.body },
          'a peer refused a message of ours',
        );
        return this.#refusedByPeer(from, frame.body);
    }
  }

  /** What a person waits for is told to whoever waits. */
  #refusedByPeer(from: PublicKey, error: PeerError): Promise<void> | undefined {
    const { memberships, operating } = this.#rooms;
    if (error.about === 'OPERATOR_REQUEST') operating.refused(from, error);
    if (error.about !== 'JOIN_REQUEST' && error.about !== 'PROFILE_UPDATE') return undefined;
    return this.#turn((turn) => memberships.refused(turn, from, error));
  }

  /** A hub answers whoever asks to join, describes itself or leaves. */
  #membership(
    from: PublicKey,
    frame: Extract<OpenFrame, { type: 'JOIN_REQUEST' | 'PROFILE_UPDATE' }>,
  ): Promise<void> {
    const { members } = this.#rooms.community;
    return this.#turn((turn) => {
      const envelope =
        frame.type === 'JOIN_REQUEST'
          ? members.join(turn, from, frame.signed!)
          : members.update(turn, from, frame.signed!);
      turn.send(from, signedFrame('JOIN_REPLY', envelope));
    });
  }

  /** A node whose books have not been compared yet does so before it votes. */
  async #prepare(from: PublicKey, body: PaymentPrepare | ClearingPrepare): Promise<void> {
    const { attempts, edges } = this.#rooms;
    const open = openManifest(body.manifest);
    const comparing = edges.compareFor(open);
    if (comparing !== undefined) await comparing;
    await this.#turn((turn) => attempts.prepare(turn, from, open, body));
  }

  #turn(work: (turn: Turn) => void): Promise<void> {
    return this.#rooms.hall.turn(work);
  }

  #refused(from: PublicKey, about: string | undefined, error: unknown): void {
    const refusedWith = error instanceof GeoError ? error.code : 'E010';
    this.counters.refused[refusedWith] = (this.counters.refused[refusedWith] ?? 0) + 1;
    const peer: Pid = pidFromPublicKey(from);
    if (!(error instanceof GeoError)) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#rooms.log.error({ peer, about, error: text }, 'a message made the node stumble');
      return;
    }
    this.#rooms.log.warn(
      { peer, about, code: error.code, fault: error.details.fault },
      'a message was refused',
    );
    // Nobody honest signs badly or writes nonsense; a newer version may say what is not known here.
    const isFalse = error.code === 'E005' || error.code === 'E009';
    if (isFalse && error.details.fault !== 'unknown_message') this.#rooms.transport.blame?.(from);
    // Own troubles (a full disk) are not the peer's business; it will ask or send again.
    if (error.code === 'E010') return;
    const { code, message, details } = error;
    const body = { code, fault: details.fault.slice(0, 40), text: textWithin(message, 300) };
    const frame = bareFrame('ERROR', about === undefined ? body : { ...body, about });
    this.#rooms.transport.send(from, frame);
  }
}
