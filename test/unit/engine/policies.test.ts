/** What the owner of a trust line may say about it, kept by whole nodes. */
import { describe, expect, it } from 'vitest';
import { Village } from './harness.ts';
import { faultsOf } from './village-audit.ts';

const THREE = ['anna', 'boris', 'cyril'];
const LINES = ['boris>anna 100', 'cyril>boris 100'];
const open = () => Village.open({ people: THREE, lines: LINES });
const about = (village: Village, peer: string) => ({ peer: village.pid(peer), equivalent: 'UAH' });

async function expectSound(village: Village): Promise<void> {
  expect(await village.calm()).toBe(true);
  expect(await faultsOf(village)).toEqual([]);
}

describe('can_be_intermediate', () => {
  it('off: the owner is paid over the line, but carries nothing for others', async () => {
    const village = await open();
    await village.trust('boris>anna 100', { can_be_intermediate: false });
    expect(await village.pay('anna', 'cyril', '5')).toMatchObject({
      state: 'ABORTED',
      reason: { code: 'E001' },
    });
    expect(await village.pay('anna', 'boris', '5')).toMatchObject({ state: 'COMMITTED' });
    await expectSound(village);
  });

  it('is enforced by the vote of the owner, whatever the payer believes', async () => {
    const village = await open();
    await village.learnRoutes('anna', 'cyril', '5');
    // Anna does not hear of the change: her node still believes the route is open.
    village.fate = ({ type }) => (type.startsWith('TRUST_LINE') ? 'drop' : 'deliver');
    await village.trust('boris>anna 100', { can_be_intermediate: false });
    const refused = await village.pay('anna', 'cyril', '5');
    expect(refused).toMatchObject({ state: 'ABORTED', reason: { code: 'E006' } });
    expect(refused.reason?.details).toMatchObject({ fault: 'not_intermediate' });
    village.fate = () => 'deliver';
    await expectSound(village);
  });
});

describe('blocked_participants', () => {
  it('closes the line to payments in which one of them takes part', async () => {
    const village = await open();
    await village.trust('cyril>boris 100', { blocked_participants: [village.pid('anna')] });
    expect(await village.pay('anna', 'cyril', '5')).toMatchObject({ state: 'ABORTED' });
    expect(await village.pay('boris', 'cyril', '5')).toMatchObject({ state: 'COMMITTED' });
    await village.trust('cyril>boris 100', { blocked_participants: [] });
    await village.pass(10_000);
    expect(await village.pay('anna', 'cyril', '5')).toMatchObject({ state: 'COMMITTED' });
    await expectSound(village);
  });
});

describe('daily_limit', () => {
  const daily = { daily_limit: '20' };

  it('bounds the new debt of a UTC day, and opens again at midnight', async () => {
    const village = await open();
    await village.trust('boris>anna 100', daily);
    expect(await village.pay('anna', 'boris', '15')).toMatchObject({ state: 'COMMITTED' });
    const refused = await village.pay('anna', 'boris', '6');
    expect(refused).toMatchObject({ state: 'ABORTED', reason: { code: 'E003' } });
    expect(refused.reason?.details).toMatchObject({ fault: 'daily_limit', available: '5.00' });
    expect(await village.pay('anna', 'boris', '5')).toMatchObject({ state: 'COMMITTED' });
    await village.pass(12 * 3600 * 1000);
    expect(await village.pay('anna', 'boris', '20')).toMatchObject({ state: 'COMMITTED' });
    await expectSound(village);
  });

  it('raised, lets through at once what was refused a moment ago', async () => {
    const village = await open();
    await village.trust('boris>anna 100', daily);
    expect(await village.pay('anna', 'boris', '21')).toMatchObject({ state: 'ABORTED' });
    await village.trust('boris>anna 100', { daily_limit: '50' });
    expect(await village.pay('anna', 'boris', '21')).toMatchObject({ state: 'COMMITTED' });
  });

  it('gets back what an attempt took that did not commit', async () => {
    const village = await open();
    await village.trust('boris>anna 100', daily);
    // Cyril's vote never comes, so Boris has held for nothing.
    village.fate = ({ from, type }) =>
      from === 'cyril' && type === 'PAYMENT_PREPARE_ACK' ? 'drop' : 'deliver';
    expect(await village.pay('anna', 'cyril', '20')).toMatchObject({ state: 'ABORTED' });
    village.fate = () => 'deliver';
    await village.calm();
    expect(await village.pay('anna', 'boris', '20')).toMatchObject({ state: 'COMMITTED' });
    await expectSound(village);
  });

  it('is counted when it is held, so that payments in flight cannot share it', async () => {
    const village = await open();
    await village.trust('boris>anna 100', daily);
    const outcomes = await village.run(
      Promise.all(Array.from({ length: 5 }, () => village.begin('anna', 'boris', '8'))),
    );
    expect(outcomes.filter(({ state }) => state === 'COMMITTED')).toHaveLength(2);
    await expectSound(village);
  });
});

describe('a frozen line', () => {
  it('takes no new debt; what is owed can be repaid; thawed, it serves again', async () => {
    const village = await open();
    await village.pay('anna', 'boris', '30');
    const frozen = await village.run(
      village.service('boris').freezeTrustLine(about(village, 'anna')),
    );
    expect(frozen).toMatchObject({ status: 'frozen', limit: '100.00', debt: '30.00' });
    await village.calm();
    expect(await village.pay('anna', 'boris', '1')).toMatchObject({ state: 'ABORTED' });
    expect(await village.pay('boris', 'anna', '10')).toMatchObject({ state: 'COMMITTED' });
    await village.trust('boris>anna 100');
    expect(await village.pay('anna', 'boris', '1')).toMatchObject({ state: 'COMMITTED' });
    await expectSound(village);
    expect(village.owes('anna', 'boris')).toBe(21);
  });

  it('says so to a payer that did not know', async () => {
    const village = await open();
    village.fate = ({ type }) => (type.startsWith('TRUST_LINE') ? 'drop' : 'deliver');
    await village.run(village.service('boris').freezeTrustLine(about(village, 'anna')));
    const refused = await village.pay('anna', 'boris', '1');
    expect(refused.reason).toMatchObject({ code: 'E004', details: { fault: 'line_frozen' } });
    village.fate = () => 'deliver';
    await expectSound(village);
  });
});

describe('closing a line', () => {
  it('needs it free of debt and holds', async () => {
    const village = await open();
    await village.pay('anna', 'boris', '30');
    const close = () =>
      village.run(village.service('boris').closeTrustLine(about(village, 'anna')));
    await expect(close()).rejects.toMatchObject({
      code: 'E008',
      details: { fault: 'line_in_use', debt_units: '3000' },
    });
    await village.pay('boris', 'anna', '30');
    expect(await close()).toMatchObject({ status: 'closed', limit: '0.00' });
    await village.calm();
    expect(village.service('anna').trustLines()[0]).toMatchObject({
      direction: 'received',
      status: 'closed',
    });
    expect(await village.pay('anna', 'boris', '1')).toMatchObject({ state: 'ABORTED' });
    await expectSound(village);
  });
});

describe('a limit', () => {
  it('does not fall under the debt', async () => {
    const village = await open();
    await village.pay('anna', 'boris', '30');
    await expect(village.trust('boris>anna 29.99')).rejects.toMatchObject({
      code: 'E003',
      details: { fault: 'limit_below_debt' },
    });
    expect(await village.trust('boris>anna 30')).toMatchObject({
      limit: '30.00',
      available: '0.00',
    });
    await expectSound(village);
  });
});

describe('a frozen participant', () => {
  it('starts and carries nothing new; its debts can still be worked off', async () => {
    const village = await open();
    await village.trust('anna>boris 100');
    await village.pay('anna', 'boris', '30');
    await village.run(village.service('boris').setParticipation('frozen'));
    expect(await village.pay('anna', 'cyril', '5')).toMatchObject({ state: 'ABORTED' });
    expect(await village.pay('boris', 'cyril', '5')).toMatchObject({ state: 'ABORTED' });
    await village.run(village.service('boris').setParticipation('active'));
    await village.pass(10_000);
    expect(await village.pay('anna', 'cyril', '5')).toMatchObject({ state: 'COMMITTED' });
    await expectSound(village);
  });
});
