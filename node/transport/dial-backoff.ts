/** When a peer that could not be reached is worth another try. Pure: the time is an argument. */
import type { PublicKey } from '../../protocol/identity/pid.ts';

interface Failure {
  readonly waitMs: number;
  readonly until: number;
}

/** Enough for any real address book; strangers cannot grow it further. */
const PEERS_MAX = 20_000;

export class DialBackoff {
  readonly #minMs: number;
  readonly #maxMs: number;
  readonly #failures = new Map<PublicKey, Failure>();

  constructor(bounds: { readonly min: number; readonly max: number }) {
    this.#minMs = bounds.min;
    this.#maxMs = bounds.max;
  }

  /** Whether a dial is due. */
  due(peer: PublicKey, now: number): boolean {
    return now >= (this.#failures.get(peer)?.until ?? 0);
  }

  failed(peer: PublicKey, now: number): void {
    const last = this.#failures.get(peer);
    const waitMs = last === undefined ? this.#minMs : Math.min(this.#maxMs, last.waitMs * 2);
    this.#failures.delete(peer);
    if (this.#failures.size >= PEERS_MAX) {
      const oldest = this.#failures.keys().next().value;
      if (oldest !== undefined) this.#failures.delete(oldest);
    }
    this.#failures.set(peer, { waitMs, until: now + waitMs });
  }

  /** The peer was reached, or there is news of where it is. */
  reset(peer: PublicKey): void {
    this.#failures.delete(peer);
  }
}
