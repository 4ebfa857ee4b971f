/**
 * What no choice of routes can pass, for `bench route`: the maximum flow knows neither a number of
 * hops nor a number of paths, and much of what is missing to it is forbidden by those.
 *
 * Both bounds are proofs by relaxation, so the truth may be less and is never more:
 * - Paths of at most h hops make a flow that uses h hops or fewer for each unit, on average. The most
 *   that such a flow carries is found by filling shortest ways first, with exchange (the method of
 *   successive shortest paths).
 * - Of any k paths the i-th widest carries no more than t(i), the largest width for which i paths of
 *   that width have room at once: the i widest are such paths. So k paths carry t(1) + … + t(k) at most.
 */
import type { CompactGraph } from '../../protocol/routing/compact-graph.ts';

export interface BoundQuestion {
  readonly payer: number;
  readonly payee: number;
  /** Smallest unit, at most `CARRY_MAX`. */
  readonly amount: number;
  readonly maxHops: number;
  readonly maxPaths: number;
}

export interface RouteBound {
  /** What any number of paths of `maxHops` hops carries at most, up to the amount. */
  readonly withinHops: number;
  /** What `maxPaths` such paths carry at most, up to the amount. */
  readonly withinBounds: number;
}

/** A sum of doubles that should be whole is so within this. */
const ROUNDING = 1e-6;
const UNREACHED = 127;

export class RouteBounds {
  readonly #graph: CompactGraph;
  /** Participant → hops from the payer and to the payee, {@link UNREACHED} beyond `maxHops`. */
  readonly #from: Int8Array;
  readonly #to: Int8Array;
  /** Slot → what flows along it. Never along both of a pair of twins. */
  readonly #flow: Float64Array;
  #flowing: number[] = [];
  /** Participant → cost of the way to it in the search under way, and the slot it came by. */
  readonly #cost: Float64Array;
  readonly #via: Int32Array;
  /** Hops that carry less are left out. */
  #narrowest = 1;

  constructor(graph: CompactGraph) {
    this.#graph = graph;
    this.#from = new Int8Array(graph.nodeCount);
    this.#to = new Int8Array(graph.nodeCount);
    this.#flow = new Float64Array(graph.slotCount);
    this.#cost = new Float64Array(graph.nodeCount);
    this.#via = new Int32Array(graph.nodeCount);
  }

  /** @param found what is known to get through: no bound is sought below it */
  bound(question: BoundQuestion, found: number): RouteBound {
    this.#narrowest = 1;
    this.#measure(question);
    const withinHops = Math.floor(this.#most(question, question.amount, 1) + ROUNDING);
    if (withinHops <= found) return { withinHops, withinBounds: withinHops };
    return { withinHops, withinBounds: this.#ofPaths({ ...question, amount: withinHops }) };
  }

  #ofPaths(question: BoundQuestion): number {
    const { amount, maxPaths } = question;
    const widths: number[] = [];
    while (widths.length < maxPaths) {
      // With paths to spare their widths bound nothing.
      if (sum(widths) >= amount) return amount;
      const paths = widths.length + 1;
      const width = largest(0, widths.at(-1) ?? amount, (each) => {
        return this.#most(question, paths, each) > paths - ROUNDING;
      });
      if (width === 0) break;
      widths.push(width);
    }
    // If the others carry as much as they can, the narrowest path still has to be so wide; narrower
    // hops are of no use then, and the rest must let the whole through.
    const others = sum(widths.slice(0, -1));
    return largest(0, Math.min(amount, sum(widths)), (whole) => {
      this.#narrowest = Math.max(1, whole - others);
      this.#measure(question);
      return this.#most(question, whole, 1) > whole - ROUNDING;
    });
  }

  /**
   * The most that flows within the hops, up to `wanted`, in units of `unit`: a hop carries whole ones.
   */
  #most({ payer, payee, maxHops }: BoundQuestion, wanted: number, unit: number): number {
    for (const slot of this.#flowing) this.#flow[slot] = 0;
    this.#flowing = [];
    let carried = 0;
    /** Hops that may be used, on average `maxHops` for each unit, less those that are. */
    let spare = 0;
    while (carried < wanted) {
      const hops = this.#shortest(payer, payee, maxHops, unit);
      if (hops === undefined) return carried;
      let width = wanted - carried;
      for (const slot of this.#way(payer, payee)) width = Math.min(width, this.#room(slot, unit));
      // A way that is too long uses up what the shorter ones have spared.
      const allowed = hops > maxHops ? Math.min(width, spare / (hops - maxHops)) : width;
      if (allowed <= 0) return carried;
      for (const slot of this.#way(payer, payee)) this.#send(slot, allowed);
      carried += allowed;
      if (allowed < width) return carried;
      spare += allowed * (maxHops - hops);
    }
    return carried;
  }

  /** Hops of the shortest way that has room, where to go back on a hop that is used gains one. */
  #shortest(payer: number, payee: number, maxHops: number, unit: number): number | undefined {
    const { first, end, head } = this.#graph;
    const cost = this.#cost.fill(Number.POSITIVE_INFINITY);
    cost[payer] = 0;
    let layer = [payer];
    while (layer.length > 0) {
      const next = new Set<number>();
      for (const node of layer) {
        for (let slot = first[node]!; slot < end[node]!; slot++) {
          const to = head[slot]!;
          const back = this.#flow[this.#graph.twin[slot]!]! > 0;
          if (cost[to]! <= cost[node]! + (back ? -1 : 1)) continue;
          if (!back && this.#from[node]! + 1 + this.#to[to]! > maxHops) continue;
          if (this.#room(slot, unit) <= 0) continue;
          cost[to] = cost[node]! + (back ? -1 : 1);
          this.#via[to] = slot;
          next.add(to);
        }
      }
      layer = [...next];
    }
    return cost[payee] === Number.POSITIVE_INFINITY ? undefined : cost[payee];
  }

  /** Slots of the way that was found last, the payee's first. */
  *#way(payer: number, payee: number): Generator<number> {
    const { head, twin } = this.#graph;
    for (let node = payee; node !== payer; ) {
      const slot = this.#via[node]!;
      yield slot;
      node = head[twin[slot]!]!;
    }
  }

  #room(slot: number, unit: number): number {
    const back = this.#flow[this.#graph.twin[slot]!]!;
    return back > 0 ? back : Math.floor(this.#usable(slot) / unit) - this.#flow[slot]!;
  }

  /** What a hop carries, or 0 if it is left out. */
  #usable(slot: number): number {
    const carry = this.#graph.carry[slot]!;
    return carry < this.#narrowest ? 0 : carry;
  }

  #send(slot: number, amount: number): void {
    const twin = this.#graph.twin[slot]!;
    if (this.#flow[twin]! > 0) this.#flow[twin]! -= amount;
    else {
      this.#flow[slot]! += amount;
      this.#flowing.push(slot);
    }
  }

  /** Distances over the hops that are not left out. */
  #measure({ payer, payee, maxHops }: BoundQuestion): void {
    const { first, end, head, twin } = this.#graph;
    const spread = (distances: Int8Array, start: number, inward: boolean): void => {
      distances.fill(UNREACHED);
      distances[start] = 0;
      let layer = [start];
      for (let hops = 1; hops <= maxHops; hops++) {
        const next: number[] = [];
        for (const node of layer) {
          for (let slot = first[node]!; slot < end[node]!; slot++) {
            const to = head[slot]!;
            if (distances[to] !== UNREACHED || this.#usable(inward ? twin[slot]! : slot) === 0)
              continue;
            distances[to] = hops;
            next.push(to);
          }
        }
        layer = next;
      }
    };
    spread(this.#from, payer, false);
    spread(this.#to, payee, true);
  }
}

/** The largest whole number up to `high` that fits. `low` is known to; what is below one that fits, does. */
function largest(low: number, high: number, fits: (value: number) => boolean): number {
  let [fitting, beyond] = [low, high + 1];
  while (beyond - fitting > 1) {
    const middle = fitting + Math.floor((beyond - fitting) / 2);
    if (fits(middle)) fitting = middle;
    else beyond = middle;
  }
  return fitting;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0);
}
