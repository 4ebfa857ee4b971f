/**
 * What a hub knows of its community's edges, for routing (docs/PROTOCOL.md, "Hub routes"): its own
 * books exactly, the reports of nodes that joined, and the commits that it saw. Kept in memory, in one
 * compact graph per equivalent; a stale entry costs a NO and another attempt, never a wrong debt.
 */
import type { Pid } from '../../protocol/identity/pid.ts';
import { type Edge, type EdgeId, edgeKey, lineOf } from '../../protocol/ledger/edge.ts';
import type { Route } from '../../protocol/ledger/effects.ts';
import type { OpenManifest } from '../../protocol/machines/manifest.ts';
import { formatAmount } from '../../protocol/money/amount.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import type {
  RouteAnswer,
  RouteQuestion,
  SearchSettings,
} from '../../protocol/routing/question.ts';
import { refusalError } from '../../protocol/routing/refusal.ts';
import type { ReportedEdge } from '../../protocol/wire/messages/report.ts';
import type { RouteRefusal } from '../../protocol/wire/messages/route.ts';
import { textWithin } from '../../protocol/wire/text-within.ts';
import type { RouteWish, ShutHop } from '../routing/wish.ts';
import { type ReportTrust, reportedView, viewOf } from './edge-view.ts';
import { EquivalentGraph, type Told } from './equivalent-graph.ts';

export interface IndexAnswer {
  readonly routes: readonly Route[];
  /** Sum of the routes: the amount asked, or the most that was found. */
  readonly payable: bigint;
  /** Present if that is less than the amount. */
  readonly refusal?: RouteRefusal;
}

export interface IndexContext {
  readonly search: SearchSettings;
  /** Made for each search, whose steps are bounded as well: says when its time is over. */
  readonly timeLimit: () => () => boolean;
  readonly trust: ReportTrust;
  /** Decimal places of an equivalent that this node has defined. */
  readonly precisionOf: (equivalent: EquivalentCode) => number | undefined;
  /** Carries nothing for others now. */
  readonly isBarred: (participant: Pid) => boolean;
}

export interface IndexSize {
  readonly equivalent: EquivalentCode;
  readonly participants: number;
  readonly edges: number;
  /** Of them, those of which different things are told at this moment. */
  readonly differing: number;
  /** Of them, those that were not reported for so long that they count for less. */
  readonly stale: number;
  readonly bytes: number;
}

/** Enough of a PID to know it again in a sentence. */
const PID_SHOWN = 8;
const TEXT_MAX = 300;

export class CommunityIndex {
  readonly #context: IndexContext;
  readonly #graphs = new Map<EquivalentCode, EquivalentGraph>();
  /** Own edges with a line that blocks somebody, by their key. */
  readonly #blocking = new Map<string, Edge>();

  constructor(context: IndexContext) {
    this.#context = context;
  }

  /** Takes over an own edge as it is now. */
  keep(edge: Edge, now: number): void {
    const graph = this.#graphOf(edge.equivalent, edge.precision);
    graph.tell(edge.low, edge.high, 'own', viewOf(edge, this.#context.isBarred, now));
    const blocks = [edge.low, edge.high].some(
      (end) => (lineOf(edge, end)?.policy.blocked_participants.length ?? 0) > 0,
    );
    if (blocks) this.#blocking.set(edgeKey(edge), edge);
    else if (this.#blocking.size > 0) this.#blocking.delete(edgeKey(edge));
  }

  /** Whether an edge is in an equivalent of this node; nobody is led over others. */
  counts({ equivalent, precision }: ReportedEdge): boolean {
    return this.#context.precisionOf(equivalent) === precision;
  }

  /** Whether the agent of that end has told of the edge. */
  isTold({ equivalent, low, high }: EdgeId, teller: 'low' | 'high'): boolean {
    return this.#graphs.get(equivalent)?.isTold(low, high, teller) ?? false;
  }

  /** Of how many edges a participant's agent has told. */
  toldBy(participant: Pid): number {
    let told = 0;
    for (const graph of this.#graphs.values()) told += graph.toldBy(participant);
    return told;
  }

  /** What an end's agent reports of an edge that {@link counts}, learnt at `at`. */
  learn(edge: ReportedEdge, teller: 'low' | 'high', at: number): void {
    const graph = this.#graphOf(edge.equivalent, edge.precision);
    const { isBarred } = this.#context;
    const view = reportedView(edge, at);
    graph.tell(edge.low, edge.high, teller, {
      ...view,
      lowCarries: view.lowCarries && !isBarred(edge.low),
      highCarries: view.highCarries && !isBarred(edge.high),
    });
  }

  /** A payment or clearing has committed: what it changed on edges that are not this node's own. */
  committed({ effects, equivalent }: OpenManifest, isOwn: (edge: EdgeId) => boolean): void {
    const graph = this.#graphs.get(equivalent);
    for (const { edge, change } of effects) {
      if (!isOwn(edge)) graph?.move(edge.low, edge.high, change);
    }
  }

  /** Time passes: what has not been reported again counts for less. */
  age(now: number): void {
    for (const graph of this.#graphs.values()) graph.age(now);
  }

  /** Edges that are told of differently since before a time. */
  *differing(before: number): Generator<readonly [id: EdgeId, precision: number, told: Told]> {
    for (const [equivalent, graph] of this.#graphs) {
      for (const [low, high, told] of graph.differing(before)) {
        yield [{ low, high, equivalent }, graph.precision, told];
      }
    }
  }

  /** Forgets what was reported before a time. @returns how many reports that were */
  forgetBefore(time: number): number {
    let forgotten = 0;
    for (const graph of this.#graphs.values()) forgotten += graph.forgetBefore(time);
    return forgotten;
  }

  clear(): void {
    this.#graphs.clear();
    this.#blocking.clear();
  }

  /**
   * Routes for the whole amount, or for as much as there is and why not more.
   * @param shut hops that are known to carry less than they seem to
   * @returns undefined if payer or payee has no edge in this equivalent that the index knows
   */
  find(question: RouteWish, shut: readonly ShutHop[] = []): IndexAnswer | undefined {
    const graph = this.#graphs.get(question.equivalent);
    const payer = graph?.numberOf(question.payer);
    const payee = graph?.numberOf(question.payee);
    if (graph === undefined || payer === undefined || payee === undefined) return undefined;
    const closed: [debtor: number, creditor: number][] = [];
    const close = ([debtor, creditor]: ShutHop) => {
      const u = graph.numberOf(debtor);
      const v = graph.numberOf(creditor);
      if (u !== undefined && v !== undefined) closed.push([u, v]);
    };
    for (const hop of shut) close(hop);
    for (const hop of this.#blockedFor(question)) close(hop);
    const asked: RouteQuestion = {
      payer,
      payee,
      amount: question.amount,
      maxHops: question.max_hops,
      maxPaths: question.max_paths,
      avoid: question.avoid.flatMap((pid) => graph.numberOf(pid) ?? []),
      shut: closed,
    };
    const answer = graph.search.find(asked, this.#context.timeLimit());
    const routes = answer.routes.map(({ path, amount }) => ({
      path: path.map((node) => graph.pidOf(node)),
      amount,
    }));
    const refusal = answer.refusal && inWords(answer, answer.refusal, graph);
    return { routes, payable: answer.payable, ...(refusal === undefined ? {} : { refusal }) };
  }

  /** The books of everyone in one equivalent, as far as they are known; they change as they are read. */
  books(equivalent: EquivalentCode): EquivalentGraph | undefined {
    return this.#graphs.get(equivalent);
  }

  sizes(): IndexSize[] {
    return [...this.#graphs].map(([equivalent, graph]) => ({
      equivalent,
      participants: graph.participants,
      edges: graph.edges,
      differing: [...graph.differing()].length,
      stale: graph.stale,
      bytes: graph.graph.bytes,
    }));
  }

  /** Hops into lines whose owner lets neither payer nor payee through. */
  *#blockedFor({ equivalent, payer, payee }: RouteWish): Generator<ShutHop> {
    for (const edge of this.#blocking.values()) {
      if (edge.equivalent !== equivalent) continue;
      for (const [creditor, debtor] of [
        [edge.low, edge.high],
        [edge.high, edge.low],
      ] as const) {
        const blocked = lineOf(edge, creditor)?.policy.blocked_participants ?? [];
        if (blocked.includes(payer) || blocked.includes(payee)) yield [debtor, creditor];
      }
    }
  }

  #graphOf(equivalent: EquivalentCode, precision: number): EquivalentGraph {
    let graph = this.#graphs.get(equivalent);
    if (graph === undefined) {
      graph = new EquivalentGraph(precision, this.#context.search, this.#context.trust);
      this.#graphs.set(equivalent, graph);
    }
    return graph;
  }
}

function inWords(
  answer: RouteAnswer,
  refusal: NonNullable<RouteAnswer['refusal']>,
  graph: EquivalentGraph,
): RouteRefusal {
  const { code, message, details } = refusalError(answer, refusal, {
    name: (node) => `${graph.pidOf(node).slice(0, PID_SHOWN)}…`,
    amount: (value) => formatAmount(value, graph.precision),
  });
  return { code, fault: details.fault, text: textWithin(message, TEXT_MAX) };
}
