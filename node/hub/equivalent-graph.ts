/**
 * A community's edges in one equivalent: what the hub has on its own books, what the two ends report,
 * and the graph that routes are searched in, kept equal to them with each change.
 */
import { NetPositions } from '../../protocol/clearing/net-positions.ts';
import type { Pid } from '../../protocol/identity/pid.ts';
import { AMOUNT_MAX } from '../../protocol/limits.ts';
import { CompactGraph } from '../../protocol/routing/compact-graph.ts';
import type { SearchSettings } from '../../protocol/routing/question.ts';
import { RouteSearch } from '../../protocol/routing/search.ts';
import { aged, differ, type EdgeView, moved, type ReportTrust, together } from './edge-view.ts';

/** What is told of an edge, by whoever tells of it. */
export interface Told {
  own?: EdgeView | undefined;
  byLow?: EdgeView | undefined;
  byHigh?: EdgeView | undefined;
}

/** Who tells of an edge: the hub's own books, or the agent of one of its ends. */
export type Teller = 'own' | 'low' | 'high';

interface Pair extends Told {
  readonly low: number;
  readonly high: number;
  /** The balance as the positions have it. */
  counted: bigint;
  /** Since when those who tell of the edge have told different things, ms since 1970 UTC. */
  differs?: number | undefined;
}

/** Two participants' numbers in one: both below 2^26. */
const PAIR_BASE = 2 ** 26;

export class EquivalentGraph {
  readonly graph = new CompactGraph();
  readonly search: RouteSearch;
  readonly positions = new NetPositions();
  readonly precision: number;
  readonly #numbers = new Map<Pid, number>();
  readonly #pids: Pid[] = [];
  /** By number: of how many edges the participant's agent has told. */
  readonly #told: number[] = [];
  /** Numbers of participants without an edge, to be given again: names can be made up without end. */
  readonly #free: number[] = [];
  readonly #pairs = new Map<number, Pair>();
  readonly #trust: ReportTrust;
  #now = 0;

  constructor(precision: number, settings: SearchSettings, trust: ReportTrust) {
    this.precision = precision;
    this.#trust = trust;
    this.search = new RouteSearch(this.graph, settings);
  }

  numberOf(pid: Pid): number | undefined {
    return this.#numbers.get(pid);
  }

  pidOf(number: number): Pid {
    return this.#pids[number]!;
  }

  get participants(): number {
    return this.#numbers.size;
  }

  get edges(): number {
    return this.#pairs.size;
  }

  /** Edges that are told of differently since before a time: one of those who tell is late, or lies. */
  *differing(before = Number.POSITIVE_INFINITY): Generator<readonly [low: Pid, high: Pid, Told]> {
    for (const pair of this.#pairs.values()) {
      if (pair.differs === undefined || pair.differs >= before) continue;
      yield [this.pidOf(pair.low), this.pidOf(pair.high), pair];
    }
  }

  /** Edges that are known by reports alone, none of which is fresh any more. */
  get stale(): number {
    const oldest = this.#now - this.#trust.report_fresh_ms;
    let stale = 0;
    for (const pair of this.#pairs.values()) if (newestReport(pair) < oldest) stale++;
    return stale;
  }

  /** Time passes: what has not been reported again counts for less. */
  age(now: number): void {
    this.#now = Math.max(this.#now, now);
    const oldest = this.#now - this.#trust.report_fresh_ms;
    for (const pair of this.#pairs.values()) if (newestReport(pair) < oldest) this.#recount(pair);
  }

  /** Every edge, as it is believed to be. */
  *known(): Generator<readonly [low: Pid, high: Pid, view: EdgeView]> {
    for (const pair of this.#pairs.values()) {
      const view = believed(pair);
      if (view !== undefined) yield [this.pidOf(pair.low), this.pidOf(pair.high), view];
    }
  }

  /** Of how many edges a participant's agent has told. */
  toldBy(participant: Pid): number {
    const number = this.#numbers.get(participant);
    return number === undefined ? 0 : this.#told[number]!;
  }

  /** Whether the agent of that end has told of the edge. */
  isTold(low: Pid, high: Pid, teller: 'low' | 'high'): boolean {
    const [a, b] = [this.#numbers.get(low), this.#numbers.get(high)];
    const pair = a === undefined || b === undefined ? undefined : this.#pairs.get(keyOf(a, b));
    return (teller === 'low' ? pair?.byLow : pair?.byHigh) !== undefined;
  }

  /** Takes over what somebody tells of an edge. */
  tell(low: Pid, high: Pid, teller: Teller, view: EdgeView): void {
    this.#now = Math.max(this.#now, view.at);
    const pair = this.#pair(low, high);
    if (teller === 'own') pair.own = view;
    else if (teller === 'low') {
      if (pair.byLow === undefined) this.#told[pair.low]!++;
      pair.byLow = view;
    } else {
      if (pair.byHigh === undefined) this.#told[pair.high]!++;
      pair.byHigh = view;
    }
    this.#recount(pair);
  }

  /** A commit that this node saw has changed the balance of an edge that others report. */
  move(low: Pid, high: Pid, change: bigint): void {
    if (!this.isTold(low, high, 'low') && !this.isTold(low, high, 'high')) return;
    const pair = this.#pair(low, high);
    pair.byLow = pair.byLow && moved(pair.byLow, change);
    pair.byHigh = pair.byHigh && moved(pair.byHigh, change);
    this.#recount(pair);
  }

  /** Forgets what others have reported before a time. @returns how many views that were */
  forgetBefore(time: number): number {
    let forgotten = 0;
    for (const pair of this.#pairs.values()) {
      const before = forgotten;
      if (pair.byLow !== undefined && pair.byLow.at < time) {
        pair.byLow = undefined;
        this.#told[pair.low]!--;
        forgotten++;
      }
      if (pair.byHigh !== undefined && pair.byHigh.at < time) {
        pair.byHigh = undefined;
        this.#told[pair.high]!--;
        forgotten++;
      }
      if (forgotten > before) this.#recount(pair);
    }
    return forgotten;
  }

  #pair(low: Pid, high: Pid): Pair {
    const [a, b] = [this.#number(low), this.#number(high)];
    const key = keyOf(a, b);
    let pair = this.#pairs.get(key);
    if (pair === undefined) {
      pair = { low: a, high: b, counted: 0n };
      this.#pairs.set(key, pair);
    }
    return pair;
  }

  #number(pid: Pid): number {
    const known = this.#numbers.get(pid);
    if (known !== undefined) return known;
    const number = this.#free.pop() ?? this.graph.addNode();
    this.#numbers.set(pid, number);
    this.#pids[number] = pid;
    this.#told[number] = 0;
    return number;
  }

  #recount(pair: Pair): void {
    const { low, high } = pair;
    pair.differs = differsSince(pair);
    const known = believed(pair);
    const view = pair.own ?? (known && aged(known, this.#now, this.#trust));
    const balance = view?.balance ?? 0n;
    this.positions.change(low, high, pair.counted, balance);
    pair.counted = balance;
    if (view === undefined) {
      this.graph.removePair(low, high);
      this.#pairs.delete(keyOf(low, high));
      this.#release(low);
      this.#release(high);
      return;
    }
    const [highOwes, lowOwes] = balance > 0n ? [balance, 0n] : [0n, -balance];
    this.graph.setLine(high, low, lineFor(view.up, highOwes, lowOwes, view.lowCarries));
    this.graph.setLine(low, high, lineFor(view.down, lowOwes, highOwes, view.highCarries));
  }

  #release(number: number): void {
    if (this.graph.end[number]! > this.graph.first[number]!) return;
    this.#numbers.delete(this.#pids[number]!);
    this.#free.push(number);
  }
}

/** The own book is exact, holds and all; without it, both ends' reports together. */
function believed({ own, byLow, byHigh }: Pair): EdgeView | undefined {
  return own ?? (byLow && byHigh ? together(byLow, byHigh) : (byLow ?? byHigh));
}

/** When an edge that is known by reports alone was reported last; infinite for an own one. */
function newestReport({ own, byLow, byHigh }: Told): number {
  if (own !== undefined) return Number.POSITIVE_INFINITY;
  return Math.max(byLow?.at ?? 0, byHigh?.at ?? 0);
}

function differsSince({ own, byLow, byHigh, differs }: Pair): number | undefined {
  const told = [own, byLow, byHigh].filter((view) => view !== undefined);
  const [first] = told;
  if (first === undefined || !told.some((view) => differ(view, first))) return undefined;
  return differs ?? Math.max(...told.map(({ at }) => at));
}

function keyOf(low: number, high: number): number {
  return low * PAIR_BASE + high;
}

/** A line by which a hop carries exactly `free`, given what is owed on it and the other way. */
function lineFor(free: bigint, debt: bigint, owedBack: bigint, carries: boolean) {
  const lent = free - owedBack;
  if (lent < 0n) return { limit: debt, debt, held: -lent, carries };
  const limit = debt + lent;
  return { limit: limit < AMOUNT_MAX ? limit : AMOUNT_MAX, debt, held: 0n, carries };
}
