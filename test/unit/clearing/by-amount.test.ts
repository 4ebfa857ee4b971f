import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { descending } from '../../../protocol/clearing/by-amount.ts';

describe('amounts in order', () => {
  it('come largest first, equal ones by their place, and none that are 0', () => {
    const amounts = fc.array(
      fc.oneof(
        fc.integer({ min: 0, max: 5 }),
        fc.integer({ min: 0, max: 1_000_000 }),
        fc.maxSafeNat(),
      ),
      { maxLength: 300 },
    );
    fc.assert(
      fc.property(amounts, (list) => {
        const compared = list
          .map((_, i) => i)
          .filter((i) => list[i]! > 0)
          .sort((a, b) => list[b]! - list[a]! || a - b);
        expect([...descending(Float64Array.from(list))]).toEqual(compared);
      }),
    );
  });

  it('are read where they stand in a larger buffer', () => {
    const all = Float64Array.of(9, 9, 1, 3, 2);
    expect([...descending(all.subarray(2))]).toEqual([1, 2, 0]);
  });
});
