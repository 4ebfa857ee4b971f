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
import type { NeighbourSearch, SearchGround } from '../routing/neighbour-search.ts';
import type { Places } from '../routing/places.ts';
import type { NodeSettings } from '../settings.ts';
import type { Cycle, CycleQuestion, CycleSource } from './cycle.ts';
import type { IsSpared } from './spared.ts';

/** Debts from which one pass searches, the largest first. */
const DEBTS_MAX = 64;

interface LocalCyclesContext {
  readonly state: State;
  readonly agents: Agents;
  readonly ground: SearchGround;
  readonly search: NeighbourSearch;
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
      yield* await this.through(edge, question);
    }
  }

  /** Cycles over one debt that is owed here, the largest first; together they fit it. */
  async through(
    id: EdgeId,
    { equivalent, maxLength, minAmount }: CycleQuestion,
  ): Promise<readonly Cycle[]> {
    const { state, search, settings, places, ground, isSpared } = this.#context;
    const edge = state.edges.get(edgeKey(id));
    const claim = edge && this.#claimOn(edge);
    if (claim === undefined || claim.amount < minAmount || claim.amount === 0n) return [];
    const { creditor, debtor, amount } = claim;
    const ends = { payer: creditor, payee: debtor };
    // A creditor that owes nobody is in no cycle.
    if (!ground.hops({ ...ends, equivalent }).some((hop) => hop.debtor === creditor)) return [];
    const maxHops = Math.min(maxLength, settings.max_length) - 1;
    const found = await search.find(
      {
        ...ends,
        equivalent,
        amount,
        maxHops,
        wait_ms: settings.search_ms,
        budget: settings.search_budget,
        avoid: [],
      },
      () => false,
    );
    for (const place of found.places) places.hear(place);
    const graph = new HopGraph();
    for (const hop of found.hops) graph.set(hop.debtor, hop.creditor, hop.capacity);
    for (const hop of ground.hops({ ...ends, equivalent })) {
      graph.set(hop.debtor, hop.creditor, hop.capacity);
    }
    const maxPaths = settings.cycles_max;
    const { routes } = selectRoutes(graph, { ...ends, amount, maxHops, maxPaths, avoid: [] });
    return routes
      .filter(({ path, amount: each }) => path.length >= CYCLE_MIN && each >= minAmount)
      .filter(({ path }) => !path.some((pid) => isSpared(pid, equivalent, path.length)))
      .map(({ path, amount: each }) => ({ equivalent, members: path, amount: each }));
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
