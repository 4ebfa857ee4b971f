/** What a campaign found, as a person reads it. */
import type { Coverage } from './coverage.ts';
import type { History } from './history.ts';
import type { SimulatorOptions } from './options.ts';
import type { Plan } from './plan.ts';
import { REAL_EVERY } from './seeds.ts';
import type { Shrunk } from './shrink.ts';
import type { Campaign, Drilled, Pace, Spread, Tally } from './tally.ts';

export function historyLine(history: History, plan: Plan, count: number): string {
  const { seed, profile } = plan;
  const { payments, committed, crashes, events, settledMs, digest, violations } = history;
  const verdict = violations.length === 0 ? 'held' : `BROKEN: ${violations[0]!.rule}`;
  return [
    `${count}. seed ${seed} ${profile}`,
    `${committed} of ${payments} payments, ${crashes} crashes, ${events} events`,
    `settled in ${(settledMs / 1_000).toFixed(0)} s`,
    `digest ${digest}`,
    verdict,
  ].join('  ');
}

/** Where a search stands. @param seconds since it began */
export function progressLine(tally: Tally, options: SimulatorOptions, seconds: number): string {
  const { histories, failed, cpuSeconds } = tally;
  const of = options.minutes === null ? ` of ${options.histories}` : '';
  const left =
    options.minutes === null
      ? ((options.histories - histories) * seconds) / histories
      : options.minutes * 60 - seconds;
  return [
    `${histories}${of} histories, ${failed.length} broken`,
    `${(histories / cpuSeconds).toFixed(1)} a second and core`,
    `${Math.ceil(left / 60)} min left`,
  ].join('  ');
}

export function campaignText(
  campaign: Campaign,
  coverage: Coverage,
  drilled: readonly Drilled[],
): string {
  const { histories, failed, seconds, events, least, workers, cpuSeconds } = campaign;
  const profiles = Object.entries(campaign.byProfile).filter(([, count]) => count > 0);
  const lines = [
    `${histories} histories (seeds ${campaign.firstSeed} to ${campaign.lastSeed}), ${failed.length} broken; ${campaign.faulty} with faults, each with ${least.nodes} nodes and ${least.payments} payments at least`,
    profiles.map(([profile, count]) => `${count} ${profile}`).join(', '),
    `${campaign.payments} payments asked for, ${campaign.committed} committed; ${campaign.cleared} clearings, ${campaign.shortened} of them shortened a chain; ${campaign.crashes} crashes; ${events} events`,
    `${(histories / seconds).toFixed(1)} histories and ${Math.round(events / seconds)} events a second in ${seconds.toFixed(0)} s, on ${workers} of the machine's cores`,
    `${(histories / cpuSeconds).toFixed(1)} histories per second of processor time, starting up included`,
    ...Object.entries(campaign.signed).flatMap(([way, pace]) => paceLine(way, pace)),
    `digest of all: ${campaign.digest}`,
    ...Object.entries(campaign.times).map(([name, spread]) => spreadLine(name, spread)),
  ];
  if (drilled.length > 0) lines.push(...drillLines(drilled), ...coverageLines(coverage));
  for (const { plan, history } of failed) {
    for (const { rule, text } of history.violations.slice(0, 3)) {
      lines.push(`seed ${plan.seed} ${plan.profile}: ${rule}: ${text}`);
    }
  }
  return lines.join('\n');
}

/** By processor time, which others on the machine do not lengthen much. */
function paceLine(way: string, { histories, cpuSeconds }: Pace): string[] {
  if (histories === 0) return [];
  const rate = (histories / cpuSeconds).toFixed(1);
  const which =
    way === 'Ed25519' ? `${histories} (one in ${REAL_EVERY} of each profile)` : histories;
  return [`signed with ${way}: ${which}, ${rate} per second of processor time`];
}

function spreadLine(name: string, { count, median, p99, max }: Spread): string {
  const ms = (value: number | undefined) => (value === undefined ? '-' : `${value.toFixed(0)} ms`);
  return `${name}: ${count} times, median ${ms(median)}, 99 % ${ms(p99)}, longest ${ms(max)} (virtual time)`;
}

function drillLines(drilled: readonly Drilled[]): string[] {
  const runs = drilled.reduce((sum, each) => sum + each.runs, 0);
  const broken = drilled.flatMap(({ name, violations }) =>
    violations.slice(0, 3).map(({ rule, text }) => `  BROKEN: ${name}: ${rule}: ${text}`),
  );
  return [`${drilled.length} drills in ${runs} runs`, ...broken];
}

function coverageLines(coverage: Coverage): string[] {
  const rows = coverage.rows();
  const reached = rows.filter(({ count }) => count > 0);
  const missing = rows.filter(({ count }) => count === 0);
  const open = missing.filter(({ unreachable }) => unreachable === undefined);
  return [
    `${reached.length} of ${rows.length} pairs of state and event reached`,
    open.length === 0
      ? 'every pair is reached, or listed as unreachable with the reason'
      : `${open.length} pairs are neither reached nor listed`,
    ...missing.map(({ pair, unreachable }) =>
      unreachable === undefined
        ? `  not reached: ${pair}`
        : `  unreachable: ${pair} (${unreachable})`,
    ),
  ];
}

export function failureText(options: SimulatorOptions, plan: Plan, shrunk: Shrunk): string {
  const command = [
    'npm run simulate --',
    `--seed ${plan.seed}`,
    `--profile ${plan.profile}`,
    `--nodes ${plan.hosts}`,
    `--steps ${options.steps}`,
    ...(options.realSignatures ? ['--real-signatures'] : []),
  ].join(' ');
  const steps = shrunk.keep.map((place) => {
    const { at, step } = plan.steps[place]!;
    return `${(at / 1_000).toFixed(3).padStart(9)}  ${place}: ${JSON.stringify(step)}`;
  });
  return [
    `replay:  ${command}`,
    `shorter: ${command} --keep ${shrunk.keep.join(',')}`,
    `${shrunk.keep.length} of ${plan.steps.length} steps are needed (found in ${shrunk.runs} runs):`,
    ...steps,
  ].join('\n');
}
