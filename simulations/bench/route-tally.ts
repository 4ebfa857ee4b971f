/** The figures of `bench route`: what was asked, found and needed, beside what bounds it. */
import type { RouteAnswer } from '../../protocol/routing/question.ts';
import type { RouteCeiling } from './route-ceiling.ts';
import type { Pair } from './route-files.ts';

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

/** Payments that a bound lets through whole, what it lets through in all, and what was reached of it. */
export interface BoundReport {
  readonly succeeded: number;
  /** The smaller of amount and bound, in all. */
  readonly volume: number | string;
  readonly ratio_succeeded: number;
  readonly ratio_volume: number;
}

/** The maximum flow: any number of paths of any length. */
interface CeilingReport extends BoundReport {
  /** Proven bounds of any number of paths of `max_hops`, and of `max_paths` such paths. */
  readonly within_hops: BoundReport;
  readonly within_bounds: BoundReport;
}

export class RouteTally {
  readonly #ns: number[] = [];
  readonly #paths: Record<string, number> = {};
  readonly #hops: Record<string, number> = {};
  readonly #refused: Record<string, number> = {};
  #succeeded = 0;
  #asked = 0n;
  #routed = 0n;
  readonly #maxFlow = new BoundTally();
  readonly #withinHops = new BoundTally();
  readonly #withinBounds = new BoundTally();

  add(pair: Pair, answer: RouteAnswer, ceiling: RouteCeiling, ns: number): void {
    this.#ns.push(ns);
    this.#asked += pair.amount;
    this.#routed += answer.payable;
    this.#maxFlow.add(pair, ceiling.maxFlow);
    this.#withinHops.add(pair, ceiling.withinHops);
    this.#withinBounds.add(pair, ceiling.withinBounds);
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
    const reached = (of: BoundTally) => of.report(this.#succeeded, this.#routed);
    return {
      ...reached(this.#maxFlow),
      within_hops: reached(this.#withinHops),
      within_bounds: reached(this.#withinBounds),
    };
  }
}

class BoundTally {
  #succeeded = 0;
  #volume = 0n;

  add(pair: Pair, most: bigint): void {
    this.#volume += most;
    if (most > 0n && most === pair.amount) this.#succeeded++;
  }

  report(succeeded: number, routed: bigint): BoundReport {
    return {
      succeeded: this.#succeeded,
      volume: exact(this.#volume),
      ratio_succeeded: ratio(BigInt(succeeded), BigInt(this.#succeeded)),
      ratio_volume: ratio(routed, this.#volume),
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
export function exact(amount: bigint): number | string {
  return amount <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(amount) : amount.toString();
}

export function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
