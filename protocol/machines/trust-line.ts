/**
 * Trust lines: what their owner may do, and what the other end accepts
 * (docs/PROTOCOL.md, "Trust lines"). A line's change is PENDING until the other end has answered,
 * then COMMITTED or FAILED; the owner decides alone and its decision is in force at once.
 */
import { GeoError } from '../errors.ts';
import type { Pid } from '../identity/pid.ts';
import {
  counterparty,
  debtOf,
  type Edge,
  heldFor,
  lineOf,
  type TrustLine,
} from '../ledger/edge.ts';
import { AMOUNT_MAX } from '../limits.ts';
import type { LinePolicy, LineState } from '../wire/messages/trust-line.ts';

export type LineMessage = 'TRUST_LINE_CREATE' | 'TRUST_LINE_UPDATE' | 'TRUST_LINE_CLOSE';

export const DEFAULT_POLICY: LinePolicy = {
  auto_clearing: true,
  can_be_intermediate: true,
  blocked_participants: [],
};

/** What the owner wants; what is left out stays as it is. */
export interface LineChange {
  readonly limit?: bigint;
  readonly status?: TrustLine['status'];
  readonly policy?: LinePolicy;
}

/**
 * The owner's next version of a line.
 * @throws GeoError E003 `limit_below_debt`, E004 `no_line`, E008 `line_in_use`, E009 `bad_limit`
 */
export function changeLine(
  edge: Edge,
  owner: Pid,
  change: LineChange,
  now: number,
): { readonly type: LineMessage; readonly line: TrustLine } {
  const current = lineOf(edge, owner);
  const debtor = counterparty(edge, owner);
  const debt = debtOf(edge, debtor);
  const bound = debt + heldFor(edge, debtor);
  const live = current !== undefined && current.status !== 'closed';
  if (!live && (change.status === 'frozen' || change.status === 'closed')) {
    throw new GeoError('E004', 'There is no open trust line to this peer in this equivalent.', {
      fault: 'no_line',
    });
  }
  if (change.status === 'closed') {
    if (bound > 0n) {
      throw new GeoError(
        'E008',
        'The trust line is in use: there is debt or a payment under way on it. Freeze it, or set its limit to the debt, and close it when it is paid.',
        {
          fault: 'line_in_use',
          debt_units: debt.toString(),
          held_units: (bound - debt).toString(),
        },
      );
    }
    return { type: 'TRUST_LINE_CLOSE', line: next(current, { limit: 0n, status: 'closed' }, now) };
  }
  const limit = change.limit ?? current?.limit ?? 0n;
  if (limit < 0n || limit > AMOUNT_MAX) {
    throw new GeoError('E009', 'A limit is at least 0 and stays below 2^63 of the smallest unit.', {
      fault: 'bad_limit',
    });
  }
  // A limit that stays may lie under a debt that had to be honoured (R8): the line can still be frozen.
  if (change.limit !== undefined && limit < bound) {
    throw new GeoError(
      'E003',
      'The limit may not fall under what is owed and held on the line. Set it to the debt, or freeze the line.',
      {
        fault: 'limit_below_debt',
        debt_units: debt.toString(),
        held_units: (bound - debt).toString(),
      },
    );
  }
  const wanted = { ...change, limit, status: change.status ?? 'active' };
  return {
    type: live ? 'TRUST_LINE_UPDATE' : 'TRUST_LINE_CREATE',
    line: next(current, wanted, now),
  };
}

function next(current: TrustLine | undefined, change: LineChange, now: number): TrustLine {
  return {
    limit: change.limit ?? current?.limit ?? 0n,
    status: change.status ?? 'active',
    policy: change.policy ?? current?.policy ?? DEFAULT_POLICY,
    sequence: (current?.sequence ?? 0) + 1,
    changed: now,
  };
}

/** Whether a new version of a line lets its other end owe more than the known one did. */
export function widens(
  current: TrustLine | undefined,
  next: Pick<TrustLine, 'limit' | 'status'>,
): boolean {
  if (next.status !== 'active') return false;
  return current?.status !== 'active' || next.limit > current.limit;
}

/** What the other end makes of a line that has arrived, its signature already checked. */
export type LineVerdict =
  | { readonly verdict: 'adopt'; readonly line: TrustLine }
  /** Not newer than what is known: acknowledged again, nothing changes. */
  | { readonly verdict: 'known' };

/**
 * What the other side of an edge makes of a line that its owner signed: the highest sequence
 * counts, so repeats and reordering do no harm.
 */
export function receiveLine(edge: Edge, owner: Pid, state: LineState): LineVerdict {
  const current = lineOf(edge, owner);
  if (current !== undefined && state.sequence <= current.sequence) return { verdict: 'known' };
  const { limit, status, policy, sequence, changed } = state;
  return { verdict: 'adopt', line: { limit, status, policy, sequence, changed } };
}
