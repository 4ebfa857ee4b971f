/**
 * The machine of an agent whose participants' debts a clearing would lower (docs/PROTOCOL.md,
 * "Clearing"): whether they agree, and what became of it. Its vote is the commit machine's.
 */
import type { ClearingPhase } from './clearing-coordinator.ts';

export interface ClearingParticipantState {
  readonly phase: ClearingPhase;
  /** What was signed here about the proposal, if anything; a refusal after an agreement is a refusal. */
  readonly said?: 'accept' | 'reject';
}

/** What the participant's lines and its node say to a proposal before a person is asked. */
export type Readiness = 'auto' | 'ask' | 'refuse';

export type ClearingParticipantEvent =
  | { readonly type: 'proposed'; readonly readiness: Readiness }
  /** The word of somebody who was asked; `last`: nobody else has yet to answer here. */
  | { readonly type: 'answer'; readonly accept: boolean; readonly last: boolean }
  /** The proposal has expired: silence is a refusal. */
  | { readonly type: 'expired' }
  /** An attempt has begun here. */
  | { readonly type: 'prepared' }
  | { readonly type: 'attempt-committed' }
  | { readonly type: 'attempt-aborted' };

export type ClearingParticipantAction =
  /** Tell those who want to be asked, and wait for their word until the proposal expires. */
  | { readonly do: 'ask' }
  | { readonly do: 'sign'; readonly what: 'accept' | 'reject' }
  /** Send what was signed, again if need be. */
  | { readonly do: 'send' };

export interface ClearingParticipantOutcome {
  readonly state: ClearingParticipantState;
  readonly actions: readonly ClearingParticipantAction[];
}

/** No record of the proposal. */
export const UNHEARD: ClearingParticipantState = { phase: 'NEW' };

/** One row of the table (docs/PROTOCOL.md, "Clearing"). Pure; what no row names changes nothing. */
export function stepClearingParticipant(
  state: ClearingParticipantState,
  event: ClearingParticipantEvent,
): ClearingParticipantOutcome {
  switch (event.type) {
    case 'proposed':
      return onProposed(state, event.readiness);
    case 'answer':
      return state.phase === 'PROPOSED' ? onAnswer(event) : same(state);
    case 'expired':
      if (state.phase === 'PROPOSED') return say('reject');
      return state.phase === 'WAITING_CONFIRMATIONS' ? end(state, 'REJECTED') : same(state);
    case 'prepared':
      // Another attempt after one that was aborted.
      return state.phase === 'REJECTED' && state.said !== 'reject'
        ? end(state, state.said === 'accept' ? 'WAITING_CONFIRMATIONS' : 'NEW')
        : same(state);
    case 'attempt-committed':
      return end(state, 'COMMITTED');
    case 'attempt-aborted':
      return state.phase === 'NEW' || state.phase === 'WAITING_CONFIRMATIONS'
        ? end(state, 'REJECTED')
        : same(state);
  }
}

/** Who was told once is not asked twice; a repeated proposal gets the same answer. */
function onProposed(
  state: ClearingParticipantState,
  readiness: Readiness,
): ClearingParticipantOutcome {
  if (state.said !== undefined) return { state, actions: [{ do: 'send' }] };
  if (state.phase === 'PROPOSED' || state.phase === 'COMMITTED') return same(state);
  switch (readiness) {
    case 'auto':
      return say('accept');
    case 'refuse':
      return say('reject');
    case 'ask':
      return { state: { phase: 'PROPOSED' }, actions: [{ do: 'ask' }] };
  }
}

function onAnswer({
  accept,
  last,
}: {
  accept: boolean;
  last: boolean;
}): ClearingParticipantOutcome {
  if (!accept) return say('reject');
  const agreed = say('accept');
  return last ? agreed : { ...agreed, state: { phase: 'PROPOSED', said: 'accept' } };
}

function say(what: 'accept' | 'reject'): ClearingParticipantOutcome {
  return {
    state: { phase: what === 'accept' ? 'WAITING_CONFIRMATIONS' : 'REJECTED', said: what },
    actions: [{ do: 'sign', what }, { do: 'send' }],
  };
}

function end(state: ClearingParticipantState, phase: ClearingPhase): ClearingParticipantOutcome {
  return { state: { ...state, phase }, actions: [] };
}

function same(state: ClearingParticipantState): ClearingParticipantOutcome {
  return { state, actions: [] };
}
