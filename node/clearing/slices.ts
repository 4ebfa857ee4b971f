/** Long computations beside payments: a few milliseconds at a time. */
import type { Steps } from '../../protocol/clearing/steps.ts';
import type { Clock } from '../ports.ts';

/** Other work waits no longer than this and one step, ms. */
const SLICE_MS = 5;

/** @returns undefined if it was cancelled */
export async function inSlices<Result>(
  steps: Steps<Result>,
  clock: Clock,
  cancelled: () => boolean,
): Promise<Result | undefined> {
  for (;;) {
    const end = clock.now() + SLICE_MS;
    do {
      const step = steps.next();
      if (step.done) return step.value;
    } while (clock.now() < end);
    await new Promise<void>((resolve) => clock.soon(resolve));
    if (cancelled()) return undefined;
  }
}
