/** Who has failed to sign in too often waits, longer each time. Pure: the time is an argument. */

export interface LockoutTerms {
  /** Failures that cost nothing. */
  readonly free: number;
  /** First wait, ms; doubles with each further failure. */
  readonly firstMs: number;
  readonly longestMs: number;
}

/** Whoever has not failed for so long begins anew, ms. */
const FORGET_MS = 3_600_000;

interface Failures {
  readonly count: number;
  readonly last: number;
}

export class Lockout {
  readonly #terms: LockoutTerms;
  readonly #namesMax: number;
  /** By name, the one that failed longest ago first. */
  readonly #failures = new Map<string, Failures>();

  /** @param namesMax names that are remembered; beyond it the one that failed longest ago is forgotten */
  constructor(terms: LockoutTerms, namesMax: number) {
    this.#terms = terms;
    this.#namesMax = namesMax;
  }

  /** How long the name has to wait still, ms; 0: it may try. */
  waitOf(name: string, now: number): number {
    const { free, firstMs, longestMs } = this.#terms;
    const known = this.#failures.get(name);
    if (known === undefined || known.count < free) return 0;
    const wait = Math.min(longestMs, firstMs * 2 ** Math.min(30, known.count - free));
    return Math.max(0, Math.min(wait, known.last + wait - now));
  }

  failed(name: string, now: number): void {
    const known = this.#failures.get(name);
    const count = known === undefined || now - known.last > FORGET_MS ? 1 : known.count + 1;
    // Deleted first, so that the order stays that of the last failures.
    this.#failures.delete(name);
    this.#failures.set(name, { count, last: now });
    if (this.#failures.size <= this.#namesMax) return;
    const [oldest] = this.#failures.keys();
    this.#failures.delete(oldest!);
  }

  succeeded(name: string): void {
    this.#failures.delete(name);
  }
}
