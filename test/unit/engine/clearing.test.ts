/** Clearings between whole nodes, in one process on virtual time. */
import { describe, expect, it } from 'vitest';
import { nativeVerify } from '../../../node/platform/native-ed25519.ts';
import { verifyReceipt } from '../../../protocol/receipt.ts';
import { Village } from './harness.ts';
import { faultsOf } from './village-audit.ts';

const THREE = ['anna', 'boris', 'cyril'];
/** Everyone lets the one before owe it: anna → boris → cyril → anna. */
const RING = ['boris>anna 100', 'cyril>boris 100', 'anna>cyril 100'];

/** Anna owes Boris 30, Boris owes Cyril 20, Cyril owes Anna 10. */
async function indebted(): Promise<Village> {
  const village = await Village.open({ people: THREE, lines: RING, acquainted: true });
  await village.pay('anna', 'boris', '30');
  await village.pay('boris', 'cyril', '20');
  await village.pay('cyril', 'anna', '10');
  await village.calm();
  return village;
}

function debts(village: Village): number[] {
  return [
    village.owes('anna', 'boris'),
    village.owes('boris', 'cyril'),
    village.owes('cyril', 'anna'),
  ];
}

function clear(village: Village, by: string, amount: string, cycle: readonly string[] = THREE) {
  const request = {
    equivalent: 'UAH',
    cycle: cycle.map((name) => (name === by ? 'me' : village.pid(name))),
    amount,
  };
  return village.run(village.service(by).clearCycle(request));
}

async function expectSound(village: Village): Promise<void> {
  expect(await village.calm()).toBe(true);
  expect(await faultsOf(village)).toEqual([]);
}

const ASKS = { auto_clearing: false };
/** Debts of at most this much; the smallest is Cyril's, of 10. */
const untouched = [30, 20, 10];
const lowered = [20, 10, 0];

describe('a clearing', () => {
  it('lowers every debt of the cycle by the same amount', async () => {
    const village = await indebted();
    const cleared = await clear(village, 'anna', '10');
    expect(cleared).toMatchObject({ state: 'COMMITTED', cleared: '10.00', attempts: 1 });
    await expectSound(village);
    expect(debts(village)).toEqual(lowered);
  });

  it('is on record at everyone, with a receipt that says who owes less', async () => {
    const village = await indebted();
    const { tx_id: tx } = await clear(village, 'anna', '10');
    await village.calm();
    for (const name of THREE) {
      const seen = await village.service(name).transaction(tx);
      const role = name === 'anna' ? 'coordinator' : 'participant';
      expect(seen).toMatchObject({ kind: 'clearing', state: 'COMMITTED', role, cleared: '10.00' });
      expect(seen.effects.map(({ delta }) => delta)).toEqual(['-10.00', '-10.00']);
      expect(await village.service(name).history({ type: 'clearing' })).toMatchObject([
        { tx_id: tx, amount: '10.00' },
      ]);
      const receipt = verifyReceipt(Buffer.from(seen.certificate!, 'hex'), nativeVerify);
      expect(receipt).toMatchObject({ ok: true, kind: 'clearing', amount: '10.00' });
      expect(receipt.debts).toContainEqual({
        debtor: village.pid('anna'),
        creditor: village.pid('boris'),
        delta: '-10.00',
      });
    }
  });

  it('takes no more than the own debts, however much is proposed', async () => {
    const village = await indebted();
    const cleared = await clear(village, 'anna', '500');
    expect(cleared).toMatchObject({ state: 'COMMITTED', cleared: '10.00', attempts: 1 });
    await expectSound(village);
  });

  it('is tried again with what a debt still is, where it has become smaller', async () => {
    const village = await indebted();
    const cleared = await clear(village, 'boris', '20');
    expect(cleared).toMatchObject({ state: 'COMMITTED', cleared: '10.00', attempts: 2 });
    await expectSound(village);
    expect(debts(village)).toEqual(lowered);
  });

  it('of a debt that is not there changes nothing', async () => {
    const village = await indebted();
    const cleared = await clear(village, 'anna', '5', ['anna', 'cyril', 'boris']);
    expect(cleared).toMatchObject({
      state: 'REJECTED',
      cleared: null,
      reason: { details: { fault: 'debt_too_small', available: '0.00' } },
    });
    await expectSound(village);
    expect(debts(village)).toEqual(untouched);
  });

  it('ends although the disk refuses what begins and what ends its attempt', async () => {
    const village = await indebted();
    let writes = 0;
    village.life('anna').fate = () => (++writes === 2 || writes === 3 ? 'refuse' : 'write');
    await clear(village, 'anna', '10').catch(() => undefined);
    await village.pass(60_000);
    expect(writes).toBeGreaterThan(3);
    const [last] = await village.service('anna').history({ type: 'clearing' });
    const { state } = await village.service('anna').transaction(last!.tx_id!);
    expect(['COMMITTED', 'REJECTED']).toContain(state);
    await expectSound(village);
  });

  it.each([1, 2, 3, 4])(
    'ends although write %i is refused and found on the disk afterwards',
    async (nth) => {
      const village = await indebted();
      let writes = 0;
      village.life('anna').fate = () => (++writes === nth ? 'surface' : 'write');
      await clear(village, 'anna', '10').catch(() => undefined);
      await village.pass(60_000);
      const states = [];
      for await (const [key] of village.disk('anna').scan({ gte: 'tx/', lt: 'tx0' })) {
        const { state } = await village.service('anna').transaction(key.slice('tx/'.length));
        states.push(state);
      }
      expect(states.filter((state) => state !== 'COMMITTED' && state !== 'REJECTED')).toEqual([]);
      expect(states).toHaveLength(3);
      await expectSound(village);
    },
  );

  it('needs every member: one that is away means no', async () => {
    const village = await indebted();
    await village.kill('cyril');
    const cleared = await clear(village, 'anna', '10');
    expect(cleared).toMatchObject({
      state: 'REJECTED',
      reason: { details: { fault: 'votes_missing' } },
    });
    await village.start('cyril');
    await expectSound(village);
    expect(debts(village)).toEqual(untouched);
  });

  it('proposed by somebody with no part in it is refused by everyone', async () => {
    const village = await Village.open({
      people: [...THREE, 'dora'],
      lines: RING,
      acquainted: true,
    });
    await village.pay('anna', 'boris', '30');
    await village.pay('boris', 'cyril', '20');
    await village.pay('cyril', 'anna', '10');
    const cleared = await clear(village, 'dora', '10');
    expect(cleared).toMatchObject({
      state: 'REJECTED',
      reason: { details: { fault: 'stranger_proposes' } },
    });
    await expectSound(village);
    expect(debts(village)).toEqual(untouched);
  });

  it('of a frozen line is as good as any', async () => {
    const village = await indebted();
    const line = { peer: village.pid('anna'), equivalent: 'UAH' };
    await village.run(village.service('boris').freezeTrustLine(line));
    await village.pass(20);
    expect(await clear(village, 'cyril', '10')).toMatchObject({ state: 'COMMITTED' });
    await expectSound(village);
  });

  it('of members whose longest cycle is shorter is refused', async () => {
    const four = [...THREE, 'dora'];
    const village = await Village.open({
      people: four,
      lines: ['boris>anna 9', 'cyril>boris 9', 'dora>cyril 9', 'anna>dora 9'],
      acquainted: true,
      settings: { clearing: { max_length: 3 } },
    });
    for (const [i, name] of four.entries()) await village.pay(name, four[(i + 1) % 4]!, '5');
    expect(await clear(village, 'anna', '5', four)).toMatchObject({
      state: 'REJECTED',
      reason: { details: { fault: 'cycle_too_long' } },
    });
    await expectSound(village);
  });
});

describe('the most that a line lets one clearing take', () => {
  const limited = (clearing_limit: string | null) => ({ policy: { clearing_limit } });
  async function withLimit(amount: string): Promise<Village> {
    const village = await indebted();
    const line = { peer: village.pid('boris'), equivalent: 'UAH', limit: '100' };
    const set = await village.run(
      village.service('cyril').setTrustLine({ ...line, ...limited(amount) }),
    );
    expect(set.policy.clearing_limit).toBe(amount);
    await village.calm();
    return village;
  }

  it('is taken, and the rest by another', async () => {
    const village = await withLimit('4.00');
    // Anna is no end of that line: she learns it from a vote. Cyril knows it.
    for (const [by, attempts] of [
      ['anna', 2],
      ['cyril', 1],
    ] as const) {
      expect(await clear(village, by, '10')).toMatchObject({ cleared: '4.00', attempts });
    }
    await expectSound(village);
    expect(debts(village)).toEqual([22, 12, 2]);
  });

  it('of 0 leaves the debt alone, until it is removed', async () => {
    const village = await withLimit('0.00');
    expect(await clear(village, 'anna', '10')).toMatchObject({
      state: 'REJECTED',
      reason: { details: { fault: 'clearing_limit', available: '0.00' } },
    });
    const line = { peer: village.pid('boris'), equivalent: 'UAH', limit: '100' };
    await village.run(village.service('cyril').setTrustLine({ ...line, ...limited(null) }));
    await village.calm();
    expect(await clear(village, 'anna', '10')).toMatchObject({ cleared: '10.00' });
    await expectSound(village);
  });
});

describe('clearings and what else is under way', () => {
  it('two over one edge take no more than its debt together', async () => {
    const village = await indebted();
    const both = await Promise.all([clear(village, 'anna', '7'), clear(village, 'cyril', '7')]);
    const sum = both.reduce((total, { cleared }) => total + Number(cleared ?? 0), 0);
    expect(sum).toBeGreaterThan(0);
    expect(sum).toBeLessThanOrEqual(10);
    await expectSound(village);
    expect(debts(village)).toEqual(untouched.map((debt) => debt - sum));
  });

  it('a payment that works off the debt goes first', async () => {
    const village = await indebted();
    // Boris pays Anna 30 over the debt that she has to him; the vote is on its way for long.
    village.fate = ({ type }) => (type === 'PAYMENT_PREPARE_ACK' ? 400 : 'deliver');
    const paying = village.begin('boris', 'anna', '30');
    await village.pass(20);
    expect(await clear(village, 'cyril', '10')).toMatchObject({
      state: 'REJECTED',
      reason: { details: { fault: 'payment_first' } },
    });
    expect(await village.run(paying)).toMatchObject({ state: 'COMMITTED' });
    await expectSound(village);
    expect(debts(village)).toEqual([0, 20, 10]);
  });

  it.each(['anna', 'boris', 'cyril'])('survives that %s is killed in the middle', async (name) => {
    const village = await indebted();
    const clearing = clear(village, 'anna', '10');
    let votes = 0;
    village.fate = ({ type }) => {
      if (type === 'CLEARING_PREPARE_ACK' && ++votes === 2) void village.killNow(name);
      return 'deliver';
    };
    clearing.catch(() => undefined);
    await village.pass(3_000);
    village.fate = () => 'deliver';
    if (!village.isUp(name)) await village.start(name);
    await expectSound(village);
    expect([untouched, lowered]).toContainEqual(debts(village));
  });
});

describe('a participant that wants to be asked', () => {
  /** Cyril wants to be asked before Boris owes him less. */
  async function asking(consentMs = 60_000): Promise<{ village: Village; tx: string }> {
    const village = await Village.open({
      people: THREE,
      lines: RING,
      acquainted: true,
      settings: { clearing: { consent_ms: consentMs } },
    });
    await village.trust('cyril>boris 100', ASKS);
    await village.pay('anna', 'boris', '30');
    await village.pay('boris', 'cyril', '20');
    await village.pay('cyril', 'anna', '10');
    await village.calm();
    const proposed = await clear(village, 'anna', '10');
    expect(proposed).toMatchObject({ state: 'PROPOSED', waits_for: [village.pid('cyril')] });
    await village.pass(50);
    const [pending] = village.service('cyril').pendingClearings();
    expect(pending).toMatchObject({ tx_id: proposed.tx_id, state: 'PROPOSED', amount: '10.00' });
    expect(debts(village)).toEqual(untouched);
    return { village, tx: proposed.tx_id };
  }

  it('agrees, and the cycle is cleared', async () => {
    const { village, tx } = await asking();
    const answered = await village.run(
      village.service('cyril').answerClearing({ tx_id: tx, accept: true }),
    );
    expect(answered).toMatchObject({ state: 'WAITING_CONFIRMATIONS', waits_for_me: false });
    await expectSound(village);
    expect(debts(village)).toEqual(lowered);
    for (const name of THREE) {
      expect(await village.service(name).transaction(tx)).toMatchObject({ state: 'COMMITTED' });
    }
  });

  it('does not, and nothing happens', async () => {
    const { village, tx } = await asking();
    await village.run(village.service('cyril').answerClearing({ tx_id: tx, accept: false }));
    await expectSound(village);
    expect(debts(village)).toEqual(untouched);
    for (const name of ['anna', 'cyril']) {
      expect(await village.service(name).transaction(tx)).toMatchObject({ state: 'REJECTED' });
    }
    const reason = { details: { fault: 'consent_refused' } };
    expect(await village.service('anna').transaction(tx)).toMatchObject({ reason });
  });

  it('says nothing, which is no', async () => {
    const { village, tx } = await asking(5_000);
    await village.pass(6_000);
    expect(village.service('cyril').pendingClearings()).toEqual([]);
    for (const name of ['anna', 'cyril']) {
      expect(await village.service(name).transaction(tx)).toMatchObject({ state: 'REJECTED' });
    }
    await expectSound(village);
    expect(debts(village)).toEqual(untouched);
  });

  it('is asked again by a coordinator that was restarted, and its answer still counts', async () => {
    const { village, tx } = await asking();
    await village.restart('anna');
    await village.restart('cyril');
    expect(village.service('cyril').pendingClearings()).toHaveLength(1);
    await village.run(village.service('cyril').answerClearing({ tx_id: tx, accept: true }));
    await expectSound(village);
    expect(debts(village)).toEqual(lowered);
  });

  it('gets its answer through, though it was lost on its way', async () => {
    const { village, tx } = await asking();
    let lost = 0;
    village.fate = ({ type }) => (type === 'CLEARING_ACCEPT' && lost++ < 2 ? 'drop' : 'deliver');
    await village.run(village.service('cyril').answerClearing({ tx_id: tx, accept: true }));
    await village.pass(20_000);
    expect(lost).toBeGreaterThanOrEqual(3);
    await expectSound(village);
    expect(debts(village)).toEqual(lowered);
  });

  it('has agreed by proposing it itself', async () => {
    const { village } = await asking();
    expect(await clear(village, 'cyril', '10')).toMatchObject({ state: 'COMMITTED' });
    await village.pass(100);
    expect(debts(village)).toEqual(lowered);
  });

  it('can answer a clearing only once, and none that does not wait for it', async () => {
    const { village, tx } = await asking();
    const answer = (name: string) =>
      village.run(village.service(name).answerClearing({ tx_id: tx, accept: true }));
    await expect(answer('boris')).rejects.toMatchObject({ details: { fault: 'not_pending' } });
    await answer('cyril');
    await expect(answer('cyril')).rejects.toMatchObject({ details: { fault: 'not_pending' } });
  });
});
