/** `bench route`: how many of the payments that a graph allows find their routes, and how fast. */
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { AMOUNT_MAX } from '../../protocol/limits.ts';
import type { RouteAnswer, RouteQuestion } from '../../protocol/routing/question.ts';
import { RouteSearch } from '../../protocol/routing/search.ts';
import { readText, writing } from './files.ts';
import { graphFrom, type NamedGraph, type Pair, pairsFrom } from './route-files.ts';
import type { RouteOptions } from './route-options.ts';
import { randomPairs } from './route-pairs.ts';

export interface RouteReport {
  readonly queries: number;
  readonly succeeded: number;
  readonly volume_asked: number | string;
  /** What was found, of payments that did not find the whole amount too. */
  readonly volume_routed: number | string;
  readonly p50_us: number;
  readonly p99_us: number;
  readonly build_ms: number;
  /** What the process uses more with the graph, its names and the search's own arrays. */
  readonly memory_mb: number;
  readonly participants: number;
  readonly pairs_with_lines: number;
  readonly max_hops: number;
  readonly max_paths: number;
  /** Successful payments by number of routes, and routes by number of hops. */
  readonly paths_used: Readonly<Record<string, number>>;
  readonly hops_used: Readonly<Record<string, number>>;
  /** Unsuccessful ones: nothing bounds them but the graph, the bounds asked for, the search's own. */
  readonly refused: Readonly<Record<string, number>>;
  readonly ceiling?: CeilingReport;
}

interface CeilingReport {
  /** Payments that the maximum flow carries whole. */
  readonly succeeded: number;
  /** The smaller of amount and maximum flow, in all. */
  readonly volume: number | string;
  readonly ratio_succeeded: number;
  readonly ratio_volume: number;
}

/** Questions asked beforehand, so that the figures show compiled code. */
const WARM_UP = 300;

/** @param say progress, for a person */
export function benchRoute(options: RouteOptions, say: (line: string) => void): RouteReport {
  const text = readText(options.graph);
  const before = bytesInUse();
  const start = process.hrtime.bigint();
  const named = graphFrom(text, options.graph);
  const build = process.hrtime.bigint() - start;
  const search = new RouteSearch(named.graph);
  const pairs = choosePairs(options, named, search, say);
  const ask = (pair: Pair) => questionOf(pair, named, options);
  for (const pair of pairs.slice(0, WARM_UP)) {
    const question = ask(pair);
    if (question !== undefined) search.find(question);
  }
  const memory = bytesInUse() - before;

  const tally = new Tally();
  const out = opened(options.out);
  for (const pair of pairs) {
    const question = ask(pair);
    const asked = process.hrtime.bigint();
    const answer = question === undefined ? NOBODY : search.find(question);
    const ns = Number(process.hrtime.bigint() - asked);
    const most = options.ceiling && question !== undefined ? search.ceiling(question) : 0n;
    tally.add(pair, answer, most, ns);
    if (out !== undefined) writeSync(out, outLine(pair, answer, named, options.ceiling, most));
  }
  if (out !== undefined) closeSync(out);
  return {
    ...tally.figures(),
    build_ms: rounded(Number(build) / 1e6),
    memory_mb: rounded(memory / 1e6),
    participants: named.graph.nodeCount,
    pairs_with_lines: named.graph.pairCount,
    max_hops: options.maxHops,
    max_paths: options.maxPaths,
    ...tally.distributions(),
    ...(options.ceiling ? { ceiling: tally.ceiling() } : {}),
  };
}

/** The answer about somebody who is not in the graph, about oneself, or about nothing. */
const NOBODY: RouteAnswer = {
  routes: [],
  payable: 0n,
  refusal: { kind: 'impossible', ceiling: 0n, binding: [] },
};

function questionOf(
  { from, to, amount }: Pair,
  { numbers }: NamedGraph,
  { maxHops, maxPaths }: RouteOptions,
): RouteQuestion | undefined {
  const payer = numbers.get(from);
  const payee = numbers.get(to);
  if (payer === undefined || payee === undefined || payer === payee || amount < 1n)
    return undefined;
  return { payer, payee, amount, maxHops, maxPaths };
}

function choosePairs(
  { pairs, writePairs }: RouteOptions,
  named: NamedGraph,
  search: RouteSearch,
  say: (line: string) => void,
): Pair[] {
  if (typeof pairs === 'string') return pairsFrom(readText(pairs), pairs);
  const drawn = randomPairs(named, pairs.count, pairs.seed, (payer, payee) =>
    search.ceiling({ payer, payee, amount: AMOUNT_MAX, maxHops: 1, maxPaths: 1 }),
  );
  if (writePairs !== undefined) {
    const rows = drawn.map(({ from, to, amount }) => `${from},${to},${amount}\n`);
    writing(writePairs, () => writeFileSync(writePairs, `from,to,amount\n${rows.join('')}`));
    say(`${drawn.length} pairs written to ${writePairs}.`);
  }
  return drawn;
}

/** @throws GeoError E009 `unwritable_file` */
function opened(file: string | undefined): number | undefined {
  return file === undefined ? undefined : writing(file, () => openSync(file, 'w'));
}

function outLine(
  { from, to, amount }: Pair,
  { routes, payable }: RouteAnswer,
  { names }: NamedGraph,
  withCeiling: boolean,
  most: bigint,
): string {
  const line = {
    from,
    to,
    amount: exact(amount),
    routed: exact(payable),
    routes: routes.map((route) => ({
      path: route.path.map((node) => names[node]!),
      amount: exact(route.amount),
    })),
    ...(withCeiling ? { ceiling: exact(most) } : {}),
  };
  return `${JSON.stringify(line)}\n`;
}

class Tally {
  readonly #ns: number[] = [];
  readonly #paths: Record<string, number> = {};
  readonly #hops: Record<string, number> = {};
  readonly #refused: Record<string, number> = {};
  #succeeded = 0;
  #asked = 0n;
  #routed = 0n;
  #ceilingSucceeded = 0;
  #ceilingVolume = 0n;

  add(pair: Pair, answer: RouteAnswer, most: bigint, ns: number): void {
    this.#ns.push(ns);
    this.#asked += pair.amount;
    this.#routed += answer.payable;
    this.#ceilingVolume += most;
    if (most > 0n && most === pair.amount) this.#ceilingSucceeded++;
    if (answer.refusal !== undefined) {
      count(this.#refused, answer.refusal.kind);
      return;
    }
    this.#succeeded++;
    count(this.#paths, answer.routes.length);
    for (const { path } of answer.routes) count(this.#hops, path.length - 1);
  }

  figures() {
    const sorted = this.#ns.toSorted((a, b) => a - b);
    const quantile = (share: number) =>
      rounded((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0) / 1e3);
    return {
      queries: sorted.length,
      succeeded: this.#succeeded,
      volume_asked: exact(this.#asked),
      volume_routed: exact(this.#routed),
      p50_us: quantile(0.5),
      p99_us: quantile(0.99),
    };
  }

  distributions() {
    return { paths_used: this.#paths, hops_used: this.#hops, refused: this.#refused };
  }

  ceiling(): CeilingReport {
    return {
      succeeded: this.#ceilingSucceeded,
      volume: exact(this.#ceilingVolume),
      ratio_succeeded: ratio(BigInt(this.#succeeded), BigInt(this.#ceilingSucceeded)),
      ratio_volume: ratio(this.#routed, this.#ceilingVolume),
    };
  }
}

function count(counts: Record<string, number>, of: string | number): void {
  counts[of] = (counts[of] ?? 0) + 1;
}

/** Of nothing, everything was reached. */
function ratio(part: bigint, whole: bigint): number {
  return whole === 0n ? 1 : Number((part * 100_000n) / whole) / 100_000;
}

/** A JSON number where that is exact, and decimal text otherwise. */
function exact(amount: bigint): number | string {
  return amount <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(amount) : amount.toString();
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}

function bytesInUse(): number {
  // Rubbish is not the index's. The collector can only be called if it is asked for by a flag.
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
