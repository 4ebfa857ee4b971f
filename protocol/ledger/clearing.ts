/**
 * May a clearing lower a debt? (docs/PROTOCOL.md, "Clearing".) Limits, daily limits and the line's
 * status are not asked: whoever owes less needs no more trust. The debt that comes instead of a chain's is
 * asked all of that, as any new debt (`reservation.ts`).
 */
import type { Pid } from '../identity/pid.ts';
import { capacity, debtOf, type Edge, heldFor, lineOf } from './edge.ts';
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

/** Whether a line's owner lets debts on it pass to another creditor, and come to it from there. */
export function allowsShortening(edge: Edge, owner: Pid): boolean {
  return lineOf(edge, owner)?.policy.allow_shortening === true;
}

/** What a shortening may put on an edge as new debt: as much as the creditor's line still carries. */
export function shortenable(edge: Edge, ends: Omit<Lowering, 'amount'>): bigint {
  if (edge.dispute !== undefined || refuseInstead(edge, ends) !== undefined) return 0n;
  return capacity(edge, ends.debtor, ends.creditor);
}

/** Whoever is owed a debt that goes must have allowed it. */
export function refusePassing(
  edge: Edge,
  { debtor, creditor }: Omit<Lowering, 'amount'>,
): Refusal | undefined {
  return allowsShortening(edge, creditor) ? undefined : notAllowed([creditor, debtor]);
}

/**
 * Both ends of the debt that comes instead must have allowed it. What its creditor owes the debtor would be a
 * cycle: that is cleared first, with the consent that it needs.
 */
export function refuseInstead(
  edge: Edge,
  { debtor, creditor }: Omit<Lowering, 'amount'>,
): Refusal | undefined {
  const hop = [debtor, creditor] as const;
  if (!allowsShortening(edge, debtor) || !allowsShortening(edge, creditor)) return notAllowed(hop);
  if (debtOf(edge, creditor) === 0n) return undefined;
  return {
    code: 'E008',
    fault: 'not_a_chain',
    text: "The chain's last owes its first: that is a cycle, which is cleared before anything is shortened.",
    hop,
    available: 0n,
  };
}

function notAllowed(hop: readonly [Pid, Pid]): Refusal {
  return {
    code: 'E006',
    fault: 'shortening_not_allowed',
    text: 'A trust line of the chain does not let its debts pass to another creditor.',
    hop,
    available: 0n,
  };
}

/** Whether the creditor wants to be asked before this debt is cleared. A line that is gone says nothing. */
export function asksFirst(edge: Edge, creditor: Pid): boolean {
  return lineOf(edge, creditor)?.policy.auto_clearing === false;
}
