/** What several cycles could clear together, without clearing anything. */
import { describe, expect, it } from 'vitest';
import { DryRun } from '../../../node/clearing/dry-run.ts';
import type { Pid } from '../../../protocol/identity/pid.ts';
import type { EquivalentCode } from '../../../protocol/money/equivalent.ts';

const cycle = (text: string, amount: bigint, shortens = false) => ({
  equivalent: 'UAH' as EquivalentCode,
  members: [...text] as Pid[],
  amount,
  shortens,
});

describe('a dry run', () => {
  it('counts a debt once, however many cycles pass it', () => {
    const debts = new Map([['a/b', 10n]]);
    const run = new DryRun((debtor, creditor) => debts.get(`${debtor}/${creditor}`));
    expect(run.count(cycle('abc', 7n))).toBe(7n);
    expect(run.count(cycle('abd', 7n))).toBe(3n);
    expect(run.count(cycle('abe', 7n))).toBe(0n);
    expect(run.count(cycle('aef', 7n))).toBe(7n);
  });

  it('counts no more of a debt in the books of others than a cycle over it has shown', () => {
    const run = new DryRun(() => undefined);
    expect(run.count(cycle('abc', 5n))).toBe(5n);
    expect(run.count(cycle('xbc', 9n))).toBe(0n);
  });

  it('knows that a chain takes nothing from its last', () => {
    const run = new DryRun((debtor, creditor) => (debtor === 'c' && creditor === 'a' ? 0n : 9n));
    expect(run.count(cycle('abc', 5n))).toBe(0n);
    expect(run.count(cycle('abc', 5n, true))).toBe(5n);
  });
});
