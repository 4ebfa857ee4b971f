/** Exit codes of `geo`, and which error ends in which. Scripts rely on them: they never change meaning. */
import { GeoError } from '../protocol/errors.ts';

export const EXIT_CODES = {
  0: 'Done.',
  1: 'Refused: the node, a peer or a check said no. For `pay`: the payment was aborted and nothing is owed.',
  2: 'The command line is wrong. Nothing was done.',
  3: 'The node does not answer. Start it with `geo start`.',
  4: 'The configuration, the key, the store or the home directory cannot be used.',
  5: 'An internal error: a bug, or a broken machine.',
  6: 'The payment is not decided yet: it may still be committed. Do not pay again; see `geo tx`.',
} as const;

export type ExitCode = keyof typeof EXIT_CODES;

/** Refusals that say something about this machine, whatever the command was. */
const HOME_FAULTS = new Set(['bad_token', 'daemon_version', 'home_unusable', 'home_unreadable']);
const DAEMON_FAULTS = new Set(['daemon_unreachable', 'daemon_gone']);

export function usageError(sentence: string): GeoError {
  return new GeoError('E009', sentence, { fault: 'usage' });
}

/** @param local whether the command works on the home directory itself rather than asking the daemon */
export function exitCodeOf(error: unknown, local: boolean): ExitCode {
  if (!(error instanceof GeoError)) return 5;
  const { fault } = error.details;
  if (fault === 'usage') return 2;
  if (DAEMON_FAULTS.has(fault)) return 3;
  if (local || HOME_FAULTS.has(fault)) return 4;
  return error.code === 'E010' ? 5 : 1;
}
