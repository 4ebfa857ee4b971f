/** What a run found to be wrong. */
import type { VirtualTime } from '../simulator/clock.ts';

export interface Violation {
  /** Which rule: a number of docs/PROTOCOL.md "Invariants", or what else was promised. */
  readonly rule: string;
  readonly text: string;
  /** Virtual ms since the world began. */
  readonly at: number;
}

const KEPT_MAX = 20;

export class Findings {
  readonly violations: Violation[] = [];
  readonly #time: VirtualTime;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  report(rule: string, text: string): void {
    // One broken book breaks many rules after it; the first ones tell what happened.
    if (this.violations.length < KEPT_MAX) this.violations.push({ rule, text, at: this.#time.now });
  }
}

export function short(hash: string): string {
  return hash.slice(0, 6);
}
