/** How long attempts stay in doubt and holds stay in force, in virtual time. */
import type { VirtualTime } from '../simulator/clock.ts';
import { type BatchChange, isHolding, type StepRule } from './observed.ts';

export class Durations implements StepRule {
  /** From the hold to the outcome, ms, each at one host. */
  readonly held: number[] = [];
  /** From the YES to the outcome, ms, of those who had to ask. */
  readonly inDoubt: number[] = [];
  readonly #time: VirtualTime;
  readonly #since = new Map<string, number>();
  readonly #asked = new Set<string>();

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  changed({ host, attempts }: BatchChange): void {
    for (const { before, after } of attempts) {
      const name = `${host.name} ${after.manifest.hash}`;
      if (after.round > 0) this.#asked.add(name);
      if (isHolding(after.phase)) {
        if (before === undefined) this.#since.set(name, this.#time.now);
        continue;
      }
      const since = this.#since.get(name);
      if (since === undefined) continue;
      this.#since.delete(name);
      this.held.push(this.#time.now - since);
      if (this.#asked.delete(name)) this.inDoubt.push(this.#time.now - since);
    }
  }
}

/** The value below which that part (0..1) of the values lies. */
export function quantile(values: readonly number[], part: number): number | undefined {
  if (values.length === 0) return undefined;
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))];
}
