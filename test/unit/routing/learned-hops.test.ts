import { describe, expect, it } from 'vitest';
import { LearnedHops } from '../../../node/routing/learned-hops.ts';
import type { Pid } from '../../../protocol/identity/pid.ts';
import { parseEquivalentCode } from '../../../protocol/money/equivalent.ts';

const UAH = parseEquivalentCode('UAH');
const HOUR = parseEquivalentCode('HOUR');
const [a, b, c] = ['a', 'b', 'c'] as Pid[] as [Pid, Pid, Pid];

describe('what neighbours told', () => {
  it('is remembered for its time, by equivalent', () => {
    const hops = new LearnedHops(100);
    hops.learn(UAH, a, b, 5n, 1_000);
    hops.learn(UAH, b, c, 7n, 1_050);
    expect(hops.fresh(UAH, 1_099).map(({ capacity }) => capacity)).toEqual([5n, 7n]);
    expect(hops.fresh(HOUR, 1_099)).toEqual([]);
    expect(hops.fresh(UAH, 1_100).map(({ capacity }) => capacity)).toEqual([7n]);
    expect(hops.fresh(UAH, 1_150)).toEqual([]);
  });

  it('is replaced by the newer word, which begins a new time', () => {
    const hops = new LearnedHops(100);
    hops.learn(UAH, a, b, 5n, 1_000);
    hops.learn(UAH, b, c, 7n, 1_010);
    hops.learn(UAH, a, b, 0n, 1_080);
    expect(hops.fresh(UAH, 1_120)).toEqual([{ debtor: a, creditor: b, capacity: 0n, at: 1_080 }]);
  });

  it('can be forgotten, and the rest stays', () => {
    const hops = new LearnedHops(100);
    hops.learn(UAH, a, b, 5n, 1_000);
    hops.learn(HOUR, a, b, 6n, 1_000);
    hops.learn(UAH, b, c, 7n, 1_000);
    hops.forget(
      (debtor, creditor, equivalent) => debtor === a && creditor === b && equivalent === UAH,
    );
    expect(hops.fresh(UAH, 1_010).map(({ capacity }) => capacity)).toEqual([7n]);
    expect(hops.fresh(HOUR, 1_010).map(({ capacity }) => capacity)).toEqual([6n]);
  });

  it('is not used at all with a time of 0', () => {
    const hops = new LearnedHops(0);
    hops.learn(UAH, a, b, 5n, 1_000);
    expect(hops.fresh(UAH, 1_000)).toEqual([]);
  });
});
