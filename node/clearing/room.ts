/** Everything about clearings in one node: what it proposes, and what it says to proposals of others. */
import { clearableIn } from '../../protocol/clearing/trigger.ts';
import {
  type Pid,
  type PublicKey,
  pidFromPublicKey,
  type TxId,
} from '../../protocol/identity/pid.ts';
import { clearable } from '../../protocol/ledger/clearing.ts';
import { edgeId, edgeKey } from '../../protocol/ledger/edge.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import type { Unverified } from '../../protocol/wire/envelope.ts';
import type { Consent, Objection } from '../../protocol/wire/messages/clearing.ts';
import { NeighbourSearch, type SearchGround } from '../routing/neighbour-search.ts';
import type { Places } from '../routing/places.ts';
import type { TransactionRecord } from '../store/records.ts';
import { Chains } from './chains.ts';
import { ClearableShare } from './clearable-share.ts';
import { Cleared } from './cleared.ts';
import { ClearingAttempts, type ClearingAttemptsContext } from './clearing-attempts.ts';
import { Clearings, type ClearingsContext } from './clearings.ts';
import { Consents } from './consents.ts';
import { type CycleSource, oneAfterTheOther } from './cycle.ts';
import { CycleKeys } from './cycle-keys.ts';
import { DebtAverages } from './debt-averages.ts';
import { debtGroundOf } from './debt-ground.ts';
import { DebtSearch } from './debt-search.ts';
import { DryRun } from './dry-run.ts';
import { type CommunityBooks, GlobalPass } from './global-pass.ts';
import { IndexCycles } from './index-cycles.ts';
import { LineCaps } from './line-caps.ts';
import { LocalCycles } from './local-cycles.ts';
import { Marks } from './marks.ts';
import { Passes } from './passes.ts';
import { notPending } from './refusals.ts';
import { type IsSpared, Spared } from './spared.ts';
import { Triggers } from './triggers.ts';

type Made = 'spared' | 'cycleKeys' | 'onInterrupted';

interface ClearingRoomContext
  extends Omit<ClearingAttemptsContext, Made>,
    Pick<ClearingsContext, 'outbox'> {
  /** As the search for routes knows it. */
  readonly ground: SearchGround;
  readonly places: Places;
  /** Looks a participant up in the network's directory, if there is one. */
  readonly findPeer: (participant: Pid) => Promise<PublicKey | undefined>;
  /** Everyone's debts, as a hub knows them. */
  readonly books: (equivalent: EquivalentCode) => CommunityBooks | undefined;
}

export class ClearingRoom {
  readonly clearings: Clearings;
  readonly consents: Consents;
  readonly search: NeighbourSearch;
  readonly marks: Marks;
  /** Where the cycles of `geo clear now` come from. */
  readonly source: CycleSource;
  readonly #triggers: Triggers;
  readonly #global: GlobalPass;
  readonly passes: Passes;
  readonly cleared: Cleared;
  readonly averages: DebtAverages;
  readonly clearable: ClearableShare;
  readonly #context: ClearingRoomContext;

  constructor(context: ClearingRoomContext) {
    const { ports, hall, agents, places } = context;
    const { state } = hall;
    const settings = context.settings.clearing;
    const spared = new Spared(state);
    this.#context = context;
    this.consents = new Consents(context);
    const isSpared: IsSpared = (creditor, equivalent, length) =>
      spared.has(creditor, equivalent, ports.clock.now(), length);
    this.marks = new Marks({ ...ports, state, agents, isSpared });
    const { marks } = this;
    const ground = debtGroundOf({
      places: context.ground,
      state,
      agents,
      marks,
      isSpared,
    });
    this.search = new NeighbourSearch(
      ground,
      ports.clock,
      ports.entropy,
      ports.transport,
      'cycles',
    );
    const { search } = this;
    const debts = new DebtSearch({ ...ports, search, marks, settings });
    const cycleKeys = new CycleKeys({ ...context, debts, settings });
    const attempts = new ClearingAttempts({
      ...context,
      spared,
      cycleKeys,
      onInterrupted: (tx, refusal) => this.clearings.interrupted(tx, refusal),
    });
    this.clearings = new Clearings({ ...context, spared, attempts });
    const cycles = new LocalCycles({
      state,
      agents,
      ground,
      debts,
      places,
      settings,
      isSpared,
    });
    const { clock, log } = ports;
    const { books } = context;
    const caps = new LineCaps(state);
    this.#global = new GlobalPass({ clock, log, books, isSpared, caps, otherwise: cycles });
    const chains = new Chains({ state, agents, cycles, isSpared, settings });
    this.source = oneAfterTheOther(this.#global, chains);
    const { clearings, source } = this;
    this.passes = new Passes({ ports, hall, clearings, source, books, settings });
    this.averages = new DebtAverages({
      ...ports,
      hall,
      agents,
      isHub: context.settings.hub.enabled,
      communityDebt: (equivalent) => books(equivalent)?.positions.debt ?? 0n,
    });
    this.cleared = new Cleared({
      hall,
      agents,
      committed: (turn, clearing) => this.averages.cleared(turn, clearing),
    });
    this.clearable = new ClearableShare({ clock, books });
    const index = new IndexCycles({ books, isSpared, cyclesMax: settings.cycles_max });
    this.#triggers = new Triggers({
      ports,
      hall,
      agents,
      clearings,
      cycles,
      chains,
      index,
      settings,
    });
  }

  /** A hub's passes. */
  startPasses(): void {
    this.passes.start();
    this.averages.start();
  }

  stop(): void {
    this.passes.stop();
    this.averages.stop();
    this.clearable.stop();
    this.#global.stop();
    this.#triggers.stop();
    this.search.stop();
  }

  /** Counts cycles that are only looked for, each debt once. */
  dryRun(equivalent: EquivalentCode): DryRun {
    const { hall, books } = this.#context;
    return new DryRun((debtor, creditor) => {
      const edge = hall.state.edges.get(edgeKey(edgeId(debtor, creditor, equivalent)));
      if (edge !== undefined) return clearable(edge, { debtor, creditor });
      const index = books(equivalent);
      const one = index?.numberOf(debtor);
      const other = index?.numberOf(creditor);
      if (index === undefined || one === undefined || other === undefined) return undefined;
      return clearableIn(index.graph, one, other);
    });
  }

  /** Clearings that wait for the word of this node's person. */
  pending(): TxId[] {
    return this.pendingOf(pidFromPublicKey(this.#context.ports.signer.publicKey));
  }

  /** Clearings that wait for the word of a participant, whoever proposes them. */
  pendingOf(participant: Pid): TxId[] {
    const { state } = this.#context.hall;
    return [...state.clearings].filter((tx) =>
      this.#recordOf(tx)?.clearing?.waiting.includes(participant),
    );
  }

  /** CLEARING_ACCEPT, from a participant to this node, or from a hosted member by way of it. */
  async accepted(signed: Unverified<Consent>): Promise<void> {
    if (this.#isOfOther(signed.body.tx)) await this.consents.said(signed);
    else await this.clearings.accepted(signed);
  }

  /** CLEARING_REJECT, as {@link accepted}. */
  async rejected(signed: Unverified<Objection>): Promise<void> {
    if (this.#isOfOther(signed.body.tx)) await this.consents.said(signed);
    else await this.clearings.rejected(signed);
  }

  /**
   * The person's word about a clearing that waits for it.
   * @throws GeoError E008 `not_pending`
   */
  async answer(tx: TxId, accept: boolean): Promise<void> {
    if (!this.pending().includes(tx)) throw notPending();
    const room = this.#isOfOther(tx) ? this.consents : this.clearings;
    await room.answer(tx, accept);
  }

  /** A proposal's time is over. */
  async expire(tx: TxId): Promise<void> {
    const room = this.#isOfOther(tx) ? this.consents : this.clearings;
    await room.expire(tx);
  }

  /** After a restart. */
  recover(): Promise<void> {
    return this.clearings.recover();
  }

  #recordOf(tx: TxId): TransactionRecord | undefined {
    const { state } = this.#context.hall;
    return state.transactionOf(tx);
  }

  /** Whether somebody else proposes the clearing. */
  #isOfOther(tx: TxId): boolean {
    return this.#recordOf(tx)?.role === 'participant';
  }
}
