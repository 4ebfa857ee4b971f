/**
 * `bench api`: what a hub's members get through HTTP. A real daemon, members who have signed in, a lean
 * generator on the same cores. Payments stand beside the same orders handed to the same hub without HTTP,
 * reads beside the same server with nothing behind it; each pair is measured in turns, a short window each.
 */
import { cp, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { API_PREFIX } from '../../node/api/routes.ts';
import { homeAt } from '../../node/home/home.ts';
import { WorkerProcess } from '../worker-process.ts';
import type { ApiOptions } from './api-options.ts';
import type { ApiReport, HttpFigures, PaymentFigures, ReadFigures } from './api-table.ts';
import { DaemonProcess } from './daemon-process.ts';
import { requestText } from './http-connection.ts';
import type { HttpFloorCalls } from './http-floor.ts';
import type { HttpLoadCalls, HttpLoadResult } from './http-load.ts';
import type { HubMembers } from './hub-members.ts';
import { joined, type Load, type LoadResult, percentile } from './load.ts';
import { type HubWorker, hubWorker, prepareHub } from './prepared-hub.ts';
import { signInAll } from './sign-ins.ts';

const WINDOW_SECONDS = 2;
const WARM_UP_SECONDS_MAX = 3;
/** Orders at hand for a window, for each second of it: more than any hub carries out. */
const ORDERS_PER_SECOND = 6_000;
/** Rows of a page of transactions, as a client's screen shows them. */
const PAGE_ROWS = 20;
const READS = {
  balance: '/balance',
  debts: '/debts',
  transactions: `/transactions?limit=${PAGE_ROWS}`,
};

/** Of many windows: what was done, and the processor time of the server and of the generator, µs. */
interface Side {
  readonly results: LoadResult[];
  serverUs: number;
  generatorUs: number;
  bodyBytes: number;
}

export async function benchApi(
  options: ApiOptions,
  say: (line: string) => void,
): Promise<ApiReport> {
  const directory = await mkdtemp(join(tmpdir(), 'geo-bench-'));
  const closings: (() => Promise<unknown>)[] = [
    () => rm(directory, { recursive: true, force: true }),
  ];
  try {
    const wish = { community: undefined, members: options.members, lines: options.lines };
    const { home, members } = await prepareHub(join(directory, 'hub'), wish, say, {
      // Nobody has to sign in again during a run, however long.
      sessions: { access_ms: 24 * 3_600_000, kept: 100_000 },
    });
    const twin = homeAt(join(directory, 'engine'));
    await cp(home.directory, twin.directory, { recursive: true });
    if (options.profile !== undefined) await mkdir(options.profile, { recursive: true });
    const daemon = await DaemonProcess.start(home, options.profile);
    closings.push(() => daemon.stop());
    const engine = hubWorker(twin);
    closings.push(() => engine.end());
    closings.push(() => engine.ask('close'));
    await engine.ask('open');
    await engine.ask('keepSpecimens', false);
    const load = worker<HttpLoadCalls>('http-load.ts');
    closings.push(() => load.end());
    const floor = worker<HttpFloorCalls>('http-floor.ts');
    closings.push(() => floor.end());

    say(`${options.members} members sign in.`);
    const begin = performance.now();
    const tokens = await signInAll(daemon.endpoint.url, members);
    const signInSeconds = (performance.now() - begin) / 1000;
    const bench = new ApiBench({ options, daemon, engine, load, floor, members, tokens });
    say('They pay.');
    const payments = await bench.payments();
    say('They read.');
    const reads = await bench.reads();
    return {
      members: options.members,
      lines: options.lines,
      connections: options.connections,
      seconds: options.seconds,
      sign_ins_per_s: round(tokens.length / signInSeconds),
      payments,
      reads,
    };
  } finally {
    for (const close of closings.reverse()) await close();
  }
}

interface Parts {
  readonly options: ApiOptions;
  readonly daemon: DaemonProcess;
  readonly engine: HubWorker;
  readonly load: WorkerProcess<HttpLoadCalls>;
  readonly floor: WorkerProcess<HttpFloorCalls>;
  readonly members: HubMembers;
  /** Access tokens, one of each member. */
  readonly tokens: readonly string[];
}

class ApiBench {
  readonly #parts: Parts;
  readonly #windows: number;
  readonly #load: Load;

  constructor(parts: Parts) {
    const { seconds, connections } = parts.options;
    this.#parts = parts;
    this.#windows = Math.ceil(seconds / WINDOW_SECONDS);
    this.#load = { inFlight: connections, seconds: seconds / this.#windows };
  }

  async payments(): Promise<PaymentFigures> {
    const seconds = Math.min(this.#parts.options.seconds, WARM_UP_SECONDS_MAX);
    const warmUp = { ...this.#load, seconds };
    await this.#payByHttp(warmUp);
    await this.#payWithout(warmUp);
    const http = newSide();
    const engine: LoadResult[] = [];
    let engineUs = 0;
    for (let window = 0; window < this.#windows; window++) {
      await this.#served(http, () => this.#payByHttp(this.#load));
      const before = await this.#parts.engine.ask('tally');
      engine.push(await this.#payWithout(this.#load));
      engineUs += (await this.#parts.engine.ask('tally')).cpuUs - before.cpuUs;
    }
    const bare = joined(engine);
    return {
      ...figuresOf(http),
      engine_per_s: round(bare.done / bare.seconds),
      engine_cpu_us: Math.round(engineUs / bare.done),
      ratio: round(rateOf(joined(http.results)) / rateOf(bare)),
    };
  }

  /** Each kind alone, then all in turns beside a server with nothing behind it. */
  async reads(): Promise<ReadFigures[]> {
    const alone = [];
    for (const [name, path] of Object.entries(READS)) {
      await this.#read([path], { ...this.#load, seconds: 1 });
      const side = newSide();
      await this.#served(side, () => this.#read([path], this.#load));
      alone.push({ name, ...figuresOf(side) });
    }
    return [...alone, await this.#mixedReads()];
  }

  async #mixedReads(): Promise<ReadFigures> {
    const { floor } = this.#parts;
    const paths = Object.values(READS);
    const first = await this.#read(paths, { ...this.#load, seconds: 1 });
    const url = await floor.ask('listen', Math.round(first.bodyBytes / first.done));
    await this.#read(paths, { ...this.#load, seconds: 1 }, url);
    const side = newSide();
    const bare = newSide();
    for (let window = 0; window < this.#windows; window++) {
      await this.#served(side, () => this.#read(paths, this.#load));
      await this.#measured(
        bare,
        async () => (await floor.ask('cpu')).cpuUs,
        () => this.#read(paths, this.#load, url),
      );
    }
    await floor.ask('close');
    const floorFigures = figuresOf(bare);
    return {
      name: 'all three in turns',
      ...figuresOf(side),
      floor_per_s: floorFigures.per_s,
      floor_cpu_us: floorFigures.cpu_us,
      ratio: round(rateOf(joined(side.results)) / rateOf(joined(bare.results))),
    };
  }

  #served(side: Side, run: () => Promise<HttpLoadResult>): Promise<void> {
    return this.#measured(side, () => this.#parts.daemon.cpuUs(), run);
  }

  async #measured(
    side: Side,
    cpuUs: () => Promise<number>,
    run: () => Promise<HttpLoadResult>,
  ): Promise<void> {
    const before = await cpuUs();
    const result = await run();
    side.serverUs += (await cpuUs()) - before;
    side.generatorUs += result.cpuUs;
    side.bodyBytes += result.bodyBytes;
    side.results.push(result);
  }

  #payByHttp(load: Load): Promise<HttpLoadResult> {
    const requests = this.#orders(load).map((frame) =>
      requestText('POST', `${API_PREFIX}/envelopes`, undefined, JSON.stringify({ frame })),
    );
    const { daemon } = this.#parts;
    const expected = '"state":"COMMITTED"';
    return this.#parts.load.ask('run', {
      url: daemon.endpoint.url,
      requests,
      again: false,
      expected,
      load,
    });
  }

  async #payWithout(load: Load): Promise<LoadResult> {
    await this.#parts.engine.ask('receive', this.#orders(load));
    return this.#parts.engine.ask('carry', load);
  }

  #orders({ seconds }: Load): string[] {
    return this.#parts.members.orders(Math.ceil(ORDERS_PER_SECOND * seconds));
  }

  /** Every member asks for every path, one after the other. */
  #read(
    paths: readonly string[],
    load: Load,
    url = this.#parts.daemon.endpoint.url,
  ): Promise<HttpLoadResult> {
    const requests = this.#parts.tokens.flatMap((token) =>
      paths.map((path) => requestText('GET', API_PREFIX + path, token)),
    );
    return this.#parts.load.ask('run', { url, requests, again: true, expected: '', load });
  }
}

function worker<C extends HttpLoadCalls | HttpFloorCalls>(file: string): WorkerProcess<C> {
  return new WorkerProcess<C>(fileURLToPath(new URL(file, import.meta.url)), []);
}

function newSide(): Side {
  return { results: [], serverUs: 0, generatorUs: 0, bodyBytes: 0 };
}

function figuresOf({ results, serverUs, generatorUs, bodyBytes }: Side): HttpFigures {
  const all = joined(results);
  return {
    done: all.done,
    failed: Object.values(all.failures).reduce((total, count) => total + count, 0),
    failures: all.failures,
    per_s: round(rateOf(all)),
    p50_ms: round(percentile(all.latenciesMs, 0.5)),
    p99_ms: round(percentile(all.latenciesMs, 0.99)),
    cpu_us: Math.round(serverUs / all.done),
    generator_cpu_us: Math.round(generatorUs / all.done),
    body_bytes: Math.round(bodyBytes / all.done),
  };
}

function rateOf({ done, seconds }: LoadResult): number {
  return done / seconds;
}

function round(value: number): number {
  return Number(value.toPrecision(value >= 100 ? 4 : 3));
}
