/**
 * The commit machine of the coordinator, which votes last (docs/PROTOCOL.md, "Commit rules").
 * Each branch below is a row of that table; nothing else changes the phase.
 */
import {
  allButCoordinator,
  type Evidence,
  has,
  hasFirstHandOfAnother,
  isCertificate,
  isFullWithdrawal,
  merge,
  NO_EVIDENCE,
  only,
  type VoterSet,
} from './evidence.ts';
import type { CommitAction, Outcome, Stance } from './outcome.ts';

/** In the order in which they can happen. "No record" is the absence of a state. */
export type CoordinatorPhase = 'COLLECT' | 'DECIDED' | 'ABORTED' | 'COMMITTED';

export interface CoordinatorState {
  readonly role: 'coordinator';
  readonly phase: CoordinatorPhase;
  /** Number of voters; the coordinator is voter `size - 1`. */
  readonly size: number;
  readonly evidence: Evidence;
  /** Voters that are known to hold an outcome. */
  readonly answered: VoterSet;
  /** Everyone's `applied` has been sent round once. */
  readonly relayed: boolean;
}

export type CoordinatorEvent =
  | {
      readonly type: 'evidence';
      readonly evidence: Evidence;
      readonly answerTo?: number;
    }
  | {
      readonly type: 'status-reply';
      readonly evidence: Evidence;
      readonly from: number;
      readonly stance: Stance;
    }
  /** STATUS_QUERY or WITHDRAW_REQUEST: someone's time has run out (R7). */
  | { readonly type: 'status-query'; readonly evidence: Evidence; readonly from: number }
  | { readonly type: 'timer' }
  /** A timer after the order's expiry on every honest clock: nobody can vote YES any more. */
  | { readonly type: 'expired' };

/**
 * No record, start: the own effects are held from the first moment, so that the last vote cannot
 * fail for capacity. With nobody else to ask, the decision falls in the same step.
 */
export function startCoordinator(size: number): Outcome<CoordinatorState> {
  const state: CoordinatorState = {
    role: 'coordinator',
    phase: 'COLLECT',
    size,
    evidence: NO_EVIDENCE,
    answered: 0n,
    relayed: false,
  };
  const first: CommitAction[] = [{ do: 'hold' }];
  if (size > 1) first.push({ do: 'send', message: 'prepare', to: allButCoordinator(size) });
  const decided = decide(state);
  return { state: decided.state, actions: [...first, ...decided.actions] };
}

/** R4 holds for the coordinator too: no record of the attempt, asked about it: NO. */
export function refuseUnknown(size: number, asker: number): Outcome<CoordinatorState> {
  return {
    state: {
      role: 'coordinator',
      phase: 'ABORTED',
      size,
      evidence: { ...NO_EVIDENCE, no: only(size - 1) },
      answered: allButCoordinator(size),
      relayed: false,
    },
    actions: [
      { do: 'sign', what: 'no' },
      { do: 'send', message: 'answer', to: only(asker) },
    ],
  };
}

/** The coordinator's record was lost; certificate and a first-hand `applied` bring it back. */
export function recoverCoordinator(size: number, evidence: Evidence): Outcome<CoordinatorState> {
  const state: CoordinatorState = {
    role: 'coordinator',
    phase: 'COMMITTED',
    size,
    evidence,
    answered: evidence.applied & allButCoordinator(size),
    relayed: false,
  };
  const c = size - 1;
  if (has(evidence.applied, c)) return { state, actions: [{ do: 'apply' }] };
  return {
    state: { ...state, evidence: { ...evidence, applied: evidence.applied | only(c) } },
    actions: [{ do: 'apply' }, { do: 'sign', what: 'applied', firstHand: false }],
  };
}

/** No record, but the own YES is shown, which only a complete certificate can have: decided again. */
export function restoreCoordinator(size: number, evidence: Evidence): Outcome<CoordinatorState> {
  return {
    state: { role: 'coordinator', phase: 'DECIDED', size, evidence, answered: 0n, relayed: false },
    actions: [{ do: 'hold' }],
  };
}

/**
 * One row of the coordinator's table (docs/PROTOCOL.md, "Coordinator"). Pure; the same event again
 * changes nothing.
 */
export function stepCoordinator(
  state: CoordinatorState,
  event: CoordinatorEvent,
): Outcome<CoordinatorState> {
  switch (event.type) {
    case 'evidence': {
      const decided = decide(learn(state, event.evidence));
      return event.answerTo === undefined ? decided : answer(decided, event.answerTo);
    }
    case 'status-reply': {
      // Who has aborted while this one has committed was shown two words of somebody (R8): it has
      // not answered until it says "committed" too.
      const final =
        event.stance === 'committed' || (event.stance === 'aborted' && state.phase !== 'COMMITTED');
      const heard = final ? { ...state, answered: state.answered | only(event.from) } : state;
      return decide(learn(heard, event.evidence));
    }
    case 'status-query': {
      const learned = learn(state, event.evidence);
      // R7: once asked it must not vote YES any more, even if the question brings the last vote along.
      const next = state.phase === 'COLLECT' ? refuse(learned) : decide(learned);
      return answer(next, event.from);
    }
    case 'timer':
      return onTimer(state);
    case 'expired':
      return onExpired(state);
  }
}

/**
 * What the coordinator says of itself when asked. After its own YES it is in doubt like any voter
 * (R7).
 */
export function coordinatorStance(state: CoordinatorState): Stance {
  switch (state.phase) {
    case 'COLLECT':
      return 'open';
    case 'DECIDED':
      return 'doubt';
    case 'COMMITTED':
      return 'committed';
    case 'ABORTED':
      return 'aborted';
  }
}

/** Whether its holds still stand. */
export function coordinatorHolds(state: CoordinatorState): boolean {
  return state.phase === 'COLLECT' || state.phase === 'DECIDED';
}

/** All voters are known to hold an outcome: no timer is needed any more. */
export function coordinatorSettled(state: CoordinatorState): boolean {
  const everyone = allButCoordinator(state.size);
  return (
    (state.phase === 'COMMITTED' || state.phase === 'ABORTED') &&
    (state.answered & everyone) === everyone
  );
}

function learn(state: CoordinatorState, evidence: Evidence): CoordinatorState {
  // An `applied`, a NO and a WITHDRAW each come from a voter that holds, or is about to hold, an outcome.
  const seen = merge(state.evidence, evidence);
  return { ...state, evidence: seen, answered: state.answered | outcomesIn(seen, state.phase) };
}

/** Voters whose statements show that they hold the outcome that this phase stands for. */
function outcomesIn({ no, withdrawn, applied }: Evidence, phase: CoordinatorPhase): VoterSet {
  switch (phase) {
    case 'COMMITTED':
      return applied;
    case 'ABORTED':
      return no | withdrawn | applied;
    case 'COLLECT':
    case 'DECIDED':
      return no | applied;
  }
}

/** Every event that brings evidence ends here. */
function decide(state: CoordinatorState): Outcome<CoordinatorState> {
  const { evidence, size } = state;
  const c = size - 1;
  const everyone = allButCoordinator(size);
  switch (state.phase) {
    case 'COLLECT': {
      if (evidence.no !== 0n || evidence.withdrawn !== 0n) return refuse(state);
      if ((evidence.yes & everyone) !== everyone) return { state, actions: [] };
      const voted = { ...state, evidence: { ...evidence, yes: evidence.yes | only(c) } };
      if (size === 1) {
        return {
          state: { ...voted, phase: 'COMMITTED' },
          actions: [{ do: 'sign', what: 'yes' }, { do: 'apply' }, { do: 'release' }],
        };
      }
      return {
        state: { ...voted, phase: 'DECIDED' },
        actions: [
          { do: 'sign', what: 'yes' },
          { do: 'send', message: 'commit', to: everyone },
        ],
      };
    }
    case 'DECIDED':
      if (hasFirstHandOfAnother(evidence, size, c)) return commit(state, false);
      if (isFullWithdrawal(evidence, size)) {
        return {
          state: { ...state, phase: 'ABORTED', answered: state.answered | evidence.withdrawn },
          actions: [{ do: 'release' }, { do: 'send', message: 'abort', to: everyone }],
        };
      }
      return { state, actions: [] };
    case 'ABORTED':
      // R8: only a contradiction of someone can complete this.
      if (
        has(evidence.yes, c) &&
        isCertificate(evidence, size) &&
        hasFirstHandOfAnother(evidence, size, c)
      ) {
        return commit(state, true);
      }
      return { state, actions: [] };
    case 'COMMITTED':
      return relay(state);
  }
}

/** Once the last `applied` has come, everyone's go to everyone: it spares the voters asking each other. */
function relay(state: CoordinatorState): Outcome<CoordinatorState> {
  const everyone = allButCoordinator(state.size);
  if (state.relayed || (state.evidence.applied & everyone) !== everyone) {
    return { state, actions: [] };
  }
  return {
    state: { ...state, answered: everyone, relayed: true },
    actions: [{ do: 'send', message: 'commit', to: everyone }],
  };
}

/** A first-hand `applied` of another has come: apply, and say so. */
function commit(state: CoordinatorState, revived: boolean): Outcome<CoordinatorState> {
  const { applied } = state.evidence;
  const first: Outcome<CoordinatorState> = {
    state: {
      ...state,
      phase: 'COMMITTED',
      evidence: { ...state.evidence, applied: applied | only(state.size - 1) },
      answered: applied & allButCoordinator(state.size),
    },
    actions: [
      { do: 'apply' },
      revived ? { do: 'report', what: 'revived' } : { do: 'release' },
      { do: 'sign', what: 'applied', firstHand: false },
    ],
  };
  return then(first, relay(first.state));
}

/** COLLECT ends in NO. */
function refuse(state: CoordinatorState): Outcome<CoordinatorState> {
  const c = state.size - 1;
  const everyone = allButCoordinator(state.size);
  const { no, withdrawn } = state.evidence;
  return {
    state: {
      ...state,
      phase: 'ABORTED',
      evidence: { ...state.evidence, no: no | only(c) },
      answered: (no | withdrawn) & everyone,
    },
    actions: [
      { do: 'sign', what: 'no' },
      { do: 'release' },
      { do: 'send', message: 'abort', to: everyone & ~no },
    ],
  };
}

function onTimer(state: CoordinatorState): Outcome<CoordinatorState> {
  const missing = allButCoordinator(state.size) & ~state.answered;
  switch (state.phase) {
    case 'COLLECT':
      return refuse(state);
    case 'DECIDED':
      return send(state, 'commit', allButCoordinator(state.size));
    case 'COMMITTED':
      return send(state, 'commit', missing);
    case 'ABORTED':
      // A query carries the manifest: a voter that never met the attempt can answer it with its NO.
      return send(state, 'query', missing);
  }
}

/**
 * Own NO and never a YES: no certificate can exist. Who voted YES will ask and be answered from the
 * record; who did not vote can no longer. So the rest need not be told for ever.
 */
function onExpired(state: CoordinatorState): Outcome<CoordinatorState> {
  if (state.phase !== 'ABORTED' || has(state.evidence.yes, state.size - 1)) return onTimer(state);
  return { state: { ...state, answered: allButCoordinator(state.size) }, actions: [] };
}

function send(
  state: CoordinatorState,
  message: 'commit' | 'query',
  to: VoterSet,
): Outcome<CoordinatorState> {
  return { state, actions: to === 0n ? [] : [{ do: 'send', message, to }] };
}

function answer(outcome: Outcome<CoordinatorState>, to: number): Outcome<CoordinatorState> {
  const actions: CommitAction[] = [{ do: 'send', message: 'answer', to: only(to) }];
  return then(outcome, { state: outcome.state, actions });
}

function then(
  first: Outcome<CoordinatorState>,
  second: Outcome<CoordinatorState>,
): Outcome<CoordinatorState> {
  return { state: second.state, actions: [...first.actions, ...second.actions] };
}
