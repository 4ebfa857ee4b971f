/**
 * How much a search may do, counted in steps instead of time, so that the same question has the same
 * answer on every machine. A step is a hop looked at: a few nanoseconds.
 */
export class WorkBudget {
  #left: number;
  readonly #cancelled: () => boolean;
  readonly #whole: WorkBudget | undefined;

  /**
   * @param cancelled asked with every spending; `true` ends the search with what it has
   * @param whole the budget that this one is a part of
   */
  constructor(steps: number, cancelled: () => boolean = () => false, whole?: WorkBudget) {
    this.#left = steps;
    this.#cancelled = cancelled;
    this.#whole = whole;
  }

  /** A budget of at most so many steps, which are spent from this one too. */
  part(steps: number): WorkBudget {
    return new WorkBudget(steps, undefined, this);
  }

  spend(steps: number): void {
    this.#whole?.spend(steps);
    this.#left = this.#cancelled() ? 0 : this.#left - steps;
  }

  get exhausted(): boolean {
    return this.#left <= 0 || (this.#whole?.exhausted ?? false);
  }
}
