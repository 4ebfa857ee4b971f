/** A member with a node of its own has its hub find the way, and only votes. */
import { describe, expect, it } from 'vitest';
import type { TxId } from '../../../protocol/identity/pid.ts';
import { bareFrame } from '../../../protocol/wire/envelope.ts';
import { Village } from '../engine/harness.ts';
import { change, faultOf, join, QUICK_MEMBERSHIPS } from './hub-village.ts';

const PEOPLE = ['anna', 'boris', 'cyril', 'dora'];
const LINES = ['boris>anna 100', 'cyril>boris 100', 'dora>cyril 100'];
const BY_HUB = { by_hub: true };

async function open(anna: object = {}): Promise<Village> {
  const village = await Village.open({
    people: ['hub', ...PEOPLE],
    lines: LINES,
    settings: { memberships: { ...QUICK_MEMBERSHIPS, report_delay_ms: 100 } },
    own: { hub: { hub: { enabled: true, admission: 'open' } }, anna },
  });
  await village.run(
    village.service('hub').offerEquivalent({ code: 'UAH', precision: 2, metadata: {}, reason: '' }),
  );
  for (const name of PEOPLE) await join(village, name);
  await village.calm();
  await village.pass(500);
  village.sent.length = 0;
  return village;
}

const sent = (village: Village, type: string) =>
  village.sent.filter((frame) => frame.type === type).map(({ from, to }) => `${from}>${to}`);

async function noteOf(village: Village, tx: string): Promise<string | null> {
  return (await village.run(village.service('dora').transaction(tx))).note;
}

const transactionsOf = async (village: Village, name: string) =>
  (await village.run(village.service(name).transactions({}))).items;

describe('a member that has its hub pay', () => {
  it('asks it once, and asks nobody for the way', async () => {
    const village = await open();
    const paid = await village.pay('anna', 'dora', '50', BY_HUB);
    expect(paid).toMatchObject({ state: 'COMMITTED', role: 'payer', attempts: 1 });
    expect(sent(village, 'PAYMENT_REQUEST')).toEqual(['anna>hub']);
    expect(sent(village, 'ROUTE_QUERY')).toEqual([]);
    expect(new Set(sent(village, 'PAYMENT_PREPARE').map((pair) => pair.split('>')[0]))).toEqual(
      new Set(['hub']),
    );
    await village.calm();
    expect(village.owes('cyril', 'dora')).toBe(50);
  });

  it('does so by its configuration, unless a payment says otherwise', async () => {
    const village = await open({ payments: { by_hub: true } });
    expect((await village.pay('anna', 'dora', '5')).state).toBe('COMMITTED');
    expect(sent(village, 'PAYMENT_REQUEST')).toEqual(['anna>hub']);
    expect((await village.pay('anna', 'dora', '5', { by_hub: false })).state).toBe('COMMITTED');
    expect(sent(village, 'PAYMENT_REQUEST')).toHaveLength(1);
  });

  it('gets a note to the payee, who alone can read it', async () => {
    const village = await open();
    await village.introduce('anna', 'dora');
    const paid = await village.pay('anna', 'dora', '5', { ...BY_HUB, note: 'for the honey' });
    expect(paid.state).toBe('COMMITTED');
    await village.calm();
    expect(await noteOf(village, paid.tx_id)).toBe('for the honey');
    const atHub = await village.run(village.service('hub').transaction(paid.tx_id));
    expect(atHub.note).toBeNull();
  });

  it('is told what binds', async () => {
    const village = await open();
    const refused = await village.pay('anna', 'dora', '500', BY_HUB);
    expect(refused).toMatchObject({
      state: 'ABORTED',
      reason: { code: 'E002', message: expect.stringMatching(/At most 100\.00 can get through/) },
    });
    expect(village.service('anna').status().attempts_live).toBe(0);
  });

  it('pays once when questions and answers are lost or come twice', async () => {
    const village = await open();
    let lost = 0;
    village.fate = ({ type }) => {
      if (type === 'PAYMENT_REQUEST' && lost++ < 2) return 'drop';
      return type.startsWith('PAYMENT_RE') ? 'duplicate' : 'deliver';
    };
    expect((await village.pay('anna', 'dora', '50', BY_HUB)).state).toBe('COMMITTED');
    await village.calm();
    expect(village.owes('anna', 'boris')).toBe(50);
  });

  it('learns the end of it from a hub that was killed in between', async () => {
    const village = await open();
    let killed = false;
    village.fate = ({ type, from }) => {
      if (type !== 'PAYMENT_PREPARE_ACK' || killed || from === 'hub') return 'deliver';
      killed = true;
      void village.killNow('hub').then(() => village.pass(0));
      return 'deliver';
    };
    const paying = village.begin('anna', 'dora', '50', BY_HUB);
    await village.pass(1_000);
    village.fate = () => 'deliver';
    await village.start('hub');
    const paid = await village.run(paying);
    expect(paid.state).toBe('ABORTED');
    await village.calm();
    expect(village.owes('anna', 'boris')).toBe(0);
  });

  it('goes on where it was when it has been killed itself', async () => {
    const village = await open();
    village.fate = ({ type }) => (type === 'PAYMENT_REQUEST' ? 'drop' : 'deliver');
    void village.begin('anna', 'dora', '50', BY_HUB);
    await village.pass(100);
    await village.restart('anna');
    village.fate = () => 'deliver';
    await village.pass(5_000);
    await village.calm();
    expect(village.owes('anna', 'boris')).toBe(50);
  });

  it('is not kept waiting beyond the life of the order by a hub that is away', async () => {
    const village = await open();
    await village.stop('hub');
    const refused = await village.pay('anna', 'dora', '5', { ...BY_HUB, timeout_ms: 3_000 });
    expect(refused).toMatchObject({
      state: 'ABORTED',
      reason: { details: { fault: 'hub_silent' } },
    });
  });

  it('votes for nothing that its hub has called off, whatever the hub then does', async () => {
    const village = await open();
    village.fate = ({ type, to }) =>
      type === 'PAYMENT_PREPARE' && to === 'anna' ? 500 : 'deliver';
    const paying = village.begin('anna', 'dora', '50', BY_HUB);
    await village.pass(100);
    const tx = (await transactionsOf(village, 'anna'))[0]!.tx_id as TxId;
    village.inject('hub', 'anna', bareFrame('PAYMENT_REPLY', { tx, committed: false }));
    expect((await village.run(paying)).state).toBe('ABORTED');
    await village.calm();
    expect(sent(village, 'PAYMENT_PREPARE')).toContain('hub>anna');
    expect(village.owes('anna', 'boris')).toBe(0);
  });

  it('believes an answer from nobody else', async () => {
    const village = await open();
    village.fate = ({ type, to }) =>
      type === 'PAYMENT_PREPARE' && to === 'anna' ? 500 : 'deliver';
    const paying = village.begin('anna', 'dora', '50', BY_HUB);
    await village.pass(100);
    const tx = (await transactionsOf(village, 'anna'))[0]!.tx_id as TxId;
    village.inject('boris', 'anna', bareFrame('PAYMENT_REPLY', { tx, committed: false }));
    expect((await village.run(paying)).state).toBe('COMMITTED');
  });

  it('is refused when it is suspended, or in no such community', async () => {
    const village = await open();
    await change(village, 'anna', 'suspend');
    await village.pass(500);
    expect(await faultOf(village.pay('anna', 'dora', '5', BY_HUB))).toBe('no_hub_to_pay');
    // A node that does not know of it yet hears it from the hub.
    village.fate = ({ type }) => (type === 'JOIN_REPLY' ? 'drop' : 'deliver');
    await change(village, 'boris', 'suspend');
    const refused = await village.pay('boris', 'dora', '5', BY_HUB);
    expect(refused.reason?.details.fault).toBe('not_a_coordinator');
  });
});
