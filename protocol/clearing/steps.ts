/**
 * Long computations in small steps, so that whoever carries them out can do something else in between,
 * or give them up. They know nothing of time: a step is a part of the work that cannot be divided well.
 */
export type Steps<Result> = Generator<void, Result>;

/** Debts that one step looks at, or little more: a fraction of a millisecond, so that pausing costs nothing. */
export const STEP_WORK = 10_000;

/** All of it at once. */
export function finish<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}
