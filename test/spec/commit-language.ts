/** Short words for states, evidence and actions, so that the tables of the commit rules read as tables. */
import { type CoordinatorState, startCoordinator } from '../../protocol/machines/coordinator.ts';
import { type Evidence, members, NO_EVIDENCE, only } from '../../protocol/machines/evidence.ts';
import type { CommitAction } from '../../protocol/machines/outcome.ts';
import { acceptPrepare, type VoterState } from '../../protocol/machines/voter.ts';

/** Three voters: the two that may be asked about, and the coordinator, who is the last. */
export const SIZE = 3;
export const ME = 0;
export const OTHER = 1;
export const C = 2;

/** Who signed what, by voter: `said({ yes: [ME, OTHER] })`. `firstHand` implies `applied`. */
export function said(what: Partial<Record<keyof Evidence, readonly number[]>>): Evidence {
  const set = (voters: readonly number[] = []) =>
    voters.reduce((sum, voter) => sum | only(voter), 0n);
  return {
    ...NO_EVIDENCE,
    yes: set(what.yes),
    no: set(what.no),
    withdrawn: set(what.withdrawn),
    applied: set(what.applied) | set(what.firstHand),
    firstHand: set(what.firstHand),
  };
}

export const CERTIFICATE = said({ yes: [ME, OTHER, C] });
export const A = said({ firstHand: [OTHER] });
export const SET = said({ withdrawn: [ME, OTHER] });

export function together(...all: readonly Evidence[]): Evidence {
  return all.reduce((sum, each) => ({
    yes: sum.yes | each.yes,
    no: sum.no | each.no,
    withdrawn: sum.withdrawn | each.withdrawn,
    applied: sum.applied | each.applied,
    firstHand: sum.firstHand | each.firstHand,
  }));
}

/** A voter that said YES, in the given phase, with what it has signed itself and `more`. */
export function voter(
  phase: VoterState['phase'],
  more: Evidence = NO_EVIDENCE,
  extra: Partial<VoterState> = {},
): VoterState {
  const own = {
    DOUBT: NO_EVIDENCE,
    WITHDRAWN: said({ withdrawn: [ME] }),
    ABORTED: said({ withdrawn: [ME] }),
    COMMITTED: together(CERTIFICATE, said({ firstHand: [ME] })),
  }[phase];
  const { state } = acceptPrepare(ME, SIZE);
  return { ...state, phase, evidence: together(state.evidence, own, more), ...extra };
}

/** The coordinator in the given phase, having said YES in all but COLLECT (and ABORTED with `saidYes` false). */
export function coordinator(
  phase: CoordinatorState['phase'],
  more: Evidence = NO_EVIDENCE,
  extra: Partial<CoordinatorState> = {},
): CoordinatorState {
  const own = {
    COLLECT: NO_EVIDENCE,
    DECIDED: CERTIFICATE,
    ABORTED: together(CERTIFICATE, SET),
    COMMITTED: together(CERTIFICATE, A, said({ applied: [C] })),
  }[phase];
  const { state } = startCoordinator(SIZE);
  return { ...state, phase, evidence: together(own, more), ...extra };
}

/** The coordinator that refused: a NO of its own and never a YES. */
export function refusedCoordinator(more: Evidence = NO_EVIDENCE): CoordinatorState {
  const evidence = together(said({ no: [C] }), more);
  return { ...startCoordinator(SIZE).state, phase: 'ABORTED', evidence, answered: more.no };
}

/** Actions as words: `hold`, `sign first-hand applied`, `send commit to 0,1`. */
export function words(actions: readonly CommitAction[]): string[] {
  return actions.map((action) => {
    switch (action.do) {
      case 'sign':
        return action.what === 'applied' && action.firstHand
          ? 'sign first-hand applied'
          : `sign ${action.what}`;
      case 'send':
        return `send ${action.message} to ${members(action.to).join(',')}`;
      case 'report':
        return `report ${action.what}`;
      default:
        return action.do;
    }
  });
}

/** A row of a table. */
export interface Row<State, Event> {
  readonly row: string;
  readonly from: State;
  readonly event: Event;
  readonly next: string;
  /** The actions, in order. */
  readonly does: readonly string[];
}

/** Verified statements, from whomever they came. */
export const met = (evidence: Evidence, answerTo?: number) => ({
  type: 'evidence' as const,
  evidence,
  ...(answerTo === undefined ? {} : { answerTo }),
});

export const timer = { type: 'timer' } as const;

export const NO = said({ no: [OTHER] });
