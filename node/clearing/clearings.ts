/**
 * Clearings that this node proposes, from the cycle to the outcome: proposal, consents, attempts with
 * less where a debt has become smaller (docs/PROTOCOL.md, "Clearing"). The commit itself is the
 * engine's; this only begins attempts and hears how they end.
 */
import { GeoError } from '../../protocol/errors.ts';
import { hashOf, type Pid, pidFromPublicKey, type TxId } from '../../protocol/identity/pid.ts';
import type { Refusal } from '../../protocol/ledger/reservation.ts';
import { CYCLE_MIN } from '../../protocol/limits.ts';
import {
  type ClearingCoordinatorEvent,
  type ClearingCoordinatorOutcome,
  startClearing,
  stepClearingCoordinator,
} from '../../protocol/machines/clearing-coordinator.ts';
import { parseSign1 } from '../../protocol/wire/cose.ts';
import {
  requireSignedBy,
  seal,
  signedFrame,
  type Unverified,
} from '../../protocol/wire/envelope.ts';
import type { Consent, Objection, Proposal } from '../../protocol/wire/messages/clearing.ts';
import type { Agents } from '../engine/agents.ts';
import {
  coordinatorStateOf,
  endClearing,
  newClearing,
  proposalOf,
} from '../engine/attempts/clearing-records.ts';
import type { Hall } from '../engine/hall.ts';
import type { Outbox } from '../engine/outbox.ts';
import type { Turn } from '../engine/turn.ts';
import type { Ports } from '../ports.ts';
import type { NodeSettings } from '../settings.ts';
import type { TransactionRecord } from '../store/records.ts';
import type { ClearingAttempts } from './clearing-attempts.ts';
import { type Cycle, cycleKey, cycleOf } from './cycle.ts';
import { knownToAsk } from './own-debts.ts';
import { NOT_WANTED, notAsked } from './refusals.ts';
import type { Spared } from './spared.ts';

export interface ClearingsContext {
  readonly ports: Ports;
  readonly hall: Hall;
  readonly attempts: Pick<ClearingAttempts, 'run'>;
  readonly agents: Agents;
  readonly outbox: Outbox;
  readonly spared: Spared;
  readonly settings: NodeSettings;
}

export class Clearings {
  readonly #context: ClearingsContext;
  readonly #me: Pid;
  /** Clearings of which an attempt is under way. */
  readonly #attempting = new Set<TxId>();

  constructor(context: ClearingsContext) {
    this.#context = context;
    this.#me = pidFromPublicKey(context.ports.signer.publicKey);
    context.hall.listen((notice) => {
      if (notice.type === 'store-reread') this.#logged(this.recover());
    });
  }

  /**
   * Proposes to clear a cycle. Resolves when it is decided, or when somebody has to be asked first;
   * its record says which.
   * @param byOwner a person of this node wants it, and so agrees
   * @throws GeoError E009 `unknown_equivalent`
   */
  async clear(cycle: Cycle, byOwner: boolean): Promise<TxId> {
    const { ports, hall } = this.#context;
    const open = this.#openOver(cycle, byOwner);
    if (open !== undefined) return open;
    const proposal = this.#proposalFor(cycle);
    const { signer } = ports;
    const order = seal('CLEARING_PROPOSE', proposal, signer.publicKey, (m) => signer.sign(m));
    const tx = hashOf(parseSign1(order).payload);
    const asks = knownToAsk(hall.state, cycle);
    const agrees = byOwner && asks.delete(this.#me);
    const outcome = startClearing([...asks], proposal.amount, proposal.expires);
    await hall.turn((turn) => {
      const consents = agrees ? [this.#ownConsent(tx, proposal)] : [];
      const record: TransactionRecord = {
        order,
        role: 'coordinator',
        state: 'NEW',
        attempts: [],
        created: turn.now,
        clearing: { ...newClearing(proposal.amount), consents },
      };
      this.#take(turn, tx, record, outcome);
      turn.notice({ type: 'clearing', tx, state: outcome.state.phase });
    });
    this.#context.hall.deadlines.set(`clearing:${tx}`, proposal.expires);
    await this.#follow(tx, outcome);
    return tx;
  }

  /** CLEARING_ACCEPT. @throws GeoError E005 `bad_signature`, E006 `not_asked` */
  async accepted(signed: Unverified<Consent>): Promise<void> {
    const { tx, amount, participant_key: key } = signed.body;
    requireSignedBy(signed, key, this.#context.ports.verify);
    const participant = pidFromPublicKey(key);
    await this.#advance(tx, { type: 'accept', participant, amount }, signed.bytes);
  }

  /** CLEARING_REJECT. @throws GeoError E005 `bad_signature`, E006 `not_asked` */
  async rejected(signed: Unverified<Objection>): Promise<void> {
    const { tx, fault, text, participant_key: key } = signed.body;
    const { ports, agents } = this.#context;
    requireSignedBy(signed, key, ports.verify);
    const signer = pidFromPublicKey(key);
    const record = this.#recordOf(tx);
    if (record === undefined) throw notAsked();
    // An agent may have asked more of the cycle than are known here to ask; and it may refuse for its
    // members, since it could vote NO as well.
    const concerned = [...record.clearing!.waiting, ...proposalOf(record).cycle];
    const participant = concerned.includes(signer)
      ? signer
      : concerned.find((pid) => agents.agentOf(pid) === key);
    if (participant === undefined) throw notAsked();
    const refusal: Refusal = { code: 'E006', fault, text };
    await this.#advance(tx, { type: 'reject', participant, refusal });
  }

  /** The word of this node's own person about a clearing that this node proposes. */
  async answer(tx: TxId, accept: boolean): Promise<void> {
    const record = this.#recordOf(tx);
    if (record === undefined) return;
    const proposal = proposalOf(record);
    const participant = this.#me;
    if (accept) {
      const { cap } = record.clearing!;
      const consent = this.#ownConsent(tx, { ...proposal, amount: cap });
      await this.#advance(tx, { type: 'accept', participant, amount: cap }, consent);
    } else {
      await this.#advance(tx, { type: 'reject', participant, refusal: NOT_WANTED });
    }
  }

  /** A proposal has expired. */
  expire(tx: TxId): Promise<void> {
    return this.#advance(tx, { type: 'timer' });
  }

  /**
   * After a restart, and when a write that was refused is on the disk all the same: what is being voted
   * on is decided by the engine, the rest is asked again or given up.
   */
  async recover(): Promise<void> {
    const { state, deadlines } = this.#context.hall;
    for (const tx of state.clearings) deadlines.set(`clearing:${tx}`, this.#expiryOf(tx));
    for (const tx of [...state.clearings]) {
      const record = this.#recordOf(tx);
      if (record === undefined) continue;
      const last = record.attempts.at(-1);
      const attempt = last && state.attempts.get(last);
      const live = attempt !== undefined && attempt.commit.phase !== 'ABORTED';
      if (!live && !this.#attempting.has(tx)) await this.#advance(tx, { type: 'restart' });
    }
  }

  /** When a proposal expires, ms since 1970 UTC. */
  #expiryOf(tx: TxId): number | undefined {
    const { state } = this.#context.hall;
    const record = state.transactionOf(tx);
    return record && proposalOf(record).expires;
  }

  /**
   * A clearing of the same cycle that is proposed here already, or about which somebody else asks
   * here: nobody is asked twice. Whoever wants it now need not wait for another's.
   */
  #openOver(cycle: Cycle, byOwner: boolean): TxId | undefined {
    const { state } = this.#context.hall;
    const key = cycleKey(cycle);
    return [...state.clearings].find((tx) => {
      const record = state.transactionOf(tx);
      if (record === undefined || (byOwner && record.role !== 'coordinator')) return false;
      return cycleKey(cycleOf(proposalOf(record))) === key;
    });
  }

  #proposalFor({ equivalent, members, amount, shortens }: Cycle): Proposal {
    const { ports, hall, settings } = this.#context;
    const known = hall.state.equivalents.get(equivalent);
    if (known === undefined) {
      throw new GeoError('E009', `${equivalent} is not known here.`, {
        fault: 'unknown_equivalent',
        equivalent,
      });
    }
    const now = ports.clock.now();
    return {
      coordinator_key: ports.signer.publicKey,
      equivalent,
      precision: known.precision,
      cycle: members,
      amount,
      ...(shortens === true ? { shortens } : {}),
      nonce: ports.entropy.bytes(16),
      created: now,
      expires: now + settings.clearing.consent_ms,
    };
  }

  #ownConsent(tx: TxId, { amount, expires }: Pick<Proposal, 'amount' | 'expires'>): Uint8Array {
    const { signer } = this.#context.ports;
    const body: Consent = { tx, participant_key: signer.publicKey, amount, expires };
    return seal('CLEARING_ACCEPT', body, signer.publicKey, (message) => signer.sign(message));
  }

  #recordOf(tx: TxId): TransactionRecord | undefined {
    const { state } = this.#context.hall;
    const record = state.transactionOf(tx);
    return record?.role === 'coordinator' ? record : undefined;
  }

  /** One step of the machine, then whatever it leads to. */
  async #advance(tx: TxId, event: ClearingCoordinatorEvent, consent?: Uint8Array): Promise<void> {
    const outcome = await this.#context.hall.turn((turn) => {
      const record = turn.transaction(tx);
      if (record?.clearing === undefined || record.role !== 'coordinator') throw notAsked();
      const before = coordinatorStateOf(record);
      const next = stepClearingCoordinator(before, event, turn.now);
      const agrees = consent !== undefined && next.state !== before;
      const consents = agrees ? [...record.clearing.consents, consent] : record.clearing.consents;
      if (next.state === before && next.actions.length === 0) return next;
      this.#take(turn, tx, { ...record, clearing: { ...record.clearing, consents } }, next);
      const { phase } = next.state;
      if (phase !== before.phase && phase !== 'REJECTED') {
        turn.notice({ type: 'clearing', tx, state: phase });
      }
      return next;
    });
    await this.#follow(tx, outcome);
  }

  /** Stores the machine's next state and carries out what belongs to the same write. */
  #take(
    turn: Turn,
    tx: TxId,
    record: TransactionRecord,
    { state, actions }: ClearingCoordinatorOutcome,
  ): void {
    const { outbox, spared, settings } = this.#context;
    const { spare_ms: spareMs } = settings.clearing;
    for (const pid of record.clearing!.waiting) {
      if (!state.waiting.includes(pid)) outbox.end(turn, pid, topicOf(tx));
    }
    const clearing = { ...record.clearing!, waiting: state.waiting, cap: state.cap };
    if (state.phase !== 'COMMITTED') {
      turn.putTransaction(tx, { ...record, clearing, state: state.phase });
    }
    for (const action of actions) {
      switch (action.do) {
        case 'ask':
          for (const pid of action.participants) this.#ask(turn, tx, record, pid);
          break;
        case 'spare':
          for (const pid of action.participants) {
            const { equivalent, cycle } = proposalOf(record);
            const from = action.from === 'any' ? CYCLE_MIN : cycle.length;
            spared.keep(turn, pid, equivalent, { until: turn.now + spareMs, from });
          }
          break;
        case 'end':
          if (action.refusal !== undefined) this.#end(turn, tx, record, action.refusal);
          break;
        case 'prepare': // What it needs besides this write may have to be waited for.
          break;
      }
    }
  }

  #ask(turn: Turn, tx: TxId, record: TransactionRecord, participant: Pid): void {
    const { agents, outbox } = this.#context;
    if (!agents.served(participant)) {
      const frame = signedFrame('CLEARING_PROPOSE', record.order);
      outbox.queue(turn, participant, topicOf(tx), frame);
      return;
    }
    const { equivalent, amount } = proposalOf(record);
    const text = 'this node has found a cycle; you want to be asked before it is cleared';
    // A hosted member finds it in its account, and answers by its own signature.
    turn.history({ type: 'clearing', text, tx, equivalent, amount }, agents.historyOf(participant));
  }

  #end(turn: Turn, tx: TxId, record: TransactionRecord, refusal: Refusal): void {
    const { equivalent, amount } = proposalOf(record);
    endClearing(turn, tx, refusal);
    const text = `a clearing was rejected: ${refusal.fault}`;
    turn.history({ type: 'clearing', text, tx, equivalent, amount });
  }

  /** Attempts, until one commits or the machine gives up or waits for somebody. */
  async #follow(tx: TxId, outcome: ClearingCoordinatorOutcome): Promise<void> {
    const prepare = outcome.actions.find((action) => action.do === 'prepare');
    if (prepare === undefined) return;
    this.#attempting.add(tx);
    const refusal = await this.#context.attempts
      .run(this.#recordOf(tx)!, prepare.amount)
      .finally(() => this.#attempting.delete(tx));
    if (refusal !== undefined) await this.#aborted(tx, refusal);
  }

  /** An attempt that was begun before the process was restarted has come to nothing. */
  interrupted(tx: TxId, refusal: Refusal): void {
    this.#logged(this.#aborted(tx, refusal));
  }

  /** A disk that refuses now is asked again later: no clearing stays open for want of one. */
  async #aborted(tx: TxId, refusal: Refusal): Promise<void> {
    try {
      await this.#advance(tx, { type: 'attempt-aborted', refusal });
    } catch (error) {
      const { ports, settings } = this.#context;
      if (error instanceof GeoError && error.code === 'E010') {
        const again = () => this.#logged(this.#aborted(tx, refusal));
        ports.clock.after(settings.payments.retry_ms, again);
      }
      throw error;
    }
  }

  #logged(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#context.ports.log.warn({ error: String(error) }, 'a clearing was left undecided');
    });
  }
}

/** At most one proposal of a transaction is on its way to a participant. */
function topicOf(tx: TxId): string {
  return `clearing-${tx}`;
}
