/** One process of a campaign: runs the histories that it is asked for. Started by `campaign.ts`. */
import type { Violation } from '../checkers/findings.ts';
import { requireSubstituted, substitute } from '../mutants/substitute.ts';
import { serve } from '../worker-process.ts';
import { Coverage, countSteps } from './coverage.ts';
import { DRILLS } from './drills.ts';
import type { SimulatorOptions } from './options.ts';
import { isReal, planOf } from './seeds.ts';
import type { Drilled, Outcome } from './tally.ts';

// Before the engine is loaded: its machines are loaded with a counter around them.
substitute(countSteps);
const { runHistory } = await import('./history.ts');
requireSubstituted();
const coverage = new Coverage();
coverage.listen();

const calls = {
  run: async ({ options, seed }: { options: SimulatorOptions; seed: number }): Promise<Outcome> => {
    const realSignatures = isReal(options, seed);
    const before = process.cpuUsage();
    const history = await runHistory({
      plan: planOf(options, seed),
      realSignatures,
      ...(options.keep === null ? {} : { keep: options.keep }),
    });
    return { history, realSignatures, cpuSeconds: secondsOf(process.cpuUsage(before)) };
  },
  /** Plays the courses of events that a search seldom meets. */
  drill: async (): Promise<Drilled[]> => {
    const drilled: Drilled[] = [];
    for (const { name, plans } of DRILLS) {
      const violations: Violation[] = [];
      for (const plan of plans) violations.push(...(await runHistory({ plan })).violations);
      drilled.push({ name, runs: plans.length, violations });
    }
    return drilled;
  },
  finish: () => ({ counts: coverage.counts, cpuSeconds: secondsOf(process.cpuUsage()) }),
};
export type CampaignCalls = typeof calls;
serve(calls);

function secondsOf({ user, system }: NodeJS.CpuUsage): number {
  return (user + system) / 1_000_000;
}
