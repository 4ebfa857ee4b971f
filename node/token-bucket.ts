/** A budget that fills up again with time. Pure: the time is an argument. */

/** A token bucket: `burst` at once, `perSecond` in the long run. */
export interface Rate {
  readonly perSecond: number;
  readonly burst: number;
}

export class TokenBucket {
  readonly #rate: Rate;
  #tokens: number;
  #at: number;

  constructor(rate: Rate, now: number) {
    this.#rate = rate;
    this.#tokens = rate.burst;
    this.#at = now;
  }

  has(count: number, now: number): boolean {
    this.#refill(now);
    return this.#tokens >= count;
  }

  /** Takes `count` tokens, or none if there are fewer. */
  take(count: number, now: number): boolean {
    if (!this.has(count, now)) return false;
    this.#tokens -= count;
    return true;
  }

  /** Takes what has been used already; the bucket may then be in debt. */
  spend(count: number, now: number): void {
    this.#refill(now);
    this.#tokens -= count;
  }

  full(now: number): boolean {
    return this.has(this.#rate.burst, now);
  }

  #refill(now: number): void {
    if (now > this.#at) {
      const gained = ((now - this.#at) * this.#rate.perSecond) / 1000;
      this.#tokens = Math.min(this.#rate.burst, this.#tokens + gained);
    }
    // A clock that went back gives nothing, and takes nothing away.
    this.#at = now;
  }
}
