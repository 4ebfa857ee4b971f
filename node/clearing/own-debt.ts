/** All debts in a node's own books, by equivalent, kept up with each edge that changes. */
import { type Edge, edgeKey } from '../../protocol/ledger/edge.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';

export class OwnDebt {
  readonly #sums = new Map<EquivalentCode, bigint>();
  /** Edge → the debt of it that is in the sum. */
  readonly #counted = new Map<string, bigint>();

  /** Smallest unit. */
  of(equivalent: EquivalentCode): bigint {
    return this.#sums.get(equivalent) ?? 0n;
  }

  changed(edge: Edge): void {
    const key = edgeKey(edge);
    const debt = edge.balance < 0n ? -edge.balance : edge.balance;
    const before = this.#counted.get(key) ?? 0n;
    if (debt === before) return;
    this.#counted.set(key, debt);
    this.#sums.set(edge.equivalent, this.of(edge.equivalent) + debt - before);
  }

  /** All edges anew. */
  reload(edges: Iterable<Edge>): void {
    this.#sums.clear();
    this.#counted.clear();
    for (const edge of edges) this.changed(edge);
  }
}
