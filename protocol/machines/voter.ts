/**
 * The commit machine of a voter that is not the coordinator (docs/PROTOCOL.md, "Commit rules").
 * Each branch below is a row of that table; nothing else changes the phase.
 */
import {
  all,
  allButCoordinator,
  contradictions,
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
import type { Outcome, Stance } from './outcome.ts';

/** In the order in which they can happen. "No record" is the absence of a state. */
export type VoterPhase = 'DOUBT' | 'WITHDRAWN' | 'ABORTED' | 'COMMITTED';

export interface VoterState {
  readonly role: 'voter';
  readonly phase: VoterPhase;
  /** Number of voters; the coordinator is voter `size - 1`. */
  readonly size: number;
  readonly me: number;
  readonly evidence: Evidence;
  /** The current round of asking; 0 before the first. */
  readonly round: number;
  /** Voters of `V∖{c}` that answered "in doubt" or "withdrawn" in this round. */
  readonly doubters: VoterSet;
  /** The coordinator answered in this round. */
  readonly coordinatorSpoke: boolean;
}

export type VoterEvent =
  /** Verified statements, from whomever they came. */
  | {
      readonly type: 'evidence';
      readonly evidence: Evidence;
      /** Answer the voter that sent it: it asked, or its message is one that is always answered. */
      readonly answerTo?: number;
    }
  | {
      readonly type: 'status-reply';
      readonly evidence: Evidence;
      readonly from: number;
      readonly round: number;
      readonly stance: Stance;
    }
  | { readonly type: 'withdraw-request'; readonly evidence: Evidence; readonly from: number }
  | { readonly type: 'timer' };

/** No record, PREPARE and all checks pass: hold, sign YES. */
export function acceptPrepare(me: number, size: number): Outcome<VoterState> {
  return {
    state: begin('DOUBT', me, size, { ...NO_EVIDENCE, yes: only(me) }),
    actions: [
      { do: 'hold' },
      { do: 'sign', what: 'yes' },
      { do: 'send', message: 'vote', to: only(size - 1) },
    ],
  };
}

/** No record, PREPARE refused: sign NO. */
export function refusePrepare(me: number, size: number): Outcome<VoterState> {
  return {
    state: begin('ABORTED', me, size, { ...NO_EVIDENCE, no: only(me) }),
    actions: [
      { do: 'sign', what: 'no' },
      { do: 'send', message: 'vote', to: only(size - 1) },
    ],
  };
}

/** R4: no record, asked by a voter: whoever has not voted votes NO there and then. */
export function refuseQuery(me: number, size: number, asker: number): Outcome<VoterState> {
  return {
    state: begin('ABORTED', me, size, { ...NO_EVIDENCE, no: only(me) }),
    actions: [
      { do: 'sign', what: 'no' },
      { do: 'send', message: 'answer', to: only(asker) },
    ],
  };
}

/**
 * No record, but a certificate with the own YES in it and a first-hand `applied`: the record was lost
 * with a disk or an old backup, and is taken up again where the others stand.
 */
export function recoverVoter(me: number, size: number, evidence: Evidence): Outcome<VoterState> {
  const state = begin('COMMITTED', me, size, evidence);
  if (has(evidence.applied, me)) return { state, actions: [{ do: 'apply' }] };
  return {
    state: own(state, 'applied'),
    actions: [{ do: 'apply' }, { do: 'sign', what: 'applied', firstHand: false }],
  };
}

/**
 * No record, but the own YES is shown. Whether this voter had withdrawn or applied after it, it no
 * longer knows: so it holds, signs nothing, and waits like one that has withdrawn (R6).
 */
export function restoreVoter(me: number, size: number, evidence: Evidence): Outcome<VoterState> {
  return { state: begin('WITHDRAWN', me, size, evidence), actions: [{ do: 'hold' }] };
}

/**
 * One row of the voter's table (docs/PROTOCOL.md, "Voter"). Pure; the same event again changes
 * nothing.
 */
export function stepVoter(state: VoterState, event: VoterEvent): Outcome<VoterState> {
  switch (event.type) {
    case 'evidence': {
      const decided = decide(learn(state, event.evidence));
      return event.answerTo === undefined ? decided : answer(decided, event.answerTo);
    }
    case 'status-reply':
      return decide(trustMemory(hear(learn(state, event.evidence), event)));
    case 'withdraw-request': {
      const decided = decide(learn(state, event.evidence));
      // The asker has found all of V∖{c} in doubt. A voter whose own time has not come does not
      // follow, or a hasty peer could break every payment; it only says where it stands.
      const next =
        decided.state.phase === 'DOUBT' && decided.state.round > 0
          ? then(decided, withdraw(decided.state))
          : decided;
      return answer(next, event.from);
    }
    case 'timer':
      return onTimer(state);
  }
}

/** What this voter says when asked where it stands. */
export function voterStance(state: VoterState): Stance {
  switch (state.phase) {
    case 'DOUBT':
      return 'doubt';
    case 'WITHDRAWN':
      return 'withdrawn';
    case 'COMMITTED':
      return 'committed';
    case 'ABORTED':
      return 'aborted';
  }
}

/** Holds are in force from YES to the outcome. */
export function voterHolds(state: VoterState): boolean {
  return state.phase === 'DOUBT' || state.phase === 'WITHDRAWN';
}

/** Nothing more to do unless somebody asks: no timer is needed. */
export function voterSettled(state: VoterState): boolean {
  return (
    state.phase === 'ABORTED' ||
    (state.phase === 'COMMITTED' && state.evidence.applied === all(state.size))
  );
}

function begin(phase: VoterPhase, me: number, size: number, evidence: Evidence): VoterState {
  return {
    role: 'voter',
    phase,
    me,
    size,
    evidence,
    round: 0,
    doubters: 0n,
    coordinatorSpoke: false,
  };
}

function learn(state: VoterState, evidence: Evidence): VoterState {
  return { ...state, evidence: merge(state.evidence, evidence) };
}

/** Counts an answer of the current round of asking; older answers say nothing about now (R5). */
function hear(
  state: VoterState,
  reply: { readonly from: number; readonly round: number; readonly stance: Stance },
): VoterState {
  if (reply.round !== state.round) return state;
  if (reply.from === state.size - 1) return { ...state, coordinatorSpoke: true };
  if (reply.stance !== 'doubt' && reply.stance !== 'withdrawn') return state;
  return { ...state, doubters: state.doubters | only(reply.from) };
}

/**
 * A restored record waits because it may have withdrawn or applied since. Once everyone has answered
 * in one round and nobody shows either, it has said nothing that anybody could hold against it.
 */
function trustMemory(state: VoterState): VoterState {
  const said = state.evidence.withdrawn | state.evidence.firstHand;
  const limbo = state.phase === 'WITHDRAWN' && !has(said, state.me);
  return limbo && state.coordinatorSpoke && othersInDoubt(state)
    ? { ...state, phase: 'DOUBT' }
    : state;
}

/** Every event that brings evidence ends here. */
function decide(state: VoterState): Outcome<VoterState> {
  const { evidence, size, me } = state;
  const certificate = isCertificate(evidence, size);
  const another = hasFirstHandOfAnother(evidence, size, me);
  switch (state.phase) {
    case 'DOUBT':
      if (certificate) return commit(state, true);
      if (evidence.no !== 0n) {
        return {
          state: own({ ...state, phase: 'ABORTED' }, 'withdrawn'),
          actions: [{ do: 'sign', what: 'withdraw' }, { do: 'release' }],
        };
      }
      return { state, actions: [] };
    case 'WITHDRAWN':
      if (certificate && another) return commit(state, false);
      // Only a restored record can meet its own forgotten `applied`: it had committed before.
      if (certificate && has(evidence.firstHand, me) && !has(evidence.withdrawn, me)) {
        return {
          state: { ...state, phase: 'COMMITTED' },
          actions: [{ do: 'apply' }, { do: 'release' }],
        };
      }
      if (isFullWithdrawal(evidence, size) || evidence.no !== 0n) {
        return { state: { ...state, phase: 'ABORTED' }, actions: [{ do: 'release' }] };
      }
      return { state, actions: [] };
    case 'ABORTED':
      // R8: a commit is never undone. Only someone's contradiction can bring us here.
      if (has(evidence.yes, me) && certificate && another) {
        return {
          state: own({ ...state, phase: 'COMMITTED' }, 'applied'),
          actions: [
            { do: 'apply' },
            { do: 'sign', what: 'applied', firstHand: false },
            { do: 'send', message: 'applied', to: only(size - 1) },
            { do: 'report', what: 'revived' },
          ],
        };
      }
      return { state, actions: [] };
    case 'COMMITTED':
      return { state, actions: [] };
  }
}

function commit(state: VoterState, firstHand: boolean): Outcome<VoterState> {
  const committed = own({ ...state, phase: 'COMMITTED' }, 'applied');
  return {
    state: firstHand ? own(committed, 'firstHand') : committed,
    actions: [
      { do: 'apply' },
      { do: 'release' },
      { do: 'sign', what: 'applied', firstHand },
      { do: 'send', message: 'applied', to: only(state.size - 1) },
    ],
  };
}

/** R5: sign WITHDRAW and keep the holds; if that completes the set, the attempt is over at once. */
function withdraw(state: VoterState): Outcome<VoterState> {
  const withdrawn = own({ ...state, phase: 'WITHDRAWN' }, 'withdrawn');
  const first: Outcome<VoterState> = {
    state: withdrawn,
    actions: [{ do: 'sign', what: 'withdraw' }],
  };
  return then(first, decide(withdrawn));
}

function onTimer(state: VoterState): Outcome<VoterState> {
  switch (state.phase) {
    case 'DOUBT': {
      if (roundComplete(state)) {
        const next = withdraw(state);
        const others = allButCoordinator(state.size) & ~only(state.me);
        return {
          state: next.state,
          actions: [
            ...next.actions,
            { do: 'send', message: 'withdraw-request', to: others },
            { do: 'send', message: 'withdraw', to: only(state.size - 1) },
          ],
        };
      }
      return ask(state);
    }
    case 'WITHDRAWN':
      return ask(state);
    case 'COMMITTED': {
      const missing = all(state.size) & ~state.evidence.applied;
      return {
        state,
        actions: missing === 0n ? [] : [{ do: 'send', message: 'commit', to: missing }],
      };
    }
    case 'ABORTED':
      return { state, actions: [] };
  }
}

/** R4: a new round of asking everyone. */
function ask(state: VoterState): Outcome<VoterState> {
  return {
    state: { ...state, round: state.round + 1, doubters: 0n, coordinatorSpoke: false },
    actions: [{ do: 'send', message: 'query', to: all(state.size) & ~only(state.me) }],
  };
}

/** R5: in one round of asking all of V∖{c} answered "in doubt" and c was silent. */
function roundComplete(state: VoterState): boolean {
  return state.round > 0 && !state.coordinatorSpoke && othersInDoubt(state);
}

function othersInDoubt(state: VoterState): boolean {
  const others = allButCoordinator(state.size) & ~only(state.me);
  return (state.doubters & others) === others;
}

/** Every COMMIT, STATUS_QUERY and WITHDRAW_REQUEST is answered with all evidence; c's COMMIT, once applied, by that `applied`. */
function answer(outcome: Outcome<VoterState>, to: number): Outcome<VoterState> {
  const { state, actions } = outcome;
  const told = actions.some((a) => a.do === 'send' && a.message === 'applied' && has(a.to, to));
  if (told) return outcome;
  const plain =
    state.phase === 'COMMITTED' && to === state.size - 1 && contradictions(state.evidence) === 0n;
  return {
    state,
    actions: [...actions, { do: 'send', message: plain ? 'applied' : 'answer', to: only(to) }],
  };
}

function own(state: VoterState, statement: 'withdrawn' | 'applied' | 'firstHand'): VoterState {
  const evidence = {
    ...state.evidence,
    [statement]: state.evidence[statement] | only(state.me),
  };
  return { ...state, evidence };
}

function then(first: Outcome<VoterState>, second: Outcome<VoterState>): Outcome<VoterState> {
  return { state: second.state, actions: [...first.actions, ...second.actions] };
}
