/**
 * How much debt can be cleared at most (docs/PROTOCOL.md, "Clearing").
 *
 * Clearing changes no net position, so what remains is a flow that carries every net debtor's
 * position to the net creditors through the existing debts; the least total of such a flow is the
 * least that must remain. All debts minus that flow is the largest circulation that the debts allow.
 *
 * Method: minimum-cost flow with unit costs by the primal-dual algorithm (Ford and Fulkerson 1957;
 * Ahuja, Magnanti, Orlin, "Network Flows", section 9.8): potentials from a bucketed shortest-path
 * search, then blocking flows (Dinic 1970) over the arcs of reduced cost 0. Distances are small whole
 * numbers, so there are few phases. All numbers are whole and exact.
 */
import { invalid } from '../errors.ts';
import { finish, STEP_WORK, type Steps } from './steps.ts';

/** Debts by index: `debtor[i]` owes `creditor[i]` `amount[i]` ≥ 0 (smallest unit). */
export interface DebtGraph {
  /** Participants are 0 … size − 1. */
  readonly size: number;
  readonly debtor: Int32Array;
  readonly creditor: Int32Array;
  /** Whole numbers; their sum must stay below 2^53, so that double precision is exact. */
  readonly amount: Float64Array;
}

export interface Circulation {
  /** What can be taken from each debt; the sums at every participant balance. */
  readonly cleared: Float64Array;
  /** Sum of `cleared`: the exact maximum. */
  readonly optimum: number;
  readonly total: number;
  /** Rounds of the search, for those who measure. */
  readonly phases: number;
}

/** @throws GeoError E009 `amounts_too_large` | `bad_debt` */
export function largestCirculation(graph: DebtGraph): Circulation {
  return finish(circulationSteps(graph));
}

/** The same step by step. @throws GeoError E009 `amounts_too_large` | `bad_debt` */
export function* circulationSteps(graph: DebtGraph): Steps<Circulation> {
  const total = totalOf(graph);
  yield;
  const flow = new UnitCostFlow(graph);
  const phases = yield* flow.solve(graph);
  const cleared = new Float64Array(graph.amount.length);
  let optimum = 0;
  for (let i = 0; i < cleared.length; i++) {
    if (i % STEP_WORK === 0) yield;
    const left = graph.amount[i]! - flow.carried(i);
    cleared[i] = left;
    optimum += left;
  }
  return { cleared, optimum, total, phases };
}

function totalOf({ size, debtor, creditor, amount }: DebtGraph): number {
  let total = 0;
  for (let i = 0; i < amount.length; i++) {
    const units = amount[i]!;
    const from = debtor[i]!;
    const to = creditor[i]!;
    const ends = from >= 0 && from < size && to >= 0 && to < size && from !== to;
    if (!Number.isSafeInteger(units) || units < 0 || !ends) {
      throw invalid('bad_debt', `Debt ${i} is not a whole amount between two participants.`);
    }
    total += units;
  }
  if (total > Number.MAX_SAFE_INTEGER) {
    throw invalid(
      'amounts_too_large',
      'The debts together must stay below 2^53 of the smallest unit.',
    );
  }
  return total;
}

const UNREACHED = 0x7fff_ffff;

/**
 * The residual graph in typed arrays. Arc 2i runs along debt i, arc 2i + 1 back; the arcs of a
 * participant stand together (`first`, `order`), so that a search walks through memory in order.
 */
class UnitCostFlow {
  readonly #size: number;
  readonly #head: Int32Array;
  readonly #residual: Float64Array;
  readonly #first: Int32Array;
  readonly #order: Int32Array;
  /** Positive: has to send; negative: has to receive. */
  readonly #excess: Float64Array;
  readonly #potential: Int32Array;
  readonly #level: Int32Array;
  readonly #cursor: Int32Array;
  readonly #queue: Int32Array;
  readonly #path: Int32Array;
  /** Arcs looked at since the last pause. */
  #looked = 0;

  /** Empty: {@link solve} fills it, which takes a while. */
  constructor({ size, amount }: DebtGraph) {
    const arcs = amount.length * 2;
    this.#size = size;
    this.#head = new Int32Array(arcs);
    this.#residual = new Float64Array(arcs);
    this.#first = new Int32Array(size + 1);
    this.#order = new Int32Array(arcs);
    this.#excess = new Float64Array(size);
    this.#potential = new Int32Array(size);
    this.#level = new Int32Array(size);
    this.#cursor = new Int32Array(size);
    this.#queue = new Int32Array(size);
    this.#path = new Int32Array(size + 1);
  }

  *#fill({ debtor, creditor, amount }: DebtGraph): Steps<void> {
    for (let i = 0; i < amount.length; i++) {
      if (i % STEP_WORK === 0) yield;
      const u = debtor[i]!;
      const v = creditor[i]!;
      this.#head[2 * i] = v;
      this.#head[2 * i + 1] = u;
      this.#residual[2 * i] = amount[i]!;
      this.#excess[u]! += amount[i]!;
      this.#excess[v]! -= amount[i]!;
      this.#first[u + 1]!++;
      this.#first[v + 1]!++;
    }
    for (let v = 0; v < this.#size; v++) this.#first[v + 1]! += this.#first[v]!;
    const place = this.#first.slice(0, this.#size);
    for (let arc = 0; arc < this.#head.length; arc++) {
      if (arc % STEP_WORK === 0) yield;
      const tail = this.#head[arc ^ 1]!;
      this.#order[place[tail]!++] = arc;
    }
  }

  /** What debt `i` carries in the cheapest flow: what must remain of it. */
  carried(i: number): number {
    return this.#residual[2 * i + 1]!;
  }

  /** @param graph as in the constructor */
  *solve(graph: DebtGraph): Steps<number> {
    yield* this.#fill(graph);
    let phases = 0;
    while (yield* this.#raisePotentials()) {
      phases++;
      while (yield* this.#layer()) yield* this.#blockingFlow();
    }
    return phases;
  }

  /** Whether it is time to pause, after so many more arcs have been looked at. */
  #isLong(looked: number): boolean {
    this.#looked += looked;
    if (this.#looked < STEP_WORK) return false;
    this.#looked = 0;
    return true;
  }

  /** Cost of an arc under the potentials: 1 along a debt, −1 back; never negative where there is residual. */
  #reduced(arc: number, tail: number): number {
    const cost = (arc & 1) === 0 ? 1 : -1;
    return cost + this.#potential[tail]! - this.#potential[this.#head[arc]!]!;
  }

  /**
   * Shortest distances from everyone who has to send, in buckets of whole numbers, as far as the
   * nearest receiver; then the potentials that make the shortest arcs cost 0.
   * @returns false if nobody is left to send
   */
  *#raisePotentials(): Steps<boolean> {
    const distance = this.#level.fill(UNREACHED);
    const buckets: number[][] = [[]];
    for (let v = 0; v < this.#size; v++) {
      if (this.#excess[v]! > 0) {
        distance[v] = 0;
        buckets[0]!.push(v);
      }
    }
    if (buckets[0]!.length === 0) return false;
    let nearest = UNREACHED;
    for (let d = 0; d < buckets.length && d <= nearest; d++) {
      const bucket = buckets[d] ?? [];
      for (let i = 0; i < bucket.length; i++) {
        const u = bucket[i]!;
        if (distance[u] !== d) continue;
        if (this.#excess[u]! < 0) nearest = d;
        if (this.#isLong(this.#first[u + 1]! - this.#first[u]!)) yield;
        for (let at = this.#first[u]!; at < this.#first[u + 1]!; at++) {
          const arc = this.#order[at]!;
          if (this.#residual[arc] === 0) continue;
          const v = this.#head[arc]!;
          const reached = d + this.#reduced(arc, u);
          if (reached >= distance[v]!) continue;
          distance[v] = reached;
          while (buckets.length <= reached) buckets.push([]);
          buckets[reached]!.push(v);
        }
      }
    }
    for (let v = 0; v < this.#size; v++) {
      const d = distance[v]!;
      this.#potential[v]! += d < nearest ? d : nearest;
    }
    return true;
  }

  /** Breadth-first layers over the arcs of reduced cost 0. @returns false if no receiver is reached */
  *#layer(): Steps<boolean> {
    const level = this.#level.fill(-1);
    const queue = this.#queue;
    let end = 0;
    for (let v = 0; v < this.#size; v++) {
      if (this.#excess[v]! > 0) {
        level[v] = 0;
        queue[end++] = v;
      }
    }
    let found = false;
    for (let i = 0; i < end; i++) {
      const u = queue[i]!;
      if (this.#excess[u]! < 0) {
        found = true;
        continue;
      }
      if (this.#isLong(this.#first[u + 1]! - this.#first[u]!)) yield;
      for (let at = this.#first[u]!; at < this.#first[u + 1]!; at++) {
        const arc = this.#order[at]!;
        const v = this.#head[arc]!;
        if (level[v] !== -1 || this.#residual[arc] === 0 || this.#reduced(arc, u) !== 0) continue;
        level[v] = level[u]! + 1;
        queue[end++] = v;
      }
    }
    if (found) this.#cursor.set(this.#first.subarray(0, this.#size));
    return found;
  }

  *#blockingFlow(): Steps<void> {
    for (let source = 0; source < this.#size; source++) {
      while (this.#excess[source]! > 0 && this.#level[source] === 0) {
        if (!this.#augment(source)) break;
        if (this.#isLong(0)) yield;
      }
    }
  }

  /** One path from `source` to a receiver along rising layers, walked without recursion. */
  #augment(source: number): boolean {
    const path = this.#path;
    let length = 0;
    let u = source;
    for (;;) {
      if (this.#excess[u]! < 0) {
        this.#send(source, u, length);
        return true;
      }
      const arc = this.#nextArc(u);
      if (arc >= 0) {
        path[length++] = arc;
        u = this.#head[arc]!;
        continue;
      }
      this.#level[u] = -1; // A dead end for the rest of this blocking flow.
      if (length === 0) return false;
      u = this.#head[path[--length]! ^ 1]!;
      this.#cursor[u]!++;
    }
  }

  #nextArc(u: number): number {
    const last = this.#first[u + 1]!;
    const from = this.#cursor[u]!;
    for (let at = from; at < last; at++) {
      const arc = this.#order[at]!;
      const v = this.#head[arc]!;
      const open = this.#residual[arc]! > 0 && this.#level[v] === this.#level[u]! + 1;
      if (open && this.#reduced(arc, u) === 0) {
        this.#looked += at - from + 1;
        this.#cursor[u] = at;
        return arc;
      }
    }
    this.#looked += last - from;
    this.#cursor[u] = last;
    return -1;
  }

  #send(source: number, sink: number, length: number): void {
    let amount = Math.min(this.#excess[source]!, -this.#excess[sink]!);
    for (let i = 0; i < length; i++) amount = Math.min(amount, this.#residual[this.#path[i]!]!);
    for (let i = 0; i < length; i++) {
      const arc = this.#path[i]!;
      this.#residual[arc]! -= amount;
      this.#residual[arc ^ 1]! += amount;
    }
    this.#excess[source]! -= amount;
    this.#excess[sink]! += amount;
  }
}
