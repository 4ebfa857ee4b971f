/** Chains of debts that become one debt to the chain's end, where everyone concerned has allowed it. */
import { describe, expect, it } from 'vitest';
import { nativeVerify } from '../../../node/platform/native-ed25519.ts';
import type * as shapes from '../../../node/service/shapes.ts';
import { verifyReceipt } from '../../../protocol/receipt.ts';
import { type SettingsPatch, Village } from './harness.ts';
import { faultsOf } from './village-audit.ts';

const PEOPLE = ['anna', 'boris', 'cyril', 'dora'];
const ALLOWS = { allow_shortening: true };
/** `creditor>debtor limit` of a chain Anna → Boris → Cyril → Dora, and of what may come instead. */
const CHAIN = ['boris>anna 100', 'cyril>boris 100', 'dora>cyril 100'];
const INSTEAD = ['cyril>anna 25', 'anna>cyril 0'];

interface Chain {
  /** Lines that do not allow it. */
  readonly against?: readonly string[];
  readonly lines?: readonly string[];
  readonly clearing?: SettingsPatch['clearing'];
}

/** Anna owes Boris 30, Boris owes Cyril 40; all of their lines allow shortening but those that do not. */
async function chain({ against = [], lines = [...CHAIN, ...INSTEAD], clearing }: Chain = {}) {
  const village = await Village.open({
    people: PEOPLE,
    settings: { clearing: { trigger: false, search_ms: 300, ...clearing } },
  });
  const pair = (line: string) => line.split(' ')[0]!;
  for (const line of lines) {
    await village.trust(line, against.includes(pair(line)) ? undefined : ALLOWS);
  }
  await village.calm();
  const direct = { max_hops: 1 };
  expect(await village.pay('anna', 'boris', '30', direct)).toMatchObject({ state: 'COMMITTED' });
  expect(await village.pay('boris', 'cyril', '40', direct)).toMatchObject({ state: 'COMMITTED' });
  await village.calm();
  return village;
}

/** What Anna owes Boris, Boris owes Cyril, and Anna owes Cyril. */
const debts = (village: Village) => [
  village.owes('anna', 'boris'),
  village.owes('boris', 'cyril'),
  village.owes('anna', 'cyril'),
];

function shorten(village: Village, by: string, amount: string): Promise<shapes.Clearing> {
  const cycle = ['anna', 'boris', 'cyril'].map((name) => (name === by ? 'me' : village.pid(name)));
  const request = { equivalent: 'UAH', cycle, amount, shortens: true };
  return village.run(village.service(by).clearCycle(request));
}

async function expectSound(village: Village): Promise<void> {
  expect(await village.calm()).toBe(true);
  expect(await faultsOf(village)).toEqual([]);
}

describe('shortening', () => {
  it.each(PEOPLE.slice(0, 3))(
    'proposed by %s moves the debt to the end of the chain',
    async (by) => {
      const village = await chain();
      const done = await shorten(village, by, '20');
      expect(done).toMatchObject({ state: 'COMMITTED', cleared: '20.00', shortens: true });
      await expectSound(village);
      expect(debts(village)).toEqual([10, 20, 20]);
      for (const name of PEOPLE.slice(0, 3)) {
        const [stats] = await village.service(name).clearingStats();
        expect(stats).toMatchObject({ cycles: 0, shortened: { chains: 1, removed: '20.00' } });
      }
    },
  );

  it('goes as far as the line of the new creditor carries, and no farther', async () => {
    const village = await chain();
    expect(await shorten(village, 'boris', '30')).toMatchObject({ cleared: '25.00', attempts: 2 });
    expect(await shorten(village, 'boris', '5')).toMatchObject({
      state: 'REJECTED',
      reason: { details: { fault: 'insufficient_capacity' } },
    });
    await expectSound(village);
    expect(debts(village)).toEqual([5, 15, 25]);
  });

  it.each(['boris>anna', 'cyril>boris', 'cyril>anna', 'anna>cyril'])(
    'needs the word of every owner: not without that of %s',
    async (line) => {
      const village = await chain({ against: [line] });
      for (const by of PEOPLE.slice(0, 3)) {
        expect(await shorten(village, by, '20')).toMatchObject({
          state: 'REJECTED',
          reason: { details: { fault: 'shortening_not_allowed' } },
        });
      }
      await expectSound(village);
      expect(debts(village)).toEqual([30, 40, 0]);
    },
  );

  it('leaves a cycle to be cleared: what the last owes the first needs other consents', async () => {
    const village = await chain({ lines: [...CHAIN, 'cyril>anna 25', 'anna>cyril 10'] });
    await village.pay('cyril', 'anna', '10', { max_hops: 1 });
    await village.calm();
    expect(await shorten(village, 'boris', '20')).toMatchObject({
      state: 'REJECTED',
      reason: { details: { fault: 'not_a_chain' } },
    });
    await expectSound(village);
    expect(debts(village)).toEqual([30, 40, -10]);
  });

  it('counts as new debt on the line: its daily limit holds', async () => {
    const village = await chain();
    await village.trust('cyril>anna 25', { ...ALLOWS, daily_limit: '8' });
    await village.calm();
    expect(await shorten(village, 'boris', '20')).toMatchObject({ cleared: '8.00', attempts: 2 });
    expect(await shorten(village, 'boris', '1')).toMatchObject({
      state: 'REJECTED',
      reason: { details: { fault: 'daily_limit' } },
    });
    await expectSound(village);
    expect(debts(village)).toEqual([22, 32, 8]);
  });

  it('is proved by its receipt: who owes less, and who owes more', async () => {
    const village = await chain();
    const { tx_id } = await shorten(village, 'boris', '20');
    await village.calm();
    const effects = [
      { debtor: village.pid('anna'), creditor: village.pid('boris'), delta: '-20.00' },
      { debtor: village.pid('boris'), creditor: village.pid('cyril'), delta: '-20.00' },
      { debtor: village.pid('anna'), creditor: village.pid('cyril'), delta: '20.00' },
    ];
    const { certificate } = await village.service('cyril').transaction(tx_id);
    const proved = verifyReceipt(Buffer.from(certificate!, 'hex'), nativeVerify);
    expect(proved).toMatchObject({ ok: true, shortens: true });
    expect(proved.debts).toEqual(expect.arrayContaining(effects));
    // Boris has two of the three edges.
    const { effects: seen } = await village.service('boris').transaction(tx_id);
    expect(seen).toEqual(expect.arrayContaining(effects.slice(0, 2)));
    expect(seen).toHaveLength(2);
  });

  it('gives no new debt to whoever is frozen', async () => {
    const village = await chain();
    await village.run(village.service('anna').setParticipation('frozen'));
    expect(await shorten(village, 'boris', '20')).toMatchObject({
      state: 'REJECTED',
      reason: { details: { fault: 'participant_frozen' } },
    });
    await expectSound(village);
  });

  it('asks whoever wants to be asked before a debt to it goes', async () => {
    const village = await chain();
    await village.trust('cyril>boris 100', { auto_clearing: false });
    const proposed = await shorten(village, 'boris', '20');
    expect(proposed).toMatchObject({ state: 'PROPOSED', waits_for: [village.pid('cyril')] });
    await village.pass(100);
    const answer = { tx_id: proposed.tx_id, accept: true };
    await village.run(village.service('cyril').answerClearing(answer));
    await expectSound(village);
    expect(debts(village)).toEqual([10, 20, 20]);
  });

  it.each(PEOPLE.slice(0, 3))('survives that %s is killed in the middle', async (name) => {
    const village = await chain();
    const work = shorten(village, 'boris', '20').catch(() => undefined);
    let votes = 0;
    village.fate = ({ type }) => {
      if (type === 'CLEARING_PREPARE_ACK' && ++votes === 2) void village.killNow(name);
      return 'deliver';
    };
    await village.pass(3_000);
    village.fate = () => 'deliver';
    if (!village.isUp(name)) await village.start(name);
    await work;
    await expectSound(village);
    expect([
      [30, 40, 0],
      [10, 20, 20],
    ]).toContainEqual(debts(village));
  });
});

describe('chains are found', () => {
  it('after a payment, and become one debt', async () => {
    const village = await chain({ clearing: { trigger: true } });
    await village.pass(5_000);
    await expectSound(village);
    expect(debts(village)).toEqual([5, 15, 25]);
  });

  it('by nobody where nobody has allowed it', async () => {
    const lines = [...CHAIN, ...INSTEAD];
    const against = lines.map((line) => line.split(' ')[0]!);
    const village = await chain({ against, clearing: { trigger: true } });
    await village.pass(5_000);
    expect(debts(village)).toEqual([30, 40, 0]);
    expect(village.sent.filter(({ type }) => type === 'CLEARING_PREPARE')).toEqual([]);
  });

  it('of three debts too, and by clear now', async () => {
    const village = await chain({ lines: [...CHAIN, 'dora>anna 12', 'anna>dora 0'] });
    await village.pay('cyril', 'dora', '50', { max_hops: 1 });
    await village.calm();
    const anna = village.service('anna');
    const found = await village.run(anna.clearNow({ equivalent: 'UAH', dry_run: false }));
    expect(found).toMatchObject([{ shortens: true, clearing: { cleared: '12.00' } }]);
    await expectSound(village);
    expect(village.owes('anna', 'boris')).toBe(18);
    expect(village.owes('cyril', 'dora')).toBe(38);
    expect(village.owes('anna', 'dora')).toBe(12);
  });
});
