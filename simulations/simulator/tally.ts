/** Adds up the histories of a campaign, in the order of their seeds. */
import { createHash } from 'node:crypto';
import { quantile } from '../checkers/durations.ts';
import type { Violation } from '../checkers/findings.ts';
import type { Profile } from './faults.ts';
import type { History } from './history.ts';
import type { Plan } from './plan.ts';

export interface Campaign {
  readonly histories: number;
  /** Of them those of a profile with faults. */
  readonly faulty: number;
  /** By the way of signing. */
  readonly signed: Readonly<Record<'keyed hash' | 'Ed25519', Pace>>;
  readonly failed: readonly Failed[];
  readonly byProfile: Readonly<Record<Profile, number>>;
  readonly firstSeed: number;
  readonly lastSeed: number;
  /** Of the digests of all histories, in their order. */
  readonly digest: string;
  /** The fewest of one history. */
  readonly least: { readonly nodes: number; readonly payments: number };
  readonly payments: number;
  readonly committed: number;
  readonly cleared: number;
  /** Clearings that shortened a chain. */
  readonly shortened: number;
  readonly crashes: number;
  readonly events: number;
  readonly workers: number;
  readonly seconds: number;
  /** Processor time of all workers, starting them included; others on the machine do not lengthen it much. */
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

/** A course of events that was played by plan, in so many runs. */
export interface Drilled {
  readonly name: string;
  readonly runs: number;
  readonly violations: readonly Violation[];
}

/** One history as a worker reports it. */
export interface Outcome {
  readonly history: History;
  readonly realSignatures: boolean;
  readonly cpuSeconds: number;
}

/** Durations kept; enough for a percentile. */
const TIMES_MAX = 200_000;

export class Tally {
  readonly failed: Failed[] = [];
  histories = 0;
  readonly #firstSeed: number;
  readonly #digest = createHash('sha256');
  readonly #byProfile = { calm: 0, lossy: 0, crashy: 0, partition: 0, hostile: 0 };
  readonly #signed = {
    'keyed hash': { histories: 0, cpuSeconds: 0 },
    Ed25519: { histories: 0, cpuSeconds: 0 },
  };
  readonly #sums = { payments: 0, committed: 0, cleared: 0, shortened: 0, crashes: 0, events: 0 };
  readonly #least = { nodes: Number.POSITIVE_INFINITY, payments: Number.POSITIVE_INFINITY };
  readonly #held: number[] = [];
  readonly #inDoubt: number[] = [];
  readonly #settled: number[] = [];

  constructor(firstSeed: number) {
    this.#firstSeed = firstSeed;
  }

  /** Processor time of the histories alone, seconds. */
  get cpuSeconds(): number {
    return this.#signed.Ed25519.cpuSeconds + this.#signed['keyed hash'].cpuSeconds;
  }

  add(plan: Plan, { history, realSignatures, cpuSeconds }: Outcome): void {
    this.histories++;
    this.#digest.update(history.digest);
    const pace = this.#signed[realSignatures ? 'Ed25519' : 'keyed hash'];
    pace.histories++;
    pace.cpuSeconds += cpuSeconds;
    this.#byProfile[plan.profile]++;
    const sums = this.#sums;
    for (const name of Object.keys(sums) as (keyof typeof sums)[]) sums[name] += history[name];
    this.#least.nodes = Math.min(this.#least.nodes, plan.hosts);
    this.#least.payments = Math.min(this.#least.payments, history.payments);
    if (this.#held.length < TIMES_MAX) this.#held.push(...history.heldMs);
    if (this.#inDoubt.length < TIMES_MAX) this.#inDoubt.push(...history.inDoubtMs);
    this.#settled.push(history.settledMs);
    if (history.violations.length > 0) this.failed.push({ plan, history, realSignatures });
  }

  /** Ends the tally. */
  finish(effort: Pick<Campaign, 'workers' | 'seconds' | 'cpuSeconds'>): Campaign {
    return {
      histories: this.histories,
      faulty: this.histories - this.#byProfile.calm,
      signed: this.#signed,
      failed: this.failed,
      byProfile: this.#byProfile,
      firstSeed: this.#firstSeed,
      lastSeed: this.#firstSeed + this.histories - 1,
      digest: this.#digest.digest('hex'),
      least: this.#least,
      ...this.#sums,
      ...effort,
      times: {
        held: spread(this.#held),
        'in doubt': spread(this.#inDoubt),
        settled: spread(this.#settled),
      },
    };
  }
}

function spread(values: readonly number[]): Spread {
  return {
    count: values.length,
    median: quantile(values, 0.5),
    p99: quantile(values, 0.99),
    max: quantile(values, 1),
  };
}
