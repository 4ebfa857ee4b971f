/**
 * The machine of whoever proposes a clearing (docs/PROTOCOL.md, "Clearing"): asks those who want to
 * be asked, then has the cycle voted on, with less where a debt has become smaller.
 *
 * NEW → PROPOSED → WAITING_CONFIRMATIONS → COMMITTED | REJECTED, and NEW → COMMITTED | REJECTED
 */
import type { Pid } from '../identity/pid.ts';
import type { Refusal } from '../ledger/reservation.ts';

/** In the order in which they can happen; the same words for a participant. */
export type ClearingPhase =
  /** Nobody needs to be asked. */
  | 'NEW'
  /** Somebody was asked, nobody has agreed yet. */
  | 'PROPOSED'
  /** Somebody has agreed: waits for the others, and for the votes. */
  | 'WAITING_CONFIRMATIONS'
  | 'COMMITTED'
  | 'REJECTED';

export interface ClearingCoordinatorState {
  readonly phase: ClearingPhase;
  /** Who was asked and has not answered. */
  readonly waiting: readonly Pid[];
  /** Who has agreed. */
  readonly agreed: readonly Pid[];
  /** What may still be cleared by all that is known: it only shrinks. */
  readonly cap: bigint;
  /** Attempts that were begun. */
  readonly attempts: number;
  /** When silence becomes a refusal, ms since 1970 UTC. */
  readonly expires: number;
}

export type ClearingCoordinatorEvent =
  | { readonly type: 'accept'; readonly participant: Pid; readonly amount: bigint }
  /** Of anyone in the cycle: what one of them does not want would not be voted for. */
  | { readonly type: 'reject'; readonly participant: Pid; readonly refusal: Refusal }
  | { readonly type: 'attempt-committed' }
  | { readonly type: 'attempt-aborted'; readonly refusal: Refusal }
  | { readonly type: 'timer' }
  /** The process ended; no attempt is under way. */
  | { readonly type: 'restart' };

export type ClearingCoordinatorAction =
  /** Send the proposal. */
  | { readonly do: 'ask'; readonly participants: readonly Pid[] }
  /** Begin the next attempt. */
  | { readonly do: 'prepare'; readonly amount: bigint }
  /** Their lines are left alone for a time; `length`: only by cycles that are as long as this one. */
  | { readonly do: 'spare'; readonly participants: readonly Pid[]; readonly from: 'any' | 'length' }
  | { readonly do: 'end'; readonly refusal?: Refusal };

export interface ClearingCoordinatorOutcome {
  readonly state: ClearingCoordinatorState;
  readonly actions: readonly ClearingCoordinatorAction[];
}

/** More attempts than this of one proposal are not worth their messages: the next search finds what is left. */
export const CLEARING_ATTEMPTS_MAX = 3;

/** @param asked participants that are known to want to be asked */
export function startClearing(
  asked: readonly Pid[],
  amount: bigint,
  expires: number,
): ClearingCoordinatorOutcome {
  const state = { waiting: asked, agreed: [], cap: amount, attempts: 0, expires };
  return asked.length === 0
    ? prepare({ ...state, phase: 'NEW' })
    : {
        state: { ...state, phase: 'PROPOSED' },
        actions: [{ do: 'ask', participants: asked }],
      };
}

/** One row of the table (docs/PROTOCOL.md, "Clearing"). Pure; what no row names changes nothing. */
export function stepClearingCoordinator(
  state: ClearingCoordinatorState,
  event: ClearingCoordinatorEvent,
  now: number,
): ClearingCoordinatorOutcome {
  if (event.type === 'attempt-committed') {
    return { state: { ...state, phase: 'COMMITTED', waiting: [] }, actions: [{ do: 'end' }] };
  }
  if (state.phase === 'COMMITTED' || state.phase === 'REJECTED') return { state, actions: [] };
  switch (event.type) {
    case 'accept':
      return state.waiting.includes(event.participant)
        ? accept(state, event.participant, event.amount)
        : { state, actions: [] };
    case 'reject':
      return state.waiting.length > 0
        ? reject(state, event.refusal, [event.participant])
        : { state, actions: [] };
    case 'attempt-aborted':
      return again(state, event.refusal);
    case 'timer':
      return state.waiting.length > 0 && now >= state.expires
        ? reject(state, EXPIRED, state.waiting)
        : { state, actions: [] };
    case 'restart':
      // Who is asked is asked again: the question may have been lost with the process.
      if (state.waiting.length === 0) return reject(state, INTERRUPTED, []);
      return now >= state.expires
        ? reject(state, EXPIRED, state.waiting)
        : { state, actions: [{ do: 'ask', participants: state.waiting }] };
  }
}

function accept(
  state: ClearingCoordinatorState,
  participant: Pid,
  amount: bigint,
): ClearingCoordinatorOutcome {
  const next: ClearingCoordinatorState = {
    ...state,
    phase: 'WAITING_CONFIRMATIONS',
    waiting: state.waiting.filter((pid) => pid !== participant),
    agreed: [...state.agreed, participant],
    cap: amount < state.cap ? amount : state.cap,
  };
  return next.waiting.length === 0 ? prepare(next) : { state: next, actions: [] };
}

/** A NO that says how much would do, or who wants to be asked, is no end yet. */
function again(state: ClearingCoordinatorState, refusal: Refusal): ClearingCoordinatorOutcome {
  if (state.attempts >= CLEARING_ATTEMPTS_MAX) return reject(state, refusal, []);
  const [asker] = refusal.hop ?? [];
  if (refusal.fault === 'consent_missing' && asker !== undefined) {
    if (state.agreed.includes(asker)) return reject(state, refusal, [asker]);
    return {
      state: {
        ...state,
        phase: state.agreed.length === 0 ? 'PROPOSED' : 'WAITING_CONFIRMATIONS',
        waiting: [asker],
      },
      actions: [{ do: 'ask', participants: [asker] }],
    };
  }
  if (refusal.fault === 'cycle_too_long') return reject(state, refusal, asker ? [asker] : []);
  const { available } = refusal;
  if (available !== undefined && available > 0n && available < state.cap) {
    return prepare({ ...state, cap: available });
  }
  return reject(state, refusal, []);
}

function prepare(state: ClearingCoordinatorState): ClearingCoordinatorOutcome {
  return {
    state: { ...state, attempts: state.attempts + 1 },
    actions: [{ do: 'prepare', amount: state.cap }],
  };
}

function reject(
  state: ClearingCoordinatorState,
  refusal: Refusal,
  spare: readonly Pid[],
): ClearingCoordinatorOutcome {
  const from = refusal.fault === 'cycle_too_long' ? 'length' : 'any';
  return {
    state: { ...state, phase: 'REJECTED', waiting: [] },
    actions: [
      ...(spare.length === 0 ? [] : [{ do: 'spare' as const, participants: spare, from } as const]),
      { do: 'end', refusal },
    ],
  };
}

const EXPIRED: Refusal = {
  code: 'E007',
  fault: 'consent_expired',
  text: 'Not everyone who was asked has answered in time; silence is a refusal.',
};

const INTERRUPTED: Refusal = {
  code: 'E007',
  fault: 'interrupted',
  text: 'The node stopped before the clearing was decided; nothing was cleared.',
};
