/** The bound that a hub keeps while debts change is what the debts themselves give, and no optimum is above it. */
import { describe, expect, it } from 'vitest';
import { largestCirculation } from '../../../protocol/clearing/circulation.ts';
import { NetPositions } from '../../../protocol/clearing/net-positions.ts';
import { seededRandom } from '../../../simulations/random.ts';

const MEMBERS = 12;

describe('net positions', () => {
  it('of a ring: everything can be cleared; of a chain: nothing but what is passed on', () => {
    const ring = new NetPositions();
    ring.change(0, 1, 0n, 5n);
    ring.change(1, 2, 0n, 5n);
    ring.change(0, 2, 0n, -5n);
    expect([ring.debt, ring.bound]).toEqual([15n, 15n]);
    const chain = new NetPositions();
    chain.change(0, 1, 0n, 5n);
    chain.change(1, 2, 0n, 5n);
    expect([chain.debt, chain.bound]).toEqual([10n, 5n]);
  });

  it('kept up with random changes are those of the debts, and bound the optimum', () => {
    const random = seededRandom(6);
    const positions = new NetPositions();
    const balances = new Map<string, bigint>();
    for (let i = 0; i < 400; i++) {
      const low = random.below(MEMBERS - 1);
      const high = low + 1 + random.below(MEMBERS - low - 1);
      const before = balances.get(`${low} ${high}`) ?? 0n;
      const after = BigInt(random.below(201) - 100);
      positions.change(low, high, before, after);
      balances.set(`${low} ${high}`, after);
      const { debt, bound } = reckoned(balances);
      expect([positions.debt, positions.bound]).toEqual([debt, bound]);
      if (i % 40 === 39) expect(optimumOf(balances)).toBeLessThanOrEqual(Number(bound));
    }
  });
});

/** The same from the balances alone. */
function reckoned(balances: ReadonlyMap<string, bigint>): { debt: bigint; bound: bigint } {
  const net = Array.from({ length: MEMBERS }, () => 0n);
  let debt = 0n;
  for (const [pair, balance] of balances) {
    const [low, high] = pair.split(' ').map(Number);
    net[low!]! += balance;
    net[high!]! -= balance;
    debt += balance < 0n ? -balance : balance;
  }
  const surplus = net.reduce((sum, position) => (position > 0n ? sum + position : sum), 0n);
  return { debt, bound: debt - surplus };
}

function optimumOf(balances: ReadonlyMap<string, bigint>): number {
  const debts = [...balances].filter(([, balance]) => balance !== 0n);
  const ends = debts.map(([pair, balance]) => {
    const [low, high] = pair.split(' ').map(Number);
    return balance > 0n ? [high!, low!] : [low!, high!];
  });
  return largestCirculation({
    size: MEMBERS,
    debtor: Int32Array.from(ends, ([debtor]) => debtor!),
    creditor: Int32Array.from(ends, ([, creditor]) => creditor!),
    amount: Float64Array.from(debts, ([, balance]) => Math.abs(Number(balance))),
  }).optimum;
}
