/** Many histories, one after the other: what they found, how fast, and what they reached. */
import { createHash } from 'node:crypto';
import { quantile } from '../checkers/durations.ts';
import { PROFILES, type Profile } from './faults.ts';
import { type History, runHistory } from './history.ts';
import type { SimulatorOptions } from './options.ts';
import { makePlan, type Plan } from './plan.ts';

export interface Campaign {
  readonly histories: number;
  /** By the way of signing. */
  readonly signed: Readonly<Record<'keyed hash' | 'Ed25519', Pace>>;
  readonly failed: readonly Failed[];
  readonly byProfile: Readonly<Record<Profile, number>>;
  readonly firstSeed: number;
  readonly lastSeed: number;
  /** Of the digests of all histories, in their order. */
  readonly digest: string;
  readonly payments: number;
  readonly committed: number;
  readonly cleared: number;
  /** Among the clearings: chains that were shortened. */
  readonly shortened: number;
  readonly crashes: number;
  readonly events: number;
  readonly seconds: number;
  /** Processor time, which others on the machine do not lengthen. */
  readonly cpuSeconds: number;
  /** Virtual ms. */
  readonly times: Readonly<Record<'held' | 'in doubt' | 'settled', Spread>>;
}

export interface Pace {
  readonly histories: number;
  /** Processor time. */
  readonly cpuSeconds: number;
}

export interface Failed {
  readonly plan: Plan;
  readonly history: History;
  readonly realSignatures: boolean;
}

export interface Spread {
  readonly count: number;
  readonly median: number | undefined;
  readonly p99: number | undefined;
  readonly max: number | undefined;
}

/** Every tenth history of each profile signs with Ed25519. */
const REAL_EVERY = 10;
const FAILED_MAX = 5;
/** Durations kept; enough for a percentile. */
const TIMES_MAX = 200_000;

/** Mostly the least that makes a community, sometimes more. */
const HOSTS_BY_SEED = [5, 5, 5, 6, 5, 5, 7, 8];

export function planOf(options: SimulatorOptions, seed: number): Plan {
  return makePlan({
    seed,
    profile: options.profile ?? PROFILES[seed % PROFILES.length]!,
    hosts: options.nodes ?? HOSTS_BY_SEED[seed % HOSTS_BY_SEED.length]!,
    payments: options.steps,
  });
}

/** Profiles take turns by the seed, so whole rounds of them are taken together. */
function isReal(options: SimulatorOptions, seed: number): boolean {
  if (options.realSignatures) return true;
  const isSearch = options.minutes !== null || options.histories > 1;
  return isSearch && Math.floor(seed / PROFILES.length) % REAL_EVERY === 0;
}

/** @param onHistory hears of every history as it ends */
export async function runCampaign(
  options: SimulatorOptions,
  firstSeed: number,
  onHistory: (history: History, plan: Plan, count: number) => void,
): Promise<Campaign> {
  const began = performance.now();
  const cpu = process.cpuUsage();
  const failed: Failed[] = [];
  const byProfile: Record<Profile, number> = {
    calm: 0,
    lossy: 0,
    crashy: 0,
    partition: 0,
    hostile: 0,
  };
  const held: number[] = [];
  const inDoubt: number[] = [];
  const settled: number[] = [];
  const sums = {
    histories: 0,
    payments: 0,
    committed: 0,
    cleared: 0,
    shortened: 0,
    crashes: 0,
    events: 0,
  };
  const signed = {
    'keyed hash': { histories: 0, cpuSeconds: 0 },
    Ed25519: { histories: 0, cpuSeconds: 0 },
  };
  const digest = createHash('sha256');
  let seed = firstSeed;
  const goesOn = () =>
    options.minutes === null
      ? sums.histories < options.histories
      : performance.now() - began < options.minutes * 60_000;
  while (goesOn() && failed.length < FAILED_MAX) {
    const plan = planOf(options, seed);
    const realSignatures = isReal(options, seed);
    const before = process.cpuUsage();
    const history = await runHistory({
      plan,
      realSignatures,
      ...(options.keep === null ? {} : { keep: options.keep }),
    });
    sums.histories++;
    digest.update(history.digest);
    const pace = realSignatures ? signed.Ed25519 : signed['keyed hash'];
    pace.histories++;
    pace.cpuSeconds += secondsSince(before);
    byProfile[plan.profile]++;
    sums.payments += history.payments;
    sums.committed += history.committed;
    sums.cleared += history.cleared;
    sums.shortened += history.shortened;
    sums.crashes += history.crashes;
    sums.events += history.events;
    if (held.length < TIMES_MAX) held.push(...history.heldMs);
    if (inDoubt.length < TIMES_MAX) inDoubt.push(...history.inDoubtMs);
    settled.push(history.settledMs);
    if (history.violations.length > 0) failed.push({ plan, history, realSignatures });
    onHistory(history, plan, sums.histories);
    seed++;
  }
  return {
    histories: sums.histories,
    signed,
    failed,
    byProfile,
    firstSeed,
    lastSeed: seed - 1,
    digest: digest.digest('hex'),
    payments: sums.payments,
    committed: sums.committed,
    cleared: sums.cleared,
    shortened: sums.shortened,
    crashes: sums.crashes,
    events: sums.events,
    seconds: (performance.now() - began) / 1_000,
    cpuSeconds: secondsSince(cpu),
    times: { held: spread(held), 'in doubt': spread(inDoubt), settled: spread(settled) },
  };
}

function secondsSince(usage: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(usage);
  return (user + system) / 1_000_000;
}

function spread(values: readonly number[]): Spread {
  return {
    count: values.length,
    median: quantile(values, 0.5),
    p99: quantile(values, 0.99),
    max: quantile(values, 1),
  };
}
