/**
 * Trust lines of this node and of its members: the owners' commands, the peers' messages, delivery
 * until acknowledged.
 */
import { GeoError, isErrorCode } from '../../../protocol/errors.ts';
import { type Pid, type PublicKey, pidFromPublicKey } from '../../../protocol/identity/pid.ts';
import {
  counterparty,
  type Edge,
  edgeId,
  lineOf,
  newEdge,
  type TrustLine,
  withLine,
} from '../../../protocol/ledger/edge.ts';
import {
  changeLine,
  type LineChange,
  type LineMessage,
  receiveLine,
} from '../../../protocol/machines/trust-line.ts';
import type { EquivalentCode } from '../../../protocol/money/equivalent.ts';
import {
  bareFrame,
  readSigned,
  requireSignedBy,
  seal,
  signedFrame,
  type Unverified,
} from '../../../protocol/wire/envelope.ts';
import type { LineState, TrustLineAck } from '../../../protocol/wire/messages/trust-line.ts';
import type { Signer, VerifySignature } from '../../ports.ts';
import type { RefusalRecord } from '../../store/records.ts';
import type { Agents } from '../agents.ts';
import { type Outbox, splitTail } from '../outbox.ts';
import { sameBytes } from '../same-bytes.ts';
import type { State } from '../state.ts';
import type { Turn } from '../turn.ts';

export interface LinesContext {
  readonly signer: Signer;
  readonly verify: VerifySignature;
  readonly state: State;
  readonly outbox: Outbox;
  readonly agents: Agents;
  /** Someone that the member has chosen to deal with: one it trusts, another member, or this node's contact. */
  readonly isChosen: (pid: Pid, by: Pid) => boolean;
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
    requireAnother(this.#me, peer);
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
    this.#give(turn, edge, this.#me, line, type, envelope);
  }

  /**
   * A new version of a member's line, signed by the member itself: checked as an own change, and in
   * force at once.
   * @throws GeoError E005 `bad_signature`, E006 `not_served`, E008 `stale_sequence`, E009
   *   `line_to_self` | `unknown_equivalent` | `precision_differs`, and as {@link changeLine}
   */
  submit(turn: Turn, type: LineMessage, signed: Unverified<LineState>): void {
    const { body } = signed;
    const owner = pidFromPublicKey(body.from_key);
    this.#context.agents.requireServed(owner);
    requireAnother(owner, body.to);
    const id = edgeId(owner, body.to, body.equivalent);
    const edge = turn.edge(id) ?? newEdge(id, body.precision);
    const current = lineOf(edge, owner);
    if (body.sequence <= (current?.sequence ?? 0)) {
      const stored = this.#context.state.lines.get(`${body.equivalent}/${owner}/${body.to}`);
      if (stored !== undefined && sameBytes(stored.envelope, signed.bytes)) return;
      throw new GeoError(
        'E008',
        `The line is at version ${current?.sequence} here already; sign the next one.`,
        { fault: 'stale_sequence', sequence: current?.sequence },
      );
    }
    requireSignedBy(signed, body.from_key, this.#context.verify);
    const refusal = this.#refuse(body);
    if (refusal !== undefined) {
      throw new GeoError(refusal.code, refusal.text, { fault: refusal.fault });
    }
    const { limit, status, policy, sequence, changed } = body;
    const wanted = { status, policy, ...(limit === current?.limit ? {} : { limit }) };
    changeLine(edge, owner, wanted, turn.now);
    this.#give(turn, edge, owner, { limit, status, policy, sequence, changed }, type, signed.bytes);
  }

  /** A line of a served owner is in force at once, and on its way to the other end. */
  #give(
    turn: Turn,
    edge: Edge,
    owner: Pid,
    line: TrustLine,
    type: LineMessage,
    envelope: Uint8Array,
  ): void {
    const { agents, outbox } = this.#context;
    const { equivalent } = edge;
    const peer = counterparty(edge, owner);
    // Both ends served here: there is one book, and nobody to wait for.
    const state = agents.served(peer) ? 'COMMITTED' : 'PENDING';
    const isNew = turn.edge(edge) === undefined;
    turn.putEdge(withLine(edge, owner, line));
    turn.putLine(owner, peer, equivalent, { type, envelope, state });
    turn.history(
      {
        type: 'trust_line',
        text: `${line.status} line given, version ${line.sequence}`,
        peer,
        equivalent,
        amount: line.limit,
      },
      this.#context.agents.historyOf(owner),
    );
    if (state === 'PENDING') {
      if (isNew) agents.introduce(turn, owner, peer);
      outbox.queue(turn, peer, topicOf(equivalent, owner), signedFrame(type, envelope));
    }
    this.#tell(turn, owner, peer, equivalent, state);
  }

  /** TRUST_LINE_CREATE, _UPDATE, _CLOSE from the owner of a line towards this node. */
  receive(turn: Turn, from: PublicKey, type: LineMessage, signed: Unverified<LineState>): void {
    const { body } = signed;
    const owner = pidFromPublicKey(body.from_key);
    const acknowledge = (refusal?: RefusalRecord) =>
      turn.send(from, bareFrame('TRUST_LINE_ACK', ackOf(owner, body, refusal)));
    if (!this.#context.agents.served(body.to)) throw wrongReceiver();
    requireAnother(owner, body.to);
    const id = edgeId(owner, body.to, body.equivalent);
    const known = turn.edge(id);
    if (known !== undefined && receiveLine(known, owner, body).verdict === 'known') {
      acknowledge();
      return;
    }
    requireSignedBy(signed, body.from_key, this.#context.verify);
    if (known === undefined) this.#requireRoomFor(owner, body.to);
    const refusal = this.#refuse(body);
    if (refusal !== undefined) {
      acknowledge(refusal);
      return;
    }
    const edge = known ?? newEdge(id, body.precision);
    const verdict = receiveLine(edge, owner, body);
    if (verdict.verdict === 'adopt') {
      turn.putEdge(withLine(edge, owner, verdict.line));
      turn.putLine(owner, body.to, body.equivalent, {
        type,
        envelope: signed.bytes,
        state: 'COMMITTED',
      });
      if (known === undefined) this.#context.agents.introduce(turn, body.to, owner);
      turn.history(
        {
          type: 'trust_line',
          text: `${body.status} line received, version ${body.sequence}`,
          peer: owner,
          equivalent: body.equivalent,
          amount: body.limit,
        },
        this.#context.agents.historyOf(body.to),
      );
      this.#tell(turn, owner, body.to, body.equivalent, 'COMMITTED');
    }
    acknowledge();
  }

  /**
   * A newer version of either line of an edge, shown by its other end: the own books are older
   * than the owner's signature, even where the owner is served here.
   * @param near the end that is served here
   * @throws GeoError E005 `bad_signature`, E006 `wrong_receiver`, E009 for what cannot be read
   */
  adopt(turn: Turn, near: Pid, peer: Pid, type: LineMessage, envelope: Uint8Array): void {
    const signed = readSigned(type, envelope);
    const { body } = signed;
    const owner = pidFromPublicKey(body.from_key);
    const ends = [owner, body.to];
    if (owner === body.to || !ends.includes(peer) || !ends.includes(near)) throw wrongReceiver();
    const id = edgeId(owner, body.to, body.equivalent);
    const known = turn.edge(id);
    const edge = known ?? newEdge(id, body.precision);
    const verdict = receiveLine(edge, owner, body);
    if (verdict.verdict === 'known') return;
    requireSignedBy(signed, body.from_key, this.#context.verify);
    if (owner !== near && known === undefined) {
      this.#requireRoomFor(owner, near);
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
    turn.history(
      {
        type: 'trust_line',
        text: `${body.status} line ${owner === near ? 'given' : 'received'}, version ${body.sequence}, as the other end has it`,
        peer,
        equivalent: body.equivalent,
        amount: body.limit,
      },
      this.#context.agents.historyOf(near),
    );
    // What waited to be delivered is older than what the other end has shown.
    if (owner === near) this.#context.outbox.end(turn, peer, topicOf(body.equivalent, owner));
    this.#tell(turn, owner, body.to, body.equivalent, 'COMMITTED');
  }

  /** TRUST_LINE_ACK: the other end has the line, or tells why it does not take it. */
  acknowledged(turn: Turn, from: PublicKey, ack: TrustLineAck): void {
    const { from: owner, to: peer, equivalent } = ack;
    const { agents, state, outbox } = this.#context;
    if (!agents.served(owner) || !agents.isAgent(from, peer)) {
      throw new GeoError('E006', 'Only the other end of a line can acknowledge it.', {
        fault: 'wrong_sender',
      });
    }
    const stored = state.lines.get(`${equivalent}/${owner}/${peer}`);
    const edge = turn.edge(edgeId(owner, peer, equivalent));
    const line = edge && lineOf(edge, owner);
    // An answer to an older version says nothing about this one.
    if (stored?.state !== 'PENDING' || line === undefined || line.sequence !== ack.sequence) return;
    turn.putLine(owner, peer, equivalent, {
      type: stored.type,
      envelope: stored.envelope,
      state: ack.accepted ? 'COMMITTED' : 'FAILED',
      ...(ack.accepted ? {} : { failure: failureOf(ack) }),
    });
    outbox.end(turn, peer, topicOf(equivalent, owner));
    this.#tell(turn, owner, peer, equivalent, ack.accepted ? 'COMMITTED' : 'FAILED');
  }

  /** The owner has gone to another agent, which delivers its lines from now on: nobody would acknowledge them here. */
  release(turn: Turn, owner: Pid): void {
    for (const tail of this.#context.state.outbox.keys()) {
      const [to, topic] = splitTail(tail);
      const [kind, , whose] = topic.split('/');
      if (kind === LINE_TOPIC && whose === owner) this.#context.outbox.end(turn, to, topic);
    }
  }

  /** Keys cost nothing: without a bound, made-up ones could fill the store with lines to this node. */
  #requireRoomFor(owner: Pid, member: Pid): void {
    const { isChosen, state, uninvitedMax } = this.#context;
    if (isChosen(owner, member)) return;
    let uninvited = 0;
    for (const edge of state.edgesOf(member)) {
      const other = counterparty(edge, member);
      if (lineOf(edge, member) === undefined && !isChosen(other, member)) uninvited++;
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
const LINE_TOPIC = 'line';

function topicOf(equivalent: EquivalentCode, owner: Pid): string {
  return `${LINE_TOPIC}/${equivalent}/${owner}`;
}

function requireAnother(owner: Pid, other: Pid): void {
  if (owner !== other) return;
  throw new GeoError('E009', 'A trust line leads to somebody else, not to oneself.', {
    fault: 'line_to_self',
  });
}

function wrongReceiver(): GeoError {
  return new GeoError('E006', 'That trust line leads to another participant.', {
    fault: 'wrong_receiver',
  });
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
