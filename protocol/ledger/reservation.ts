/**
 * May an attempt use an edge? Capacity, status and the policies of both lines
 * (docs/PROTOCOL.md, "Trust lines" and "Payment").
 */
import type { ErrorCode } from '../errors.ts';
import type { Pid } from '../identity/pid.ts';
import { capacity, type DailyUse, debtOf, type Edge, heldFor, lineOf } from './edge.ts';
import type { Hop } from './effects.ts';

const DAY_MS = 24 * 3600 * 1000;

/** Why a vote is NO, as it travels in the vote. */
export interface Refusal {
  readonly code: ErrorCode;
  readonly fault: string;
  readonly text: string;
  /** The hop at fault. */
  readonly hop?: readonly [debtor: Pid, creditor: Pid];
  /** What the hop could still carry, smallest unit. */
  readonly available?: bigint;
}

export interface HopContext {
  /** Participants for whom this node votes on the edge: their policies are enforced here. */
  readonly served: (participant: Pid) => boolean;
  /** Everyone on any route of the attempt. */
  readonly participants: readonly Pid[];
  readonly now: number;
}

/** The checks that belong to one hop, whatever else crosses the edge. */
export function refuseHop(edge: Edge, hop: Hop, context: HopContext): Refusal | undefined {
  const line = lineOf(edge, hop.creditor);
  const at: readonly [Pid, Pid] = [hop.debtor, hop.creditor];
  if (edge.dispute !== undefined) {
    return {
      code: 'E004',
      fault: 'edge_disputed',
      text: 'The two books of an edge on the route differ; it is frozen until that is settled.',
      hop: at,
      available: 0n,
    };
  }
  if (line === undefined) return undefined; // Capacity alone decides: an old debt may be worked off.
  if (hop.intermediate && !line.policy.can_be_intermediate) {
    return {
      code: 'E006',
      fault: 'not_intermediate',
      text: 'A participant on the route does not carry payments of others on this trust line.',
      hop: at,
      available: 0n,
    };
  }
  const blocked = line.policy.blocked_participants;
  if (blocked.length > 0 && context.participants.some((pid) => blocked.includes(pid))) {
    return {
      code: 'E006',
      fault: 'participant_blocked',
      text: 'A trust line on the route is closed to one of the participants of this payment.',
      hop: at,
      available: 0n,
    };
  }
  return undefined;
}

/** The direction of an edge's sum: who comes to owe more to whom, and how much. */
export function directionOf(
  edge: Edge,
  change: bigint,
): { debtor: Pid; creditor: Pid; amount: bigint } {
  return change > 0n
    ? { debtor: edge.high, creditor: edge.low, amount: change }
    : { debtor: edge.low, creditor: edge.high, amount: -change };
}

/**
 * The part of a sum that is new debt: what the creditor owes, and is not already spoken for, is
 * worked off first. Counted when it is held, so that attempts in flight together cannot each
 * believe to have the whole of the old debt before them.
 */
export function newDebtOf(edge: Edge, change: bigint): bigint {
  const { debtor, creditor, amount } = directionOf(edge, change);
  const owed = debtOf(edge, creditor) - heldFor(edge, debtor);
  const worked = owed > 0n ? (owed < amount ? owed : amount) : 0n;
  return amount - worked;
}

/** The checks on an edge's sum: capacity, and the daily limit of the creditor's line. */
export function refuseSum(edge: Edge, change: bigint, context: HopContext): Refusal | undefined {
  const { debtor, creditor, amount } = directionOf(edge, change);
  const free = capacity(edge, debtor, creditor);
  if (amount > free) {
    const line = lineOf(edge, creditor);
    const inactive = line !== undefined && line.status !== 'active';
    return {
      code: inactive ? 'E004' : 'E002',
      fault: inactive ? `line_${line.status}` : 'insufficient_capacity',
      text: inactive
        ? `A trust line on the route is ${line.status}; it takes no new debt.`
        : 'A trust line on the route cannot carry that much now.',
      hop: [debtor, creditor],
      available: free,
    };
  }
  const daily = lineOf(edge, creditor)?.policy.daily_limit;
  if (daily === undefined || !context.served(creditor)) return undefined;
  const used = usedToday(creditor === edge.low ? edge.lowUse : edge.highUse, context.now);
  const fresh = newDebtOf(edge, change);
  if (used + fresh <= daily) return undefined;
  const left = daily > used ? daily - used : 0n;
  return {
    code: 'E003',
    fault: 'daily_limit',
    text: 'The daily limit of a trust line on the route is used up; it opens again at midnight UTC.',
    hop: [debtor, creditor],
    available: amount - fresh + left,
  };
}

/** The UTC day of a time in ms, as days since 1970. */
export function dayOf(now: number): number {
  return Math.floor(now / DAY_MS);
}

function usedToday(use: DailyUse | undefined, now: number): bigint {
  return use?.day === dayOf(now) ? use.used : 0n;
}

/** Counts new debt (negative to give it back) against the daily limit of `creditor`'s line. */
export function countDailyUse(edge: Edge, creditor: Pid, amount: bigint, day: number): Edge {
  const low = creditor === edge.low;
  const current = low ? edge.lowUse : edge.highUse;
  if (amount < 0n && current?.day !== day) return edge; // That day is over: nothing to give back.
  const before = current?.day === day ? current.used : 0n;
  const use: DailyUse = { day, used: before + amount };
  return low ? { ...edge, lowUse: use } : { ...edge, highUse: use };
}
