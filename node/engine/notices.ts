/** What the engine tells the rest of the node after a turn is durable. Nobody who hears a notice writes the ledger. */
import type { Hash, Pid, TxId } from '../../protocol/identity/pid.ts';
import type { EdgeId } from '../../protocol/ledger/edge.ts';
import type { Refusal } from '../../protocol/ledger/reservation.ts';
import type { ClearingPhase } from '../../protocol/machines/clearing-coordinator.ts';
import type { MemberStatus } from '../../protocol/machines/membership.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import type { TransactionKind } from '../../protocol/wire/commit-names.ts';
import type { EventRecord } from '../store/event-record.ts';

/** An event with its place among all events of this node. */
export interface RecordedEvent {
  readonly number: number;
  readonly record: EventRecord;
}

/** The own part of an attempt has its outcome. */
export interface AttemptEnded {
  readonly type: 'attempt-ended';
  readonly kind: TransactionKind;
  /** Own edges that the attempt was about. */
  readonly edges: readonly EdgeId[];
  readonly tx: TxId;
  readonly hash: Hash;
  readonly outcome: 'COMMITTED' | 'ABORTED';
  readonly coordinator: boolean;
  /** Aborted: why; for a coordinator the first refusal it received. */
  readonly refusal?: Refusal;
  /** Coordinator, aborted though nobody refused: participants whose agents never voted. */
  readonly silent: readonly Pid[];
}

export const PASS_PHASES = ['SEARCHING', 'CLEARING', 'DONE', 'CANCELLED'] as const;
export type PassPhase = (typeof PASS_PHASES)[number];

export type Notice =
  | AttemptEnded
  /** An order of this node has ended without a commit. */
  | { readonly type: 'payment-ended'; readonly tx: TxId }
  | {
      readonly type: 'line-changed';
      readonly owner: Pid;
      readonly other: Pid;
      readonly equivalent: EquivalentCode;
      readonly state: 'PENDING' | 'COMMITTED' | 'FAILED';
    }
  /** Somebody else votes for the participant now, or this node does. */
  | { readonly type: 'agent-changed'; readonly member: Pid }
  /** A commit has changed an edge whose other book has come to an agent that had no vote in it. */
  | { readonly type: 'edge-inherited'; readonly edge: EdgeId }
  /** At a hub: somebody has another status in its community. */
  | { readonly type: 'member-changed'; readonly participant: Pid; readonly status: MemberStatus }
  /** At a participant: its hub has answered. */
  | { readonly type: 'membership-changed'; readonly hub: Pid }
  /** A clearing has got into this state here; PROPOSED: a person of this node is asked. */
  | {
      readonly type: 'clearing';
      readonly tx: TxId;
      readonly state: ClearingPhase;
    }
  /** How far a hub's pass over all debts is. */
  | {
      readonly type: 'clearing-pass';
      readonly state: PassPhase;
      readonly equivalent: EquivalentCode;
      readonly precision: number;
      /** Debt that it has cleared so far, smallest unit. */
      readonly cleared: bigint;
      readonly tookMs: number;
      readonly text: string;
    }
  /** After a failed write the books were read again: what was told of them since may be wrong. */
  | { readonly type: 'store-reread' }
  /** An add-on was given up, or cannot be started. */
  | { readonly type: 'addon-failed'; readonly text: string }
  /** An event is durable (`node/events/`). */
  | { readonly type: 'recorded'; readonly event: RecordedEvent }
  | { readonly type: 'alert'; readonly text: string; readonly tx?: TxId; readonly peer?: Pid };
