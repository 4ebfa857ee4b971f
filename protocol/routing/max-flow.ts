/**
 * How much can be paid at all, over any number of paths of any length, and which lines forbid more.
 *
 * Dinic's method: a search from the payee tells how far each participant is, then paths are followed
 * that come one hop closer with each step, until none is left; and again. It stops as soon as it has
 * what was asked for. If it does not get that far, the participants that the payer can still reach
 * are one side of a smallest cut (the theorem of Ford and Fulkerson).
 */
import type { CarryChanges } from './carry-changes.ts';
import type { CompactGraph } from './compact-graph.ts';
import { nextRun } from './hop-labels.ts';
import type { WorkBudget } from './work-budget.ts';

export interface Flow {
  readonly carried: number;
  /** The flow is as large as can be, unless it has what was asked for. */
  readonly complete: boolean;
}

export class MaxFlow {
  readonly #graph: CompactGraph;
  readonly #changes: CarryChanges;
  /** Participant → hops to the payee, valid where `stamp` is the run. */
  #away = new Int32Array(0);
  #stamp = new Int32Array(0);
  /** Participant → next slot to try in this phase. */
  #next = new Int32Array(0);
  #queue = new Int32Array(0);
  #run = 0;

  constructor(graph: CompactGraph, changes: CarryChanges) {
    this.#graph = graph;
    this.#changes = changes;
  }

  /** Sends up to `amount` through the graph; the flow is what `CarryChanges` has noted then. */
  send(payer: number, payee: number, amount: number, budget: WorkBudget): Flow {
    const nodes = this.#graph.first.length;
    if (this.#stamp.length < nodes) {
      this.#away = new Int32Array(nodes);
      this.#stamp = new Int32Array(nodes);
      this.#next = new Int32Array(nodes);
      this.#queue = new Int32Array(nodes);
    }
    let carried = 0;
    while (carried < amount) {
      if (budget.exhausted) return { carried, complete: false };
      if (!this.#measure(payer, payee, budget)) return { carried, complete: true };
      for (;;) {
        const step = this.#follow(payer, payee, amount - carried, budget);
        if (step === 0) break;
        carried += step;
      }
    }
    return { carried, complete: true };
  }

  /** After a complete flow: the hops that lead from the payer's side to the other, all used up. */
  cut(payer: number): number[] {
    const { first, end, head, carry } = this.#graph;
    const run = nextRun(this.#run);
    this.#run = run;
    const queue = this.#queue;
    let tail = 0;
    this.#stamp[payer] = run;
    queue[tail++] = payer;
    const border: number[] = [];
    for (let at = 0; at < tail; at++) {
      const node = queue[at]!;
      for (let slot = first[node]!; slot < end[node]!; slot++) {
        const next = head[slot]!;
        if (carry[slot]! <= 0) border.push(slot);
        else if (this.#stamp[next] !== run) {
          this.#stamp[next] = run;
          queue[tail++] = next;
        }
      }
    }
    return border.filter((slot) => this.#stamp[head[slot]!] !== run);
  }

  /** Hops to the payee, from wherever the payer's way may lead. @returns whether there is a way */
  #measure(payer: number, payee: number, budget: WorkBudget): boolean {
    const { first, end, head, twin, carry } = this.#graph;
    const stamp = this.#stamp;
    const away = this.#away;
    const queue = this.#queue;
    const run = nextRun(this.#run);
    this.#run = run;
    let tail = 0;
    let steps = 0;
    stamp[payee] = run;
    away[payee] = 0;
    queue[tail++] = payee;
    for (let at = 0; at < tail; at++) {
      const node = queue[at]!;
      this.#next[node] = first[node]!;
      // Whoever is as far as the payer is of no use to it.
      if (stamp[payer] === run && away[node]! >= away[payer]!) continue;
      steps += end[node]! - first[node]!;
      for (let slot = first[node]!; slot < end[node]!; slot++) {
        const next = head[slot]!;
        if (stamp[next] === run || carry[twin[slot]!]! <= 0) continue;
        stamp[next] = run;
        away[next] = away[node]! + 1;
        queue[tail++] = next;
      }
    }
    budget.spend(steps);
    return stamp[payer] === run;
  }

  /** Follows one path of this phase and uses it up. @returns what it carries, 0 if there is none */
  #follow(payer: number, payee: number, most: number, budget: WorkBudget): number {
    const { end, head, twin, carry } = this.#graph;
    const next = this.#next;
    const path: number[] = [];
    let node = payer;
    let steps = 0;
    while (node !== payee) {
      const stop = end[node]!;
      const closer = this.#away[node]! - 1;
      let slot = next[node]!;
      for (; slot < stop; slot++) {
        steps++;
        const to = head[slot]!;
        if (carry[slot]! > 0 && this.#stamp[to] === this.#run && this.#away[to] === closer) break;
      }
      next[node] = slot;
      if (slot < stop) {
        path.push(slot);
        node = head[slot]!;
      } else if (node === payer) {
        budget.spend(steps);
        return 0;
      } else {
        const back = twin[path.pop()!]!;
        node = head[back]!;
        next[node]!++;
      }
    }
    budget.spend(steps);
    let width = most;
    for (const slot of path) if (carry[slot]! < width) width = carry[slot]!;
    for (const slot of path) {
      this.#changes.set(slot, carry[slot]! - width);
      this.#changes.set(twin[slot]!, carry[twin[slot]!]! + width);
    }
    return width;
  }
}
