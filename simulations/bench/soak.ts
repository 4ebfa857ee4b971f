/**
 * `bench soak`: constant load for a long time, and what grows meanwhile.
 *
 * Some things must grow: every payment leaves a record for ever. Those are judged by payment, the rest
 * by time: whatever is larger in the last third than in the middle one, beyond noise, is named.
 */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Column, type Page, table } from '../../cli/page.ts';
import { pause } from '../testnet/at-once.ts';
import { Line } from './line.ts';
import { percentile } from './load.ts';
import type { SoakOptions } from './options.ts';

export interface SoakSample {
  readonly minute: number;
  /** Since the sample before. */
  readonly payments_per_s: number;
  readonly p99_ms: number;
  /** Of the node that has most. */
  readonly rss_mb: number;
  readonly heap_mb: number;
  readonly handles: number;
  readonly live_attempts: number;
  /** Oldest attempt that voted YES and has no outcome, ms. */
  readonly in_doubt_ms: number;
  readonly store_mb: number;
  readonly store_bytes_per_payment: number;
}

export interface SoakReport {
  readonly hops: number;
  readonly in_flight: number;
  readonly minutes: number;
  readonly payments: number;
  readonly failed: number;
  readonly samples: readonly SoakSample[];
  /** Names of the figures that grew; empty: flat. */
  readonly grew: readonly string[];
  /** Invariants that a node found broken in its own store afterwards. */
  readonly broken: readonly string[];
}

const SAMPLES = 20;
const SECONDS_MIN = 3;
const WARM_UP = { inFlight: 16, seconds: 3 };

/** What must stay as it is under constant load, and how much of it is noise. */
const FLAT: readonly (readonly [name: keyof SoakSample, factor: number, more: number])[] = [
  ['p99_ms', 1.5, 50],
  ['rss_mb', 1.1, 10],
  ['heap_mb', 1.25, 10],
  ['handles', 1.1, 5],
  ['live_attempts', 1.5, 64],
  ['in_doubt_ms', 1.5, 1_000],
  ['store_bytes_per_payment', 1.25, 1_000],
];

export async function benchSoak(
  options: SoakOptions,
  onSample: (sample: SoakSample) => void,
): Promise<SoakReport> {
  const directory = await mkdtemp(join(tmpdir(), 'geo-soak-'));
  const line = await Line.start(directory, options.hops);
  try {
    await line.pay(WARM_UP);
    const seconds = Math.max((options.minutes * 60) / SAMPLES, SECONDS_MIN);
    const count = Math.round((options.minutes * 60) / seconds);
    const samples: SoakSample[] = [];
    let payments = 0;
    let failed = 0;
    const begin = performance.now();
    for (let i = 0; i < count; i++) {
      const before = await bytesBelow(directory);
      const paying = line.pay({ inFlight: options.inFlight, seconds });
      // In the middle of the load: afterwards there would be nothing live any more.
      await pause(seconds * 900);
      const state = await stateOf(line);
      const result = await paying;
      payments += result.done;
      failed += Object.values(result.failures).reduce((sum, each) => sum + each, 0);
      const stored = await bytesBelow(directory);
      const sample: SoakSample = {
        minute: round((performance.now() - begin) / 60_000),
        payments_per_s: round(result.done / result.seconds),
        p99_ms: round(percentile(result.latenciesMs, 0.99)),
        ...state,
        store_mb: round(stored / 1e6),
        store_bytes_per_payment: Math.round((stored - before) / Math.max(result.done, 1)),
      };
      samples.push(sample);
      onSample(sample);
    }
    await line.settled();
    const { hops, inFlight: in_flight, minutes } = options;
    const grew = whatGrew(samples);
    const broken = await brokenInvariants(line);
    return { hops, in_flight, minutes, payments, failed, samples, grew, broken };
  } finally {
    await line.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function stateOf(line: Line) {
  const [memory, states, doubts] = await Promise.all([
    Promise.all(line.nodes.map((node) => node.ask('memory'))),
    Promise.all(line.nodes.map((node) => node.ask('status'))),
    Promise.all(line.nodes.map((node) => node.ask('oldestDoubtMs'))),
  ]);
  return {
    rss_mb: Math.round(Math.max(...memory.map((each) => each.rssBytes)) / 1e6),
    heap_mb: Math.round(Math.max(...memory.map((each) => each.heapBytes)) / 1e6),
    handles: Math.max(...memory.map((each) => each.handles)),
    live_attempts: Math.max(...states.map((each) => each.attempts_live)),
    in_doubt_ms: Math.max(...doubts),
  };
}

/** Names of the figures whose last third lies above the middle third, beyond what is noise. */
export function whatGrew(samples: readonly SoakSample[]): string[] {
  const third = Math.floor(samples.length / 3);
  if (third === 0) return [];
  const middle = samples.slice(third, 2 * third);
  const last = samples.slice(2 * third);
  return FLAT.filter(([name, factor, more]) => {
    const before = median(middle.map((sample) => sample[name]));
    const after = median(last.map((sample) => sample[name]));
    return after > before * factor && after > before + more;
  }).map(([name]) => name);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

async function brokenInvariants(line: Line): Promise<string[]> {
  const audits = await Promise.all(line.nodes.map((node) => node.ask('audit')));
  return audits.flatMap((rows, i) =>
    rows.filter((row) => !row.held).map((row) => `node ${i}: ${row.name}`),
  );
}

/** Size of all files; one that goes while it is looked at counts nothing. */
async function bytesBelow(directory: string): Promise<number> {
  const files = await readdir(directory, { recursive: true, withFileTypes: true });
  const sizes = files
    .filter((file) => file.isFile())
    .map((file) =>
      stat(join(file.parentPath, file.name)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

const COLUMNS: readonly Column<SoakSample>[] = (
  [
    ['minute', 'minute'],
    ['paid/s', 'payments_per_s'],
    ['p99 ms', 'p99_ms'],
    ['RSS MB', 'rss_mb'],
    ['heap MB', 'heap_mb'],
    ['handles', 'handles'],
    ['live', 'live_attempts'],
    ['in doubt ms', 'in_doubt_ms'],
    ['store MB', 'store_mb'],
    ['B/payment', 'store_bytes_per_payment'],
  ] as const
).map(([title, key]) => ({ title, right: true, cell: (sample) => String(sample[key]) }));

export function soakText(page: Page, report: SoakReport): string {
  const verdict =
    report.grew.length === 0 ? 'flat' : `not flat: ${report.grew.join(', ')} grew over time`;
  return [
    `${report.payments} payments over ${report.hops} hops, ${report.in_flight} in flight, ${report.failed} failed.`,
    'RSS, heap, handles, live attempts: of the node that has most. Store: all nodes together.',
    '',
    table(page, COLUMNS, report.samples),
    '',
    `Verdict: ${verdict}.`,
    ...report.broken.map((text) => `Broken: ${text}.`),
    '',
  ].join('\n');
}

function round(value: number): number {
  return Number(value.toPrecision(value >= 100 ? 4 : 3));
}
