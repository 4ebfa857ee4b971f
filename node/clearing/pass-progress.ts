/** How far a pass is. */
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import type { PassPhase } from '../engine/notices.ts';
import type { PassPlan } from './cycle.ts';

export class PassProgress {
  readonly equivalent: EquivalentCode;
  /** Ms since 1970 UTC. */
  readonly began: number;
  phase: PassPhase = 'SEARCHING';
  /** The newest, once there is one. */
  plan: PassPlan | undefined;
  /** Clearings tried, and of them committed at once; others may wait for somebody's word. */
  tried = 0;
  committed = 0;
  /** Debt that is gone, smallest unit. */
  cleared = 0n;
  isCancelled = false;

  constructor(equivalent: EquivalentCode, began: number) {
    this.equivalent = equivalent;
    this.began = began;
  }

  /** In a sentence. */
  get text(): string {
    if (this.plan === undefined) return 'the debts of the community are looked at';
    const { debts, cycles } = this.plan;
    return `${cycles} cycles found in ${debts} debts, ${this.committed} of ${this.tried} cleared that were tried`;
  }
}
