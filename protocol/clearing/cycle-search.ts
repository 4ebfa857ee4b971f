/**
 * Shortest cycles through a debt, for graphs in which amounts only fall.
 *
 * The way back from the creditor to the debtor is looked for from both ends at once, the smaller
 * front first, so that a search touches the neighbourhoods of two participants and not the network.
 * The debts of a participant stand in order of their first amounts: a search for large amounts
 * never sees the small ones. A debt that closes no cycle at a threshold is barred for as long as
 * that threshold holds; that is safe because amounts only fall.
 */
import type { DebtGraph } from './circulation.ts';

/** One side of the search: the debts out of each participant, or those into each. */
interface Side {
  readonly first: Int32Array;
  readonly order: Int32Array;
  /** Where a debt leads on this side. */
  readonly far: Int32Array;
  /** The debt by which a participant was reached; valid where `stamp` is the current one. */
  readonly via: Int32Array;
  readonly stamp: Int32Array;
  readonly queue: Int32Array;
  /** The front is `queue[begin .. end)`. */
  begin: number;
  end: number;
  depth: number;
}

export class CycleSearch {
  /** Debts looked at so far. */
  looked = 0;
  readonly #graph: DebtGraph;
  readonly #available: Float64Array;
  /** As it was at the start: what the order of the debts rests on. */
  readonly #atFirst: Float64Array;
  readonly #hopsMax: number;
  readonly #out: Side;
  readonly #in: Side;
  /** Threshold at which a debt was found to close no cycle; 0 if at none. */
  readonly #barred: Float64Array;
  #now = 0;

  /**
   * @param available what may be taken from each debt; whoever takes lowers it, never raises it
   * @param byAmount the debts of which something is available, the largest first
   * @param lengthMax members of a cycle at most, ≥ 2
   */
  constructor(graph: DebtGraph, available: Float64Array, byAmount: Int32Array, lengthMax: number) {
    const { size, debtor, creditor } = graph;
    this.#graph = graph;
    this.#available = available;
    this.#atFirst = available.slice();
    this.#hopsMax = lengthMax - 1;
    this.#barred = new Float64Array(available.length);
    this.#out = side(size, debtor, creditor, byAmount);
    this.#in = side(size, creditor, debtor, byAmount);
  }

  /** @returns debts in order of the cycle, beginning with `debt`, each with at least `threshold` */
  through(debt: number, threshold: number): number[] | undefined {
    const { debtor, creditor } = this.#graph;
    const out = this.#out;
    const into = this.#in;
    this.#now++;
    this.#begin(out, creditor[debt]!);
    this.#begin(into, debtor[debt]!);
    while (out.depth + into.depth < this.#hopsMax) {
      const sizeOut = out.end - out.begin;
      const sizeIn = into.end - into.begin;
      if (sizeOut === 0 || sizeIn === 0) break;
      const meeting =
        sizeOut <= sizeIn ? this.#widen(out, into, threshold) : this.#widen(into, out, threshold);
      if (meeting >= 0) return this.#cycle(debt, meeting);
    }
    this.#barred[debt] = threshold;
    return undefined;
  }

  #begin(side: Side, start: number): void {
    side.stamp[start] = this.#now;
    side.queue[0] = start;
    side.begin = 0;
    side.end = 1;
    side.depth = 0;
  }

  /**
   * One hop further on `side`. @returns the participant where the two sides meet, or −1. The first
   * one is on a shortest way: had it been nearer to the other end, its predecessor would have met.
   */
  #widen(side: Side, other: Side, threshold: number): number {
    const { first, order, far, via, stamp, queue } = side;
    const now = this.#now;
    const frontEnd = side.end;
    side.depth++;
    for (let i = side.begin; i < frontEnd; i++) {
      const u = queue[i]!;
      for (let at = first[u]!; at < first[u + 1]!; at++) {
        const debt = order[at]!;
        this.looked++;
        if (this.#atFirst[debt]! < threshold) break;
        if (this.#available[debt]! < threshold || this.#barred[debt] === threshold) continue;
        const v = far[debt]!;
        if (stamp[v] === now) continue;
        stamp[v] = now;
        via[v] = debt;
        queue[side.end++] = v;
        if (other.stamp[v] === now) return v;
      }
    }
    side.begin = frontEnd;
    return -1;
  }

  #cycle(debt: number, meeting: number): number[] {
    const { debtor, creditor } = this.#graph;
    const path: number[] = [];
    for (let v = meeting; v !== creditor[debt]; ) {
      const via = this.#out.via[v]!;
      path.push(via);
      v = debtor[via]!;
    }
    path.push(debt);
    path.reverse();
    for (let v = meeting; v !== debtor[debt]; ) {
      const via = this.#in.via[v]!;
      path.push(via);
      v = creditor[via]!;
    }
    return path;
  }
}

function side(size: number, near: Int32Array, far: Int32Array, sorted: Int32Array): Side {
  const first = new Int32Array(size + 1);
  for (const i of sorted) first[near[i]! + 1]!++;
  for (let v = 0; v < size; v++) first[v + 1]! += first[v]!;
  const place = first.slice(0, size);
  const order = new Int32Array(sorted.length);
  for (const i of sorted) order[place[near[i]!]!++] = i;
  return {
    first,
    order,
    far,
    via: new Int32Array(size),
    stamp: new Int32Array(size),
    queue: new Int32Array(size),
    begin: 0,
    end: 0,
    depth: 0,
  };
}
