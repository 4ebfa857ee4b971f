/** A hub looks at the debts of its whole community, and clears what no participant's own search finds. */
import { describe, expect, it } from 'vitest';
import { type SettingsPatch, Village } from '../engine/harness.ts';
import { faultsOf } from '../engine/village-audit.ts';
import { join, QUICK_MEMBERSHIPS } from './hub-village.ts';

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
        clearing: { pass_ms: PASS_MS, ...clearing },
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
    await village.pass(PASS_MS + 5_000);
    const service = village.service('cyril');
    const [pending] = service.pendingClearings();
    await village.run(service.answerClearing({ tx_id: pending!.tx_id, accept: false }));
    await village.pass(3 * PASS_MS);
    expect(await village.calm()).toBe(true);
    expect(debts(village)).toEqual(BEFORE);
    expect(service.pendingClearings()).toEqual([]);
  });
});
