/**
 * All debt of a community and everyone's net position, kept up with each change: what clearing could take
 * away at most, without solving anything.
 *
 * Net positions cannot be cleared. What the net creditors are owed together must remain, so all debt less
 * that is an upper bound of what can be cleared; a debt that is passed on along a chain counts in it too.
 */
export class NetPositions {
  /** Participant → what it is owed less what it owes; none if that is 0. */
  readonly #positions = new Map<number, bigint>();
  /** All that is owed, smallest unit. */
  debt = 0n;
  /** What the net creditors are owed together, smallest unit. */
  #surplus = 0n;

  /** No clearing can take away more, smallest unit. */
  get bound(): bigint {
    return this.debt - this.#surplus;
  }

  /**
   * An edge has another balance.
   * @param before what `high` owes `low`; negative if `low` owes `high`
   * @param after the same, from now on
   */
  change(low: number, high: number, before: bigint, after: bigint): void {
    if (before === after) return;
    this.debt += magnitude(after) - magnitude(before);
    this.#move(low, after - before);
    this.#move(high, before - after);
  }

  #move(participant: number, by: bigint): void {
    const before = this.#positions.get(participant) ?? 0n;
    const after = before + by;
    if (after === 0n) this.#positions.delete(participant);
    else this.#positions.set(participant, after);
    this.#surplus += positive(after) - positive(before);
  }
}

const magnitude = (balance: bigint) => (balance < 0n ? -balance : balance);
const positive = (position: bigint) => (position > 0n ? position : 0n);
