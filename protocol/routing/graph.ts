/** A read-only picture of who can pay whom how much, in one equivalent. */
import type { Pid } from '../identity/pid.ts';

/** `capacities.get(u).get(v)`: what the hop u → v can carry, smallest unit, always > 0. */
export interface CapacityGraph {
  hopsFrom(debtor: Pid): ReadonlyMap<Pid, bigint>;
}

const NO_HOPS: ReadonlyMap<Pid, bigint> = new Map();

/** A graph put together hop by hop; the newest word about a hop counts. */
export class HopGraph implements CapacityGraph {
  readonly #hops = new Map<Pid, Map<Pid, bigint>>();

  /** Sets what a hop can carry; 0 removes it. */
  set(debtor: Pid, creditor: Pid, capacity: bigint): void {
    let hops = this.#hops.get(debtor);
    if (capacity <= 0n) {
      hops?.delete(creditor);
      return;
    }
    if (hops === undefined) {
      hops = new Map();
      this.#hops.set(debtor, hops);
    }
    hops.set(creditor, capacity);
  }

  hopsFrom(debtor: Pid): ReadonlyMap<Pid, bigint> {
    return this.#hops.get(debtor) ?? NO_HOPS;
  }
}
