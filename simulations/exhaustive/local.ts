/**
 * One node's part of the exhaustive check: its machine's state as a number, and its steps, each taken
 * once by the production machine and then remembered. What every step of every machine must keep is
 * checked here.
 */
import {
  type CoordinatorEvent,
  type CoordinatorState,
  coordinatorHolds,
  recoverCoordinator,
  restoreCoordinator,
  startCoordinator,
  stepCoordinator,
} from '../../protocol/machines/coordinator.ts';
import { all, NO_EVIDENCE, only } from '../../protocol/machines/evidence.ts';
import type { CommitAction, Outcome } from '../../protocol/machines/outcome.ts';
import {
  acceptPrepare,
  recoverVoter,
  refusePrepare,
  restoreVoter,
  stepVoter,
  type VoterEvent,
  type VoterState,
  voterHolds,
} from '../../protocol/machines/voter.ts';
import {
  allOf,
  has,
  renamed,
  type StatementSet,
  subsets,
  toEvidence,
  toSet,
} from './statements.ts';

export type MachineState = (VoterState | CoordinatorState) & {
  /**
   * Only of a node that came back without what its disk held (docs/PROTOCOL.md, "Lost records"): what
   * it had signed before and others know.
   */
  readonly outside?: StatementSet;
};
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
/** A node that has voted and lost its record; until it is shown its own YES it says nothing. */
export interface Lost {
  readonly role: 'lost';
  readonly me: number;
  readonly size: number;
  readonly outside: StatementSet;
}
export type LocalState = MachineState | Blank | Byzantine | Lost;

/** What can happen to one node, apart from evidence. */
export type LocalEvent =
  | { readonly is: 'evidence'; readonly set: StatementSet }
  | { readonly is: 'accept' }
  | { readonly is: 'refuse' }
  | { readonly is: 'timer' }
  | { readonly is: 'asked' }
  | { readonly is: 'withdraw-request' }
  /** A reply "in doubt", and what it shows this node of its own lost words. */
  | { readonly is: 'doubt'; readonly from: number; readonly set: StatementSet }
  /** A reply of the coordinator. */
  | { readonly is: 'spoke'; readonly set: StatementSet }
  /** A lost record is shown its own YES. */
  | { readonly is: 'restore' }
  /** A lost record is shown a receipt. */
  | { readonly is: 'receipt'; readonly set: StatementSet }
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
  return state.role === 'byzantine' ? mine : (known(state) & mine) | outsideOf(state);
}

/** What a node has signed and does not know of any more. */
export function outsideOf(state: LocalState): StatementSet {
  return 'outside' in state ? (state.outside ?? 0) : 0;
}

/** Has it come back without what its disk held? */
export function hasLost(state: LocalState): boolean {
  return 'outside' in state && state.outside !== undefined;
}

/**
 * What may be left of a node that loses its disk, or comes back with an older one: no record, or one from
 * just after its YES. Of what it had signed others may know all or a part.
 * @param shown what others certainly know
 */
export function withoutDisk(state: MachineState, shown: StatementSet): LocalState[] {
  const me = meOf(state);
  const { size } = state;
  const mine = signed(state);
  return subsets(mine)
    .filter((outside) => (outside & shown) === shown)
    .flatMap((outside) => {
      const lost: LocalState = { role: 'lost', me, size, outside };
      return has(mine, 'yes', me) ? [lost, { ...restored(state.role, me, size), outside }] : [lost];
    });
}

/** The record that the own YES alone brings back; the coordinator's comes with the whole certificate. */
function restored(role: MachineState['role'], me: number, size: number): MachineState {
  return role === 'coordinator'
    ? restoreCoordinator(size, { ...NO_EVIDENCE, yes: all(size) }).state
    : restoreVoter(me, size, { ...NO_EVIDENCE, yes: only(me) }).state;
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
  const counted = next.role === 'voter' ? { ...next, round: Math.min(next.round, 1) } : next;
  const short: MachineState = hasLost(state) ? { ...counted, outside: outsideOf(state) } : counted;
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
    case 'lost':
      return broughtBack(state, event);
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

/** The step that takes a lost record up again; undefined if the event is not one of those. */
export function broughtBack(
  { me, size }: Lost,
  event: LocalEvent,
): Outcome<MachineState> | undefined {
  const isCoordinator = me === size - 1;
  if (event.is === 'restore') {
    const state = restored(isCoordinator ? 'coordinator' : 'voter', me, size);
    return { state, actions: [{ do: 'hold' }] };
  }
  if (event.is !== 'receipt') return undefined;
  const evidence = toEvidence(event.set);
  return isCoordinator ? recoverCoordinator(size, evidence) : recoverVoter(me, size, evidence);
}

function voterEvent(state: VoterState, event: LocalEvent): VoterEvent | undefined {
  const { round, size } = state;
  const reply = { type: 'status-reply', round } as const;
  switch (event.is) {
    case 'evidence':
      return { type: 'evidence', evidence: toEvidence(event.set) };
    case 'timer':
      return { type: 'timer' };
    case 'withdraw-request':
      return { type: 'withdraw-request', evidence: NO_EVIDENCE, from: size - 1 };
    case 'doubt':
      return { ...reply, evidence: toEvidence(event.set), from: event.from, stance: 'doubt' };
    case 'spoke':
      return { ...reply, evidence: toEvidence(event.set), from: size - 1, stance: 'open' };
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
  // Who has lost its record may sign once more what others have of it already.
  const again = hasLost(after) && fresh === 0;
  must(again || (fresh === 0) === (signs === 0), 'evidence of a signature that was not made');
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
  const outside = hasLost(state) ? { outside: renamed(outsideOf(state), names) } : {};
  switch (state.role) {
    case 'blank':
    case 'byzantine':
      return { ...state, me: names[state.me]! };
    case 'lost':
      return { ...state, me: names[state.me]!, outside: renamed(state.outside, names) };
    case 'voter':
      return {
        ...state,
        ...outside,
        me: names[state.me]!,
        evidence: toEvidence(renamed(toSet(state.evidence), names)),
        doubters: voters(state.doubters),
      };
    case 'coordinator':
      return {
        ...state,
        ...outside,
        evidence: toEvidence(renamed(toSet(state.evidence), names)),
        answered: voters(state.answered),
      };
  }
}

export function keyOf(state: LocalState): string {
  const lost = hasLost(state) ? ` lost ${outsideOf(state)}` : '';
  switch (state.role) {
    case 'blank':
    case 'byzantine':
    case 'lost':
      return `${state.role} ${state.me}${lost}`;
    case 'voter':
      return `${state.phase} ${state.me} ${toSet(state.evidence)} ${state.round} ${state.doubters} ${state.coordinatorSpoke}${lost}`;
    case 'coordinator':
      return `${state.phase} c ${toSet(state.evidence)} ${state.answered} ${state.relayed}${lost}`;
  }
}
