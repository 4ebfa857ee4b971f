/**
 * Answers questions for routes (docs/PROTOCOL.md, "Routes"; docs/decisions/0011-routing.md):
 * the cheapest single path; otherwise several wide ones; otherwise what forbids it.
 */
import { invalid } from '../errors.ts';
import { AMOUNT_MAX, HOPS_MAX, ROUTES_MAX } from '../limits.ts';
import { CarryChanges } from './carry-changes.ts';
import { CheapestSearch } from './cheapest.ts';
import type { CompactGraph } from './compact-graph.ts';
import { exactRoutes } from './exact-routes.ts';
import { type FlowPath, flowPaths } from './flow-paths.ts';
import { layGround, unitsOf } from './ground.ts';
import { MaxFlow } from './max-flow.ts';
import {
  type BindingHop,
  type Impossible,
  type Refusal,
  type RouteAnswer,
  type RouteQuestion,
  SEARCH_DEFAULTS,
  type SearchSettings,
} from './question.ts';
import { type PathsWish, SeveralPaths } from './several-paths.ts';
import { WidestSearch } from './widest.ts';
import { WorkBudget } from './work-budget.ts';

/** Attempts at better paths, and their steps, before it is looked whether the amount can be paid ... */
const FIRST = { attempts: 16, steps: 300_000 };
/** ... and after it was found that it can. More of them hardly find more. */
const MORE = { attempts: 64, steps: 400_000 };

export class RouteSearch {
  readonly #graph: CompactGraph;
  readonly #settings: SearchSettings;
  readonly #changes: CarryChanges;
  readonly #cheapest: CheapestSearch;
  readonly #several: SeveralPaths;
  readonly #maxFlow: MaxFlow;

  constructor(graph: CompactGraph, settings: SearchSettings = SEARCH_DEFAULTS) {
    this.#graph = graph;
    this.#settings = settings;
    this.#changes = new CarryChanges(graph);
    this.#cheapest = new CheapestSearch(graph);
    this.#several = new SeveralPaths(new WidestSearch(graph), this.#changes);
    this.#maxFlow = new MaxFlow(graph, this.#changes);
  }

  /**
   * Routes for the whole amount, or for as much as was found and a refusal that says why.
   * @param cancelled asked now and then; `true` ends the search with what it has
   * @throws GeoError E009 `participant`, `amount`, `max_hops`, `max_paths`
   */
  find(question: RouteQuestion, cancelled?: () => boolean): RouteAnswer {
    this.#check(question);
    const budget = new WorkBudget(this.#settings.steps, cancelled);
    try {
      return this.#answer(question, layGround(this.#graph, this.#changes, question), budget);
    } finally {
      this.#changes.undoTo(0);
    }
  }

  /**
   * The most that any number of paths of any length carries, at most the amount asked. Amounts of
   * 2^52 and more are rounded down to 52 binary digits.
   */
  ceiling(question: RouteQuestion): bigint {
    this.#check(question);
    const { payer, payee, amount } = question;
    const budget = new WorkBudget(Number.POSITIVE_INFINITY);
    try {
      const unit = layGround(this.#graph, this.#changes, question);
      const flow = this.#maxFlow.send(payer, payee, unitsOf(amount, unit), budget);
      const carried = BigInt(flow.carried) * unit;
      return carried < amount ? carried : amount;
    } finally {
      this.#changes.undoTo(0);
    }
  }

  #answer(question: RouteQuestion, unit: bigint, budget: WorkBudget): RouteAnswer {
    const { payer, payee, amount, maxHops, maxPaths } = question;
    const wish = { payer, payee, amount: unitsOf(amount, unit), maxHops, maxPaths };
    const narrow = this.#narrowEnd(payer, payee);
    if (narrow.carries >= wish.amount) {
      const slots = this.#cheapest.find(
        payer,
        payee,
        wish.amount,
        Number(amount),
        maxHops,
        this.#settings,
        budget,
      );
      if (slots !== undefined) {
        return this.#routed(question, [{ slots, amount: wish.amount }], unit);
      }
    }
    const start = this.#changes.mark;
    // More than an end carries need not be sought.
    this.#several.begin({ ...wish, amount: Math.min(wish.amount, narrow.carries) }, budget);
    this.#several.improve(FIRST.attempts, budget.part(FIRST.steps));
    const found = this.#routed(question, this.#several.paths, unit);
    if (found.payable === amount) return found;
    const usedUp = this.#usedUp();
    this.#changes.undoTo(start);

    if (narrow.carries < wish.amount) {
      const refusal = this.#cannot(narrow.hops, amount, unit);
      // As much as this end carries was found, so nothing narrower binds.
      if (refusal?.ceiling === found.payable) return { ...found, refusal };
    }
    const most = this.#unbounded(wish, budget);
    if (most === undefined) return { ...found, refusal: unfinished(usedUp) };
    if ('cut' in most) {
      return { ...found, refusal: this.#cannot(most.cut, amount, unit) ?? unfinished(usedUp) };
    }
    const hops = Math.max(...most.paths.map((path) => path.slots.length));
    if (most.paths.length <= maxPaths && hops <= maxHops) {
      return this.#routed(question, most.paths, unit);
    }
    this.#several.resume();
    this.#several.improve(MORE.attempts, budget.part(MORE.steps));
    const better = this.#routed(question, this.#several.paths, unit);
    if (better.payable === amount) return better;
    const binding = this.#usedUp();
    if (budget.exhausted) return { ...better, refusal: unfinished(binding) };
    return { ...better, refusal: { kind: 'bounds', paths: most.paths.length, hops, binding } };
  }

  #routed(question: RouteQuestion, paths: readonly FlowPath[], unit: bigint): RouteAnswer {
    const routes = exactRoutes(this.#graph, question.payer, paths, question.amount, unit);
    return { routes, payable: routes.reduce((sum, route) => sum + route.amount, 0n) };
  }

  /** The hops out of the payer or those into the payee, whichever carry less in all. */
  #narrowEnd(payer: number, payee: number): { readonly hops: number[]; readonly carries: number } {
    const { first, end, twin, carry } = this.#graph;
    const out: number[] = [];
    const into: number[] = [];
    for (let slot = first[payer]!; slot < end[payer]!; slot++) out.push(slot);
    for (let slot = first[payee]!; slot < end[payee]!; slot++) into.push(twin[slot]!);
    const sum = (hops: readonly number[]) => hops.reduce((total, slot) => total + carry[slot]!, 0);
    const [outSum, intoSum] = [sum(out), sum(into)];
    return outSum <= intoSum ? { hops: out, carries: outSum } : { hops: into, carries: intoSum };
  }

  /**
   * The amount over any number of paths of any length, or the cut that forbids it.
   * @returns undefined if the budget did not suffice to tell
   */
  #unbounded(
    { payer, payee, amount }: PathsWish,
    budget: WorkBudget,
  ): { readonly paths: FlowPath[] } | { readonly cut: number[] } | undefined {
    const start = this.#changes.mark;
    try {
      const flow = this.#maxFlow.send(payer, payee, amount, budget);
      if (flow.carried >= amount) {
        const taken = this.#changes.takenSince(start);
        return { paths: flowPaths(this.#graph, payer, payee, taken) };
      }
      return flow.complete ? { cut: this.#maxFlow.cut(payer) } : undefined;
    } finally {
      this.#changes.undoTo(start);
    }
  }

  /** What a cut proves. Nothing, if rounding to units may hide that it carries the amount. */
  #cannot(cut: readonly number[], amount: bigint, unit: bigint): Impossible | undefined {
    const open = cut.filter((slot) => this.#graph.carry[slot]! > 0);
    const binding = open.map((slot) => this.#hop(slot)).sort(byCapacity);
    const ceiling = binding.reduce((sum, hop) => sum + hop.capacity, 0n);
    const hidden = (unit - 1n) * BigInt(cut.length - open.length);
    return ceiling + hidden < amount ? { kind: 'impossible', ceiling, binding } : undefined;
  }

  /** Hops of the paths laid now that have nothing left. */
  #usedUp(): BindingHop[] {
    const slots = new Set(this.#several.paths.flatMap((path) => path.slots));
    const full = [...slots].filter((slot) => this.#graph.carry[slot]! <= 0);
    return full.map((slot) => this.#hop(slot)).sort(byCapacity);
  }

  #hop(slot: number): BindingHop {
    const { head, twin } = this.#graph;
    const capacity = this.#graph.capacityAt(slot);
    return { debtor: head[twin[slot]!]!, creditor: head[slot]!, capacity };
  }

  #check({ payer, payee, amount, maxHops, maxPaths, avoid = [] }: RouteQuestion): void {
    for (const node of [payer, payee, ...avoid]) {
      if (!this.#graph.hasNode(node)) {
        throw invalid('participant', `The graph has no participant ${node}.`);
      }
    }
    if (payer === payee || avoid.includes(payer) || avoid.includes(payee)) {
      throw invalid('participant', 'Payer and payee are two participants that are not avoided.');
    }
    if (amount < 1n || amount > AMOUNT_MAX) {
      throw invalid('amount', `An amount is 1 to ${AMOUNT_MAX} of the smallest unit.`);
    }
    if (!(Number.isInteger(maxHops) && maxHops >= 1 && maxHops <= HOPS_MAX)) {
      throw invalid('max_hops', `A route has 1 to ${HOPS_MAX} hops.`);
    }
    if (!(Number.isInteger(maxPaths) && maxPaths >= 1 && maxPaths <= ROUTES_MAX)) {
      throw invalid('max_paths', `A payment has 1 to ${ROUTES_MAX} routes.`);
    }
  }
}

function unfinished(binding: readonly BindingHop[]): Refusal {
  return { kind: 'unfinished', binding };
}

function byCapacity(a: BindingHop, b: BindingHop): number {
  return a.capacity < b.capacity ? 1 : a.capacity > b.capacity ? -1 : 0;
}
