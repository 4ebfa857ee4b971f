/** When an attempt acts again without being asked. Timers start questions; they never decide (docs/PROTOCOL.md, "When someone disappears"). */
import type { NodeSettings } from '../../settings.ts';
import { type Attempt, isSettled } from './attempt.ts';

/** Longest wait while holds stand, ms: someone's capacity is bound until the answer comes. */
const WAIT_HOLDING_MS_MAX = 30_000;
/** Longest wait when only others may still need the outcome, ms. */
const WAIT_TELLING_MS_MAX = 600_000;

/** Sets the timer that belongs to the attempt's new state. */
export function nextTimer(
  after: Attempt,
  before: Attempt | undefined,
  now: number,
  settings: NodeSettings,
): Attempt {
  if (isSettled(after)) {
    const { timer: _, ...rest } = after;
    return rest;
  }
  if (before === undefined) return after; // `prepare_by` decides about the first one.
  const { retry_ms: retry, grace_ms: grace } = settings.payments;
  const { phase } = after.commit;
  if (phase !== before.commit.phase) {
    // The relay of the coordinator is on its way; offering before it would double the traffic.
    const first = after.commit.role === 'voter' && phase === 'COMMITTED' ? grace + retry : retry;
    return { ...after, tries: 0, timer: now + first };
  }
  if (after.tries === before.tries) return after;
  const holding = phase === 'DOUBT' || phase === 'WITHDRAWN' || phase === 'DECIDED';
  const longest = holding ? WAIT_HOLDING_MS_MAX : WAIT_TELLING_MS_MAX;
  // The first question and its evaluation come at the plain interval; then the waits double.
  const wait = retry * 2 ** Math.min(Math.max(after.tries - 2, 0), 12);
  return { ...after, timer: now + Math.min(wait, Math.max(longest, retry)) };
}
