/**
 * Clearings that this node proposes, from the cycle to the outcome: proposal, consents, attempts with
 * less where a debt has become smaller (docs/PROTOCOL.md, "Clearing"). The commit itself is the
 * engine's; this only begins attempts and hears how they end.
 */
import { GeoError } from '../../protocol/errors.ts';
import {
  type Hash,
  hashOf,
  type Pid,
  pidFromPublicKey,
  type TxId,
} from '../../protocol/identity/pid.ts';
import { clearable } from '../../protocol/ledger/clearing.ts';
import type { Refusal } from '../../protocol/ledger/reservation.ts';
import {
  type ClearingCoordinatorEvent,
  type ClearingCoordinatorOutcome,
  startClearing,
  stepClearingCoordinator,
} from '../../protocol/machines/clearing-coordinator.ts';
import { routeOfCycle } from '../../protocol/machines/clearing-manifest.ts';
import { encodeManifest, openManifest } from '../../protocol/machines/manifest.ts';
import { parseSign1 } from '../../protocol/wire/cose.ts';
import {
  requireSignedBy,
  seal,
  signedFrame,
  type Unverified,
} from '../../protocol/wire/envelope.ts';
import type { Consent, Objection, Proposal } from '../../protocol/wire/messages/clearing.ts';
import type { Agents } from '../engine/agents.ts';
import type { Attempts } from '../engine/attempts.ts';
import {
  coordinatorStateOf,
  endClearing,
  newClearing,
  proposalOf,
} from '../engine/clearing-records.ts';
import type { EdgeSync } from '../engine/edge-sync.ts';
import type { Hall } from '../engine/hall.ts';
import type { Notice } from '../engine/notices.ts';
import type { Outbox } from '../engine/outbox.ts';
import type { Turn } from '../engine/turn.ts';
import { manifestOf } from '../payments/attempt-plan.ts';
import type { Ports } from '../ports.ts';
import type { NodeSettings } from '../settings.ts';
import type { TransactionRecord } from '../store/records.ts';
import { type Cycle, cycleKey } from './cycle.ts';
import type { CycleKeys } from './cycle-keys.ts';
import { knownToAsk, ownDebts } from './own-debts.ts';
import { NOT_WANTED, notAsked, UNDECIDED } from './refusals.ts';
import type { Spared } from './spared.ts';

/** How long an attempt waits for the comparison of books, ms. */
const COMPARE_WAIT_MS = 2_000;

/** How long debts to someone who did not vote are left alone, ms. */
const SILENT_MS = 60_000;

type Ended = Extract<Notice, { type: 'attempt-ended' }>;

export interface ClearingsContext {
  readonly ports: Ports;
  readonly hall: Hall;
  readonly attempts: Attempts;
  readonly edges: EdgeSync;
  readonly agents: Agents;
  readonly outbox: Outbox;
  readonly spared: Spared;
  readonly cycleKeys: Pick<CycleKeys, 'learn'>;
  readonly settings: NodeSettings;
}

export class Clearings {
  readonly #context: ClearingsContext;
  readonly #me: Pid;
  /** Attempts whose end a running clearing waits for. */
  readonly #waiting = new Map<Hash, (ended: Ended) => void>();

  constructor(context: ClearingsContext) {
    this.#context = context;
    this.#me = pidFromPublicKey(context.ports.signer.publicKey);
    context.hall.listen((notice) => {
      if (notice.type !== 'attempt-ended' || notice.kind !== 'clearing') return;
      if (notice.coordinator) this.#onEnded(notice);
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
    requireSignedBy(signed, key, this.#context.ports.verify);
    const participant = pidFromPublicKey(key);
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

  /** After a restart: what is being voted on is decided by the engine, the rest is asked again or given up. */
  async recover(): Promise<void> {
    const { state } = this.#context.hall;
    for (const tx of [...state.clearings]) {
      const record = this.#recordOf(tx);
      if (record === undefined) continue;
      const last = record.attempts.at(-1);
      const attempt = last && state.attempts.get(last);
      const live = attempt !== undefined && attempt.commit.phase !== 'ABORTED';
      if (!live) await this.#advance(tx, { type: 'restart' });
    }
  }

  /** When a proposal expires, ms since 1970 UTC. */
  expiryOf(tx: TxId): number | undefined {
    const { state } = this.#context.hall;
    const record = state.transactions.get(tx) ?? state.readTransaction(tx);
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
      const record = state.transactions.get(tx) ?? state.readTransaction(tx);
      if (record === undefined || (byOwner && record.role !== 'coordinator')) return false;
      const { equivalent, cycle: members } = proposalOf(record);
      return cycleKey({ equivalent, members }) === key;
    });
  }

  #proposalFor({ equivalent, members, amount }: Cycle): Proposal {
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
    const record = state.transactions.get(tx) ?? state.readTransaction(tx);
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
            spared.add(pid, proposalOf(record).equivalent, turn.now + spareMs);
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
    turn.notice({ type: 'clearing', tx, state: 'PROPOSED' });
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
    const refusal = await this.#attempt(tx, prepare.amount);
    if (refusal !== undefined) await this.#aborted(tx, refusal);
  }

  /** A disk that refuses now is asked again later: no clearing stays open for want of one. */
  async #aborted(tx: TxId, refusal: Refusal): Promise<void> {
    try {
      await this.#advance(tx, { type: 'attempt-aborted', refusal });
    } catch (error) {
      const { ports, settings } = this.#context;
      if (error instanceof GeoError && error.code === 'E010') {
        const again = () => this.#abortedLogged(tx, refusal);
        ports.clock.after(settings.payments.retry_ms, again);
      }
      throw error;
    }
  }

  #abortedLogged(tx: TxId, refusal: Refusal): void {
    this.#aborted(tx, refusal).catch((error: unknown) => {
      this.#context.ports.log.warn({ error: String(error) }, 'a clearing was left undecided');
    });
  }

  /** @returns why it was aborted, or nothing if it has committed */
  async #attempt(tx: TxId, amount: bigint): Promise<Refusal | undefined> {
    const { hall, attempts, edges, cycleKeys } = this.#context;
    let hash: Hash | undefined;
    try {
      const { equivalent, cycle: members } = proposalOf(this.#recordOf(tx)!);
      await cycleKeys.learn({ equivalent, members, amount });
      const open = openManifest(this.#manifest(tx, amount));
      hash = open.hash;
      const own = open.effects.map(({ edge }) => edge).filter((id) => edges.mustCompare(id));
      if (own.length > 0) await edges.whenCompared(own, COMPARE_WAIT_MS);
      const ended = new Promise<Ended>((resolve) => this.#waiting.set(open.hash, resolve));
      const refused = await hall.turn((turn) => attempts.start(turn, open));
      if (refused !== undefined) return refused;
      const { outcome, refusal, silent } = await ended;
      this.#spareSilent(open.equivalent, silent);
      return outcome === 'COMMITTED' ? undefined : (refusal ?? UNDECIDED);
    } catch (error) {
      if (!(error instanceof GeoError)) throw error;
      return { code: error.code, fault: error.details.fault, text: error.message };
    } finally {
      if (hash !== undefined) this.#waiting.delete(hash);
    }
  }

  #manifest(tx: TxId, amount: bigint): Uint8Array {
    const { ports, hall, agents, settings } = this.#context;
    const { state } = hall;
    const record = this.#recordOf(tx)!;
    const { cycle, equivalent, expires } = proposalOf(record);
    // What the own books allow needs no vote to find out.
    let fits = amount;
    for (const { edge, debtor, creditor } of ownDebts(state, { members: cycle, equivalent })) {
      const free = clearable(edge, { debtor, creditor });
      if (free > 0n && free < fits) fits = free;
    }
    const prepareBy = ports.clock.now() + settings.payments.prepare_ms;
    const plan = {
      kind: 'clearing' as const,
      order: record.order,
      attempt: record.attempts.length + 1,
      routes: [routeOfCycle(cycle, fits)],
      coordinator: ports.signer.publicKey,
      prepareBy: Math.min(prepareBy, expires),
      consents: record.clearing!.consents,
    };
    return encodeManifest(manifestOf(plan, agents));
  }

  /** Who does not answer now will hardly answer the next proposal. */
  #spareSilent(equivalent: Cycle['equivalent'], silent: readonly Pid[]): void {
    const { spared, ports } = this.#context;
    for (const pid of silent) spared.add(pid, equivalent, ports.clock.now() + SILENT_MS);
  }

  #onEnded(ended: Ended): void {
    const waiting = this.#waiting.get(ended.hash);
    if (waiting !== undefined) waiting(ended);
    else if (ended.outcome === 'ABORTED') {
      // Nobody waits any more: the process was restarted in between.
      const refusal = ended.refusal ?? UNDECIDED;
      this.#abortedLogged(ended.tx, refusal);
    }
  }
}

/** At most one proposal of a transaction is on its way to a participant. */
function topicOf(tx: TxId): string {
  return `clearing-${tx}`;
}
