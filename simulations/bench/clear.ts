/** `bench clear`: how much of the debts in a file clearing can take away, exactly and in short cycles. */
import { type DebtGraph, largestCirculation } from '../../protocol/clearing/circulation.ts';
import { executableCycles } from '../../protocol/clearing/decompose.ts';
import { seededRandom } from '../random.ts';
import { shortCycleBound } from './clear-bound.ts';
import { readDebts, writeCycles } from './clear-file.ts';
import { measureSlices, type SlicesReport } from './clear-slices.ts';
import type { ClearOptions } from './options.ts';

/** Amounts in the smallest unit of the file, times in milliseconds; null: not asked for (`--exact`). */
export interface ClearReport {
  readonly total_debt: number;
  readonly optimum: number;
  readonly cleared: number | null;
  readonly cycles: number | null;
  /** Members of a cycle → number of such cycles. */
  readonly lengths: Readonly<Record<string, number>> | null;
  readonly exact_ms: number;
  readonly decompose_ms: number | null;
  /** The most that the process held at any time, 2^20 bytes. */
  readonly memory_mb: number;
  /** No choice of cycles of at most so many members clears more (`--bound`). */
  readonly bound?: number;
  /** Only if it was asked for. */
  readonly slices?: SlicesReport;
}

/** @throws GeoError E009, see `readDebts`, `largestCirculation` and `writeCycles` */
export function benchClear(options: ClearOptions): ClearReport {
  const { graph, ids } = readDebts(options.debts);
  if (!options.cold) warmUp(options.exact);
  const begin = performance.now();
  const solution = largestCirculation(graph);
  const { total, optimum, cleared } = solution;
  const solved = performance.now();
  const exact = { total_debt: total, optimum };
  // Looked for last: it is no part of what is measured.
  const bound = () =>
    options.bound ? { bound: shortCycleBound(graph, solution, options.maxLength) } : {};
  const exact_ms = tenths(solved - begin);
  if (options.exact) {
    const none = { cleared: null, cycles: null, lengths: null };
    const report = { ...exact, ...none, exact_ms, decompose_ms: null, memory_mb: peakMemory() };
    return { ...report, ...bound() };
  }
  const found = executableCycles(graph, cleared, options.maxLength);
  const decompose_ms = tenths(performance.now() - solved);
  if (options.cycles !== undefined) writeCycles(options.cycles, found.cycles, ids);
  const lengths: Record<string, number> = {};
  for (const { members } of found.cycles) {
    lengths[members.length] = (lengths[members.length] ?? 0) + 1;
  }
  return {
    ...exact,
    cleared: found.cleared,
    cycles: found.cycles.length,
    lengths,
    exact_ms,
    decompose_ms,
    memory_mb: peakMemory(),
    ...bound(),
  };
}

/** The report, and what the same is like beside other work, if that was asked for. */
export async function benchClearBeside(options: ClearOptions): Promise<ClearReport> {
  const report = benchClear(options);
  if (!options.slices) return report;
  const { graph } = readDebts(options.debts);
  return { ...report, slices: await measureSlices(graph, options.maxLength, options.exact) };
}

const WARM_UP = { members: 200, debts: 1_200, largest: 10_000, rounds: 10 };

/** Debts of nobody, solved so that the code is compiled as it is in a hub that runs for a while. */
function warmUp(exact: boolean): void {
  const { members, debts, largest, rounds } = WARM_UP;
  const random = seededRandom(1);
  const debtor = Int32Array.from({ length: debts }, () => random.below(members));
  const graph: DebtGraph = {
    size: members,
    debtor,
    creditor: debtor.map((from) => (from + 1 + random.below(members - 1)) % members),
    amount: Float64Array.from(debtor, () => 1 + random.below(largest)),
  };
  for (let round = 0; round < rounds; round++) {
    const { cleared } = largestCirculation(graph);
    if (!exact) executableCycles(graph, cleared, 8);
  }
}

export function clearText(report: ClearReport): string {
  const { total_debt, optimum, cleared, cycles, lengths, bound } = report;
  const rows: [name: string, value: string][] = [
    ['total debt', String(total_debt)],
    ['exact optimum', `${optimum}${share(optimum, total_debt)} of all debt`],
    ['found in', `${report.exact_ms} ms`],
  ];
  if (cleared !== null && lengths !== null) {
    const histogram = Object.entries(lengths).map(([length, count]) => `${length}: ${count}`);
    rows.push(
      ['cleared', `${cleared}${share(cleared, optimum)} of the optimum`],
      ['cycles', String(cycles)],
      ['by length', histogram.join(', ') || 'none'],
      ['found in', `${report.decompose_ms} ms`],
    );
  }
  if (bound !== undefined) {
    rows.push(['proven bound', `${bound}${share(bound, optimum)} of the optimum`]);
    if (cleared !== null) rows.push(['of it cleared', percent(cleared, bound)]);
  }
  rows.push(['peak memory', `${report.memory_mb} MB`]);
  if (report.slices !== undefined) {
    const { took_ms, loop_delay_ms: delay, step_cpu_ms: step } = report.slices;
    rows.push(
      ['in slices', `${took_ms} ms`],
      ['loop delay', `p50 ${delay.p50}, p99 ${delay.p99}, at most ${delay.most} ms`],
      ['longest step', `p99 ${step.p99}, at most ${step.most} ms of processor time`],
    );
  }
  return rows.map(([name, value]) => `${name.padEnd(15)}${value}\n`).join('');
}

function share(part: number, whole: number): string {
  return `, ${percent(part, whole)}`;
}

function percent(part: number, whole: number): string {
  return whole === 0 ? 'none' : `${((100 * part) / whole).toFixed(2)} %`;
}

const tenths = (milliseconds: number) => Math.round(milliseconds * 10) / 10;

function peakMemory(): number {
  return Math.round(process.resourceUsage().maxRSS / 1_024);
}
