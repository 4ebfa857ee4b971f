/** Hops that neighbours told of, with their age. Old ones are forgotten, refuted ones corrected at once. */
import type { Pid } from '../../protocol/identity/pid.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';

interface LearnedHop {
  readonly debtor: Pid;
  readonly creditor: Pid;
  readonly capacity: bigint;
  readonly at: number;
}

/** Hops kept at most per equivalent: a bound on what neighbours can make a node remember. */
const HOPS_MAX_KEPT = 50_000;

export class LearnedHops {
  readonly #byEquivalent = new Map<EquivalentCode, Map<string, LearnedHop>>();
  readonly #lifeMs: number;

  constructor(lifeMs: number) {
    this.#lifeMs = lifeMs;
  }

  learn(
    equivalent: EquivalentCode,
    debtor: Pid,
    creditor: Pid,
    capacity: bigint,
    now: number,
  ): void {
    let hops = this.#byEquivalent.get(equivalent);
    if (hops === undefined) {
      hops = new Map();
      this.#byEquivalent.set(equivalent, hops);
    }
    const key = `${debtor}>${creditor}`;
    // Insertion order is order of age: the oldest stands first.
    hops.delete(key);
    if (hops.size >= HOPS_MAX_KEPT) hops.delete(hops.keys().next().value!);
    hops.set(key, { debtor, creditor, capacity, at: now });
  }

  /** Forgets what was told of some hops. */
  forget(isMeant: (debtor: Pid, creditor: Pid, equivalent: EquivalentCode) => boolean): void {
    for (const [equivalent, hops] of this.#byEquivalent) {
      for (const [key, { debtor, creditor }] of hops) {
        if (isMeant(debtor, creditor, equivalent)) hops.delete(key);
      }
    }
  }

  fresh(equivalent: EquivalentCode, now: number): LearnedHop[] {
    const hops = this.#byEquivalent.get(equivalent);
    if (hops === undefined) return [];
    for (const [key, hop] of hops) {
      if (hop.at + this.#lifeMs > now) break;
      hops.delete(key);
    }
    return [...hops.values()];
  }
}
