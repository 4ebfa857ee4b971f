/** Trust lines of this node: the owner's commands, the peers' messages, delivery until acknowledged. */
import { GeoError, isErrorCode } from '../../protocol/errors.ts';
import { type Pid, type PublicKey, pidFromPublicKey } from '../../protocol/identity/pid.ts';
import { counterparty, edgeId, lineOf, newEdge, withLine } from '../../protocol/ledger/edge.ts';
import {
  changeLine,
  type LineChange,
  type LineMessage,
  receiveLine,
} from '../../protocol/machines/trust-line.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import {
  bareFrame,
  readSigned,
  requireSignedBy,
  seal,
  signedFrame,
  type Unverified,
} from '../../protocol/wire/envelope.ts';
import type { LineState, TrustLineAck } from '../../protocol/wire/messages/trust-line.ts';
import type { Signer, VerifySignature } from '../ports.ts';
import type { RefusalRecord } from '../store/records.ts';
import type { Outbox } from './outbox.ts';
import type { State } from './state.ts';
import type { Turn } from './turn.ts';

export interface LinesContext {
  readonly signer: Signer;
  readonly verify: VerifySignature;
  readonly state: State;
  readonly outbox: Outbox;
  /** Someone this node has chosen to deal with: a contact, or one it trusts itself. */
  readonly isChosen: (pid: Pid) => boolean;
  /** Lines that people this node has not chosen may give it, all together. */
  readonly uninvitedMax: number;
}

export class TrustLines {
  readonly #context: LinesContext;
  readonly #me: Pid;

  constructor(context: LinesContext) {
    this.#context = context;
    this.#me = pidFromPublicKey(context.signer.publicKey);
  }

  /**
   * Creates, updates, freezes or closes the own line towards `peer`.
   * @throws GeoError E009 `line_to_self` | `unknown_equivalent`, and as {@link changeLine}
   */
  change(turn: Turn, peer: Pid, equivalent: EquivalentCode, change: LineChange): void {
    if (peer === this.#me) {
      throw new GeoError('E009', 'A trust line leads to somebody else, not to oneself.', {
        fault: 'line_to_self',
      });
    }
    const precision = this.#precisionOf(equivalent);
    const id = edgeId(this.#me, peer, equivalent);
    const edge = turn.edge(id) ?? newEdge(id, precision);
    const { type, line } = changeLine(edge, this.#me, change, turn.now);
    const body: LineState = {
      from_key: this.#context.signer.publicKey,
      to: peer,
      equivalent,
      precision,
      limit: line.limit,
      status: line.status,
      policy: line.policy,
      sequence: line.sequence,
      changed: line.changed,
    };
    const { signer } = this.#context;
    const envelope = seal(type, body, signer.publicKey, (message) => signer.sign(message));
    turn.putEdge(withLine(edge, this.#me, line));
    turn.putLine(this.#me, peer, equivalent, { type, envelope, state: 'PENDING' });
    turn.history({
      type: 'trust_line',
      text: `${line.status} line given, version ${line.sequence}`,
      peer,
      equivalent,
      amount: line.limit,
    });
    this.#context.outbox.queue(turn, peer, topicOf(equivalent), signedFrame(type, envelope));
    this.#tell(turn, this.#me, peer, equivalent, 'PENDING');
  }

  /** TRUST_LINE_CREATE, _UPDATE, _CLOSE from the owner of a line towards this node. */
  receive(turn: Turn, from: PublicKey, type: LineMessage, signed: Unverified<LineState>): void {
    const { body } = signed;
    const owner = pidFromPublicKey(body.from_key);
    const acknowledge = (refusal?: RefusalRecord) =>
      turn.send(from, bareFrame('TRUST_LINE_ACK', ackOf(owner, body, refusal)));
    if (body.to !== this.#me) {
      throw new GeoError('E006', 'That trust line leads to another participant.', {
        fault: 'wrong_receiver',
      });
    }
    if (owner === this.#me) {
      throw new GeoError('E009', 'A trust line leads to somebody else, not to oneself.', {
        fault: 'line_to_self',
      });
    }
    const id = edgeId(owner, this.#me, body.equivalent);
    const known = turn.edge(id);
    if (known !== undefined && receiveLine(known, owner, body).verdict === 'known') {
      acknowledge();
      return;
    }
    requireSignedBy(signed, body.from_key, this.#context.verify);
    if (known === undefined) this.#requireRoomFor(owner);
    const refusal = this.#refuse(body);
    if (refusal !== undefined) {
      acknowledge(refusal);
      return;
    }
    const edge = known ?? newEdge(id, body.precision);
    const verdict = receiveLine(edge, owner, body);
    if (verdict.verdict === 'adopt') {
      turn.putEdge(withLine(edge, owner, verdict.line));
      turn.putLine(owner, this.#me, body.equivalent, {
        type,
        envelope: signed.bytes,
        state: 'COMMITTED',
      });
      turn.history({
        type: 'trust_line',
        text: `${body.status} line received, version ${body.sequence}`,
        peer: owner,
        equivalent: body.equivalent,
        amount: body.limit,
      });
      this.#tell(turn, owner, this.#me, body.equivalent, 'COMMITTED');
    }
    acknowledge();
  }

  /**
   * A newer version of either line of an edge, shown by its other end: the own books are older
   * than the owner's signature, even where the owner is this node itself.
   * @throws GeoError E005 `bad_signature`, E006 `wrong_receiver`, E009 for what cannot be read
   */
  adopt(turn: Turn, peer: Pid, type: LineMessage, envelope: Uint8Array): void {
    const signed = readSigned(type, envelope);
    const { body } = signed;
    const owner = pidFromPublicKey(body.from_key);
    const ends = [owner, body.to];
    if (owner === body.to || !ends.includes(peer) || !ends.includes(this.#me)) {
      throw new GeoError('E006', 'That trust line leads to another participant.', {
        fault: 'wrong_receiver',
      });
    }
    const id = edgeId(owner, body.to, body.equivalent);
    const known = turn.edge(id);
    const edge = known ?? newEdge(id, body.precision);
    const verdict = receiveLine(edge, owner, body);
    if (verdict.verdict === 'known') return;
    requireSignedBy(signed, body.from_key, this.#context.verify);
    if (owner !== this.#me && known === undefined) {
      this.#requireRoomFor(owner);
      this.#precisionOf(body.equivalent);
    }
    if (edge.precision !== body.precision) {
      throw new GeoError('E009', 'The two ends of an edge count with different precisions.', {
        fault: 'precision_differs',
      });
    }
    // The definition was lost with the books; the own signature shows that it was known.
    turn.keepEquivalent(body.equivalent, body.precision);
    turn.putEdge(withLine(edge, owner, verdict.line));
    turn.putLine(owner, body.to, body.equivalent, { type, envelope, state: 'COMMITTED' });
    turn.history({
      type: 'trust_line',
      text: `${body.status} line ${owner === this.#me ? 'given' : 'received'}, version ${body.sequence}, as the other end has it`,
      peer,
      equivalent: body.equivalent,
      amount: body.limit,
    });
    // What waited to be delivered is older than what the other end has shown.
    if (owner === this.#me) this.#context.outbox.end(turn, peer, topicOf(body.equivalent));
    this.#tell(turn, owner, body.to, body.equivalent, 'COMMITTED');
  }

  /** TRUST_LINE_ACK: the other end has the line, or tells why it does not take it. */
  acknowledged(turn: Turn, from: PublicKey, ack: TrustLineAck): void {
    const peer = pidFromPublicKey(from);
    if (ack.from !== this.#me || ack.to !== peer) {
      throw new GeoError('E006', 'Only the other end of a line can acknowledge it.', {
        fault: 'wrong_sender',
      });
    }
    const stored = this.#context.state.lines.get(`${ack.equivalent}/${this.#me}/${peer}`);
    const edge = turn.edge(edgeId(this.#me, peer, ack.equivalent));
    const line = edge && lineOf(edge, this.#me);
    // An answer to an older version says nothing about this one.
    if (stored?.state !== 'PENDING' || line === undefined || line.sequence !== ack.sequence) return;
    turn.putLine(this.#me, peer, ack.equivalent, {
      type: stored.type,
      envelope: stored.envelope,
      state: ack.accepted ? 'COMMITTED' : 'FAILED',
      ...(ack.accepted ? {} : { failure: failureOf(ack) }),
    });
    this.#context.outbox.end(turn, peer, topicOf(ack.equivalent));
    this.#tell(turn, this.#me, peer, ack.equivalent, ack.accepted ? 'COMMITTED' : 'FAILED');
  }

  /** Keys cost nothing: without a bound, made-up ones could fill the store with lines to this node. */
  #requireRoomFor(owner: Pid): void {
    const { isChosen, state, uninvitedMax } = this.#context;
    if (isChosen(owner)) return;
    let uninvited = 0;
    for (const edge of state.edges.values()) {
      if (lineOf(edge, this.#me) === undefined && !isChosen(counterparty(edge, this.#me)))
        uninvited++;
    }
    if (uninvited < uninvitedMax) return;
    throw new GeoError(
      'E006',
      'This node takes no more lines from participants it does not know. Its owner has to add you as a contact first.',
      { fault: 'too_many_lines' },
    );
  }

  #refuse(body: LineState): RefusalRecord | undefined {
    const known = this.#context.state.equivalents.get(body.equivalent);
    if (known === undefined) {
      return {
        code: 'E009',
        fault: 'unknown_equivalent',
        text: `The peer does not know ${body.equivalent}. It has to define it (geo equivalent define ${body.equivalent} --precision ${body.precision}); then set the line again.`,
      };
    }
    if (known.precision !== body.precision) {
      return {
        code: 'E009',
        fault: 'precision_differs',
        text: `The peer counts ${body.equivalent} with ${known.precision} decimal places, this line with ${body.precision}. Agree on one.`,
      };
    }
    return undefined;
  }

  #precisionOf(equivalent: EquivalentCode): number {
    const known = this.#context.state.equivalents.get(equivalent);
    if (known !== undefined) return known.precision;
    throw new GeoError(
      'E009',
      `${equivalent} is not known here. Define it first: geo equivalent define ${equivalent} --precision N.`,
      { fault: 'unknown_equivalent', equivalent },
    );
  }

  #tell(
    turn: Turn,
    owner: Pid,
    other: Pid,
    equivalent: EquivalentCode,
    state: 'PENDING' | 'COMMITTED' | 'FAILED',
  ): void {
    turn.notice({ type: 'line-changed', owner, other, equivalent, state });
  }
}

/** One entry per line: a newer version takes the place of the older one in the outbox. */
function topicOf(equivalent: EquivalentCode): string {
  return `line/${equivalent}`;
}

function ackOf(owner: Pid, body: LineState, refusal?: RefusalRecord): TrustLineAck {
  const about = {
    from: owner,
    to: body.to,
    equivalent: body.equivalent,
    sequence: body.sequence,
    accepted: refusal === undefined,
  };
  if (refusal === undefined) return about;
  return { ...about, code: refusal.code, fault: refusal.fault, text: refusal.text };
}

function failureOf(ack: TrustLineAck): RefusalRecord {
  return {
    code: isErrorCode(ack.code) ? ack.code : 'E010',
    fault: ack.fault ?? 'refused',
    text: ack.text ?? 'The peer refused the line without a reason.',
  };
}
