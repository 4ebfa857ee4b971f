/**
 * How many durable units a second the store takes when several are in flight and share an fsync, and how
 * fast it is opened and read.
 *
 * `node simulations/bench/store.ts [--json] [--seconds S] [--entries N] [--directory DIR]`
 *
 * A unit is one write of 3 or 10 entries of 300 bytes, acknowledged only when it is on the disk. The
 * figures depend on the disk under DIR (default: the system's place for temporary files).
 */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openLevelStore } from '../../node/store/level/level.ts';
import { BATCH_NUMBER_KEY } from '../../node/store/level/opening.ts';

const VALUE_BYTES = 300;
const PUTS_PER_UNIT = [3, 10];
const IN_FLIGHT = [1, 16, 64, 100];

export interface StoreRun {
  readonly puts_per_unit: number;
  readonly in_flight: number;
  readonly units_per_s: number;
  /** Synced LevelDB batches, each one fsync. */
  readonly fsyncs_per_s: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
}

/** Keeps `inFlight` units under way for `seconds` in a new store below `directory`. */
export async function measureStore(
  directory: string,
  putsPerUnit: number,
  inFlight: number,
  seconds: number,
): Promise<StoreRun> {
  const home = await mkdtemp(join(directory, 'geo-bench-'));
  const store = await openLevelStore(join(home, 'store'));
  const batches = () => Number(new TextDecoder().decode(store.get(BATCH_NUMBER_KEY)));
  const latencies: number[] = [];
  let next = 0;

  const begin = performance.now();
  const end = begin + seconds * 1000;
  const writeUntilEnd = async () => {
    while (performance.now() < end) {
      const unit = String(next).padStart(9, '0');
      next += 1;
      const ops = Array.from({ length: putsPerUnit }, (_, put) => ({
        type: 'put' as const,
        key: `unit/${unit}/${put}`,
        value: randomBytes(VALUE_BYTES),
      }));
      const start = performance.now();
      await store.write(ops);
      latencies.push(performance.now() - start);
    }
  };
  await Promise.all(Array.from({ length: inFlight }, writeUntilEnd));
  const elapsed = (performance.now() - begin) / 1000;
  const fsyncs = batches();

  await store.close();
  await rm(home, { recursive: true });
  latencies.sort((a, b) => a - b);
  const percentile = (share: number) => latencies[Math.floor((latencies.length - 1) * share)] ?? 0;
  return {
    puts_per_unit: putsPerUnit,
    in_flight: inFlight,
    units_per_s: Math.round(latencies.length / elapsed),
    fsyncs_per_s: Math.round(fsyncs / elapsed),
    p50_ms: Number(percentile(0.5).toFixed(2)),
    p99_ms: Number(percentile(0.99).toFixed(2)),
  };
}

export interface ReadRun {
  readonly entries: number;
  readonly megabytes: number;
  /** Every file is read and checked, from the page cache. */
  readonly open_ms: number;
  readonly gets_per_s: number;
  readonly scanned_per_s: number;
}

/** Fills a new store below `directory` with `entries`, then opens and reads it. */
export async function measureReading(directory: string, entries: number): Promise<ReadRun> {
  const home = await mkdtemp(join(directory, 'geo-bench-'));
  const path = join(home, 'store');
  const keyOf = (n: number) => `entry/${String(n).padStart(9, '0')}`;
  const filled = await openLevelStore(path);
  for (let first = 0; first < entries; first += 1000) {
    const ops = Array.from({ length: Math.min(1000, entries - first) }, (_, n) => ({
      type: 'put' as const,
      key: keyOf(first + n),
      value: randomBytes(VALUE_BYTES),
    }));
    await filled.write(ops);
  }
  await filled.close();

  const openBegin = performance.now();
  const store = await openLevelStore(path);
  const openMs = performance.now() - openBegin;

  const getBegin = performance.now();
  const gets = Math.min(entries, 50_000);
  for (let n = 0; n < gets; n += 1) {
    // A stride without common factors visits the keys out of order.
    const key = keyOf((n * 7919) % entries);
    if (store.get(key)?.length !== VALUE_BYTES) throw new Error(`${key} is wrong`);
  }
  const getSeconds = (performance.now() - getBegin) / 1000;

  const scanBegin = performance.now();
  let scanned = 0;
  for await (const _entry of store.scan({ gte: 'entry/', lt: 'entry0' })) scanned += 1;
  const scanSeconds = (performance.now() - scanBegin) / 1000;

  await store.close();
  await rm(home, { recursive: true });
  return {
    entries: scanned,
    megabytes: Math.round((entries * VALUE_BYTES) / 1e6),
    open_ms: Math.round(openMs),
    gets_per_s: Math.round(gets / getSeconds),
    scanned_per_s: Math.round(scanned / scanSeconds),
  };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean', default: false },
      seconds: { type: 'string', default: '2' },
      entries: { type: 'string', default: '100000' },
      directory: { type: 'string', default: tmpdir() },
    },
  });
  const seconds = Number(values.seconds);
  if (!(seconds > 0)) throw new RangeError('--seconds takes a number above 0');
  const entries = Number(values.entries);
  if (!Number.isInteger(entries) || entries < 1) throw new RangeError('--entries takes a count');
  const runs: StoreRun[] = [];
  for (const puts of PUTS_PER_UNIT) {
    for (const inFlight of IN_FLIGHT) {
      runs.push(await measureStore(values.directory, puts, inFlight, seconds));
    }
  }
  const reading = await measureReading(values.directory, entries);
  if (values.json) {
    process.stdout.write(`${JSON.stringify({ runs, reading }, undefined, 2)}\n`);
  } else {
    console.table(runs);
    console.table([reading]);
  }
}

if (import.meta.main) await main();
