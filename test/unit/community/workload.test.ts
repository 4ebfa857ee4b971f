import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Community } from '../../../simulations/community/community.ts';
import { parseCommunity } from '../../../simulations/community/file.ts';
import { makePayments } from '../../../simulations/community/workload.ts';
import { seededRandom } from '../../../simulations/random.ts';
import { LawfulFlow } from './lawful-flow.ts';

const file = new URL('../../../simulations/community/village.yaml', import.meta.url);
const village = parseCommunity(readFileSync(file, 'utf8'), 'village');

describe('makePayments', () => {
  it('is repeated by its seed, and by no other', () => {
    const drawn = makePayments(village, 50, seededRandom(7));
    expect(makePayments(village, 50, seededRandom(7))).toEqual(drawn);
    expect(makePayments(village, 50, seededRandom(8))).not.toEqual(drawn);
  });

  it('draws lawful payments: two participants, a known equivalent, a positive amount', () => {
    const ids = new Set(village.participants.map(({ id }) => id));
    const codes = new Set(village.equivalents.map(({ code }) => code));
    for (const { from, to, equivalent, amount } of makePayments(village, 2_000, seededRandom(1))) {
      expect(ids.has(from) && ids.has(to) && from !== to && from !== 'mykola').toBe(true);
      expect(codes.has(equivalent)).toBe(true);
      expect(amount).toBeGreaterThan(0n);
    }
  });

  it('draws payments that are mostly payable, some over several hops, and a few that are not', () => {
    const books = new LawfulFlow(village);
    const drawn = makePayments(village, 400, seededRandom(3));
    const payable = drawn.filter((payment) => books.split(payment) !== undefined);
    expect(payable.length).toBeGreaterThan(drawn.length * 0.85);
    expect(payable.length).toBeLessThan(drawn.length);
    const direct = payable.filter((payment) => books.routes(payment)[0]?.path.length === 2);
    expect(payable.length - direct.length).toBeGreaterThan(payable.length / 3);
  });

  it('draws amounts of every size', () => {
    const drawn = makePayments(village, 500, seededRandom(5));
    const digits = new Set(drawn.map(({ amount }) => amount.toString().length));
    expect(digits.size).toBeGreaterThanOrEqual(4);
  });

  it('works without lines, and with lines at the largest limit', () => {
    const [first] = village.trustLines;
    const bare: Community = { ...village, trustLines: [] };
    expect(makePayments(bare, 20, seededRandom(1))).toHaveLength(20);
    const rich: Community = { ...village, trustLines: [{ ...first!, limit: 2n ** 63n - 1n }] };
    for (const { amount } of makePayments(rich, 200, seededRandom(1))) {
      expect(amount > 0n && amount < 2n ** 63n).toBe(true);
    }
  });

  it('refuses a community in which nobody could pay', () => {
    const alone: Community = { ...village, participants: village.participants.slice(0, 1) };
    expect(() => makePayments(alone, 1, seededRandom(1))).toThrow(
      expect.objectContaining({ code: 'E009' }),
    );
  });
});
