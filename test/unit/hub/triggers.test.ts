/** After a payment that it took part in, a hub finds cycles in its index and asks nobody for them. */
import { describe, expect, it } from 'vitest';
import { type SettingsPatch, Village } from '../engine/harness.ts';
import { faultsOf } from '../engine/village-audit.ts';
import { join, QUICK_MEMBERSHIPS } from './hub-village.ts';

const PEOPLE = ['hub', 'anna', 'boris', 'cyril', 'dora'];

/** A ring of which the hub is a part, in which everyone may owe the next. Only the hub looks for cycles. */
async function open(clearing: SettingsPatch['clearing'] = {}): Promise<Village> {
  const village = await Village.open({
    people: PEOPLE,
    lines: PEOPLE.map((name, i) => `${PEOPLE[(i + 1) % PEOPLE.length]}>${name} 100`),
    settings: { memberships: { ...QUICK_MEMBERSHIPS, report_delay_ms: 100 } },
    own: {
      hub: {
        hub: { enabled: true, admission: 'open' },
        clearing: { trigger: true, pass_ms: 0, ...clearing },
        memberships: { ...QUICK_MEMBERSHIPS, report_delay_ms: 100 },
      },
    },
  });
  for (const name of PEOPLE.slice(1)) await join(village, name);
  return village;
}

/** The last payment, which closes the ring, is the hub's. */
async function oweRound(village: Village): Promise<void> {
  for (const [i, name] of [...PEOPLE.entries()].slice(1)) {
    await village.pay(name, PEOPLE[(i + 1) % PEOPLE.length]!, String(10 + i));
    await village.pass(1_000);
  }
  village.sent.length = 0;
  await village.pay('hub', 'anna', '20');
  await village.pass(10_000);
}

const debts = (village: Village) =>
  PEOPLE.map((name, i) => village.owes(name, PEOPLE[(i + 1) % PEOPLE.length]!));

describe('a payment at a hub', () => {
  it('sets off the clearing of a cycle that the index shows', async () => {
    const village = await open();
    await oweRound(village);
    expect(await village.calm()).toBe(true);
    expect(debts(village)).toEqual([9, 0, 1, 2, 3]);
    expect(village.sent.filter(({ type }) => type === 'CLEARING_SEARCH')).toEqual([]);
    expect(await faultsOf(village)).toEqual([]);
  });

  it.each([
    ['longer than is looked for', { trigger_max_length: 4 }],
    ['not worth it', { min_amounts: ['UAH=11.01'] }],
    ['of nobody, since it is switched off', { trigger: false }],
  ])('leaves a cycle alone that is %s', async (_, settings) => {
    const village = await open(settings);
    await oweRound(village);
    expect(debts(village)).toEqual([20, 11, 12, 13, 14]);
  });

  it('leaves a cycle alone after somebody refused it', async () => {
    const village = await open();
    await village.trust('cyril>boris 100', { auto_clearing: false });
    await oweRound(village);
    const service = village.service('cyril');
    const [pending, ...more] = service.pendingClearings();
    expect(more).toEqual([]);
    await village.run(service.answerClearing({ tx_id: pending!.tx_id, accept: false }));
    await village.pay('hub', 'anna', '20');
    await village.pass(10_000);
    expect(service.pendingClearings()).toEqual([]);
    expect(debts(village)).toEqual([40, 11, 12, 13, 14]);
  });
});
