/** A community as the demonstration and the simulations run it: checked, amounts exact. */
import type { Equivalent, EquivalentCode } from '../../protocol/money/equivalent.ts';

/**
 * Ids of participants are those of the file; a node's PID is known only once it runs. Amounts are
 * in the smallest unit of their equivalent.
 */
export interface Community {
  readonly name: string;
  readonly equivalents: readonly Equivalent[];
  /** Who keeps the community together, if anyone: a node beside the participants, which owes nobody. */
  readonly hub: CommunityHub | null;
  /** Those who take part; who `left` or was `deleted` is only named in `absent`. */
  readonly participants: readonly CommunityParticipant[];
  /** Lines between those who take part. */
  readonly trustLines: readonly CommunityLine[];
  readonly payments: readonly CommunityPayment[];
  /** Ids of those who left; no node is started for them, their lines are left out. */
  readonly absent: readonly string[];
  /** Places of the file that say nothing to this program, for example `behaviours`. */
  readonly ignored: readonly string[];
}

export interface CommunityHub {
  readonly id: string;
  readonly name: string;
  /** Ids of the participants that run a node of their own; the hub votes for all others. */
  readonly ownNodes: readonly string[];
}

export interface CommunityParticipant {
  readonly id: string;
  readonly name: string;
  /** `person`, `organization` or any other word; nothing is decided by it. */
  readonly type: string;
  /** `frozen` starts and carries nothing new; its debts can still be repaid. */
  readonly participation: 'active' | 'frozen';
  readonly group: string | null;
  /** Its word on clearings about which it wants to be asked. */
  readonly whenAsked: 'agrees' | 'refuses';
}

/** `from` lets `to` owe it up to `limit`. */
export interface CommunityLine {
  readonly from: string;
  readonly to: string;
  readonly equivalent: EquivalentCode;
  readonly limit: bigint;
  readonly policy: CommunityPolicy;
}

export interface CommunityPolicy {
  readonly auto_clearing: boolean;
  readonly can_be_intermediate: boolean;
  /** New debt per UTC day; null: no bound but the limit. */
  readonly daily_limit: bigint | null;
  /** Ids of participants whose payments may not use the line. */
  readonly blocked_participants: readonly string[];
}

/** A payment to be tried: `from` pays `to`. */
export interface PaymentPlan {
  readonly from: string;
  readonly to: string;
  readonly equivalent: EquivalentCode;
  readonly amount: bigint;
}

export const EXPECTATIONS = ['committed', 'multi_hop', 'split', 'refused'] as const;
/**
 * What the author of a file says will become of a payment: it commits; it commits and no direct
 * edge could carry it; it commits and no single route could carry it; it is refused.
 */
export type Expectation = (typeof EXPECTATIONS)[number];

export interface CommunityPayment extends PaymentPlan {
  readonly expect: Expectation | null;
}
