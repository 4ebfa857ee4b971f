/** The same work beside payments: in slices, as a hub does it, and how long the event loop then waits. */
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { inSlices } from '../../node/clearing/slices.ts';
import { realClock } from '../../node/platform/platform.ts';
import { circulationSteps, type DebtGraph } from '../../protocol/clearing/circulation.ts';
import { cycleSteps } from '../../protocol/clearing/decompose.ts';
import type { Steps } from '../../protocol/clearing/steps.ts';

/** Milliseconds. */
export interface SlicesReport {
  /** Both phases, with the pauses between slices. */
  readonly took_ms: number;
  /** How much later than due the event loop came back; other programs of the machine delay it as well. */
  readonly loop_delay_ms: { readonly p50: number; readonly p99: number; readonly most: number };
  /** Processor time of this thread in the longest step, which no slice can divide; `p99` of all steps. */
  readonly step_cpu_ms: { readonly p99: number; readonly most: number };
}

const NANO_PER_MS = 1e6;
const MICRO_PER_MS = 1e3;

/** @param exact the optimum only, no cycles */
export async function measureSlices(
  graph: DebtGraph,
  maxLength: number,
  exact: boolean,
): Promise<SlicesReport> {
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const steps: number[] = [];
  const carryOut = async <Result>(work: Steps<Result>): Promise<Result> => {
    const result = await inSlices(timed(work, steps), realClock, () => false);
    return result!;
  };
  delay.enable();
  const begin = performance.now();
  const { cleared } = await carryOut(circulationSteps(graph));
  if (!exact) await carryOut(cycleSteps(graph, cleared, maxLength));
  const took = performance.now() - begin;
  delay.disable();
  const ms = (nanoseconds: number) => tenths(nanoseconds / NANO_PER_MS);
  steps.sort((a, b) => a - b);
  return {
    took_ms: tenths(took),
    loop_delay_ms: {
      p50: ms(delay.percentile(50)),
      p99: ms(delay.percentile(99)),
      most: ms(delay.max),
    },
    step_cpu_ms: {
      p99: tenths(steps[Math.floor(steps.length * 0.99)] ?? 0),
      most: tenths(steps.at(-1) ?? 0),
    },
  };
}

function* timed<Result>(steps: Steps<Result>, took: number[]): Steps<Result> {
  for (;;) {
    const before = process.threadCpuUsage();
    const step = steps.next();
    const { user, system } = process.threadCpuUsage(before);
    took.push((user + system) / MICRO_PER_MS);
    if (step.done) return step.value;
    yield;
  }
}

const tenths = (milliseconds: number) => Math.round(milliseconds * 10) / 10;
