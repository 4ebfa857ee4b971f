/** Payments between five real daemons, each a process with its own store, over libp2p on loopback. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nativeVerify } from '../../node/platform/native-ed25519.ts';
import { verifyReceipt } from '../../protocol/receipt.ts';
import { Daemons } from './daemons.ts';

const PEOPLE = ['anna', 'boris', 'cyril', 'dora', 'emil'];
/** Two ways from anna to dora, one of them going on to emil. */
const LINES = [
  'boris>anna 60',
  'dora>boris 60',
  'cyril>anna 50',
  'dora>cyril 50',
  'emil>dora 80',
  'anna>boris 40',
];

let net: Daemons;

beforeAll(async () => {
  net = await Daemons.start(PEOPLE);
  for (const line of LINES) await net.trust(line);
  await net.settle();
}, 120_000);
afterAll(() => net?.stop());

describe('five daemons', () => {
  it('pay a neighbour', async () => {
    expect(await net.pay('anna', 'boris', '10')).toMatchObject({ state: 'COMMITTED', attempts: 1 });
    expect(await net.owes('anna', 'boris')).toBe('10.00');
  });

  it('pay over three hops, along a way that only the neighbours know', async () => {
    const paid = await net.pay('anna', 'emil', '20');
    expect(paid.state).toBe('COMMITTED');
    expect(paid.routes).toHaveLength(1);
    expect(paid.routes[0]!.path).toHaveLength(4);
    await net.settle();
    expect(await net.owes('dora', 'emil')).toBe('20.00');
  });

  it('split over two ways in one decision', async () => {
    const paid = await net.pay('anna', 'dora', '70');
    expect(paid.state).toBe('COMMITTED');
    expect(paid.routes).toHaveLength(2);
    await net.settle();
  });

  it('refuse what trust does not carry, with the reason, and change nothing', async () => {
    const before = await Promise.all(PEOPLE.map((name) => net.client(name).books()));
    expect(await net.pay('anna', 'emil', '500')).toMatchObject({
      state: 'ABORTED',
      reason: { code: expect.stringMatching(/^E00[12]$/) },
    });
    await net.settle();
    expect(await Promise.all(PEOPLE.map((name) => net.client(name).books()))).toEqual(before);
  });

  it('cross each other on one edge, many at a time', async () => {
    const there = Array.from({ length: 8 }, () => net.pay('anna', 'boris', '0.50'));
    const back = Array.from({ length: 8 }, () => net.pay('boris', 'anna', '0.75'));
    const outcomes = await Promise.all([...there, ...back]);
    expect(outcomes.map(({ state }) => state)).toEqual(Array(16).fill('COMMITTED'));
    await net.settle();
  });

  it('keep to one payment for one nonce', async () => {
    const nonce = '5a'.repeat(16);
    const before = await net.owes('anna', 'boris');
    const twice = await Promise.all([
      net.pay('boris', 'anna', '1', { nonce }),
      net.pay('boris', 'anna', '1', { nonce }),
    ]);
    const again = await net.pay('boris', 'anna', '1', { nonce });
    expect(new Set([...twice, again].map((paid) => paid.tx_id)).size).toBe(1);
    expect(Number(before) - Number(await net.owes('anna', 'boris'))).toBe(1);
  });

  it('give the payee a note that nobody else can read, and everyone a receipt', async () => {
    const { tx_id: tx } = await net.pay('boris', 'dora', '1', { note: 'за яблука' });
    await net.settle();
    expect((await net.client('dora').transaction(tx)).note).toBe('за яблука');
    const seen = await net.client('boris').transaction(tx);
    expect(seen.note).toBeNull();
    for (const name of ['boris', 'dora']) {
      const { certificate } = await net.client(name).transaction(tx);
      const receipt = new Uint8Array(Buffer.from(certificate ?? '', 'hex'));
      expect(verifyReceipt(receipt, nativeVerify)).toMatchObject({ ok: true, txId: tx });
    }
  });

  it('come back after a stop with the books they had', async () => {
    const books = async () =>
      (await net.client('boris').books()).sort((a, b) => a.peer.localeCompare(b.peer));
    const before = await books();
    await net.net.restart('boris');
    expect(await books()).toEqual(before);
    expect(await net.pay('anna', 'boris', '0.25')).toMatchObject({ state: 'COMMITTED' });
    await net.settle();
  });
});
