/** An edge as a route search needs it, and what several views of one edge come to. */
import { capacity, type Edge, lineOf } from '../../protocol/ledger/edge.ts';
import type { ReportedEdge } from '../../protocol/wire/messages/report.ts';

export interface EdgeView {
  /** Positive: `high` owes `low`. Smallest unit. */
  readonly balance: bigint;
  /** What the hop `high` → `low` carries, holds taken off. */
  readonly up: bigint;
  /** What the hop `low` → `high` carries. */
  readonly down: bigint;
  readonly lowCarries: boolean;
  readonly highCarries: boolean;
  /** When it was learnt, ms since 1970 UTC; of two views the newer tells the balance. */
  readonly at: number;
}

/** An own edge as it is. `isBarred`: an end that carries nothing for others, whatever its line says. */
export function viewOf(edge: Edge, isBarred: (end: Edge['low']) => boolean, at: number): EdgeView {
  const { low, high, balance } = edge;
  const carries = (end: Edge['low']) =>
    (lineOf(edge, end)?.policy.can_be_intermediate ?? true) && !isBarred(end);
  return {
    balance,
    up: capacity(edge, high, low),
    down: capacity(edge, low, high),
    lowCarries: carries(low),
    highCarries: carries(high),
    at,
  };
}

export function reportedView(edge: ReportedEdge, at: number): EdgeView {
  const { balance, up, down, low_carries: lowCarries, high_carries: highCarries } = edge;
  return { balance, up, down, lowCarries, highCarries, at };
}

/** The same view after the balance has changed by as much. */
export function moved(view: EdgeView, change: bigint): EdgeView {
  const left = (free: bigint) => (free > 0n ? free : 0n);
  return {
    ...view,
    balance: view.balance + change,
    up: left(view.up - change),
    down: left(view.down + change),
  };
}

/** Whether two views of one edge tell different debts or capacities. */
export function differ(one: EdgeView, other: EdgeView): boolean {
  return one.balance !== other.balance || one.up !== other.up || one.down !== other.down;
}

/** How much of what reports tell is still counted on as they grow old. */
export interface ReportTrust {
  /** Up to this age: all of it, ms. */
  readonly report_fresh_ms: number;
  /** From it on: nothing. In between evenly less. */
  readonly report_life_ms: number;
}

/** A reported view as it is counted on at a time: the debt stays, capacities shrink. */
export function aged(view: EdgeView, now: number, trust: ReportTrust): EdgeView {
  const { report_fresh_ms: fresh, report_life_ms: life } = trust;
  const age = now - view.at;
  if (age <= fresh) return view;
  const left = BigInt(Math.max(0, life - age));
  const of = BigInt(Math.max(1, life - fresh));
  return { ...view, up: (view.up * left) / of, down: (view.down * left) / of };
}

/** What can be relied on where two ends tell different things: the smaller capacity counts. */
export function together(one: EdgeView, other: EdgeView): EdgeView {
  return {
    balance: one.at >= other.at ? one.balance : other.balance,
    up: one.up < other.up ? one.up : other.up,
    down: one.down < other.down ? one.down : other.down,
    lowCarries: one.lowCarries && other.lowCarries,
    highCarries: one.highCarries && other.highCarries,
    at: Math.max(one.at, other.at),
  };
}
