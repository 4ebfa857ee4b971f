/**
 * A node is killed around each of its writes during a payment, and started again: the payment is
 * decided without anyone's help, and the books of every edge are equal.
 */
import { describe, expect, it } from 'vitest';
import { Village } from './harness.ts';
import type { WriteFate } from './node-life.ts';
import { faultsOf } from './village-audit.ts';

const PEOPLE = ['anna', 'boris', 'cyril'];
const LINES = ['boris>anna 100', 'cyril>boris 100'];
/** More than any of them needs for one payment, so that the last rows show an undisturbed one. */
const WRITES = 9;

async function expectSound(village: Village): Promise<void> {
  expect(await village.calm()).toBe(true);
  expect(await faultsOf(village)).toEqual([]);
}

/** Pays 5 from anna to cyril with `name` killed around its n-th write, for `awayMs`. */
async function payWithCrash(
  name: string,
  fate: Extract<WriteFate, 'kill-before' | 'kill-after'>,
  nth: number,
  awayMs: number,
) {
  const village = await Village.open({ people: PEOPLE, lines: LINES });
  await village.learnRoutes('anna', 'cyril', '5');
  let writes = 0;
  village.life(name).fate = () => (++writes === nth ? fate : 'write');
  const paying = village.begin('anna', 'cyril', '5');
  paying.catch(() => undefined);
  const crashed = await village.clock.until(() => !village.isUp(name), 20_000);
  if (crashed) {
    await village.pass(awayMs);
    await village.start(name);
  } else {
    village.life(name).fate = () => 'write';
  }
  await expectSound(village);
  const debt = village.owes('anna', 'boris');
  expect([0, 5]).toContain(debt);
  expect(village.owes('boris', 'cyril')).toBe(debt);
  return { village, crashed, committed: debt === 5 };
}

describe.each(PEOPLE)('%s killed', (name) => {
  describe.each(['kill-before', 'kill-after'] as const)('%s its', (fate) => {
    it.each([
      ['for a moment', 20],
      ['until the others have long asked about it', 60_000],
    ])('n-th write, away %s', async (_, awayMs) => {
      const ends: string[] = [];
      for (let nth = 1; nth <= WRITES; nth++) {
        const { village, crashed, committed } = await payWithCrash(name, fate, nth, awayMs);
        ends.push(`${crashed ? 'crashed' : 'undisturbed'}: ${committed ? 'paid' : 'not paid'}`);
        expect(await village.pay('anna', 'cyril', '1')).toMatchObject({ state: 'COMMITTED' });
        await expectSound(village);
      }
      // Early crashes end in nothing paid, late ones in the payment; the last rows never crashed.
      expect(ends[0]).toContain('crashed');
      expect(ends).toContain('crashed: paid');
      expect(ends.at(-1)).toBe('undisturbed: paid');
    });
  });
});

describe('everyone killed at once', () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 15, 20])('%i ms after the order', async (ms) => {
    const village = await Village.open({ people: PEOPLE, lines: LINES });
    await village.learnRoutes('anna', 'cyril', '5');
    void village.begin('anna', 'cyril', '5');
    await village.pass(ms);
    for (const name of PEOPLE) await village.kill(name);
    await village.pass(1_000);
    for (const name of PEOPLE) await village.start(name);
    await expectSound(village);
    expect([0, 5]).toContain(village.owes('anna', 'boris'));
  });
});

describe('after a restart', () => {
  it('the payer’s command is answered from the record', async () => {
    const village = await Village.open({ people: PEOPLE, lines: LINES });
    const { tx_id: tx } = await village.pay('anna', 'cyril', '5');
    for (const name of PEOPLE) {
      await village.stop(name);
      await village.start(name);
    }
    for (const name of PEOPLE) {
      const seen = await village.service(name).transaction(tx);
      expect(seen).toMatchObject({ state: 'COMMITTED', attempt_state: 'COMMITTED' });
      expect(seen.certificate).not.toBeNull();
    }
    await expectSound(village);
  });

  it('a node finds again whoever gave it a line, though it never dialled them', async () => {
    const village = await Village.open({ people: PEOPLE, lines: LINES });
    await village.restart('boris');
    await village.pass(100);
    village.sent.length = 0;
    expect(await village.pay('anna', 'cyril', '5')).toMatchObject({ state: 'COMMITTED' });
    await expectSound(village);
  });

  it('a coordinator reaches the voters of an open attempt whom it knows from others only', async () => {
    const village = await Village.open({ people: PEOPLE, lines: LINES });
    await village.learnRoutes('anna', 'cyril', '5');
    village.fate = ({ type }) => (type === 'PAYMENT_COMMIT' ? 'drop' : 'deliver');
    void village.begin('anna', 'cyril', '5');
    await village.pass(20);
    for (const name of ['anna', 'cyril']) await village.kill(name);
    village.fate = () => 'deliver';
    for (const name of ['anna', 'cyril']) await village.start(name);
    village.sent.length = 0;
    await expectSound(village);
    expect(village.sent).toContainEqual(
      expect.objectContaining({ from: 'cyril', to: 'anna', type: 'PAYMENT_COMMIT_ACK' }),
    );
  });

  it('an order without an attempt is given up, and says so', async () => {
    const village = await Village.open({ people: PEOPLE, lines: LINES });
    // The search for routes never ends, so nothing has been held yet.
    village.fate = ({ type }) => (type === 'ROUTE_REPLY' ? 'drop' : 'deliver');
    void village.begin('anna', 'cyril', '5');
    await village.pass(50);
    await village.restart('anna');
    await expectSound(village);
    const orders: string[] = [];
    for await (const [key] of village.disk('anna').scan({ gte: 'tx/', lt: 'tx0' })) {
      orders.push(key.slice(3));
    }
    expect(orders).toHaveLength(1);
    expect(await village.service('anna').transaction(orders[0]!)).toMatchObject({
      state: 'ABORTED',
      reason: { code: 'E007', details: { fault: 'interrupted' } },
    });
  });
});
