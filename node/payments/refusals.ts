/** Why a payment came to nothing, where no vote says so. */
import { isErrorCode } from '../../protocol/errors.ts';
import type { Refusal } from '../../protocol/ledger/reservation.ts';
import type { RouteRefusal } from '../../protocol/wire/messages/route.ts';

/** Another way may help against an edge or a voter; nothing helps against the order itself. */
export function mayRetry(refusal: Refusal | undefined): boolean {
  return refusal?.hop !== undefined || refusal?.fault === 'too_many_pending';
}

/** What whoever has an index says is in the way. */
export function refusalOf({ code, fault, text }: RouteRefusal, payable: bigint): Refusal {
  return { code: isErrorCode(code) ? code : 'E001', fault, text, available: payable };
}

export function noRoute(payable: bigint): Refusal {
  if (payable > 0n) {
    return {
      code: 'E002',
      fault: 'insufficient_capacity',
      text: 'The trust on the way to the payee does not suffice for the whole amount.',
      available: payable,
    };
  }
  return {
    code: 'E001',
    fault: 'no_route',
    text: 'No route of trust leads to the payee within the allowed hops.',
  };
}
