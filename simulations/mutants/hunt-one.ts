/**
 * One mutant's process: breaks the engine, then runs histories until a checker notices or the time
 * is over. Prints one JSON line. Started by `hunt.ts`.
 */
import type { Violation } from '../checkers/findings.ts';
import { MUTANTS } from './catalogue.ts';
import { requireSubstituted, substitute } from './substitute.ts';

export interface Catch {
  readonly name: string;
  readonly seconds: number;
  readonly histories: number;
  /** Absent if nothing was noticed. */
  readonly seed?: number;
  readonly violation?: Violation;
}

const [name, seconds] = process.argv.slice(2);
const mutant = MUTANTS.find((each) => each.name === name);
if (mutant === undefined) throw new Error(`there is no mutant ${name}`);
substitute([mutant]);
const { makePlan } = await import('../simulator/plan.ts');
const { runHistory } = await import('../simulator/history.ts');
requireSubstituted();

const began = performance.now();
const elapsed = () => (performance.now() - began) / 1_000;
let caught: Catch | undefined;
let histories = 0;
for (let seed = 1; caught === undefined && elapsed() < Number(seconds); seed++) {
  const plan = makePlan({ seed, profile: mutant.profile, hosts: 5, payments: 50 });
  if (mutant.shows?.(plan) === false) continue;
  const { violations } = await runHistory({ plan });
  histories++;
  const violation = violations[0];
  if (violation === undefined) continue;
  caught = { name: mutant.name, seconds: elapsed(), histories, seed, violation };
}
const result: Catch = caught ?? { name: mutant.name, seconds: elapsed(), histories };
process.stdout.write(`${JSON.stringify(result)}\n`);
