/** Cycles of debts that could be cleared, and where they come from. */
import type { Pid } from '../../protocol/identity/pid.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';

/** A cycle as somebody has found it; the votes decide whether it is one. */
export interface Cycle {
  readonly equivalent: EquivalentCode;
  /** Each owes the next, the last owes the first; 3 to 10. */
  readonly members: readonly Pid[];
  /** What each of these debts could be lowered by, smallest unit; > 0. */
  readonly amount: bigint;
  /** Members of whom it is known that they want to be asked. */
  readonly asks?: readonly Pid[];
}

export interface CycleQuestion {
  readonly equivalent: EquivalentCode;
  /** Members of a cycle at most. */
  readonly maxLength: number;
  /** Smaller amounts are not worth a clearing, smallest unit. */
  readonly minAmount: bigint;
  /** Debts to this creditor are left alone: it has not agreed lately. */
  readonly isSpared: (creditor: Pid) => boolean;
}

/**
 * Finds cycles, in the order in which they are to be cleared; disjoint, or their amounts so that they
 * all fit one after the other. A node without an index searches from its own edges; a hub's global
 * pass sees the whole community.
 */
export interface CycleSource {
  find(question: CycleQuestion): Promise<readonly Cycle[]>;
}
