/**
 * Cycles without a hub: from each debt that is owed here, a bounded question along the debts to whoever
 * owes it (docs/PROTOCOL.md, "Looking for cycles").
 */
import type { Pid } from '../../protocol/identity/pid.ts';
import { clearable } from '../../protocol/ledger/clearing.ts';
import { counterparty, type Edge, type EdgeId, edgeKey } from '../../protocol/ledger/edge.ts';
import { CYCLE_MIN } from '../../protocol/limits.ts';
import { HopGraph } from '../../protocol/routing/graph.ts';
import { selectRoutes } from '../../protocol/routing/select.ts';
import type { Agents } from '../engine/agents.ts';
import type { State } from '../engine/state.ts';
import type { FoundHop, OwnHop, SearchGround } from '../routing/neighbour-search.ts';
import type { Places } from '../routing/places.ts';
import type { NodeSettings } from '../settings.ts';
import { type Cycle, type CycleQuestion, type CycleSource, cycleKey } from './cycle.ts';
import { type DebtQuestion, type DebtSearch, OUTWARDS_MAX } from './debt-search.ts';
import { debtsFrom } from './debts-from.ts';
import type { IsSpared } from './spared.ts';

/** Debts from which one pass searches, the largest first. */
const DEBTS_MAX = 64;
/** Edges that are looked at for a way out of the own books: for some hundredths of a millisecond. */
const NEAR_EDGES_MAX = 128;
/** Of those served here to whom the debts of others lead back: so many are gone on from. */
const BACK_MAX = 8;
/** Of the messages of one search, the part for short cycles when long ones are looked for as well. */
const SHORT_PART = 0.25;

interface LocalCyclesContext {
  readonly state: State;
  readonly agents: Agents;
  readonly ground: SearchGround;
  readonly debts: DebtSearch;
  readonly places: Places;
  readonly settings: NodeSettings['clearing'];
  readonly isSpared: IsSpared;
}

export class LocalCycles implements CycleSource {
  readonly #context: LocalCyclesContext;

  constructor(context: LocalCyclesContext) {
    this.#context = context;
  }

  async *find(question: CycleQuestion): AsyncGenerator<Cycle> {
    const claims = [...this.#context.state.edges.values()]
      .filter(({ equivalent }) => equivalent === question.equivalent)
      .map((edge) => ({ edge, amount: this.#claimOn(edge)?.amount ?? 0n }))
      .filter(({ amount }) => amount > 0n && amount >= question.minAmount)
      .sort((a, b) => (a.amount > b.amount ? -1 : 1));
    for (const { edge } of claims.slice(0, DEBTS_MAX)) {
      yield* this.through(edge, question);
    }
  }

  /**
   * Cycles over one debt that is owed here, short ones before long ones, and of each the largest first; together
   * they fit the debt. The long ones are looked for when whoever asks has done with the short ones.
   */
  async *through(
    id: EdgeId,
    { equivalent, maxLength, minAmount }: CycleQuestion,
  ): AsyncGenerator<Cycle> {
    const { state, settings } = this.#context;
    const longest = Math.min(maxLength, settings.max_length) - 1;
    const budgets =
      longest > OUTWARDS_MAX
        ? [[OUTWARDS_MAX, SHORT_PART] as const, [longest, 1 - SHORT_PART] as const]
        : [[longest, 1] as const];
    const told = new Set<string>();
    let left: bigint | undefined;
    for (const [maxHops, part] of budgets) {
      const edge = state.edges.get(edgeKey(id));
      const claim = edge && this.#claimOn(edge);
      if (claim === undefined || claim.amount === 0n) return;
      const amount = left === undefined || claim.amount < left ? claim.amount : left;
      if (amount < minAmount || amount === 0n) return;
      left = amount;
      const budget = Math.max(1, Math.floor(settings.search_budget * part));
      const { creditor, debtor } = claim;
      const question = { creditor, debtor, equivalent, amount, maxHops, budget };
      for (const cycle of await this.alongDebts(question, minAmount)) {
        // One that was refused, or is only counted, is found again.
        if (told.has(cycleKey(cycle))) continue;
        told.add(cycleKey(cycle));
        yield cycle;
        left -= cycle.amount;
      }
    }
  }

  /**
   * Whether debts lead on from one of them to somebody of whose debts others know more than the own books: if
   * none do, there is nobody to ask. It looks near by; farther ways out wait for a pass.
   */
  leadsAway(from: readonly Pid[], { equivalent, maxLength }: CycleQuestion): boolean {
    const { state, agents } = this.#context;
    const isServed = (pid: Pid) => agents.served(pid);
    const near = { from, equivalent, steps: maxLength, edgesMax: NEAR_EDGES_MAX };
    for (const { creditor } of debtsFrom(state, isServed, near)) {
      if (!agents.served(creditor)) return true;
    }
    return false;
  }

  /** Ways along debts from a creditor to whoever owes it, or may come to: each with that debt is a cycle, or a chain. */
  async alongDebts(question: DebtQuestion, minAmount: bigint): Promise<Cycle[]> {
    const { debts, settings, places, ground, isSpared } = this.#context;
    const { creditor, debtor, equivalent, amount, maxHops, shortens = false } = question;
    const ends = { payer: creditor, payee: debtor };
    const own = ground.hops({ ...ends, equivalent, hops: maxHops, shortens });
    // A creditor that owes nobody is in no cycle.
    if (own.length === 0) return [];
    const found = await debts.find(question, () => false);
    for (const place of found.places) places.hear(place);
    const graph = new HopGraph();
    for (const hop of found.hops) graph.set(hop.debtor, hop.creditor, hop.capacity);
    for (const hop of [...own, ...this.#comingBack(found.hops, question)]) {
      graph.set(hop.debtor, hop.creditor, hop.capacity);
    }
    const maxPaths = settings.cycles_max;
    const { routes } = selectRoutes(graph, { ...ends, amount, maxHops, maxPaths, avoid: [] });
    return routes
      .filter(({ path, amount: each }) => path.length >= CYCLE_MIN && each >= minAmount)
      .filter(({ path }) => !path.some((pid) => isSpared(pid, equivalent, path.length)))
      .map(({ path, amount: each }) => ({ equivalent, members: path, amount: each }));
  }

  /** Own debts behind those of others who owe somebody here again. */
  #comingBack(
    hops: readonly FoundHop[],
    { debtor, equivalent, maxHops, shortens = false }: DebtQuestion,
  ): OwnHop[] {
    const { agents, ground } = this.#context;
    const back = new Set(hops.map(({ creditor }) => creditor).filter((pid) => agents.served(pid)));
    return [...back]
      .slice(0, BACK_MAX)
      .flatMap((payer) =>
        ground.hops({ payer, payee: debtor, equivalent, hops: maxHops, shortens }),
      );
  }

  /** What is owed to somebody here on the edge, and may be cleared. */
  #claimOn(edge: Edge): { creditor: Pid; debtor: Pid; amount: bigint } | undefined {
    if (edge.balance === 0n) return undefined;
    const debtor = edge.balance > 0n ? edge.high : edge.low;
    const creditor = counterparty(edge, debtor);
    if (!this.#context.agents.served(creditor)) return undefined;
    return { creditor, debtor, amount: clearable(edge, { debtor, creditor }) };
  }
}
