/**
 * The own books as graphs, one for each equivalent: among members of one hub every hop is known, and
 * nobody has to be asked. Follows each change of an edge as it is made.
 */
import type { Pid } from '../../protocol/identity/pid.ts';
import { debtOf, type Edge, heldFor, lineOf } from '../../protocol/ledger/edge.ts';
import type { Route } from '../../protocol/ledger/effects.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import { CompactGraph, type LineState } from '../../protocol/routing/compact-graph.ts';
import { RouteSearch } from '../../protocol/routing/search.ts';
import type { RouteChoice } from '../../protocol/routing/select.ts';
import type { State } from '../engine/state.ts';

type Hop = readonly [debtor: Pid, creditor: Pid];

export interface BooksQuestion {
  readonly payer: Pid;
  readonly payee: Pid;
  readonly equivalent: EquivalentCode;
  readonly amount: bigint;
  readonly max_hops: number;
  readonly max_paths: number;
  readonly avoid: readonly Pid[];
  /** Hops that votes have refused. */
  readonly shut: readonly Hop[];
}

interface Graph {
  readonly graph: CompactGraph;
  readonly search: RouteSearch;
  readonly numbers: Map<Pid, number>;
  readonly pids: Pid[];
  /** Hops that are closed to a participant, by it. */
  readonly closedTo: Map<Pid, Map<string, Hop>>;
}

export class BooksGraph {
  readonly #state: State;
  readonly #graphs = new Map<EquivalentCode, Graph>();

  constructor(state: State) {
    this.#state = state;
    state.watchEdges({ changed: (edge) => this.#take(edge), reloaded: () => this.#reload() });
  }

  /** Routes over the own books alone; undefined if payer or payee have no line in them. */
  routesFor(question: BooksQuestion): RouteChoice | undefined {
    const known = this.#graphs.get(question.equivalent);
    const payer = known?.numbers.get(question.payer);
    const payee = known?.numbers.get(question.payee);
    if (known === undefined || payer === undefined || payee === undefined) return undefined;
    if (question.avoid.includes(question.payer) || question.avoid.includes(question.payee)) {
      return undefined;
    }
    const shut = [
      ...question.shut,
      ...closed(known, question.payer),
      ...closed(known, question.payee),
    ];
    const { routes, payable } = known.search.find({
      payer,
      payee,
      amount: question.amount,
      maxHops: question.max_hops,
      maxPaths: question.max_paths,
      avoid: question.avoid.flatMap((pid) => known.numbers.get(pid) ?? []),
      shut: shut.flatMap(([debtor, creditor]) => {
        const from = known.numbers.get(debtor);
        const to = known.numbers.get(creditor);
        return from === undefined || to === undefined ? [] : [[from, to] as const];
      }),
    });
    return {
      payable,
      routes: routes.map(
        ({ path, amount }): Route => ({
          amount,
          path: path.map((number) => known.pids[number]!),
        }),
      ),
    };
  }

  #reload(): void {
    this.#graphs.clear();
    for (const edge of this.#state.edges.values()) this.#take(edge);
  }

  #take(edge: Edge): void {
    const known = this.#graphOf(edge.equivalent);
    const low = numberOf(known, edge.low);
    const high = numberOf(known, edge.high);
    known.graph.setLine(high, low, lineState(edge, edge.high, edge.low));
    known.graph.setLine(low, high, lineState(edge, edge.low, edge.high));
    markClosed(known, edge, edge.high, edge.low);
    markClosed(known, edge, edge.low, edge.high);
  }

  #graphOf(equivalent: EquivalentCode): Graph {
    let known = this.#graphs.get(equivalent);
    if (known === undefined) {
      const graph = new CompactGraph();
      known = {
        graph,
        search: new RouteSearch(graph),
        numbers: new Map(),
        pids: [],
        closedTo: new Map(),
      };
      this.#graphs.set(equivalent, known);
    }
    return known;
  }
}

function numberOf({ graph, numbers, pids }: Graph, pid: Pid): number {
  const known = numbers.get(pid);
  if (known !== undefined) return known;
  const number = graph.addNode();
  numbers.set(pid, number);
  pids[number] = pid;
  return number;
}

/** A line that lends nothing new looks like one whose limit is the debt. */
function lineState(edge: Edge, debtor: Pid, creditor: Pid): LineState {
  const line = lineOf(edge, creditor);
  const debt = debtOf(edge, debtor);
  const lends = line?.status === 'active' && edge.dispute === undefined;
  return {
    limit: lends ? line.limit : debt,
    debt,
    held: heldFor(edge, debtor),
    carries: line?.policy.can_be_intermediate ?? true,
  };
}

function markClosed({ closedTo }: Graph, edge: Edge, debtor: Pid, creditor: Pid): void {
  const blocked = lineOf(edge, creditor)?.policy.blocked_participants ?? [];
  if (blocked.length === 0 && closedTo.size === 0) return;
  const name = `${debtor}>${creditor}`;
  for (const hops of closedTo.values()) hops.delete(name);
  for (const pid of blocked) {
    const hops = closedTo.get(pid) ?? new Map<string, Hop>();
    closedTo.set(pid, hops.set(name, [debtor, creditor]));
  }
}

function closed({ closedTo }: Graph, pid: Pid): Iterable<Hop> {
  return closedTo.get(pid)?.values() ?? [];
}
