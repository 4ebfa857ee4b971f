/**
 * What is said here to proposals of others (docs/PROTOCOL.md, "Clearing"): lines speak for their owners
 * where they may, owners are asked where they may not, and silence is a refusal. This node's own person
 * answers through it; a hosted member signs its answer itself, and it is passed on.
 */
import { GeoError } from '../../protocol/errors.ts';
import {
  hashOf,
  type Pid,
  type PublicKey,
  pidFromPublicKey,
  type TxId,
} from '../../protocol/identity/pid.ts';
import {
  type ClearingParticipantEvent,
  stepClearingParticipant,
  UNHEARD,
} from '../../protocol/machines/clearing-participant.ts';
import { checkTimes } from '../../protocol/machines/manifest.ts';
import {
  requireSignedBy,
  seal,
  signedFrame,
  type Unverified,
} from '../../protocol/wire/envelope.ts';
import type { Consent, Objection, Proposal } from '../../protocol/wire/messages/clearing.ts';
import type { Agents } from '../engine/agents.ts';
import {
  newClearing,
  participantStateOf,
  proposalOf,
} from '../engine/attempts/clearing-records.ts';
import type { Hall } from '../engine/hall.ts';
import type { Turn } from '../engine/turn.ts';
import type { Ports } from '../ports.ts';
import type { NodeSettings } from '../settings.ts';
import type { ClearingPart, TransactionRecord } from '../store/records.ts';
import { cycleKey, cycleOf } from './cycle.ts';
import { ASKED, REFUSED, type Readiness, readinessFor, type Why } from './readiness.ts';
import { notAsked, notPending } from './refusals.ts';

/** Proposals that wait for people here, from all coordinators together and from one. */
const PENDING_MAX = 500;
const PENDING_MAX_OF_ONE = 20;

interface ConsentsContext {
  readonly ports: Ports;
  readonly hall: Hall;
  readonly agents: Agents;
  readonly settings: NodeSettings;
}

/** What comes to the machine, and what only the record needs of it. */
type Happening = ClearingParticipantEvent & {
  readonly why?: Why;
  readonly asks?: readonly Pid[];
  /** Who answers, and the answer if a hosted member has signed it. */
  readonly by?: Pid;
  readonly envelope?: Uint8Array;
};

export class Consents {
  readonly #context: ConsentsContext;
  readonly #me: Pid;

  constructor(context: ConsentsContext) {
    this.#context = context;
    this.#me = pidFromPublicKey(context.ports.signer.publicKey);
  }

  /**
   * CLEARING_PROPOSE from the coordinator: answered at once, or when the people have who are asked.
   * @throws GeoError E005 `bad_signature`, E006 `wrong_sender` | `not_in_cycle` | `too_many_pending` |
   *   `nobody_asks`, E007 `order_expired`, E009 `clock_off` | `order_life`
   */
  async proposed(from: PublicKey, signed: Unverified<Proposal>): Promise<void> {
    const { ports, hall, settings, agents } = this.#context;
    const { body: proposal, payload } = signed;
    if (from !== proposal.coordinator_key) {
      throw new GeoError('E006', 'A CLEARING_PROPOSE must come from the coordinator itself.', {
        fault: 'wrong_sender',
      });
    }
    const served = proposal.cycle.filter((pid) => agents.served(pid));
    if (served.length === 0 || new Set(proposal.cycle).size < proposal.cycle.length) {
      throw new GeoError('E006', 'Nobody of this node is once in the proposed cycle.', {
        fault: 'not_in_cycle',
      });
    }
    checkTimes(proposal, ports.clock.now(), settings.payments.clock_skew_ms);
    const tx = hashOf(payload);
    await hall.turn((turn) => {
      const known = turn.transaction(tx);
      if (known?.role === 'coordinator') return;
      if (known === undefined) {
        requireSignedBy(signed, from, ports.verify);
        this.#requireRoom(proposal);
      }
      const record = known ?? newRecord(signed, turn.now);
      const readiness = this.#readiness(turn, tx, proposal, served);
      this.#advance(turn, tx, record, { type: 'proposed', ...readiness });
    });
    if (hall.state.clearings.has(tx)) hall.deadlines.set(`clearing:${tx}`, proposal.expires);
  }

  /**
   * The word of this node's own person.
   * @throws GeoError E008 `not_pending`
   */
  async answer(tx: TxId, accept: boolean): Promise<void> {
    await this.#context.hall.turn((turn) => {
      const record = turn.transaction(tx);
      const by = this.#me;
      if (record?.role !== 'participant' || !waitsFor(record, by)) throw notPending();
      const last = isLast(record);
      this.#advance(turn, tx, record, { type: 'answer', accept, last, by });
    });
  }

  /**
   * The word of a hosted member, which it has signed; passed on to whoever proposes the clearing.
   * @throws GeoError E005 `bad_signature`, E006 `not_asked`
   */
  async said(signed: Unverified<Consent> | Unverified<Objection>): Promise<void> {
    const { tx, participant_key: key } = signed.body;
    const by = pidFromPublicKey(key);
    await this.#context.hall.turn((turn) => {
      const record = turn.transaction(tx);
      if (record?.role !== 'participant' || !waitsFor(record, by)) throw notAsked();
      requireSignedBy(signed, key, this.#context.ports.verify);
      const accept = 'amount' in signed.body;
      const last = isLast(record);
      const { bytes: envelope } = signed;
      this.#advance(turn, tx, record, { type: 'answer', accept, last, by, envelope });
    });
  }

  /** The proposal has expired; an attempt that is under way is decided all the same. */
  async expire(tx: TxId): Promise<void> {
    await this.#context.hall.turn((turn) => {
      const record = turn.transaction(tx);
      if (record?.role !== 'participant') return;
      const isLive = (hash: TransactionRecord['attempts'][number]) =>
        turn.attempt(hash)?.commit.phase !== 'ABORTED';
      if (record.attempts.some(isLive)) return;
      this.#advance(turn, tx, record, { type: 'expired' });
    });
  }

  /** A stranger can make people look at so many proposals and no more. */
  #requireRoom({ coordinator_key: coordinator }: Proposal): void {
    const { state } = this.#context.hall;
    if (state.clearings.size < PENDING_MAX_OF_ONE) return;
    let ofOne = 0;
    for (const tx of state.clearings) {
      const record = state.transactionOf(tx);
      if (record && proposalOf(record).coordinator_key === coordinator) ofOne++;
    }
    if (state.clearings.size < PENDING_MAX && ofOne < PENDING_MAX_OF_ONE) return;
    throw new GeoError('E006', 'Too many proposals wait for this participant; try again later.', {
      fault: 'too_many_pending',
    });
  }

  #readiness(turn: Turn, tx: TxId, proposal: Proposal, served: readonly Pid[]): Readiness {
    const { max_length: longest } = this.#context.settings.clearing;
    const found = readinessFor(turn, proposal, served, longest);
    if (found.readiness === 'ask' && this.#isAsked(turn, tx, proposal)) {
      return { readiness: 'refuse', why: ASKED };
    }
    if (found.readiness === 'auto' && !served.includes(this.#me)) {
      // A member's consent is the member's to sign. None is needed, and the votes will say so.
      throw new GeoError('E006', 'None of the members of this node wants to be asked about it.', {
        fault: 'nobody_asks',
      });
    }
    return found;
  }

  /** Whoever found the cycle first has asked; a person is not asked about it by each of the others. */
  #isAsked(turn: Turn, tx: TxId, proposal: Proposal): boolean {
    const key = cycleKey(cycleOf(proposal));
    return [...this.#context.hall.state.clearings].some((other) => {
      const record = other === tx ? undefined : turn.transaction(other);
      if (record?.state !== 'PROPOSED') return false;
      return cycleKey(cycleOf(proposalOf(record))) === key;
    });
  }

  #advance(turn: Turn, tx: TxId, record: TransactionRecord, event: Happening): void {
    const before = participantStateOf(record) ?? UNHEARD;
    const { state, actions } = stepClearingParticipant(before, event);
    const proposal = proposalOf(record);
    let clearing = record.clearing!;
    for (const action of actions) {
      switch (action.do) {
        case 'ask':
          clearing = { ...clearing, waiting: event.asks ?? [] };
          this.#tell(turn, tx, proposal, clearing.waiting);
          break;
        case 'sign':
          clearing = this.#answered(tx, proposal, clearing, action.what, event);
          break;
        case 'send':
          for (const frame of framesOf(clearing)) turn.send(proposal.coordinator_key, frame);
          break;
      }
    }
    if (state.phase === before.phase && clearing === record.clearing) {
      if (turn.transaction(tx) !== undefined) return;
    }
    if (state.phase !== 'PROPOSED') clearing = { ...clearing, waiting: [] };
    // An attempt that came to nothing, because nobody had been asked, is not the end of it.
    const { finished: _, reason: __, ...kept } = record;
    const undecided = state.phase === 'PROPOSED' || state.phase === 'WAITING_CONFIRMATIONS';
    const rest = undecided ? kept : record;
    const ended = state.phase === 'REJECTED' ? { finished: turn.now } : {};
    turn.putTransaction(tx, { ...rest, ...ended, clearing, state: state.phase });
    if (state.phase !== before.phase) turn.notice({ type: 'clearing', tx, state: state.phase });
  }

  /** Keeps what a hosted member has signed; signs for this node's own person, and every refusal of its own. */
  #answered(
    tx: TxId,
    { amount, expires }: Proposal,
    part: ClearingPart,
    what: 'accept' | 'reject',
    { by, envelope, why }: Happening,
  ): ClearingPart {
    const { signer } = this.#context.ports;
    const about = { tx, participant_key: signer.publicKey };
    const sign = (message: Uint8Array) => signer.sign(message);
    const waiting = part.waiting.filter((pid) => pid !== by);
    if (what === 'reject') {
      const body = { ...about, ...(why ?? REFUSED) };
      const rejected = envelope ?? seal('CLEARING_REJECT', body, signer.publicKey, sign);
      return { ...part, waiting, rejected };
    }
    if (envelope !== undefined) return { ...part, waiting, consents: [...part.consents, envelope] };
    const body = { ...about, amount, expires };
    return {
      ...part,
      waiting,
      accepted: seal('CLEARING_ACCEPT', body, signer.publicKey, sign),
    };
  }

  /** Each of those who are asked, where it looks: this node's person, and hosted members in their accounts. */
  #tell(turn: Turn, tx: TxId, proposal: Proposal, asked: readonly Pid[]): void {
    const { equivalent, amount, cycle, shortens } = proposal;
    const what = shortens ? 'chain' : 'cycle';
    const done = shortens ? 'shortened' : 'cleared';
    const text = `a ${what} of ${cycle.length} could be ${done}; you want to be asked first`;
    const { agents } = this.#context;
    for (const pid of asked) {
      turn.history({ type: 'clearing', text, tx, equivalent, amount }, agents.historyOf(pid));
    }
  }
}

function newRecord({ bytes, body }: Unverified<Proposal>, now: number): TransactionRecord {
  return {
    order: bytes,
    role: 'participant',
    state: 'NEW',
    attempts: [],
    created: now,
    clearing: newClearing(body.amount),
  };
}

function waitsFor({ state, clearing }: TransactionRecord, participant: Pid): boolean {
  return state === 'PROPOSED' && (clearing?.waiting.includes(participant) ?? false);
}

/** Whether the one who answers now is the last of those who were asked here. */
function isLast({ clearing }: TransactionRecord): boolean {
  return clearing?.waiting.length === 1;
}

/** Everything that was said here about a proposal. A refusal outweighs what was agreed to before it. */
function framesOf({ accepted, rejected, consents }: ClearingPart): Uint8Array[] {
  if (rejected !== undefined) return [signedFrame('CLEARING_REJECT', rejected)];
  const agreed = accepted === undefined ? consents : [...consents, accepted];
  return agreed.map((envelope) => signedFrame('CLEARING_ACCEPT', envelope));
}
