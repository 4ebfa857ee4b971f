/**
 * May a clearing lower a debt? (docs/PROTOCOL.md, "Clearing".) Limits, daily limits and the line's
 * status are not asked: whoever owes less needs no more trust.
 */
import type { Pid } from '../identity/pid.ts';
import { debtOf, type Edge, heldFor, lineOf } from './edge.ts';
import type { Refusal } from './reservation.ts';

/** The debt that a hop of a clearing lowers: `debtor` owes `creditor`, the hop runs the other way. */
export interface Lowering {
  readonly debtor: Pid;
  readonly creditor: Pid;
  readonly amount: bigint;
}

/**
 * What one clearing may take from a debt: as much as nobody counts on yet, and not more than the creditor's
 * line lets one take. Attempts under way that would lower the debt as well go first, whatever becomes of
 * them: so a clearing never turns a debt round.
 */
export function clearable(edge: Edge, { debtor, creditor }: Omit<Lowering, 'amount'>): bigint {
  const free = debtOf(edge, debtor) - heldFor(edge, creditor);
  if (free <= 0n || edge.dispute !== undefined) return 0n;
  const most = lineOf(edge, creditor)?.policy.clearing_limit;
  return most === undefined || most > free ? free : most;
}

/** The checks on one debt of the cycle. */
export function refuseLowering(edge: Edge, lowering: Lowering): Refusal | undefined {
  const { debtor, creditor, amount } = lowering;
  const hop = [creditor, debtor] as const;
  if (edge.dispute !== undefined) {
    return {
      code: 'E004',
      fault: 'edge_disputed',
      text: 'The two books of an edge of the cycle differ; it is frozen until that is settled.',
      hop,
      available: 0n,
    };
  }
  const available = clearable(edge, lowering);
  if (amount <= available) return undefined;
  if (amount <= debtOf(edge, debtor) - heldFor(edge, creditor)) {
    return {
      code: 'E006',
      fault: 'clearing_limit',
      text: 'A trust line of the cycle lets one clearing take less than that.',
      hop,
      available,
    };
  }
  if (amount <= debtOf(edge, debtor)) {
    return {
      code: 'E008',
      fault: 'payment_first',
      text: 'A payment or another clearing that is under way works off a debt of the cycle.',
      hop,
      available,
    };
  }
  return {
    code: 'E002',
    fault: 'debt_too_small',
    text: 'A debt of the cycle is smaller than the amount to be cleared.',
    hop,
    available,
  };
}

/** Whether the creditor wants to be asked before this debt is cleared. A line that is gone says nothing. */
export function asksFirst(edge: Edge, creditor: Pid): boolean {
  return lineOf(edge, creditor)?.policy.auto_clearing === false;
}
