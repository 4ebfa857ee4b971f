/**
 * Makes a failing run shorter: leaves out steps of its plan as long as it goes on to break the same
 * rule (delta debugging, Zeller 1999). What remains is what a person has to read.
 */
import type { History } from './history.ts';

export interface Shrunk {
  /** Places of the steps that are needed. */
  readonly keep: readonly number[];
  readonly history: History;
  /** Runs that it took. */
  readonly runs: number;
}

type Outcome = Pick<History, 'violations'>;

const RUNS_MAX = 400;

/**
 * @param steps how many the plan has
 * @param run runs the plan with these steps alone
 */
export async function shrink<Run extends Outcome>(
  steps: number,
  failing: Run,
  run: (keep: ReadonlySet<number>) => Promise<Run>,
): Promise<{ readonly keep: readonly number[]; readonly history: Run; readonly runs: number }> {
  const rule = failing.violations[0]?.rule;
  let keep = Array.from({ length: steps }, (_, place) => place);
  let history = failing;
  let runs = 0;
  let parts = 2;
  while (keep.length > 0 && runs < RUNS_MAX) {
    const size = Math.ceil(keep.length / parts);
    let shorter: number[] | undefined;
    for (let at = 0; at < keep.length && runs < RUNS_MAX; at += size) {
      const candidate = [...keep.slice(0, at), ...keep.slice(at + size)];
      const tried = await run(new Set(candidate));
      runs++;
      if (!tried.violations.some((violation) => violation.rule === rule)) continue;
      shorter = candidate;
      history = tried;
      break;
    }
    if (shorter !== undefined) {
      keep = shorter;
      parts = Math.max(2, parts - 1);
    } else if (size === 1) {
      break;
    } else {
      parts = Math.min(keep.length, parts * 2);
    }
  }
  return { keep, history, runs };
}
