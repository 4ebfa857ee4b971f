/**
 * `bench payments`: how fast a line of nodes pays, beside the bare primitives of the same payments, or
 * beside a line whose nodes have a long past.
 *
 * The two are measured in turns, a short window each, so that whatever else the machine does meanwhile
 * falls on both: the ratios are worth more than the absolute figures.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Floor, type FloorTally } from './floor.ts';
import { type Counted, countedSoFar, recipeOf } from './floor-recipe.ts';
import { Line, roleOf } from './line.ts';
import { joined, type Load, type LoadResult, percentile } from './load.ts';
import { difference, perOne, sum, type Tally } from './meter.ts';
import type { PaymentsOptions } from './options.ts';
import { profileText, summarise } from './profile.ts';

/** One node's share of one payment. */
export interface NodeShare {
  readonly role: string;
  readonly signatures: number;
  readonly verifications: number;
  readonly messages_out: number;
  readonly bytes_out: number;
  readonly fsyncs: number;
  readonly store_operations: number;
  readonly store_bytes: number;
  readonly cpu_us: number;
}

export interface PaymentsRun {
  readonly in_flight: number;
  readonly payments: number;
  readonly failed: number;
  readonly payments_per_s: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  /** All nodes together. */
  readonly cpu_us_per_payment: number;
  readonly nodes: readonly NodeShare[];
  /** The primitives in the same number of processes. */
  readonly floor_per_s?: number;
  readonly floor_p50_ms?: number;
  readonly floor_p99_ms?: number;
  readonly floor_cpu_us_per_payment?: number;
  readonly floor_signatures?: number;
  readonly floor_verifications?: number;
  readonly floor_messages?: number;
  /** `payments_per_s / floor_per_s`. */
  readonly ratio?: number;
  /** `floor_cpu_us_per_payment / cpu_us_per_payment`: the same, as little as other work on the machine can disturb it. */
  readonly cpu_ratio?: number;
  /** `p50_ms / floor_p50_ms`. */
  readonly latency_ratio?: number;
  /** The line with filled stores. */
  readonly laden_per_s?: number;
  readonly laden_p50_ms?: number;
  readonly laden_p99_ms?: number;
  /** `laden_p50_ms / p50_ms`. */
  readonly laden_latency_ratio?: number;
}

export interface PaymentsReport {
  readonly hops: number;
  readonly seconds: number;
  readonly edges: number;
  readonly history: number;
  readonly runs: readonly PaymentsRun[];
}

/** Length of a window, s: short, so that what else the machine does falls on both. */
const WINDOW_SECONDS = 2;
/** By then the compiler has seen what is hot, on both sides. */
/** Functions that took less of the busy time are left out of the summaries. */
const PROFILE_SHARE_MIN = 0.003;
const WARM_UP_IN_FLIGHT = 64;
/** Of the measured time of one load. */
const WARM_UP_SHARE = 1.5;

export async function benchPayments(
  options: PaymentsOptions,
  say: (line: string) => void,
): Promise<PaymentsReport> {
  const directory = await mkdtemp(join(tmpdir(), 'geo-bench-'));
  const closings: (() => Promise<void>)[] = [() => rm(directory, { recursive: true, force: true })];
  try {
    const { hops, fill } = options;
    say(`Starting ${hops + 1} nodes.`);
    const line = await Line.start(join(directory, 'plain'), hops);
    closings.push(() => line.stop());
    const warmUp = { inFlight: WARM_UP_IN_FLIGHT, seconds: WARM_UP_SHARE * options.seconds };
    await line.pay(warmUp);
    const rival = fill === undefined ? new FloorRival(line, warmUp) : new LadenRival(fill, warmUp);
    closings.push(() => rival.stop());
    say(fill === undefined ? 'Starting the primitives.' : 'Filling stores; starting their nodes.');
    await rival.start(directory, hops);
    const runs: PaymentsRun[] = [];
    for (const inFlight of options.inFlight) {
      say(`${inFlight} in flight.`);
      runs.push(await measure(line, rival, inFlight, options));
    }
    if (options.profile !== undefined) await writeProfiles(line, options, options.profile);
    const { edges, history } = fill ?? { edges: 0, history: 0 };
    return { hops, seconds: options.seconds, edges, history, runs };
  } finally {
    for (const close of closings.reverse()) await close();
  }
}

interface Rival {
  start(directory: string, hops: number): Promise<void>;
  /** Called once for each load, after the first window of the line. */
  prepare(payments: number): Promise<void>;
  pay(inFlight: number, seconds: number): Promise<LoadResult>;
  /** Adds what was measured to a run. */
  figures(result: LoadResult, run: PaymentsRun): Promise<Partial<PaymentsRun>>;
  stop(): Promise<void>;
}

async function measure(
  line: Line,
  rival: Rival,
  inFlight: number,
  { hops, seconds }: PaymentsOptions,
): Promise<PaymentsRun> {
  const own: LoadResult[] = [];
  const other: LoadResult[] = [];
  let shares: Tally[] | undefined;
  const windows = Math.ceil(seconds / WINDOW_SECONDS);
  for (let window = 0; window < windows; window++) {
    const before = await line.tally();
    own.push(await line.pay({ inFlight, seconds: seconds / windows }));
    await line.settled();
    const spent = (await line.tally()).map((tally, i) => difference(tally, before[i]!));
    shares = shares === undefined ? spent : shares.map((tally, i) => sum(tally, spent[i]!));
    if (window === 0) await rival.prepare(own[0]!.done);
    other.push(await rival.pay(inFlight, seconds / windows));
  }
  const result = joined(own);
  const nodes = shares!.map((tally, i) => shareOf(roleOf(i, hops), perOne(tally, result.done)));
  const run: PaymentsRun = {
    in_flight: inFlight,
    payments: result.done,
    failed: Object.values(result.failures).reduce((total, count) => total + count, 0),
    payments_per_s: round(result.done / result.seconds),
    p50_ms: round(percentile(result.latenciesMs, 0.5)),
    p99_ms: round(percentile(result.latenciesMs, 0.99)),
    cpu_us_per_payment: Math.round(nodes.reduce((total, node) => total + node.cpu_us, 0)),
    nodes,
  };
  return { ...run, ...(await rival.figures(joined(other), run)) };
}

function shareOf(role: string, tally: Tally): NodeShare {
  return {
    role,
    signatures: round(tally.signatures),
    verifications: round(tally.verifications),
    messages_out: round(tally.messagesOut),
    bytes_out: Math.round(tally.bytesOut),
    fsyncs: round(tally.fsyncs),
    store_operations: round(tally.operations),
    store_bytes: Math.round(tally.storeBytes),
    cpu_us: Math.round(tally.cpuUs),
  };
}

/** The same signatures, messages, documents and writes, bare. */
class FloorRival implements Rival {
  readonly #line: Line;
  readonly #warmUp: Load;
  #warm = false;
  #floor: Floor | undefined;
  #counted: readonly Counted[] = [];
  #before: readonly FloorTally[] = [];

  constructor(line: Line, warmUp: Load) {
    this.#line = line;
    this.#warmUp = warmUp;
  }

  async start(directory: string, hops: number): Promise<void> {
    this.#floor = await Floor.start(directory, hops + 1);
    await this.#count();
  }

  async prepare(payments: number): Promise<void> {
    const before = this.#counted;
    const specimens = await this.#line.specimens();
    await this.#line.keepSpecimens(false);
    await this.#floor!.prepare(recipeOf(before, specimens, payments));
    if (!this.#warm) await this.#floor!.pay(this.#warmUp);
    this.#warm = true;
    this.#before = await this.#floor!.tally();
  }

  pay(inFlight: number, seconds: number): Promise<LoadResult> {
    return this.#floor!.pay({ inFlight, seconds });
  }

  async figures(result: LoadResult, run: PaymentsRun): Promise<Partial<PaymentsRun>> {
    // What the next load is measured from.
    await this.#count();
    const after = await this.#floor!.tally();
    const each = (key: keyof FloorTally) =>
      after.reduce((total, tally, i) => total + tally[key] - this.#before[i]![key], 0) /
      Math.max(result.done, 1);
    const perSecond = result.done / result.seconds;
    const p50 = percentile(result.latenciesMs, 0.5);
    return {
      floor_per_s: round(perSecond),
      floor_p50_ms: round(p50),
      floor_p99_ms: round(percentile(result.latenciesMs, 0.99)),
      floor_cpu_us_per_payment: Math.round(each('cpuUs')),
      cpu_ratio: round(each('cpuUs') / run.cpu_us_per_payment),
      floor_signatures: round(each('signatures')),
      floor_verifications: round(each('verifications')),
      floor_messages: round(each('messagesIn')),
      ratio: round(run.payments_per_s / perSecond),
      latency_ratio: round(run.p50_ms / p50),
    };
  }

  async stop(): Promise<void> {
    await this.#floor?.stop();
  }

  async #count(): Promise<void> {
    await this.#line.keepSpecimens(true);
    this.#counted = (await this.#line.specimens()).map(countedSoFar);
  }
}

/** The same line with years behind it. */
class LadenRival implements Rival {
  readonly #fill: { readonly edges: number; readonly history: number };
  readonly #warmUp: Load;
  #line: Line | undefined;

  constructor(fill: { readonly edges: number; readonly history: number }, warmUp: Load) {
    this.#fill = fill;
    this.#warmUp = warmUp;
  }

  async start(directory: string, hops: number): Promise<void> {
    this.#line = await Line.start(join(directory, 'laden'), hops, this.#fill);
    await this.#line.pay(this.#warmUp);
  }

  async prepare(): Promise<void> {
    await this.#line!.settled();
  }

  async pay(inFlight: number, seconds: number): Promise<LoadResult> {
    const result = await this.#line!.pay({ inFlight, seconds });
    await this.#line!.settled();
    return result;
  }

  async figures(result: LoadResult, run: PaymentsRun): Promise<Partial<PaymentsRun>> {
    const p50 = percentile(result.latenciesMs, 0.5);
    return {
      laden_per_s: round(result.done / result.seconds),
      laden_p50_ms: round(p50),
      laden_p99_ms: round(percentile(result.latenciesMs, 0.99)),
      laden_latency_ratio: round(p50 / run.p50_ms),
    };
  }

  async stop(): Promise<void> {
    await this.#line?.stop();
  }
}

async function writeProfiles(
  line: Line,
  { hops, seconds, inFlight }: PaymentsOptions,
  directory: string,
): Promise<void> {
  await mkdir(directory, { recursive: true });
  await Promise.all(line.nodes.map((node) => node.ask('profile')));
  await line.pay({ inFlight: inFlight.at(-1)!, seconds });
  const profiles = await Promise.all(line.nodes.map((node) => node.ask('profiled')));
  for (const [i, profile] of profiles.entries()) {
    const path = join(directory, roleOf(i, hops).replace(' ', '-'));
    await writeFile(`${path}.cpuprofile`, JSON.stringify(profile));
    await writeFile(`${path}.txt`, profileText(summarise(profile, PROFILE_SHARE_MIN)));
  }
}

function round(value: number): number {
  return Number(value.toPrecision(value >= 100 ? 4 : 3));
}
