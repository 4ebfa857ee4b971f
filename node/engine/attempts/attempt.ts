/** An attempt as the engine holds it: the machine's state, and the signed bytes behind its evidence. */
import type { Hash } from '../../../protocol/identity/pid.ts';
import type { EdgeId } from '../../../protocol/ledger/edge.ts';
import type { Refusal } from '../../../protocol/ledger/reservation.ts';
import {
  type CoordinatorState,
  coordinatorHolds,
  coordinatorSettled,
  coordinatorStance,
} from '../../../protocol/machines/coordinator.ts';
import { type Evidence, has } from '../../../protocol/machines/evidence.ts';
import type { OpenManifest } from '../../../protocol/machines/manifest.ts';
import type { Stance } from '../../../protocol/machines/outcome.ts';
import {
  type VoterState,
  voterHolds,
  voterSettled,
  voterStance,
} from '../../../protocol/machines/voter.ts';
import type { AttemptRecord } from '../../store/records.ts';

export type CommitState = VoterState | CoordinatorState;

/** The attempt's sum on one own edge; `counted` is what it took of the creditor's daily limit. */
export interface OwnEffect {
  readonly edge: EdgeId;
  readonly change: bigint;
  readonly counted: bigint;
  readonly day: number;
}

/**
 * Which statement of which voter: `y`es, `n`o, `w`ithdraw, `f`irst-hand applied, `a`pplied resting
 * on another's; followed by the voter's index.
 */
export type StatementKey = `${'y' | 'n' | 'w' | 'f' | 'a'}${number}`;
export type Statements = ReadonlyMap<StatementKey, Uint8Array>;

export interface Attempt {
  readonly open: OpenManifest;
  readonly commit: CommitState;
  readonly statements: Statements;
  readonly effects: readonly OwnEffect[];
  /** Why this node, or the first voter that refused, said NO. */
  readonly refusal?: Refusal;
  readonly started: number;
  readonly timer?: number;
  /** Timers that fired so far; the waits between them grow. */
  readonly tries: number;
  /** Voted on by a former agent of the member whose edges these are: kept as proof, and never spoken about. */
  readonly inherited?: boolean;
}

export function attemptHash(attempt: Attempt): Hash {
  return attempt.open.hash;
}

export function myIndex(commit: CommitState): number {
  return commit.role === 'voter' ? commit.me : commit.size - 1;
}

export function holds(commit: CommitState): boolean {
  return commit.role === 'voter' ? voterHolds(commit) : coordinatorHolds(commit);
}

/** Whether there is nothing left to do about it. */
export function isSettled({ commit, inherited }: Pick<Attempt, 'commit' | 'inherited'>): boolean {
  if (inherited) return true;
  return commit.role === 'voter' ? voterSettled(commit) : coordinatorSettled(commit);
}

export function stanceOf(commit: CommitState): Stance {
  return commit.role === 'voter' ? voterStance(commit) : coordinatorStance(commit);
}

/** The statements whose bits stand in the evidence. */
export function statementKeys(evidence: Evidence, size: number): StatementKey[] {
  const found: StatementKey[] = [];
  for (let i = 0; i < size; i++) {
    if (has(evidence.yes, i)) found.push(`y${i}`);
    if (has(evidence.no, i)) found.push(`n${i}`);
    if (has(evidence.withdrawn, i)) found.push(`w${i}`);
    if (has(evidence.firstHand, i)) found.push(`f${i}`);
    else if (has(evidence.applied, i)) found.push(`a${i}`);
  }
  return found;
}

export function toRecord(attempt: Attempt): AttemptRecord {
  const { commit } = attempt;
  return {
    tx: attempt.open.tx,
    attempt: attempt.open.attempt,
    role: commit.role,
    phase: commit.phase,
    size: commit.size,
    me: myIndex(commit),
    evidence: commit.evidence,
    round: commit.role === 'voter' ? commit.round : 0,
    answered: commit.role === 'coordinator' ? commit.answered : 0n,
    relayed: commit.role === 'coordinator' && commit.relayed,
    effects: attempt.effects.map(({ edge, change, counted, day }) => ({
      low: edge.low,
      high: edge.high,
      equivalent: edge.equivalent,
      change,
      counted,
      day,
    })),
    ...(attempt.refusal === undefined ? {} : { refusal: attempt.refusal }),
    started: attempt.started,
    ...(attempt.timer === undefined ? {} : { timer: attempt.timer }),
    tries: attempt.tries,
    ...(attempt.inherited ? { inherited: true } : {}),
  };
}

export function fromRecord(
  record: AttemptRecord,
  open: OpenManifest,
  statements: Statements,
): Attempt {
  return {
    open,
    commit: commitStateOf(record),
    statements,
    effects: record.effects.map(({ low, high, equivalent, change, counted, day }) => ({
      edge: { low, high, equivalent },
      change,
      counted,
      day,
    })),
    ...(record.refusal === undefined ? {} : { refusal: record.refusal }),
    started: record.started,
    ...(record.timer === undefined ? {} : { timer: record.timer }),
    tries: record.tries,
    ...(record.inherited ? { inherited: true } : {}),
  };
}

export function commitStateOf(record: AttemptRecord): CommitState {
  const { size, evidence } = record;
  if (record.role === 'voter') {
    return {
      role: 'voter',
      phase: record.phase as VoterState['phase'],
      size,
      me: record.me,
      evidence,
      round: record.round,
      // A round of asking does not outlive the process: answers to it may have been lost.
      doubters: 0n,
      coordinatorSpoke: false,
    };
  }
  return {
    role: 'coordinator',
    phase: record.phase as CoordinatorState['phase'],
    size,
    evidence,
    answered: record.answered,
    relayed: record.relayed,
  };
}
