/** The record of a clearing: its proposal, what was said to it, its attempts, and how it ended. */
import { type Pid, pidFromPublicKey, type TxId } from '../../../protocol/identity/pid.ts';
import type { Refusal } from '../../../protocol/ledger/reservation.ts';
import {
  type ClearingCoordinatorState,
  stepClearingCoordinator,
} from '../../../protocol/machines/clearing-coordinator.ts';
import {
  type ClearingParticipantState,
  stepClearingParticipant,
} from '../../../protocol/machines/clearing-participant.ts';
import type { OpenClearing } from '../../../protocol/machines/manifest.ts';
import { readSigned } from '../../../protocol/wire/envelope.ts';
import type { Proposal } from '../../../protocol/wire/messages/clearing.ts';
import type { ClearingPart, TransactionRecord } from '../../store/records.ts';
import type { Turn } from '../turn.ts';

/** A clearing of which nothing was said yet. */
export function newClearing(amount: bigint): ClearingPart {
  return { waiting: [], consents: [], cap: amount };
}

/** The participant's machine, as the record has it. */
export function participantStateOf(
  record: TransactionRecord | undefined,
): ClearingParticipantState | undefined {
  if (record?.clearing === undefined || record.role !== 'participant') return undefined;
  const { accepted, rejected, consents } = record.clearing;
  const phase = record.state as ClearingParticipantState['phase'];
  if (rejected !== undefined) return { phase, said: 'reject' };
  const agreed = accepted !== undefined || consents.length > 0;
  return agreed ? { phase, said: 'accept' } : { phase };
}

/** An attempt to clear begins here. */
export function recordClearingStart(turn: Turn, open: OpenClearing, coordinates: boolean): void {
  const known = turn.transaction(open.tx);
  const participant = participantStateOf(known) ?? { phase: 'NEW' as const };
  const prepared = stepClearingParticipant(participant, { type: 'prepared' }).state.phase;
  const { finished: _, reason: __, ...kept } = known ?? {};
  turn.putTransaction(open.tx, {
    ...kept,
    order: open.manifest.order,
    role: coordinates ? 'coordinator' : 'participant',
    state: coordinates ? (known?.state ?? 'NEW') : prepared,
    attempts: [...(known?.attempts ?? []), open.hash],
    created: known?.created ?? turn.now,
    clearing: known?.clearing ?? newClearing(open.amount),
  });
  if (!coordinates && prepared !== known?.state) {
    turn.notice({ type: 'clearing', tx: open.tx, state: prepared });
  }
}

/** An attempt to clear has its outcome here. After an ABORT the coordinator decides how it goes on. */
export function recordClearingOutcome(
  turn: Turn,
  open: OpenClearing,
  outcome: 'COMMITTED' | 'ABORTED',
  refusal: Refusal | undefined,
  /** Whose history is kept beside this node's own. */
  isMember: (participant: Pid) => boolean,
): void {
  const record = turn.transaction(open.tx);
  if (record?.clearing === undefined || record.state === 'COMMITTED') return;
  if (outcome === 'COMMITTED') {
    const { reason: _, ...kept } = record;
    const clearing = { ...record.clearing, waiting: [] };
    const state = afterCommit(record, turn.now);
    turn.putTransaction(open.tx, { ...kept, clearing, state, finished: turn.now });
    const { equivalent, amount, proposal, tx } = open;
    const text = proposal.shortens
      ? `debts of a chain of ${proposal.cycle.length} became one, from its first to its last, by this much`
      : `debts of a cycle of ${proposal.cycle.length} were lowered by this much`;
    const row = { type: 'clearing', text, tx, equivalent, amount } as const;
    turn.history(row);
    for (const pid of proposal.cycle.filter(isMember)) turn.history(row, pid);
    turn.notice({ type: 'clearing', tx, state: 'COMMITTED' });
    return;
  }
  const before = participantStateOf(record);
  if (before === undefined) return;
  const after = stepClearingParticipant(before, { type: 'attempt-aborted' }).state;
  if (after.phase !== before.phase) endClearing(turn, open.tx, refusal);
}

function afterCommit(record: TransactionRecord, now: number): TransactionRecord['state'] {
  const event = { type: 'attempt-committed' as const };
  return record.role === 'coordinator'
    ? stepClearingCoordinator(coordinatorStateOf(record), event, now).state.phase
    : stepClearingParticipant(participantStateOf(record)!, event).state.phase;
}

/** No attempt of the proposal is under way, and none will be unless the coordinator begins one. */
export function endClearing(turn: Turn, tx: TxId, reason: Refusal | undefined): void {
  const record = turn.transaction(tx);
  if (record?.clearing === undefined) return;
  turn.putTransaction(tx, {
    ...record,
    clearing: { ...record.clearing, waiting: [] },
    state: 'REJECTED',
    finished: turn.now,
    ...(reason === undefined ? {} : { reason }),
  });
  turn.notice({ type: 'clearing', tx, state: 'REJECTED' });
}

/** The coordinator's machine, as the record has it. */
export function coordinatorStateOf(record: TransactionRecord): ClearingCoordinatorState {
  const { waiting, consents, cap } = record.clearing!;
  return {
    phase: record.state as ClearingCoordinatorState['phase'],
    waiting,
    agreed: consents.map((bytes) =>
      pidFromPublicKey(readSigned('CLEARING_ACCEPT', bytes).body.participant_key),
    ),
    cap,
    attempts: record.attempts.length,
    expires: proposalOf(record).expires,
  };
}

/** The proposal that a clearing's record is about. */
export function proposalOf({ order }: TransactionRecord): Proposal {
  return readSigned('CLEARING_PROPOSE', order).body;
}
