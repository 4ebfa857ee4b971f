/** Cycles of nodes and hosted members, met in the middle: a hub looks and marks for everyone it represents. */
import { describe, expect, it } from 'vitest';
import { ClearedRecord } from '../../../node/store/cleared-record.ts';
import { keys } from '../../../node/store/keys.ts';
import { decodeRecord } from '../../../node/store/records.ts';
import { person, UAH } from '../machines/sample-payment.ts';
import { HostedVillage } from './hosted.ts';

const HOSTED = ['maria', 'nina'];
const isHosted = (name: string) => HOSTED.includes(name);
const bookOf = (name: string) => (isHosted(name) ? 'hub' : name);

/** Each owes the next 10, the last the first; only the first node looks for cycles. */
async function oweRound(ring: readonly string[]): Promise<HostedVillage> {
  const nodes = ring.filter((name) => !isHosted(name));
  const hosted = await HostedVillage.open({
    people: ['hub', ...nodes],
    hosted: { hub: HOSTED },
    settings: { clearing: { trigger: false } },
    own: { [ring[0]!]: { clearing: { trigger: true, search_ms: 400 } } },
  });
  const { village } = hosted;
  for (const node of nodes) {
    await village.introduce(node, 'hub');
    await village.introduce('courier', node);
    for (const member of HOSTED) await hosted.tell('hub', node, member);
  }
  for (const [i, debtor] of ring.entries()) {
    const creditor = ring[(i + 1) % ring.length]!;
    if (isHosted(creditor)) await hosted.trust('hub', `${creditor}>${debtor} 50`);
    else if (isHosted(debtor)) await hosted.trustMember(creditor, debtor, '50');
    else await village.trust(`${creditor}>${debtor} 50`);
  }
  await village.calm();
  for (const [i, debtor] of ring.entries()) {
    const creditor = ring[(i + 1) % ring.length]!;
    if (!isHosted(debtor)) {
      expect(await hosted.payMember(debtor, creditor, '10')).toBe('COMMITTED');
      continue;
    }
    // By itself the hub would find that others can be repaid instead.
    const { tx, bytes } = hosted.order(debtor, creditor, '10', 'hub', { max_hops: 1 });
    hosted.deliver('hub', 'PAYMENT_REQUEST', bytes);
    await village.calm();
    expect(await hosted.outcome('hub', tx)).toBe('COMMITTED');
  }
  return hosted;
}

describe('a cycle through members of a hub', () => {
  it.each([
    ['on the way out', ['anna', 'nina', 'maria', 'boris', 'cyril']],
    ['at its end', ['anna', 'boris', 'cyril', 'maria', 'nina']],
    ['in its middle', ['anna', 'boris', 'nina', 'maria', 'cyril', 'dora']],
  ])('%s is found and cleared', async (_, ring) => {
    const hosted = await oweRound(ring);
    await hosted.village.pass(10_000);
    expect(await hosted.village.calm()).toBe(true);
    const left = ring.map((debtor, i) =>
      hosted.owes(bookOf(debtor), debtor, ring[(i + 1) % ring.length]!),
    );
    expect(left).toEqual(ring.map(() => 0));
    expect(hosted.village.sent.some(({ type }) => type === 'CLEARING_MARK')).toBe(true);
    expect(await hosted.faults()).toEqual([]);
    const [totals] = await hosted.village.service('hub').clearingTotals();
    expect(totals).toMatchObject({ cycles: 1, removed: `${10 * ring.length}.00` });
    for (const member of HOSTED) {
      const name = `${UAH}/${person(member).pid}`;
      const kept = await hosted.village.disk('hub').get(keys.shelf('cleared', name));
      expect(decodeRecord(ClearedRecord, kept!)).toMatchObject({
        lengths: [{ members: ring.length, cycles: 1, amount: 1_000n }],
      });
    }
  });
});
