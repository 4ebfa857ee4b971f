/** Many histories, dealt out to processes, and added up as if they had run one after the other. */
import { fileURLToPath } from 'node:url';
import { WorkerProcess } from '../worker-process.ts';
import type { CampaignCalls } from './campaign-worker.ts';
import { Coverage } from './coverage.ts';
import type { SimulatorOptions } from './options.ts';
import type { Plan } from './plan.ts';
import { planOf } from './seeds.ts';
import { type Campaign, type Drilled, type Outcome, Tally } from './tally.ts';

const WORKER = fileURLToPath(new URL('./campaign-worker.ts', import.meta.url));
const FAILED_MAX = 5;
/**
 * A history makes some forty megabytes of garbage and leaves nothing behind: the more of it lies together when
 * it is collected, the less is copied. That is done in the thread that made it, since V8's helpers would
 * take longer to share the work than to do it.
 */
const EXEC_ARGV = [
  '--single-threaded-gc',
  '--max-semi-space-size=128',
  '--min-semi-space-size=128',
];

export interface Searched {
  readonly campaign: Campaign;
  readonly coverage: Coverage;
  /** None for a single run. */
  readonly drilled: readonly Drilled[];
}

/** One run, not a search. */
export function isSingle({ histories, minutes }: SimulatorOptions): boolean {
  return histories === 1 && minutes === null;
}

/**
 * The same histories, and the same digest of all of them, however many processes there are; only where
 * a search ends by its time or by what it finds they may be fewer or more.
 * @param onHistory hears of every history, in the order of the seeds
 */
export async function runCampaign(
  options: SimulatorOptions,
  firstSeed: number,
  onHistory: (outcome: Outcome, plan: Plan, tally: Tally) => void,
): Promise<Searched> {
  const began = performance.now();
  const elapsed = () => (performance.now() - began) / 1_000;
  const tally = new Tally(firstSeed);
  /** Ended, but not yet their turn. */
  const early = new Map<number, Outcome>();
  let next = firstSeed;
  const goesOn = () =>
    tally.failed.length < FAILED_MAX &&
    (options.minutes === null
      ? next < firstSeed + options.histories
      : elapsed() < options.minutes * 60);
  const told = (seed: number, outcome: Outcome) => {
    early.set(seed, outcome);
    for (;;) {
      const turn = firstSeed + tally.histories;
      const ready = early.get(turn);
      if (ready === undefined) return;
      early.delete(turn);
      const plan = planOf(options, turn);
      tally.add(plan, ready);
      onHistory(ready, plan, tally);
    }
  };
  const coverage = new Coverage();
  let cpuSeconds = 0;
  let drilled: readonly Drilled[] | undefined = isSingle(options) ? [] : undefined;
  const work = async (worker: WorkerProcess<CampaignCalls>) => {
    try {
      if (drilled === undefined) {
        drilled = [];
        drilled = await worker.ask('drill');
      }
      while (goesOn()) {
        const seed = next++;
        told(seed, await worker.ask('run', { options, seed }));
      }
      const finished = await worker.ask('finish');
      coverage.add(finished.counts);
      cpuSeconds += finished.cpuSeconds;
    } finally {
      await worker.end();
    }
  };
  const workers = Array.from(
    {
      length:
        options.minutes === null ? Math.min(options.workers, options.histories) : options.workers,
    },
    () => new WorkerProcess<CampaignCalls>(WORKER, [], { execArgv: EXEC_ARGV }),
  );
  await Promise.all(workers.map(work));
  const effort = { workers: workers.length, seconds: elapsed(), cpuSeconds };
  return { campaign: tally.finish(effort), coverage, drilled: drilled ?? [] };
}
