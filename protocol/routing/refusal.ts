/** A refusal in words: what binds, and what would help. */
import { GeoError } from '../errors.ts';
import type { BindingHop, Refusal, RouteAnswer } from './question.ts';

/** How participants and amounts are written for whoever reads the refusal. */
export interface Wording {
  name(node: number): string;
  amount(value: bigint): string;
}

/** Lines that are named one by one; the rest is counted. */
const NAMED_MAX = 3;

/**
 * The error for a payment whose whole amount found no routes: E001 `no_route` if nothing can be paid,
 * E002 `insufficient_capacity` if less can, E007 `search_unfinished` if the search was ended early.
 * `details.hops` names the hops that bind, widest first, at most {@link NAMED_MAX}.
 */
export function refusalError(answer: RouteAnswer, refusal: Refusal, wording: Wording): GeoError {
  const { payable } = answer;
  const now = payable > 0n ? ` ${wording.amount(payable)} can be paid now.` : '';
  const hops = refusal.binding.slice(0, NAMED_MAX).map((hop) => hopText(hop, wording));
  const lines = listed(refusal.binding, wording);
  switch (refusal.kind) {
    case 'impossible': {
      const [code, fault] = payable === 0n ? NO_ROUTE : TOO_LITTLE;
      if (refusal.ceiling === 0n) {
        return new GeoError(
          code,
          'No chain of trust lines leads from the payer to the payee. Somebody whom the payee trusts has to trust the payer, or one on the way.',
          { fault, payable: '0', ceiling: '0', hops },
        );
      }
      return new GeoError(
        code,
        `At most ${wording.amount(refusal.ceiling)} can get through, whatever the way: everything passes ${lines}.${now} A higher limit there, or a repayment, would help; more routes would not.`,
        { fault, payable: payable.toString(), ceiling: refusal.ceiling.toString(), hops },
      );
    }
    case 'bounds': {
      const [code, fault] = payable === 0n ? NO_ROUTE : TOO_LITTLE;
      return new GeoError(
        code,
        `The amount finds no way within the bounds of this payment.${now}${used(lines)} Up to ${refusal.paths} routes of up to ${refusal.hops} hops would do, or parts paid one after the other.`,
        { fault, payable: payable.toString(), paths: refusal.paths, max_hops: refusal.hops, hops },
      );
    }
    case 'unfinished':
      return new GeoError(
        'E007',
        `The search for routes was ended before it knew.${now}${used(lines)} A smaller amount is found sooner.`,
        { fault: 'search_unfinished', payable: payable.toString(), hops },
      );
  }
}

const NO_ROUTE = ['E001', 'no_route'] as const;
const TOO_LITTLE = ['E002', 'insufficient_capacity'] as const;

function used(lines: string): string {
  return lines === '' ? '' : ` It uses up ${lines}.`;
}

function listed(binding: readonly BindingHop[], wording: Wording): string {
  const named = binding.slice(0, NAMED_MAX).map((hop) => hopText(hop, wording));
  const more = binding.length - named.length;
  return more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ');
}

function hopText({ debtor, creditor, capacity }: BindingHop, wording: Wording): string {
  return `${wording.name(debtor)} → ${wording.name(creditor)} (${wording.amount(capacity)})`;
}
