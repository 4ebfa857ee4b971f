/** Whether a pass is worth it, without solving anything. */
import { describe, expect, it } from 'vitest';
import { ClearableEstimate } from '../../../node/clearing/clearable-estimate.ts';

/** Positions that a test sets. */
function opened(debt: bigint, bound: bigint) {
  const positions = { debt, bound };
  return { positions, estimate: new ClearableEstimate(positions) };
}

describe('what a pass would clear', () => {
  it('is the whole bound before the first pass', () => {
    const { estimate } = opened(1_000n, 300n);
    expect([estimate.amount, estimate.share]).toEqual([300n, 300]);
  });

  it('is nothing right after a pass, and the part that such debts turned out to be afterwards', () => {
    const { positions, estimate } = opened(1_000n, 300n);
    const end = estimate.begin();
    positions.debt = 850n;
    positions.bound = 150n;
    end(150n);
    expect(estimate.amount).toBe(0n);
    // Half of what rose was cleared, and the first guess was all of it.
    positions.bound = 250n;
    expect(estimate.amount).toBe(75n);
    expect(estimate.share).toBe(88);
  });

  it('counts from the lowest that the bound has been since', () => {
    const { positions, estimate } = opened(1_000n, 300n);
    estimate.begin()(0n);
    positions.bound = 100n;
    expect(estimate.amount).toBe(0n);
    positions.bound = 300n;
    expect(estimate.amount).toBe(100n);
  });

  it('never becomes so sure that nothing can be cleared that no pass would find out', () => {
    const { positions, estimate } = opened(1_000n, 0n);
    for (let pass = 0; pass < 20; pass++) {
      positions.bound += 500n;
      estimate.begin()(0n);
    }
    positions.bound += 500n;
    expect(estimate.share).toBe(10);
  });

  it('is nothing where nobody owes anything', () => {
    expect(opened(0n, 0n).estimate.share).toBe(0);
  });
});
