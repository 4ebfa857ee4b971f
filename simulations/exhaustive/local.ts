/**
 * One node's part of the exhaustive check: its machine's state as a number, and its steps, each taken
 * once by the production machine and then remembered. What every step of every machine must keep is
 * checked here.
 */
import {
  type CoordinatorEvent,
  type CoordinatorState,
  coordinatorHolds,
  startCoordinator,
  stepCoordinator,
} from '../../protocol/machines/coordinator.ts';
import { NO_EVIDENCE } from '../../protocol/machines/evidence.ts';
import type { CommitAction, Outcome } from '../../protocol/machines/outcome.ts';
import {
  acceptPrepare,
  refusePrepare,
  stepVoter,
  type VoterEvent,
  type VoterState,
  voterHolds,
} from '../../protocol/machines/voter.ts';
import { allOf, has, renamed, type StatementSet, toEvidence, toSet } from './statements.ts';

export type MachineState = VoterState | CoordinatorState;
/** A node without a record of the attempt. */
export interface Blank {
  readonly role: 'blank';
  readonly me: number;
  readonly size: number;
}
/** A node that may have signed anything, and says anything at any time. */
export interface Byzantine {
  readonly role: 'byzantine';
  readonly me: number;
  readonly size: number;
}
export type LocalState = MachineState | Blank | Byzantine;

/** What can happen to one node, apart from evidence. */
export type LocalEvent =
  | { readonly is: 'evidence'; readonly set: StatementSet }
  | { readonly is: 'accept' }
  | { readonly is: 'refuse' }
  | { readonly is: 'timer' }
  | { readonly is: 'asked' }
  | { readonly is: 'withdraw-request' }
  | { readonly is: 'doubt'; readonly from: number }
  | { readonly is: 'spoke' }
  | { readonly is: 'crash' };

export class BrokenRule extends Error {}

export function meOf(state: LocalState): number {
  return state.role === 'coordinator' ? state.size - 1 : state.me;
}

export function known(state: LocalState): StatementSet {
  return 'evidence' in state ? toSet(state.evidence) : 0;
}

/** What a node has signed, and others may have received: a Byzantine one, everything. */
export function signed(state: LocalState): StatementSet {
  const mine = allOf(meOf(state));
  return state.role === 'byzantine' ? mine : known(state) & mine;
}

export function phaseOf(state: LocalState): string {
  return 'phase' in state ? state.phase : state.role;
}

export function holds(state: LocalState): boolean {
  if (state.role === 'voter') return voterHolds(state);
  return state.role === 'coordinator' && coordinatorHolds(state);
}

/** The step of the production machine. Rounds of asking are counted up to 1: only "has asked" matters. */
export function take(state: LocalState, event: LocalEvent): LocalState | undefined {
  const outcome = outcomeOf(state, event);
  if (outcome === undefined) return undefined;
  const { state: next, actions } = outcome;
  const short = next.role === 'voter' ? { ...next, round: Math.min(next.round, 1) } : next;
  requireLawful(state, short, actions);
  return short;
}

function outcomeOf(state: LocalState, event: LocalEvent): Outcome<MachineState> | undefined {
  switch (state.role) {
    case 'byzantine':
      return undefined;
    case 'blank':
      if (event.is === 'accept') return acceptPrepare(state.me, state.size);
      return event.is === 'refuse' ? refusePrepare(state.me, state.size) : undefined;
    case 'voter': {
      const step = voterEvent(state, event);
      if (step !== undefined) return stepVoter(state, step);
      if (event.is !== 'crash') return undefined;
      // What is not stored does not outlive the process: who had answered in this round.
      return { state: { ...state, doubters: 0n, coordinatorSpoke: false }, actions: [] };
    }
    case 'coordinator': {
      const step = coordinatorEvent(event);
      return step && stepCoordinator(state, step);
    }
  }
}

function voterEvent(state: VoterState, event: LocalEvent): VoterEvent | undefined {
  const { round, size } = state;
  const reply = { type: 'status-reply', evidence: NO_EVIDENCE, round } as const;
  switch (event.is) {
    case 'evidence':
      return { type: 'evidence', evidence: toEvidence(event.set) };
    case 'timer':
      return { type: 'timer' };
    case 'withdraw-request':
      return { type: 'withdraw-request', evidence: NO_EVIDENCE, from: size - 1 };
    case 'doubt':
      return { ...reply, from: event.from, stance: 'doubt' };
    case 'spoke':
      return { ...reply, from: size - 1, stance: 'open' };
    default:
      return undefined;
  }
}

function coordinatorEvent(event: LocalEvent): CoordinatorEvent | undefined {
  switch (event.is) {
    case 'evidence':
      return { type: 'evidence', evidence: toEvidence(event.set) };
    case 'timer':
      return { type: 'timer' };
    case 'asked':
      return { type: 'status-query', evidence: NO_EVIDENCE, from: 0 };
    default:
      return undefined;
  }
}

/** What holds for every step of an honest node, whatever the others do. */
function requireLawful(
  before: LocalState,
  after: MachineState,
  actions: readonly CommitAction[],
): void {
  const did = (what: CommitAction['do']) => actions.filter((action) => action.do === what).length;
  const must = (holdsTrue: boolean, rule: string) => {
    if (!holdsTrue) throw new BrokenRule(`${phaseOf(before)} → ${after.phase}: ${rule}`);
  };
  const commits = after.phase === 'COMMITTED' && phaseOf(before) !== 'COMMITTED';
  must(phaseOf(before) !== 'COMMITTED' || after.phase === 'COMMITTED', 'a commit was undone');
  must(did('apply') === (commits ? 1 : 0), 'applied other than once, on commit');
  must(did('hold') === (!holds(before) && holds(after) ? 1 : 0), 'a hold without a vote');
  must(did('release') === (holds(before) && !holds(after) ? 1 : 0), 'released without an outcome');
  must(holds(after) === !['COMMITTED', 'ABORTED'].includes(after.phase), 'holds while decided');
  const me = meOf(after);
  const fresh = signed(after) & ~signed(before);
  const signs = actions.filter((action) => action.do === 'sign').length;
  must((fresh === 0) === (signs === 0), 'evidence of a signature that was not made');
  const all = signed(after);
  must(!(has(all, 'yes', me) && has(all, 'no', me)), 'signed both YES and NO');
  must(
    !(has(all, 'withdrawn', me) && has(all, 'firstHand', me)),
    'applied first-hand and withdrew',
  );
  must(!commits || has(all, 'yes', me), 'committed without an own YES');
}

export function initialCoordinator(size: number): LocalState {
  return startCoordinator(size).state;
}

/** The same state with the voters renamed. */
export function rename(state: LocalState, names: readonly number[]): LocalState {
  const voters = (set: bigint) =>
    names.reduce(
      (sum, to, from) => ((set >> BigInt(from)) & 1n ? sum | (1n << BigInt(to)) : sum),
      0n,
    );
  switch (state.role) {
    case 'blank':
    case 'byzantine':
      return { ...state, me: names[state.me]! };
    case 'voter':
      return {
        ...state,
        me: names[state.me]!,
        evidence: toEvidence(renamed(toSet(state.evidence), names)),
        doubters: voters(state.doubters),
      };
    case 'coordinator':
      return {
        ...state,
        evidence: toEvidence(renamed(toSet(state.evidence), names)),
        answered: voters(state.answered),
      };
  }
}

export function keyOf(state: LocalState): string {
  switch (state.role) {
    case 'blank':
    case 'byzantine':
      return `${state.role} ${state.me}`;
    case 'voter':
      return `${state.phase} ${state.me} ${toSet(state.evidence)} ${state.round} ${state.doubters} ${state.coordinatorSpoke}`;
    case 'coordinator':
      return `${state.phase} c ${toSet(state.evidence)} ${state.answered} ${state.relayed}`;
  }
}
