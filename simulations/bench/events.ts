/**
 * `bench events`: a hub's daemon tells many subscribers what happens. Members pay at a steady rate, each payment
 * is an event, and every subscriber gets every event over a WebSocket of its own. Beside them one client loses
 * its connection again and again and goes on from its cursor.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Page, table } from '../../cli/page.ts';
import { API_PREFIX } from '../../node/api/routes.ts';
import { pause } from '../testnet/at-once.ts';
import { WorkerProcess } from '../worker-process.ts';
import { DaemonProcess } from './daemon-process.ts';
import type { EventsOptions } from './events-options.ts';
import type { EventsWorkerCalls, Resumed, Seen } from './events-worker.ts';
import { HttpConnection, requestText } from './http-connection.ts';
import type { HubMembers } from './hub-members.ts';
import { percentile } from './load.ts';
import { prepareHub } from './prepared-hub.ts';

export interface EventsReport {
  readonly subscribers: number;
  readonly seconds: number;
  /** Events of the node. */
  readonly events_per_s: number;
  /** Events that subscribers got, all together. */
  readonly deliveries_per_s: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
  /** Missed, repeated or out of order, over all subscribers. */
  readonly faults: number;
  /** Growth of the daemon's resident memory for each: when they have come, and when the events have been sent. */
  readonly idle_kb_each: number;
  readonly kb_each: number;
  /** Processor time of the daemon in the measured time, share of one core; and that of all subscribers. */
  readonly daemon_cores: number;
  readonly subscriber_cores: number;
  readonly resumed: Resumed;
}

const MEMBERS = { community: undefined, members: 50, lines: 500 };
const WARM_UP_SECONDS = 2;
/** More than any hub carries out. */
const BUSY_RATE = 10_000;
const BUSY_SECONDS_MAX = 6;
/** Payments are begun in groups, so often a second. */
const GROUPS_PER_SECOND = 20;
const CONNECTIONS = 64;
/** How long the last events may take to everyone, ms. */
const SETTLE_MS = 20_000;
const POLL_MS = 20;

export async function benchEvents(
  options: EventsOptions,
  say: (line: string) => void,
): Promise<EventsReport> {
  const directory = await mkdtemp(join(tmpdir(), 'geo-bench-'));
  const closings: (() => Promise<unknown>)[] = [
    () => rm(directory, { recursive: true, force: true }),
  ];
  try {
    const { home, members } = await prepareHub(join(directory, 'hub'), MEMBERS, say);
    const daemon = await DaemonProcess.start(home);
    closings.push(() => daemon.stop());
    const worker = new WorkerProcess<EventsWorkerCalls>(
      fileURLToPath(new URL('events-worker.ts', import.meta.url)),
      [],
    );
    closings.push(() => worker.end());
    const payments = await Payments.open(daemon.endpoint.url, members, options.rate);
    closings.push(async () => payments.close());

    // A hub at work: what V8 keeps for the garbage of payments is not to be taken for the subscribers'.
    await payments.run(Math.min(BUSY_SECONDS_MAX, options.seconds), BUSY_RATE);
    const before = await daemon.rssBytes();
    say(`${options.subscribers} subscribers come.`);
    await worker.ask('subscribe', { ...daemon.endpoint, count: options.subscribers });
    const idle = await daemon.rssBytes();
    say(`They follow ${options.rate} events a second.`);
    await payments.run(WARM_UP_SECONDS);
    await worker.ask('forget');
    const cpuBefore = await daemon.cpuUs();
    const seconds = await payments.run(options.seconds);
    const seen = await settled(worker);
    const cpu = (await daemon.cpuUs()) - cpuBefore;
    const after = await daemon.rssBytes();
    await worker.ask('leave');
    say(`One client comes back ${options.resumes} times.`);
    const resuming = worker.ask('resume', { ...daemon.endpoint, visits: options.resumes });
    const resumed = await payments.runUntil(resuming);
    const each = (bytes: number) => round(bytes / 1000 / options.subscribers);
    return {
      subscribers: options.subscribers,
      seconds: options.seconds,
      events_per_s: round(seen.events / options.subscribers / seconds),
      deliveries_per_s: round(seen.events / seconds),
      p50_ms: round(percentile(seen.latenciesMs, 0.5)),
      p99_ms: round(percentile(seen.latenciesMs, 0.99)),
      max_ms: round(percentile(seen.latenciesMs, 1)),
      faults: seen.faults,
      idle_kb_each: each(idle - before),
      kb_each: each(after - before),
      daemon_cores: round(cpu / 1e6 / seconds),
      subscriber_cores: round(seen.cpuUs / 1e6 / seconds),
      resumed,
    };
  } finally {
    for (const close of closings.reverse()) await close();
  }
}

/** When everyone has seen what the quickest has. */
async function settled(worker: WorkerProcess<EventsWorkerCalls>): Promise<Seen> {
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const seen = await worker.ask('seen');
    if (seen.slowest === seen.quickest || performance.now() > deadline) return seen;
    await pause(POLL_MS);
  }
}

/** Members pay at a steady rate through HTTP; the hub coordinates, so each payment is one event of its own. */
class Payments {
  readonly #connections: readonly HttpConnection[];
  readonly #members: HubMembers;
  readonly #rate: number;

  private constructor(connections: readonly HttpConnection[], members: HubMembers, rate: number) {
    this.#connections = connections;
    this.#members = members;
    this.#rate = rate;
  }

  static async open(url: string, members: HubMembers, rate: number): Promise<Payments> {
    const opened = Array.from({ length: CONNECTIONS }, () => HttpConnection.open(url));
    return new Payments(await Promise.all(opened), members, rate);
  }

  /** @returns how long it took, s */
  async run(seconds: number, rate = this.#rate): Promise<number> {
    const begin = performance.now();
    await this.#whileTrue(rate, (elapsed) => elapsed < seconds);
    return (performance.now() - begin) / 1000;
  }

  async runUntil<Result>(done: Promise<Result>): Promise<Result> {
    let isDone = false;
    const end = () => {
      isDone = true;
    };
    done.then(end, end);
    await this.#whileTrue(this.#rate, () => !isDone);
    return done;
  }

  close(): void {
    for (const connection of this.#connections) connection.close();
  }

  async #whileTrue(rate: number, goesOn: (elapsedSeconds: number) => boolean): Promise<void> {
    const begin = performance.now();
    for (let group = 1; goesOn((performance.now() - begin) / 1000); group++) {
      await this.#pay(Math.round(rate / GROUPS_PER_SECOND));
      // A group that took too long is made up for: the rate is that of the whole.
      const due = begin + (group * 1000) / GROUPS_PER_SECOND;
      await pause(Math.max(0, due - performance.now()));
    }
  }

  async #pay(count: number): Promise<void> {
    const orders = this.#members.orders(count).map((frame) => JSON.stringify({ frame }));
    await Promise.all(
      this.#connections.map(async (connection) => {
        for (let order = orders.pop(); order !== undefined; order = orders.pop()) {
          const request = requestText('POST', `${API_PREFIX}/envelopes`, undefined, order);
          const { status, body } = await connection.ask(request);
          if (status !== 200) throw new Error(`a payment was answered ${status}: ${body}`);
        }
      }),
    );
  }
}

export function eventsText(page: Page, report: EventsReport): string {
  const { resumed } = report;
  const column = (title: string, value: number) => ({ title, right: true, cell: () => `${value}` });
  return [
    `${report.subscribers} WebSockets, ${report.seconds} s.`,
    'Latency: from the moment that an event bears to its arrival, of every event at every subscriber.',
    'kB: growth of resident memory for each, when all have come, and when the events have been sent.',
    'Cores: of the daemon, payments included; of all subscribers.',
    '',
    table(
      page,
      [
        column('events/s', report.events_per_s),
        column('sent/s', report.deliveries_per_s),
        column('p50 ms', report.p50_ms),
        column('p99 ms', report.p99_ms),
        column('max ms', report.max_ms),
        column('faults', report.faults),
        column('kB come', report.idle_kb_each),
        column('kB sent', report.kb_each),
        column('cores', report.daemon_cores),
        column('theirs', report.subscriber_cores),
      ],
      [report],
    ),
    `${resumed.visits} visits of one client that lost its connection each time: ${resumed.events} events, ${resumed.faults} missed or repeated.`,
    '',
  ].join('\n');
}

function round(value: number): number {
  return Number(value.toPrecision(value >= 100 ? 4 : 3));
}
