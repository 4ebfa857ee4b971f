/**
 * `bench hub`: how fast a hub carries out orders among its members, beside the bare primitives of the
 * same orders; and how soon it is ready, with how much memory.
 *
 * Members sign beforehand. What a hub does is counted whole: reading, checking, finding the way,
 * voting, the synced write. The two are measured in turns, a short window each.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Column, type Page, table } from '../../cli/page.ts';
import { Floor } from './floor.ts';
import { countedSoFar, loneRecipeOf } from './floor-recipe.ts';
import type { HubMembers } from './hub-members.ts';
import { joined, type LoadResult, percentile } from './load.ts';
import { type Cpu, difference, perOne, sum, type Tally } from './meter.ts';
import type { HubOptions } from './options.ts';
import { type HubWorker, hubWorker, prepareHub } from './prepared-hub.ts';
import { profileText, summarise } from './profile.ts';

export interface HubRun {
  readonly in_flight: number;
  readonly payments: number;
  readonly failed: number;
  readonly payments_per_s: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly cpu_us_per_payment: number;
  /** Of it, on the thread on which all turns run: what bounds the speed as long as there is another core. */
  readonly main_us_per_payment: number;
  readonly signatures: number;
  readonly verifications: number;
  readonly fsyncs: number;
  readonly store_operations: number;
  readonly store_bytes: number;
  /** The same signatures, hashes, CBOR, reads and synced writes, bare. */
  readonly floor_per_s: number;
  readonly floor_p50_ms: number;
  readonly floor_cpu_us_per_payment: number;
  readonly floor_main_us_per_payment: number;
  /** `payments_per_s / floor_per_s`. */
  readonly ratio: number;
  /** `floor_cpu_us_per_payment / cpu_us_per_payment`: the same, as little as other work on the machine can disturb it. */
  readonly cpu_ratio: number;
}

export interface HubReport {
  readonly members: number;
  readonly lines: number;
  /** From the start of the process until the hub has read its books. */
  readonly start_ms: number;
  /** Resident memory then, MB (10^6 bytes), garbage collected. */
  readonly rss_mb: number;
  readonly seconds: number;
  readonly runs: readonly HubRun[];
}

const WINDOW_SECONDS = 2;
const WARM_UP = { inFlight: 64, seconds: 3 };
/** Orders at hand for a window, for each second of it: more than any hub carries out. */
const ORDERS_PER_SECOND = 5_000;
const PROFILE_SHARE_MIN = 0.003;

export async function benchHub(
  options: HubOptions,
  say: (line: string) => void,
): Promise<HubReport> {
  const directory = await mkdtemp(join(tmpdir(), 'geo-bench-'));
  const closings: (() => Promise<unknown>)[] = [
    () => rm(directory, { recursive: true, force: true }),
  ];
  try {
    const { home, members } = await prepareHub(join(directory, 'hub'), options, say);
    const { participants, trustLines } = members.community;
    const begin = performance.now();
    const hub = hubWorker(home);
    closings.push(() => hub.end());
    closings.push(() => hub.ask('close'));
    await hub.ask('open');
    const startMs = performance.now() - begin;
    const { rssBytes } = await hub.ask('memory');
    const floor = await Floor.start(directory, 1);
    closings.push(() => floor.stop());
    const bench = new HubBench(hub, floor, members);
    await bench.warmUp();
    const runs: HubRun[] = [];
    for (const inFlight of options.inFlight) {
      say(`${inFlight} in flight.`);
      runs.push(await bench.measure(inFlight, options.seconds));
    }
    if (options.profile !== undefined) await bench.profile(options.profile, options);
    return {
      members: participants.length,
      lines: trustLines.length,
      start_ms: Math.round(startMs),
      rss_mb: Math.round(rssBytes / 1e6),
      seconds: options.seconds,
      runs,
    };
  } finally {
    for (const close of closings.reverse()) await close();
  }
}

class HubBench {
  readonly #hub: HubWorker;
  readonly #floor: Floor;
  readonly #members: HubMembers;
  #floorIsWarm = false;

  constructor(hub: HubWorker, floor: Floor, members: HubMembers) {
    this.#hub = hub;
    this.#floor = floor;
    this.#members = members;
  }

  async warmUp(): Promise<void> {
    await this.#carry(WARM_UP.inFlight, WARM_UP.seconds);
  }

  async measure(inFlight: number, seconds: number): Promise<HubRun> {
    const own: LoadResult[] = [];
    const bare: LoadResult[] = [];
    let spent: Tally | undefined;
    const floorCpu = { cpuUs: 0, mainUs: 0 };
    const windows = Math.ceil(seconds / WINDOW_SECONDS);
    await this.#prepareFloor(inFlight);
    for (let window = 0; window < windows; window++) {
      await this.#handOver(seconds / windows);
      const before = await this.#hub.ask('tally');
      own.push(await this.#hub.ask('carry', { inFlight, seconds: seconds / windows }));
      const used = difference(await this.#hub.ask('tally'), before);
      spent = spent === undefined ? used : sum(spent, used);
      const floorBefore = await this.#floorCpu();
      bare.push(await this.#floor.payAlone({ inFlight, seconds: seconds / windows }));
      const floorAfter = await this.#floorCpu();
      floorCpu.cpuUs += floorAfter.cpuUs - floorBefore.cpuUs;
      floorCpu.mainUs += floorAfter.mainUs - floorBefore.mainUs;
    }
    return runOf(inFlight, joined(own), joined(bare), spent!, floorCpu);
  }

  async profile(directory: string, { inFlight, seconds }: HubOptions): Promise<void> {
    await mkdir(directory, { recursive: true });
    await this.#hub.ask('profile');
    await this.#carry(inFlight.at(-1)!, seconds);
    const profile = await this.#hub.ask('profiled');
    await writeFile(join(directory, 'hub.cpuprofile'), JSON.stringify(profile));
    await writeFile(join(directory, 'hub.txt'), profileText(summarise(profile, PROFILE_SHARE_MIN)));
  }

  async #carry(inFlight: number, seconds: number): Promise<LoadResult> {
    await this.#handOver(seconds);
    return this.#hub.ask('carry', { inFlight, seconds });
  }

  async #handOver(seconds: number): Promise<void> {
    const orders = this.#members.orders(Math.ceil(ORDERS_PER_SECOND * seconds));
    await this.#hub.ask('receive', orders);
  }

  async #floorCpu(): Promise<Cpu> {
    return (await this.#floor.tally())[0]!;
  }

  /** Learns what the floor has to do, in a window that does not count: keeping specimens takes time. */
  async #prepareFloor(inFlight: number): Promise<void> {
    await this.#hub.ask('keepSpecimens', true);
    const before = countedSoFar(await this.#hub.ask('specimens'));
    const { reads } = await this.#hub.ask('tally');
    const { done } = await this.#carry(inFlight, WINDOW_SECONDS);
    const read = (await this.#hub.ask('tally')).reads - reads;
    const after = await this.#hub.ask('specimens');
    await this.#hub.ask('keepSpecimens', false);
    const request = new Uint8Array(Buffer.from(this.#members.orders(1)[0]!, 'base64'));
    await this.#floor.prepareAlone(loneRecipeOf(request, before, after, done, read));
    if (!this.#floorIsWarm) await this.#floor.payAlone(WARM_UP);
    this.#floorIsWarm = true;
  }
}

function runOf(
  inFlight: number,
  own: LoadResult,
  bare: LoadResult,
  spent: Tally,
  floorCpu: Cpu,
): HubRun {
  const each = perOne(spent, own.done);
  const perSecond = own.done / own.seconds;
  const floor = bare.done / bare.seconds;
  return {
    in_flight: inFlight,
    payments: own.done,
    failed: Object.values(own.failures).reduce((total, count) => total + count, 0),
    payments_per_s: round(perSecond),
    p50_ms: round(percentile(own.latenciesMs, 0.5)),
    p99_ms: round(percentile(own.latenciesMs, 0.99)),
    cpu_us_per_payment: Math.round(each.cpuUs),
    main_us_per_payment: Math.round(each.mainUs),
    signatures: round(each.signatures),
    verifications: round(each.verifications),
    fsyncs: round(each.fsyncs),
    store_operations: round(each.operations),
    store_bytes: Math.round(each.storeBytes),
    floor_per_s: round(floor),
    floor_p50_ms: round(percentile(bare.latenciesMs, 0.5)),
    floor_cpu_us_per_payment: Math.round(floorCpu.cpuUs / bare.done),
    floor_main_us_per_payment: Math.round(floorCpu.mainUs / bare.done),
    ratio: round(perSecond / floor),
    cpu_ratio: round(floorCpu.cpuUs / bare.done / each.cpuUs),
  };
}

export function hubText(page: Page, report: HubReport): string {
  const number = (title: string, cell: (run: HubRun) => number): Column<HubRun> => ({
    title,
    right: true,
    cell: (run) => String(cell(run)),
  });
  return [
    `${report.members} members, ${report.lines} lines: ready after ${report.start_ms} ms, with ${report.rss_mb} MB.`,
    'main: the thread of the turns.',
    'floor: the same signatures, hashes, CBOR, reads and synced writes, bare.',
    '',
    table(
      page,
      [
        number('in flight', (run) => run.in_flight),
        number('payments/s', (run) => run.payments_per_s),
        number('p50 ms', (run) => run.p50_ms),
        number('p99 ms', (run) => run.p99_ms),
        number('failed', (run) => run.failed),
        number('CPU µs', (run) => run.cpu_us_per_payment),
        number('main µs', (run) => run.main_us_per_payment),
        number('fsyncs', (run) => run.fsyncs),
        number('stored', (run) => run.store_bytes),
        number('floor/s', (run) => run.floor_per_s),
        number('ratio', (run) => run.ratio),
        number('CPU', (run) => run.cpu_ratio),
      ],
      report.runs,
    ),
    '',
  ].join('\n');
}

function round(value: number): number {
  return Number(value.toPrecision(value >= 100 ? 4 : 3));
}
