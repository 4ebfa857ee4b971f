/** Why a clearing ends without an outcome in votes. */
import { GeoError } from '../../protocol/errors.ts';
import type { Refusal } from '../../protocol/ledger/reservation.ts';

/** Somebody answers what this node never asked. */
export function notAsked(): GeoError {
  return new GeoError('E006', 'This node has proposed no such clearing.', { fault: 'not_asked' });
}

export function notPending(): GeoError {
  return new GeoError(
    'E008',
    'No clearing with that id waits for your answer: see geo clear pending.',
    { fault: 'not_pending' },
  );
}

export const NOT_WANTED: Refusal = {
  code: 'E006',
  fault: 'consent_refused',
  text: 'A participant of the cycle does not want it cleared.',
};

export const UNDECIDED: Refusal = {
  code: 'E007',
  fault: 'votes_missing',
  text: 'Not everyone in the cycle answered in time.',
};
