/** A hub looks at the debts of its whole community, and clears what no participant's own search finds. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../../protocol/machines/trust-line.ts';
import { type SettingsPatch, Village } from '../engine/harness.ts';
import { HostedVillage } from '../engine/hosted.ts';
import { faultsOf } from '../engine/village-audit.ts';
import { faultOf, join, QUICK_MEMBERSHIPS } from './hub-village.ts';

const PEOPLE = ['anna', 'boris', 'cyril', 'dora', 'emil', 'fedir', 'galyna'];
const PASS_MS = 60_000;

/** A ring in which everyone may owe the next; longer than what is looked for after a payment. */
async function open(clearing: SettingsPatch['clearing'] = {}): Promise<Village> {
  const village = await Village.open({
    people: ['hub', ...PEOPLE],
    lines: PEOPLE.map((name, i) => `${PEOPLE[(i + 1) % PEOPLE.length]}>${name} 100`),
    settings: { memberships: { ...QUICK_MEMBERSHIPS, report_delay_ms: 100 } },
    own: {
      hub: {
        hub: { enabled: true, admission: 'open' },
        clearing: { pass_ms: PASS_MS, pass_share_percent: 0, ...clearing },
      },
    },
  });
  for (const name of PEOPLE) await join(village, name);
  for (const [i, name] of PEOPLE.entries()) {
    await village.pay(name, PEOPLE[(i + 1) % PEOPLE.length]!, String(10 + i));
  }
  await village.pass(1_000);
  await village.calm();
  return village;
}

const debts = (village: Village) =>
  PEOPLE.map((name, i) => village.owes(name, PEOPLE[(i + 1) % PEOPLE.length]!));

const BEFORE = PEOPLE.map((_, i) => 10 + i);

describe('a pass of the hub', () => {
  it('clears a cycle between the nodes of its members', async () => {
    const village = await open();
    expect(debts(village)).toEqual(BEFORE);
    await village.pass(2 * PASS_MS);
    expect(await village.calm()).toBe(true);
    expect(debts(village)).toEqual(BEFORE.map((amount) => amount - 10));
    expect(await faultsOf(village)).toEqual([]);
  });

  it.each([
    ['longer than allowed', { pass_max_length: 6 }],
    ['not worth it', { min_amounts: ['UAH=10.01'] }],
    ['of nobody, since there are no passes', { pass_ms: 0 }],
  ])('leaves a cycle alone that is %s', async (_, settings) => {
    const village = await open(settings);
    await village.pass(2 * PASS_MS);
    expect(debts(village)).toEqual(BEFORE);
  });

  it('asks whoever wants to be asked, and leaves the cycle alone after a refusal', async () => {
    const village = await open();
    await village.trust('cyril>boris 100', { auto_clearing: false });
    await village.pass(PASS_MS + 15_000);
    const service = village.service('cyril');
    const [pending] = service.pendingClearings();
    await village.run(service.answerClearing({ tx_id: pending!.tx_id, accept: false }));
    await village.pass(3 * PASS_MS);
    expect(await village.calm()).toBe(true);
    expect(debts(village)).toEqual(BEFORE);
    expect(service.pendingClearings()).toEqual([]);
  });
});

describe('a line that lets one clearing take less', () => {
  it('bounds what is planned, and the next pass takes the rest', async () => {
    const hosted = await HostedVillage.open({
      people: ['hub'],
      hosted: { hub: ['maria', 'nina', 'olha'] },
      settings: { clearing: { trigger: false, pass_ms: 0 } },
      own: { hub: { hub: { enabled: true, admission: 'open' } } },
    });
    const policy = { ...DEFAULT_POLICY, clearing_limit: 400n };
    const capped = hosted.line('nina', 'maria', '50', { policy });
    hosted.deliver('hub', 'TRUST_LINE_CREATE', capped);
    await hosted.trust('hub', 'olha>nina 50');
    await hosted.trust('hub', 'maria>olha 50');
    for (const [debtor, creditor] of [
      ['maria', 'nina'],
      ['nina', 'olha'],
      ['olha', 'maria'],
    ] as const) {
      const { bytes } = hosted.order(debtor, creditor, '6', 'hub', { max_hops: 1 });
      hosted.deliver('hub', 'PAYMENT_REQUEST', bytes);
      await hosted.village.calm();
    }
    const hub = hosted.village.service('hub');
    for (const [planned, left] of [
      ['12.00', 2],
      ['6.00', 0],
    ] as const) {
      await hosted.village.run(hub.beginPass({ equivalent: 'UAH' }));
      await hosted.village.pass(1_000);
      expect(hub.clearingPasses()).toMatchObject([{ planned, cleared: planned, tried: 1 }]);
      expect(hosted.owes('hub', 'maria', 'nina')).toBe(left);
    }
  });
});

const HOUR_MS = 3_600_000;

/** What programs are told of passes, oldest first. */
async function told(village: Village): Promise<string[]> {
  const { events } = await village.run(
    village.service('hub').events({ after: 'oldest', topics: 'clearing.pass' }),
  );
  return events.map(({ state, amount }) => `${state} ${amount}`);
}

describe('a pass that is not waited for', () => {
  it('begins as soon as enough of the debts could be cleared', async () => {
    const village = await open({ pass_ms: HOUR_MS, pass_share_percent: 1 });
    await village.pass(20_000);
    expect(await village.calm()).toBe(true);
    expect(debts(village)).toEqual(BEFORE.map((amount) => amount - 10));
  });

  it('does not begin while too little could be cleared', async () => {
    const village = await open({ pass_ms: HOUR_MS, pass_share_percent: 100 });
    await village.pass(HOUR_MS / 2);
    expect(debts(village)).toEqual(BEFORE);
    expect(await told(village)).toEqual([]);
  });

  it('begins when it is asked for, and tells how far it is', async () => {
    const village = await open({ pass_ms: 0 });
    const hub = village.service('hub');
    expect(hub.clearingPasses()).toEqual([]);
    const begun = await village.run(hub.beginPass({ equivalent: 'UAH' }));
    expect(begun).toMatchObject({ state: 'SEARCHING', optimum: null, tried: 0, cleared: '0.00' });
    expect(await faultOf(hub.beginPass({ equivalent: 'UAH' }))).toBe('pass_under_way');
    await village.pass(60_000);
    expect(hub.clearingPasses()[0]).toMatchObject({
      state: 'DONE',
      debts: PEOPLE.length,
      total: '91.00',
      optimum: '70.00',
      planned: '70.00',
      cycles: 1,
      tried: 1,
      committed: 1,
      cleared: '70.00',
    });
    expect(await told(village)).toEqual(['SEARCHING 0.00', 'CLEARING 0.00', 'DONE 70.00']);
  });

  it('ends when it is cancelled, and nothing is cleared after that', async () => {
    const village = await open({ pass_ms: 0 });
    const hub = village.service('hub');
    expect(await faultOf(hub.cancelPass())).toBe('no_pass');
    const begun = hub.beginPass({ equivalent: 'UAH' });
    await village.run(Promise.all([begun, hub.cancelPass()]));
    await village.pass(60_000);
    expect(hub.clearingPasses()[0]).toMatchObject({ state: 'CANCELLED', tried: 0 });
    expect(debts(village)).toEqual(BEFORE);
    expect(await told(village)).toEqual(['SEARCHING 0.00', 'CANCELLED 0.00']);
    await village.run(hub.beginPass({ equivalent: 'UAH' }));
    await village.pass(60_000);
    expect(debts(village)).toEqual(BEFORE.map((amount) => amount - 10));
  });

  it('is refused by a node that is no hub, and where nothing is known', async () => {
    const village = await open({ pass_ms: 0 });
    const hub = village.service('hub');
    expect(await faultOf(village.service('anna').beginPass({ equivalent: 'UAH' }))).toBe('no_hub');
    expect(await faultOf(village.service('anna').cancelPass())).toBe('no_hub');
    expect(await faultOf(hub.beginPass({ equivalent: 'EUR' }))).toBe('unknown_equivalent');
    await village.run(hub.defineEquivalent({ code: 'EUR', precision: 2, metadata: {} }));
    expect(await faultOf(hub.beginPass({ equivalent: 'EUR' }))).toBe('nothing_known');
  });
});
