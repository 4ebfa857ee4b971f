import { describe, expect, it } from 'vitest';
import type { Pid } from '../../../protocol/identity/pid.ts';
import { changeFor, type Edge, holdChange } from '../../../protocol/ledger/edge.ts';
import {
  countDailyUse,
  dayOf,
  directionOf,
  type HopContext,
  newDebtOf,
  refuseHop,
  refuseSum,
} from '../../../protocol/ledger/reservation.ts';
import { edgeWith, line, stranger, u, v } from './sample-edge.ts';

const NOON = Date.UTC(2026, 2, 1, 12);
const MIDNIGHT = Date.UTC(2026, 2, 2);

/** As the agent of v, the creditor, sees it. */
function context(change: Partial<HopContext> = {}): HopContext {
  return { served: (pid) => pid === v, participants: [u, v], now: NOON, ...change };
}

const hop = (intermediate = false) => ({ debtor: u, creditor: v, amount: 10n, intermediate });
const owing = (edge: Edge, amount: bigint) => changeFor(edge, u, amount);

describe('a hop', () => {
  it('passes on an active line', () => {
    const edge = edgeWith({ vTrustsU: line(100n) });
    expect(refuseHop(edge, hop(), context())).toBeUndefined();
    expect(refuseHop(edge, hop(true), context())).toBeUndefined();
  });

  it('needs the creditor’s consent to carry for others, not to be paid', () => {
    const edge = edgeWith({ vTrustsU: line(100n, { policy: { can_be_intermediate: false } }) });
    expect(refuseHop(edge, hop(), context())).toBeUndefined();
    expect(refuseHop(edge, hop(true), context())).toMatchObject({
      code: 'E006',
      fault: 'not_intermediate',
      hop: [u, v],
      available: 0n,
    });
  });

  it('is open to what the debtor’s own line says: that one is not used', () => {
    const policy = { can_be_intermediate: false, blocked_participants: [stranger] };
    const edge = edgeWith({ vTrustsU: line(100n), uTrustsV: line(100n, { policy }) });
    const context3 = context({ participants: [u, v, stranger] });
    expect(refuseHop(edge, hop(true), context3)).toBeUndefined();
  });

  it('is closed to payments in which someone blocked takes part', () => {
    const edge = edgeWith({ vTrustsU: line(9n, { policy: { blocked_participants: [stranger] } }) });
    expect(refuseHop(edge, hop(), context())).toBeUndefined();
    expect(refuseHop(edge, hop(), context({ participants: [u, v, stranger] }))).toMatchObject({
      code: 'E006',
      fault: 'participant_blocked',
    });
  });

  it('is refused on a disputed edge', () => {
    const edge = { ...edgeWith({ vTrustsU: line(100n) }), dispute: 'the books differ' };
    expect(refuseHop(edge, hop(), context())).toMatchObject({
      code: 'E004',
      fault: 'edge_disputed',
    });
  });
});

describe('a sum', () => {
  const full = edgeWith({ vTrustsU: line(100n), uOwes: 30n, heldForU: 50n });

  it('passes up to the capacity, and is refused above it with what is left', () => {
    expect(refuseSum(full, owing(full, 20n), context())).toBeUndefined();
    expect(refuseSum(full, owing(full, 21n), context())).toMatchObject({
      code: 'E002',
      fault: 'insufficient_capacity',
      hop: [u, v],
      available: 20n,
    });
  });

  it.each(['frozen', 'closed'] as const)(
    'is refused on a %s line, which can still be repaid',
    (status) => {
      const edge = edgeWith({ vTrustsU: line(100n, { status }), uOwes: -15n });
      expect(refuseSum(edge, owing(edge, 15n), context())).toBeUndefined();
      expect(refuseSum(edge, owing(edge, 16n), context())).toMatchObject({
        code: 'E004',
        fault: `line_${status}`,
        available: 15n,
      });
    },
  );

  it('is named by who comes to owe more', () => {
    const edge = edgeWith({});
    expect(directionOf(edge, changeFor(edge, u, 4n))).toEqual({
      debtor: u,
      creditor: v,
      amount: 4n,
    });
    expect(directionOf(edge, changeFor(edge, v, 4n))).toEqual({
      debtor: v,
      creditor: u,
      amount: 4n,
    });
  });
});

describe('new debt', () => {
  it.each([
    ['all of it, where nothing is owed', 0n, 0n, 10n, 10n],
    ['all of it, where the debtor owes already', 5n, 0n, 10n, 10n],
    ['none, while the creditor owes more', -20n, 0n, 10n, 0n],
    ['what is left after the creditor’s debt', -4n, 0n, 10n, 6n],
    ['what attempts in flight have not spoken for', -20n, 15n, 10n, 5n],
    ['all of it, if they have spoken for everything', -20n, 30n, 10n, 10n],
  ])('%s', (_, uOwes, heldForU, amount, expected) => {
    const edge = edgeWith({ uOwes, heldForU });
    expect(newDebtOf(edge, owing(edge, amount))).toBe(expected);
  });
});

describe('the daily limit of the creditor’s line', () => {
  const daily = (edge: Partial<Parameters<typeof edgeWith>[0]> = {}) =>
    edgeWith({ vTrustsU: line(1000n, { policy: { daily_limit: 40n } }), ...edge });
  const use = (edge: Edge, amount: bigint, now = NOON) =>
    countDailyUse(edge, v, amount, dayOf(now));
  const refusal = (edge: Edge, amount: bigint, change: Partial<HopContext> = {}) =>
    refuseSum(edge, owing(edge, amount), context(change));

  it('passes up to it, and is refused above it with what is left today', () => {
    expect(refusal(daily(), 40n)).toBeUndefined();
    expect(refusal(daily(), 41n)).toMatchObject({
      code: 'E003',
      fault: 'daily_limit',
      available: 40n,
    });
    expect(refusal(use(daily(), 25n), 16n)).toMatchObject({ fault: 'daily_limit', available: 15n });
    expect(refusal(use(daily(), 25n), 15n)).toBeUndefined();
  });

  it('counts new debt only: what the creditor owes is worked off beside it', () => {
    const edge = daily({ uOwes: -100n });
    expect(refusal(edge, 140n)).toBeUndefined();
    expect(refusal(edge, 141n)).toMatchObject({ fault: 'daily_limit', available: 140n });
  });

  it('opens again at midnight UTC, and no millisecond earlier', () => {
    const used = use(daily(), 40n);
    expect(refusal(used, 1n, { now: MIDNIGHT - 1 })).toMatchObject({ available: 0n });
    expect(refusal(used, 40n, { now: MIDNIGHT })).toBeUndefined();
    expect(dayOf(MIDNIGHT) - dayOf(MIDNIGHT - 1)).toBe(1);
  });

  it('is kept by the creditor’s agent alone', () => {
    const served = (pid: Pid) => pid === u;
    expect(refusal(use(daily(), 40n), 10n, { served })).toBeUndefined();
  });

  it('gets back what an aborted attempt had taken, on the same day', () => {
    const taken = use(daily(), 30n);
    expect(refusal(use(taken, -30n), 40n)).toBeUndefined();
  });

  it('gets nothing back for a day that is over', () => {
    const nextDay = use(use(daily(), 30n), 5n, MIDNIGHT);
    expect(use(nextDay, -30n, NOON)).toEqual(nextDay);
    expect(refusal(nextDay, 36n, { now: MIDNIGHT })).toMatchObject({ available: 35n });
  });

  it('counts each direction for its own line', () => {
    const both = countDailyUse(use(daily(), 30n), u, 7n, dayOf(NOON));
    expect(both.highUse).toEqual({ day: dayOf(NOON), used: 30n });
    expect(both.lowUse).toEqual({ day: dayOf(NOON), used: 7n });
    expect(holdChange(both, 1n).lowUse).toEqual(both.lowUse);
  });
});
