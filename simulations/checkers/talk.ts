/**
 * Nobody who keeps the rules has endless things to say, whoever it talks with and whatever is answered: what one
 * host sends another in a minute is bounded (docs/PROTOCOL.md, "Catching up": two nodes must not excite each other).
 */
import type { SeenHost } from '../simulator/seen-host.ts';
import type { Watch } from '../simulator/watch.ts';
import type { Findings } from './findings.ts';

const MINUTE_MS = 60_000;
/** Frames in a minute from one to another: ten times what fifty payments with all faults have taken at most. */
export const TALK_MAX = 3_000;

export class Talk implements Watch {
  readonly #findings: Findings;
  readonly #time: { readonly now: number };
  #minute = -1;
  /** Frames of this minute, by who sent them and to whom. */
  readonly #counts = new Map<SeenHost, Map<SeenHost, number>>();

  constructor(findings: Findings, time: { readonly now: number }) {
    this.#findings = findings;
    this.#time = time;
  }

  sent(from: SeenHost, to: SeenHost | undefined): void {
    if (from.isHostile || to === undefined) return;
    const minute = Math.floor(this.#time.now / MINUTE_MS);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#counts.clear();
    }
    let counts = this.#counts.get(from);
    if (counts === undefined) {
      counts = new Map();
      this.#counts.set(from, counts);
    }
    const count = (counts.get(to) ?? 0) + 1;
    counts.set(to, count);
    if (count !== TALK_MAX + 1) return;
    this.#findings.report(
      '11 liveness',
      `${from.name} has sent ${to.name} more than ${TALK_MAX} messages in a minute`,
    );
  }
}
