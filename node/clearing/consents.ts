/**
 * What this node says to proposals of others (docs/PROTOCOL.md, "Clearing"): its lines speak for its
 * owner where they may, the owner is asked where they may not, and silence is a refusal.
 */
import { GeoError } from '../../protocol/errors.ts';
import {
  hashOf,
  type Pid,
  type PublicKey,
  pidFromPublicKey,
  type TxId,
} from '../../protocol/identity/pid.ts';
import { asksFirst, clearable } from '../../protocol/ledger/clearing.ts';
import { edgeId } from '../../protocol/ledger/edge.ts';
import {
  type ClearingParticipantEvent,
  type Readiness,
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
import type { Proposal } from '../../protocol/wire/messages/clearing.ts';
import { newClearing, participantStateOf, proposalOf } from '../engine/clearing-records.ts';
import type { Hall } from '../engine/hall.ts';
import type { Turn } from '../engine/turn.ts';
import type { Ports } from '../ports.ts';
import type { NodeSettings } from '../settings.ts';
import type { TransactionRecord } from '../store/records.ts';
import { cycleKey } from './cycle.ts';

/** Proposals that wait for this node's person, from all coordinators together and from one. */
const PENDING_MAX = 500;
const PENDING_MAX_OF_ONE = 20;

interface ConsentsContext {
  readonly ports: Ports;
  readonly hall: Hall;
  readonly settings: NodeSettings;
}

export class Consents {
  readonly #context: ConsentsContext;
  readonly #me: Pid;

  constructor(context: ConsentsContext) {
    this.#context = context;
    this.#me = pidFromPublicKey(context.ports.signer.publicKey);
  }

  /**
   * CLEARING_PROPOSE from the coordinator: answered at once, or when the person has.
   * @throws GeoError E005 `bad_signature`, E006 `wrong_sender` | `not_in_cycle` | `too_many_pending`,
   *   E007 `order_expired`, E009 `clock_off` | `order_life`
   */
  async proposed(from: PublicKey, signed: Unverified<Proposal>): Promise<void> {
    const { ports, hall, settings } = this.#context;
    const { body: proposal, payload } = signed;
    if (from !== proposal.coordinator_key) {
      throw new GeoError('E006', 'A CLEARING_PROPOSE must come from the coordinator itself.', {
        fault: 'wrong_sender',
      });
    }
    if (
      !proposal.cycle.includes(this.#me) ||
      new Set(proposal.cycle).size < proposal.cycle.length
    ) {
      throw new GeoError('E006', 'This node is not once in the proposed cycle.', {
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
      this.#advance(turn, tx, record, { type: 'proposed', ...this.#readiness(turn, tx, proposal) });
    });
    if (hall.state.clearings.has(tx)) hall.deadlines.set(`clearing:${tx}`, proposal.expires);
  }

  /**
   * The person's word.
   * @throws GeoError E008 `not_pending`
   */
  async answer(tx: TxId, accept: boolean): Promise<void> {
    await this.#context.hall.turn((turn) => {
      const record = turn.transaction(tx);
      if (record?.role !== 'participant' || record.state !== 'PROPOSED') throw notPending();
      this.#advance(turn, tx, record, { type: 'answer', accept });
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

  /** A stranger can make a person look at so many proposals and no more. */
  #requireRoom({ coordinator_key: coordinator }: Proposal): void {
    const { state } = this.#context.hall;
    if (state.clearings.size < PENDING_MAX_OF_ONE) return;
    let ofOne = 0;
    for (const tx of state.clearings) {
      const record = state.transactions.get(tx) ?? state.readTransaction(tx);
      if (record && proposalOf(record).coordinator_key === coordinator) ofOne++;
    }
    if (state.clearings.size < PENDING_MAX && ofOne < PENDING_MAX_OF_ONE) return;
    throw new GeoError('E006', 'Too many proposals wait for this participant; try again later.', {
      fault: 'too_many_pending',
    });
  }

  #readiness(turn: Turn, tx: TxId, proposal: Proposal): { readiness: Readiness; why?: Why } {
    const { cycle, equivalent } = proposal;
    const { max_length: longest } = this.#context.settings.clearing;
    if (cycle.length > longest) return { readiness: 'refuse', why: TOO_LONG };
    const at = cycle.indexOf(this.#me);
    const debtor = cycle.at(at - 1)!;
    const creditor = cycle[(at + 1) % cycle.length]!;
    const owed = turn.edge(edgeId(debtor, this.#me, equivalent));
    const owing = turn.edge(edgeId(this.#me, creditor, equivalent));
    // Nobody is asked about a debt that is not there.
    const isThere =
      owed !== undefined &&
      owing !== undefined &&
      clearable(owed, { debtor, creditor: this.#me }) > 0n &&
      clearable(owing, { debtor: this.#me, creditor }) > 0n;
    if (!isThere) return { readiness: 'refuse', why: NO_DEBT };
    if (!asksFirst(owed, this.#me)) return { readiness: 'auto' };
    return this.#isAsked(turn, tx, proposal)
      ? { readiness: 'refuse', why: ASKED }
      : { readiness: 'ask' };
  }

  /** Whoever found the cycle first has asked; a person is not asked about it by each of the others. */
  #isAsked(turn: Turn, tx: TxId, proposal: Proposal): boolean {
    const key = cycleKey({ equivalent: proposal.equivalent, members: proposal.cycle });
    return [...this.#context.hall.state.clearings].some((other) => {
      const record = other === tx ? undefined : turn.transaction(other);
      if (record?.state !== 'PROPOSED') return false;
      const { equivalent, cycle: members } = proposalOf(record);
      return cycleKey({ equivalent, members }) === key;
    });
  }

  #advance(
    turn: Turn,
    tx: TxId,
    record: TransactionRecord,
    event: ClearingParticipantEvent & { readonly why?: Why },
  ): void {
    const before = participantStateOf(record) ?? UNHEARD;
    const { state, actions } = stepClearingParticipant(before, event);
    const proposal = proposalOf(record);
    const { signer } = this.#context.ports;
    let clearing = record.clearing!;
    for (const action of actions) {
      switch (action.do) {
        case 'ask':
          tell(
            turn,
            tx,
            proposal,
            `a cycle of ${proposal.cycle.length} could be cleared; you want to be asked first`,
          );
          break;
        case 'sign': {
          const about = { tx, participant_key: signer.publicKey };
          const sign = (message: Uint8Array) => signer.sign(message);
          if (action.what === 'accept') {
            const body = { ...about, amount: proposal.amount, expires: proposal.expires };
            const accepted = seal('CLEARING_ACCEPT', body, signer.publicKey, sign);
            clearing = { ...clearing, accepted };
          } else {
            const body = { ...about, ...(event.why ?? REFUSED) };
            const rejected = seal('CLEARING_REJECT', body, signer.publicKey, sign);
            clearing = { ...clearing, rejected };
          }
          break;
        }
        case 'send': {
          const { accepted, rejected } = clearing;
          const frame =
            rejected === undefined
              ? signedFrame('CLEARING_ACCEPT', accepted!)
              : signedFrame('CLEARING_REJECT', rejected);
          turn.send(proposal.coordinator_key, frame);
          break;
        }
      }
    }
    if (state.phase === before.phase && clearing === record.clearing) {
      if (turn.transaction(tx) !== undefined) return;
    }
    const ended = state.phase === 'REJECTED' ? { finished: turn.now } : {};
    turn.putTransaction(tx, { ...record, ...ended, clearing, state: state.phase });
    turn.notice({ type: 'clearing', tx, state: state.phase });
  }
}

interface Why {
  readonly fault: string;
  readonly text: string;
}

const REFUSED: Why = {
  fault: 'consent_refused',
  text: 'A participant of the cycle does not want it cleared.',
};
const TOO_LONG: Why = {
  fault: 'cycle_too_long',
  text: 'A participant takes part in shorter cycles only.',
};
const ASKED: Why = {
  fault: 'already_asked',
  text: 'A participant is being asked about the same cycle by somebody else.',
};
const NO_DEBT: Why = {
  fault: 'debt_too_small',
  text: 'A debt of the cycle is not there, or a payment works it off.',
};

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

function tell(turn: Turn, tx: TxId, { equivalent, amount }: Proposal, text: string): void {
  turn.history({ type: 'clearing', text, tx, equivalent, amount });
}

function notPending(): GeoError {
  return new GeoError(
    'E008',
    'No clearing with that id waits for your answer: see geo clear pending.',
    {
      fault: 'not_pending',
    },
  );
}
