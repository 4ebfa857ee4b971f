/** Nothing is sent before what it rests on is durable; a disk that fails loses nothing and stops nobody. */
import { describe, expect, it } from 'vitest';
import type { StoreOp } from '../../../node/ports.ts';
import { Village } from './harness.ts';
import { faultsOf } from './village-audit.ts';

const LINES = ['boris>anna 100', 'cyril>boris 100'];
const open = () => Village.open({ people: ['anna', 'boris', 'cyril'], lines: LINES });

async function expectSound(village: Village): Promise<void> {
  expect(await village.calm()).toBe(true);
  expect(await faultsOf(village)).toEqual([]);
}

const touches = (prefix: string) => (ops: readonly StoreOp[]) =>
  ops.some(({ key }) => key.startsWith(prefix));

describe('a disk that never answers', () => {
  it.each([
    ['anna', 'PAYMENT_PREPARE'],
    ['boris', 'PAYMENT_PREPARE_ACK'],
    ['cyril', 'PAYMENT_PREPARE_ACK'],
  ])('at %s: no frame that rests on the write leaves', async (name, type) => {
    const village = await open();
    await village.learnRoutes('anna', 'cyril', '5');
    village.sent.length = 0;
    village.life(name).fate = (ops) => (touches('attempt/')(ops) ? 'hang' : 'write');
    void village.begin('anna', 'cyril', '5');
    await village.pass(5_000);
    expect(village.sent.filter((passing) => passing.from === name)).not.toContainEqual(
      expect.objectContaining({ type }),
    );
    if (name !== 'anna') {
      const asked = village.sent.filter((each) => each.type === 'PAYMENT_PREPARE');
      expect(asked.map(({ to }) => to)).toContain(name);
    }
  });

  it('holds back the certificate, and the applied, until they are stored', async () => {
    const village = await open();
    await village.learnRoutes('anna', 'cyril', '5');
    const decided = (ops: readonly StoreOp[]) => ops.some(({ key }) => /^said\/.*\/y2$/.test(key));
    village.life('anna').fate = (ops) => (decided(ops) ? 'hang' : 'write');
    void village.begin('anna', 'cyril', '5');
    await village.pass(1_000);
    const types = village.sent.map(({ type }) => type);
    expect(types).toContain('PAYMENT_PREPARE_ACK');
    expect(types).not.toContain('PAYMENT_COMMIT');
  });

  it('of a trust line: the owner’s message waits for it', async () => {
    const village = await open();
    village.sent.length = 0;
    village.life('anna').fate = () => 'hang';
    const request = { peer: village.pid('boris'), equivalent: 'UAH', limit: '5' };
    void village.service('anna').setTrustLine(request);
    await village.pass(2_000);
    expect(village.sent.filter(({ from, type }) => from === 'anna' && /LINE/.test(type))).toEqual(
      [],
    );
  });
});

describe('a disk that refuses', () => {
  it('a command gets E010 and nothing of it is done, until there is room again', async () => {
    const village = await open();
    const life = village.life('anna');
    const service = village.service('anna');
    const define = () =>
      village.run(service.defineEquivalent({ code: 'HOUR', precision: 1, metadata: {} }));
    life.fate = () => 'refuse';
    for (const fault of ['store_write_failed', 'store_recovering']) {
      await expect(define()).rejects.toMatchObject({ code: 'E010', details: { fault } });
      expect(service.status().store).not.toBe('ok');
      expect(service.equivalents()).toHaveLength(1);
      await village.pass(5_000);
    }
    life.fate = () => 'write';
    await village.pass(1_500);
    expect(service.status().store).toBe('ok');
    expect(await define()).toMatchObject({ code: 'HOUR' });
    expect(await village.pay('anna', 'cyril', '5')).toMatchObject({ state: 'COMMITTED' });
    await expectSound(village);
  });

  it.each(['anna', 'boris', 'cyril'])(
    'at each write in turn of %s during a payment: the books stay equal and everything is decided',
    async (name) => {
      const outcomes = new Set<string>();
      for (let nth = 1; nth <= 8; nth++) {
        const village = await open();
        await village.learnRoutes('anna', 'cyril', '5');
        const life = village.life(name);
        let writes = 0;
        life.fate = () => (++writes === nth ? 'refuse' : 'write');
        const tx = await village.pay('anna', 'cyril', '5').then(
          ({ tx_id: id }) => id,
          (error: { code: string }) => {
            expect(error.code).toBe('E010');
            return undefined;
          },
        );
        life.fate = () => 'write';
        await expectSound(village);
        const state = tx && (await village.service('anna').transaction(tx)).state;
        if (state !== undefined) expect(['COMMITTED', 'ABORTED']).toContain(state);
        outcomes.add(state ?? 'refused');
        expect(village.owes('anna', 'boris')).toBe(state === 'COMMITTED' ? 5 : 0);
        expect(await village.pay('anna', 'cyril', '1')).toMatchObject({ state: 'COMMITTED' });
      }
      expect(outcomes).toContain('COMMITTED');
    },
  );

  it.each(['anna', 'boris', 'cyril'])(
    'though the write of %s is found on the disk afterwards: memory and disk tell the same',
    async (name) => {
      for (let nth = 1; nth <= 8; nth++) {
        const village = await open();
        await village.learnRoutes('anna', 'cyril', '5');
        let writes = 0;
        village.life(name).fate = () => (++writes === nth ? 'surface' : 'write');
        await village.pay('anna', 'cyril', '5').catch(() => undefined);
        await expectSound(village);
        for (const each of village.names) await village.restart(each);
        await expectSound(village);
        expect(await village.pay('anna', 'cyril', '1')).toMatchObject({ state: 'COMMITTED' });
        await expectSound(village);
      }
    },
  );

  it('an end that is found on the disk ends its payment, though nobody was told of it', async () => {
    for (let nth = 1; nth <= 6; nth++) {
      const village = await open();
      await village.learnRoutes('anna', 'cyril', '5');
      await village.kill('cyril');
      let writes = 0;
      village.life('anna').fate = () => (++writes === nth ? 'surface' : 'write');
      await village.pay('anna', 'cyril', '5').catch(() => undefined);
      await village.pass(60_000);
      expect(await openPayments(village, 'anna')).toEqual([]);
      await village.start('cyril');
      await expectSound(village);
    }
  });

  it('no payment stays open for want of a disk', async () => {
    const village = await open();
    const life = village.life('anna');
    for (let nth = 1; nth <= 6; nth++) {
      let writes = 0;
      life.fate = () => (++writes === nth ? 'refuse' : 'write');
      await village.pay('anna', 'cyril', '1').catch(() => undefined);
      life.fate = () => 'write';
    }
    await village.pass(60_000);
    await expectSound(village);
    expect(await openPayments(village, 'anna')).toEqual([]);
    const orders = await keysOf(village, 'anna', 'tx');
    expect(orders.length).toBeGreaterThan(0);
  });
});

describe('group commit', () => {
  it('writes many turns with one synced batch', async () => {
    const village = await open();
    const life = village.life('boris');
    life.writes = 0;
    // As long as a disk takes to sync, while frames go on arriving.
    life.writeMs = 5;
    const wishes = Array.from({ length: 40 }, () => village.begin('anna', 'cyril', '1'));
    const outcomes = await village.run(Promise.all(wishes));
    await expectSound(village);
    expect(outcomes.filter(({ state }) => state === 'COMMITTED')).toHaveLength(40);
    // Each payment needs a turn for its vote and one for its outcome here.
    expect(life.writes).toBeLessThan(40);
  });

  it('gives every turn its own write if told to', async () => {
    const village = await Village.open({
      people: ['anna', 'boris', 'cyril'],
      lines: LINES,
      settings: { commit: { batch_turns_max: 1 } },
    });
    const life = village.life('boris');
    life.writes = 0;
    await village.run(
      Promise.all(Array.from({ length: 10 }, () => village.begin('anna', 'cyril', '1'))),
    );
    await expectSound(village);
    expect(life.writes).toBeGreaterThanOrEqual(20);
  });
});

/** Payments of a node that have no outcome, as its disk has them. */
function openPayments(village: Village, name: string): Promise<string[]> {
  return keysOf(village, name, 'open');
}

async function keysOf(village: Village, name: string, prefix: string): Promise<string[]> {
  const found: string[] = [];
  const range = { gte: `${prefix}/`, lt: `${prefix}0` };
  for await (const [key] of village.disk(name).scan(range)) found.push(key);
  return found;
}
