/** Payments between whole nodes, in one process on virtual time. */
import { describe, expect, it } from 'vitest';
import { type Passing, Village } from './harness.ts';
import { faultsOf } from './village-audit.ts';

/** Each of them lets the one before owe it: money can go from anna to dora. */
const CHAIN = ['boris>anna 100', 'cyril>boris 100', 'dora>cyril 100'];
/** Two ways from anna to dora. */
const DIAMOND = ['boris>anna 60', 'dora>boris 60', 'cyril>anna 50', 'dora>cyril 50'];
const FOUR = ['anna', 'boris', 'cyril', 'dora'];

const chain = () => Village.open({ people: FOUR, lines: CHAIN });
const diamond = () => Village.open({ people: FOUR, lines: DIAMOND });

async function expectSound(village: Village): Promise<void> {
  expect(await village.calm()).toBe(true);
  expect(await faultsOf(village)).toEqual([]);
}

describe('a payment', () => {
  it('goes to a neighbour', async () => {
    const village = await chain();
    const paid = await village.pay('anna', 'boris', '12.50');
    expect(paid).toMatchObject({
      state: 'COMMITTED',
      role: 'payer',
      amount: '12.50',
      attempts: 1,
      reason: null,
    });
    expect(village.owes('anna', 'boris')).toBe(12.5);
    await expectSound(village);
  });

  it('goes over three hops, by a route that only the neighbours know', async () => {
    const village = await chain();
    const paid = await village.pay('anna', 'dora', '40');
    const path = FOUR.map((name) => village.pid(name));
    expect(paid).toMatchObject({ state: 'COMMITTED', routes: [{ path, amount: '40.00' }] });
    await expectSound(village);
    expect([
      village.owes('anna', 'boris'),
      village.owes('boris', 'cyril'),
      village.owes('cyril', 'dora'),
    ]).toEqual([40, 40, 40]);
  });

  it('is on record at everyone who took part, as what it was to them', async () => {
    const village = await chain();
    const { tx_id: tx } = await village.pay('anna', 'dora', '40');
    await village.calm();
    const roles = { anna: 'payer', boris: 'intermediary', cyril: 'intermediary', dora: 'payee' };
    for (const [name, role] of Object.entries(roles)) {
      const seen = await village.service(name).transaction(tx);
      expect(seen).toMatchObject({ state: 'COMMITTED', role, amount: '40.00', attempt: 1 });
      expect(seen.voters).toHaveLength(4);
      expect(seen.voters.every(({ vote, applied }) => vote === 'YES' && applied)).toBe(true);
      expect(seen.certificate).not.toBeNull();
      expect(seen.effects).toHaveLength(name === 'anna' || name === 'dora' ? 1 : 2);
      expect(await village.service(name).history({ type: 'payment' })).toMatchObject([
        { tx_id: tx },
      ]);
    }
  });

  it('is split over several routes where one does not suffice, in one decision', async () => {
    const village = await diamond();
    const paid = await village.pay('anna', 'dora', '95');
    expect(paid.state).toBe('COMMITTED');
    expect(paid.routes.map(({ amount }) => Number(amount)).sort()).toEqual([35, 60]);
    await expectSound(village);
    expect(village.owes('boris', 'dora') + village.owes('cyril', 'dora')).toBe(95);
  });

  it('is all or nothing: what cannot be carried whole changes no book', async () => {
    const village = await diamond();
    const refused = await village.pay('anna', 'dora', '110.01');
    expect(refused).toMatchObject({ state: 'ABORTED', reason: { code: 'E002' } });
    expect(refused.reason?.details.available).toBe('110.00');
    await expectSound(village);
    for (const [a, b] of [
      ['anna', 'boris'],
      ['anna', 'cyril'],
    ] as const) {
      expect(village.book(a, b).count).toBe(0);
    }
  });

  it('works off what the other side owes before it makes new debt', async () => {
    const village = await Village.open({ people: ['anna', 'boris'], lines: ['boris>anna 30'] });
    await village.pay('anna', 'boris', '30');
    expect(await village.pay('boris', 'anna', '20')).toMatchObject({ state: 'COMMITTED' });
    expect(village.owes('anna', 'boris')).toBe(10);
    expect(await village.pay('boris', 'anna', '10.01')).toMatchObject({ state: 'ABORTED' });
    expect(await village.pay('boris', 'anna', '10')).toMatchObject({ state: 'COMMITTED' });
    await expectSound(village);
    expect(village.owes('anna', 'boris')).toBe(0);
  });

  it('finds nobody who is not reachable by trust', async () => {
    const village = await chain();
    await village.introduce('dora', 'anna');
    const refused = await village.pay('dora', 'anna', '1');
    expect(refused).toMatchObject({ state: 'ABORTED', attempts: 0, reason: { code: 'E001' } });
  });

  it('keeps to the hops that the payer allows', async () => {
    const village = await chain();
    expect(await village.pay('anna', 'dora', '1', { max_hops: 2 })).toMatchObject({
      state: 'ABORTED',
      reason: { code: 'E001' },
    });
    expect(await village.pay('anna', 'dora', '1', { max_hops: 3 })).toMatchObject({
      state: 'COMMITTED',
    });
  });

  it('keeps to the paths that the payer allows', async () => {
    const village = await diamond();
    expect(await village.pay('anna', 'dora', '95', { max_paths: 1 })).toMatchObject({
      state: 'ABORTED',
    });
  });

  it('finds its way without any memory of answers', async () => {
    const village = await Village.open({
      people: FOUR,
      lines: CHAIN,
      settings: { routes: { cache_ms: 0 } },
    });
    expect(await village.pay('anna', 'dora', '40')).toMatchObject({ state: 'COMMITTED' });
  });
});

describe('payments at the same time', () => {
  it('share the capacity of one edge, and never exceed it', async () => {
    const village = await chain();
    const wishes = Array.from({ length: 12 }, () => village.begin('anna', 'dora', '15'));
    const outcomes = await village.run(Promise.all(wishes));
    await expectSound(village);
    const committed = outcomes.filter(({ state }) => state === 'COMMITTED').length;
    expect(committed).toBe(6);
    expect(village.owes('anna', 'boris')).toBe(90);
    for (const { state, reason } of outcomes) {
      if (state !== 'COMMITTED') expect(reason?.code).toMatch(/^E00[12]$/);
    }
  });

  it('cross each other on one edge', async () => {
    const village = await Village.open({
      people: ['anna', 'boris'],
      lines: ['boris>anna 50', 'anna>boris 50'],
    });
    const there = Array.from({ length: 10 }, () => village.begin('anna', 'boris', '3'));
    const back = Array.from({ length: 10 }, () => village.begin('boris', 'anna', '2'));
    const outcomes = await village.run(Promise.all([...there, ...back]));
    expect(outcomes.map(({ state }) => state)).toEqual(Array(20).fill('COMMITTED'));
    await expectSound(village);
    expect(village.owes('anna', 'boris')).toBe(10);
    expect(village.book('boris', 'anna').count).toBe(20);
  });

  it('of many payers meet at one bottleneck; what is refused says so', async () => {
    const payers = ['p1', 'p2', 'p3', 'p4', 'p5'];
    const village = await Village.open({
      people: [...payers, 'hub', 'shop'],
      lines: [...payers.map((name) => `hub>${name} 100`), 'shop>hub 100'],
    });
    const outcomes = await village.run(
      Promise.all(payers.map((name) => village.begin(name, 'shop', '30'))),
    );
    await expectSound(village);
    expect(outcomes.filter(({ state }) => state === 'COMMITTED')).toHaveLength(3);
    expect(village.owes('hub', 'shop')).toBe(90);
  });
});

describe('a refused attempt', () => {
  it('is tried again although the payee has not voted by then', async () => {
    const village = await diamond();
    await village.learnRoutes('anna', 'dora', '50.01');
    await village.trust('dora>boris 1');
    const late = ({ from, type }: Passing) => from === 'dora' && type === 'PAYMENT_PREPARE_ACK';
    village.fate = (passing) => (late(passing) ? 100 : 'deliver');
    const paid = await village.pay('anna', 'dora', '40');
    expect(paid).toMatchObject({ state: 'COMMITTED', attempts: 2 });
    await expectSound(village);
  });

  it('is tried again round the edge at fault, under the same order', async () => {
    const village = await diamond();
    // What anna knows of the hop boris → dora is out of date when she pays.
    await village.learnRoutes('anna', 'dora', '50.01');
    await village.trust('dora>boris 1');
    const paid = await village.pay('anna', 'dora', '40');
    expect(paid).toMatchObject({ state: 'COMMITTED', attempts: 2 });
    expect(paid.routes.flatMap(({ path }) => path)).toContain(village.pid('cyril'));
    await expectSound(village);
    expect(village.book('cyril', 'dora').count).toBe(1);
  });

  it('names the hop and what it can carry', async () => {
    const village = await chain();
    await village.learnRoutes('anna', 'dora', '40');
    await village.trust('dora>cyril 10');
    const refused = await village.pay('anna', 'dora', '40');
    expect(refused.reason).toMatchObject({
      code: 'E002',
      details: { debtor: village.pid('cyril'), creditor: village.pid('dora'), available: '10.00' },
    });
    await expectSound(village);
  });
});

describe('a repeated wish', () => {
  const nonce = 'ab'.repeat(16);

  it('with the same nonce is the same payment, at once and later', async () => {
    const village = await chain();
    const [first, second] = await village.run(
      Promise.all([
        village.begin('anna', 'dora', '5', { nonce }),
        village.begin('anna', 'dora', '5', { nonce }),
      ]),
    );
    const third = await village.pay('anna', 'dora', '5', { nonce });
    await village.restart('anna');
    const fourth = await village.pay('anna', 'dora', '5', { nonce });
    expect(new Set([first, second, third, fourth].map((paid) => paid?.tx_id)).size).toBe(1);
    await expectSound(village);
    expect(village.owes('anna', 'boris')).toBe(5);
  });

  it('with another nonce is another payment', async () => {
    const village = await chain();
    await village.pay('anna', 'dora', '5', { nonce });
    await village.pay('anna', 'dora', '5', { nonce: 'cd'.repeat(16) });
    await expectSound(village);
    expect(village.owes('anna', 'boris')).toBe(10);
  });
});

describe('a note', () => {
  it('is read by the payee alone', async () => {
    const village = await chain();
    await village.introduce('anna', 'dora');
    const { tx_id: tx } = await village.pay('anna', 'dora', '5', { note: 'за мед' });
    await village.calm();
    expect((await village.service('dora').transaction(tx)).note).toBe('за мед');
    for (const name of ['anna', 'boris', 'cyril']) {
      expect((await village.service(name).transaction(tx)).note).toBeNull();
    }
    const seen = village.sent.filter(({ to }) => to !== 'dora').map(({ frame }) => frame);
    const words = new TextEncoder().encode('за мед');
    expect(seen.some((frame) => Buffer.from(frame).includes(Buffer.from(words)))).toBe(false);
  });

  it('travels to the payee’s node only, its hash to all', async () => {
    const village = await chain();
    await village.introduce('anna', 'dora');
    await village.pay('anna', 'dora', '5', { note: 'x' });
    const prepares = village.sent.filter(({ type }) => type === 'PAYMENT_PREPARE');
    const length = (name: string) => prepares.find(({ to }) => to === name)!.frame.length;
    expect(length('dora')).toBeGreaterThan(length('boris') + 100);
    expect(length('boris')).toBe(length('cyril'));
  });

  it('needs a payee whose key is known', async () => {
    const village = await chain();
    const paying = village.pay('anna', 'dora', '5', { note: 'hello' });
    await expect(paying).rejects.toMatchObject({ details: { fault: 'note_needs_key' } });
  });
});
