/**
 * What a search changes in `CompactGraph.carry`, and how it was before. The searches work on the
 * graph itself, because a copy of it for each question would cost more than the question.
 */
import type { CompactGraph } from './compact-graph.ts';

export class CarryChanges {
  readonly #graph: CompactGraph;
  readonly #slots: number[] = [];
  readonly #before: number[] = [];

  constructor(graph: CompactGraph) {
    this.#graph = graph;
  }

  carryOf(slot: number): number {
    return this.#graph.carry[slot]!;
  }

  set(slot: number, carry: number): void {
    this.#slots.push(slot);
    this.#before.push(this.#graph.carry[slot]!);
    this.#graph.carry[slot] = carry;
  }

  /** Takes `amount` from every hop, or gives it back if it is negative. */
  take(slots: readonly number[], amount: number): void {
    for (const slot of slots) this.set(slot, this.#graph.carry[slot]! - amount);
  }

  /** A point in time for {@link undoTo}. */
  get mark(): number {
    return this.#slots.length;
  }

  /** Slot → what was taken from it in all since then, where that is more than nothing. */
  takenSince(mark: number): Map<number, number> {
    const taken = new Map<number, number>();
    for (let i = this.#slots.length - 1; i >= mark; i--)
      taken.set(this.#slots[i]!, this.#before[i]!);
    for (const [slot, before] of taken) {
      const amount = before - this.#graph.carry[slot]!;
      if (amount > 0) taken.set(slot, amount);
      else taken.delete(slot);
    }
    return taken;
  }

  undoTo(mark: number): void {
    const { carry } = this.#graph;
    while (this.#slots.length > mark) carry[this.#slots.pop()!] = this.#before.pop()!;
  }
}
