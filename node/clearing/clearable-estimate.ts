/**
 * How much a pass would clear now, guessed without a search: whether it is time for one.
 *
 * The bound of `NetPositions` rises with every debt that could be part of a cycle. What a pass clears of such
 * a rise is its yield, learned from each pass; so the estimate is the rise since the last pass, times the
 * yield. It is wrong by as much as payments are unlike those before, and right again after the next pass.
 */

/** Parts of 1,000. A yield never becomes 0, or nothing would ever be learned again. */
const WHOLE = 1_000n;
const YIELD_MIN = 20n;

/** All debt and the bound of what can be cleared of it, smallest unit; see `NetPositions`. */
interface Positions {
  readonly debt: bigint;
  readonly bound: bigint;
}

export class ClearableEstimate {
  readonly #positions: Positions;
  /** The least bound since the end of the last pass; before the first, nothing is known to be there already. */
  #floor = 0n;
  #yield = WHOLE;

  constructor(positions: Positions) {
    this.#positions = positions;
  }

  /** What a pass would clear, smallest unit. */
  get amount(): bigint {
    return (this.#rise() * this.#yield) / WHOLE;
  }

  /** The same, as parts of 1,000 of all debt. */
  get share(): number {
    const { debt } = this.#positions;
    return debt === 0n ? 0 : Number((this.amount * WHOLE) / debt);
  }

  /**
   * A pass begins.
   * @returns to be called at its end, with what it cleared, smallest unit
   */
  begin(): (cleared: bigint) => void {
    const rise = this.#rise();
    return (cleared) => {
      if (rise > 0n) this.#learn((cleared * WHOLE) / rise);
      this.#floor = this.#positions.bound;
    };
  }

  /** Half of what was found now, half of what was known before. */
  #learn(found: bigint): void {
    const next = (this.#yield + (found < WHOLE ? found : WHOLE)) / 2n;
    this.#yield = next > YIELD_MIN ? next : YIELD_MIN;
  }

  #rise(): bigint {
    const { bound } = this.#positions;
    if (bound < this.#floor) this.#floor = bound;
    return bound - this.#floor;
  }
}
