/**
 * How many requests to join are looked at, in a minute: all together, and of one peer. What is above
 * is refused before any signature is checked, so neither codes nor processors can be tried out.
 */
import { GeoError } from '../../protocol/errors.ts';
import type { PublicKey } from '../../protocol/identity/pid.ts';

const MINUTE_MS = 60_000;

export class JoinBudget {
  readonly #perMinute: number;
  readonly #perMinutePerPeer: number;
  #minute = 0;
  #all = 0;
  /** Of this minute; no more entries than requests that were looked at. */
  readonly #byPeer = new Map<PublicKey, number>();

  constructor(perMinute: number, perMinutePerPeer: number) {
    this.#perMinute = perMinute;
    this.#perMinutePerPeer = perMinutePerPeer;
  }

  /** @throws GeoError E006 `too_many_joins` */
  spend(peer: PublicKey, now: number): void {
    const minute = Math.floor(now / MINUTE_MS);
    if (minute !== this.#minute) {
      this.#minute = minute;
      this.#all = 0;
      this.#byPeer.clear();
    }
    const own = this.#byPeer.get(peer) ?? 0;
    if (own >= this.#perMinutePerPeer || this.#all >= this.#perMinute) {
      throw new GeoError('E006', 'The hub gets too many requests to join; ask again in a minute.', {
        fault: 'too_many_joins',
      });
    }
    this.#all++;
    this.#byPeer.set(peer, own + 1);
  }
}
