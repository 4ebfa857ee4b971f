/** Cycles that whole nodes find by themselves, after payments and when they are told to look. */
import { describe, expect, it } from 'vitest';
import { bareFrame, openFrame } from '../../../protocol/wire/envelope.ts';
import { person, UAH } from '../machines/sample-payment.ts';
import { type SettingsPatch, Village } from './harness.ts';
import { faultsOf } from './village-audit.ts';

const NAMES = ['anna', 'boris', 'cyril', 'dora', 'emil', 'fedir', 'galyna', 'hryhir'];

/** Everyone lets the one before owe it; neighbours know each other, and nobody else. */
async function ring(size: number, clearing: SettingsPatch['clearing'] = {}): Promise<Village> {
  const people = NAMES.slice(0, size);
  const lines = people.map((name, i) => `${people[(i + 1) % size]}>${name} 100`);
  return Village.open({ people, lines, settings: { clearing: { trigger: true, ...clearing } } });
}

/** Everyone owes the next: `amounts[0]` the first, and so on. */
async function oweRound(village: Village, amounts: readonly number[]): Promise<void> {
  const { names } = village;
  for (const [i, amount] of amounts.entries()) {
    const paid = await village.pay(names[i]!, names[(i + 1) % names.length]!, String(amount));
    expect(paid.state).toBe('COMMITTED');
  }
}

function debts(village: Village): number[] {
  const { names } = village;
  return names.map((name, i) => village.owes(name, names[(i + 1) % names.length]!));
}

async function expectSound(village: Village): Promise<void> {
  expect(await village.calm()).toBe(true);
  expect(await faultsOf(village)).toEqual([]);
}

describe('after a payment', () => {
  it.each([3, 4, 5, 6])('a cycle of %i is found and cleared', async (size) => {
    const village = await ring(size);
    const amounts = NAMES.slice(0, size).map((_, i) => 10 + i);
    await oweRound(village, amounts);
    await village.pass(5_000);
    await expectSound(village);
    expect(debts(village)).toEqual(amounts.map((amount) => amount - 10));
  });

  it.each([
    [7, {}],
    [4, { trigger_max_length: 3 }],
    [5, { trigger_max_length: 4 }],
  ])('a cycle of %i is left alone if it is longer than is looked for', async (size, settings) => {
    const village = await ring(size, settings);
    await oweRound(village, Array(size).fill(10));
    await village.pass(5_000);
    await expectSound(village);
    expect(debts(village)).toEqual(Array(size).fill(10));
  });

  it('amounts below the threshold are left alone', async () => {
    const village = await ring(3, { min_amounts: ['UAH=10.01'] });
    await oweRound(village, [10, 10, 10]);
    await village.pass(5_000);
    expect(debts(village)).toEqual([10, 10, 10]);
    await oweRound(village, [5, 5, 5]);
    await village.pass(5_000);
    expect(debts(village)).toEqual([0, 0, 0]);
    await expectSound(village);
  });

  it('nothing is looked for where it is switched off', async () => {
    const village = await ring(3, { trigger: false });
    await oweRound(village, [10, 10, 10]);
    await village.pass(5_000);
    expect(debts(village)).toEqual([10, 10, 10]);
    expect(village.sent.filter(({ type }) => type === 'CLEARING_SEARCH')).toEqual([]);
  });

  it('people who want to be asked are asked once, whoever found the cycle', async () => {
    const village = await ring(3, { consent_ms: 60_000 });
    await village.trust('cyril>boris 100', { auto_clearing: false });
    await oweRound(village, [10, 12, 14]);
    await village.pass(5_000);
    const pending = village.service('cyril').pendingClearings();
    expect(pending).toHaveLength(1);
    expect(debts(village)).toEqual([10, 12, 14]);
    const tx = pending[0]!.tx_id;
    await village.run(village.service('cyril').answerClearing({ tx_id: tx, accept: true }));
    await village.pass(1_000);
    expect(debts(village)).toEqual([0, 2, 4]);
    await expectSound(village);
  });

  it('whoever did not agree is left alone for a time', async () => {
    const village = await ring(3, { consent_ms: 60_000 });
    await village.trust('cyril>boris 100', { auto_clearing: false });
    await oweRound(village, [10, 10, 10]);
    await village.pass(5_000);
    for (const { tx_id: tx } of village.service('cyril').pendingClearings()) {
      await village.run(village.service('cyril').answerClearing({ tx_id: tx, accept: false }));
    }
    const asked = () => village.sent.filter(({ type }) => type === 'CLEARING_PROPOSE').length;
    await village.pass(1_000);
    const before = asked();
    await village.pay('anna', 'boris', '1');
    await village.pass(5_000);
    expect(asked()).toBeLessThanOrEqual(before + 2);
    expect(debts(village)).toEqual([11, 10, 10]);
  });

  it('also when everyone was restarted in between', async () => {
    const village = await ring(3, { consent_ms: 60_000 });
    await village.trust('cyril>boris 100', { auto_clearing: false });
    await oweRound(village, [10, 10, 10]);
    await village.pass(5_000);
    for (const { tx_id: tx } of village.service('cyril').pendingClearings()) {
      await village.run(village.service('cyril').answerClearing({ tx_id: tx, accept: false }));
    }
    await village.pass(1_000);
    // Whoever proposed it knows; the others may ask once.
    const askers = new Set(
      village.sent.filter(({ type }) => type === 'CLEARING_PROPOSE').map(({ from }) => from),
    );
    expect(askers.size).toBeGreaterThan(0);
    for (const name of village.names) await village.restart(name);
    village.sent.length = 0;
    await village.pay('anna', 'boris', '1');
    await village.pass(5_000);
    const again = village.sent.filter(({ type }) => type === 'CLEARING_PROPOSE');
    expect(again.filter(({ from }) => askers.has(from))).toEqual([]);
    expect(debts(village)).toEqual([11, 10, 10]);
  });

  it('whoever wants shorter cycles only is left alone in longer ones, and found in shorter', async () => {
    const people = NAMES.slice(0, 4);
    const lines = people.map((name, i) => `${people[(i + 1) % 4]}>${name} 100`);
    const village = await Village.open({
      people,
      lines: [...lines, 'anna>cyril 100'],
      settings: { clearing: { trigger: true } },
      own: { cyril: { clearing: { trigger: true, max_length: 3 } } },
    });
    await oweRound(village, [10, 10, 10, 10]);
    await village.pass(10_000);
    expect(debts(village)).toEqual([10, 10, 10, 10]);
    const proposers = () =>
      village.sent.flatMap(({ type, from }) => (type === 'CLEARING_PREPARE' ? [from] : []));
    const heard = new Set(proposers());
    expect(heard.size).toBeGreaterThan(0);
    expect(heard).not.toContain('cyril');
    village.sent.length = 0;
    await village.pay('anna', 'boris', '1');
    await village.pass(10_000);
    expect(proposers().filter((name) => heard.has(name))).toEqual([]);
    // A cycle of three goes through him all the same: Anna, Boris, Cyril.
    await village.pay('cyril', 'anna', '7');
    await village.pass(10_000);
    await expectSound(village);
    expect(village.owes('cyril', 'anna')).toBe(0);
  });

  it('a search sends no more messages than it may', async () => {
    const village = await ring(6, { search_budget: 3 });
    village.sent.length = 0;
    await oweRound(village, Array(6).fill(10));
    await village.pass(5_000);
    const sent = village.sent.filter(({ type }) => type === 'CLEARING_SEARCH').length;
    expect(sent).toBeGreaterThan(0);
    // Each of the six payments changes one debt, which is owed to one participant that looks.
    expect(sent).toBeLessThanOrEqual(6 * 3);
  });

  it('a cycle of six is met in the middle where everyone owes many', async () => {
    // Anna, Boris and Cyril owe three each who owe nobody; two each owe Emil and Fedir whom nobody owes.
    const six = NAMES.slice(0, 6);
    const blind = six.slice(0, 3).flatMap((debtor) => [1, 2, 3].map((n) => ({ debtor, n })));
    const vain = six.slice(4).flatMap((creditor) => [1, 2].map((n) => ({ creditor, n })));
    const village = await Village.open({
      people: [
        ...six,
        ...blind.map(({ debtor, n }) => `${debtor}${n}`),
        ...vain.map(({ creditor, n }) => `${creditor}${n}`),
      ],
      lines: [
        ...blind.map(({ debtor, n }) => `${debtor}${n}>${debtor} 100`),
        ...vain.map(({ creditor, n }) => `${creditor}>${creditor}${n} 100`),
        ...six.map((name, i) => `${six[(i + 1) % 6]}>${name} 100`),
      ],
      settings: { clearing: { trigger: false } },
      own: { anna: { clearing: { trigger: true, search_budget: 64, search_ms: 400 } } },
    });
    for (const { debtor, n } of blind) await village.pay(debtor, `${debtor}${n}`, '50');
    for (const { creditor, n } of vain) await village.pay(`${creditor}${n}`, creditor, '50');
    for (const [i, name] of six.slice(0, 5).entries()) await village.pay(name, six[i + 1]!, '10');
    village.sent.length = 0;
    await village.pay('fedir', 'anna', '10');
    await village.pass(5_000);
    await expectSound(village);
    for (const [i, name] of six.entries()) expect(village.owes(name, six[(i + 1) % 6]!)).toBe(0);
    const count = (wanted: string) => village.sent.filter(({ type }) => type === wanted).length;
    expect(count('CLEARING_MARK')).toBeGreaterThan(0);
    expect(count('CLEARING_MARK') + count('CLEARING_SEARCH')).toBeLessThanOrEqual(64);
  });

  it('marks that are lost or made up do no harm', async () => {
    const village = await ring(6);
    village.fate = ({ type }) => (type === 'CLEARING_MARK' ? 'drop' : 'deliver');
    await oweRound(village, [10, 10, 10, 10, 10, 10]);
    await village.pass(5_000);
    expect(debts(village)).toEqual([10, 10, 10, 10, 10, 10]);
    village.fate = () => 'deliver';
    // Anna owes Boris: he may mark her. Cyril may not speak for him, nor Boris about somebody unknown.
    const mark = { id: new Uint8Array(16), equivalent: UAH, hops: 9, budget: 9 };
    village.sent.length = 0;
    await village.introduce('cyril', 'anna');
    const to = village.person('boris').pid;
    village.inject('cyril', 'anna', bareFrame('CLEARING_MARK', { ...mark, to }));
    const nobody = person('nobody').pid;
    village.inject('boris', 'anna', bareFrame('CLEARING_MARK', { ...mark, to: nobody }));
    await village.pass(100);
    const passedOn = () =>
      village.sent.filter(({ type, from }) => type === 'CLEARING_MARK' && from === 'anna').length;
    expect(passedOn()).toBe(0);
    village.inject('boris', 'anna', bareFrame('CLEARING_MARK', { ...mark, to }));
    await village.pass(100);
    expect(passedOn()).toBe(1);
    await village.pay('anna', 'boris', '1');
    await village.pass(5_000);
    await expectSound(village);
    expect(debts(village)).toEqual([1, 0, 0, 0, 0, 0]);
  });

  it('strangers are told nothing about debts', async () => {
    const village = await ring(3, { trigger: false });
    await oweRound(village, [10, 10, 10]);
    village.sent.length = 0;
    await village.introduce('anna', 'boris');
    const query = {
      id: new Uint8Array(16).fill(3),
      payer: village.person('anna').pid,
      payee: village.person('cyril').pid,
      equivalent: UAH,
      amount: 10n,
      hops: 4,
      wait_ms: 1_000,
      budget: 8,
      avoid: [],
    };
    // Anna owes Boris, but Boris does not owe Anna: she may ask him, he may not ask her.
    village.inject('anna', 'boris', bareFrame('CLEARING_SEARCH', query));
    village.inject(
      'boris',
      'anna',
      bareFrame('CLEARING_SEARCH', { ...query, id: new Uint8Array(16) }),
    );
    await village.pass(2_000);
    const told = village.sent.flatMap(({ from, to, frame }) => {
      const opened = openFrame(frame);
      return opened.type === 'CLEARING_FOUND' ? [[from, to, opened.body.hops.length]] : [];
    });
    expect(told).toContainEqual(['boris', 'anna', 1]);
    expect(told).toContainEqual(['anna', 'boris', 0]);
  });
});

describe('clear now', () => {
  it('finds what is there, changes nothing in a dry run, and then clears it', async () => {
    const village = await ring(4, { trigger: false });
    await oweRound(village, [10, 20, 30, 40]);
    const anna = village.service('anna');
    const dry = await village.run(anna.clearNow({ equivalent: 'UAH', dry_run: true }));
    expect(dry).toMatchObject([{ amount: '10.00', clearing: null }]);
    expect(dry[0]!.cycle).toHaveLength(4);
    expect(debts(village)).toEqual([10, 20, 30, 40]);
    const done = await village.run(anna.clearNow({ dry_run: false }));
    expect(done).toMatchObject([{ clearing: { state: 'COMMITTED', cleared: '10.00' } }]);
    expect(await village.run(anna.clearNow({ dry_run: false }))).toEqual([]);
    await expectSound(village);
    expect(debts(village)).toEqual([0, 10, 20, 30]);
    expect(await anna.clearingStats()).toEqual([
      {
        equivalent: 'UAH',
        cycles: 1,
        removed: '40.00',
        mine: '10.00',
        lengths: [{ length: 4, cycles: 1, removed: '40.00' }],
        shortened: { chains: 0, removed: '0.00' },
      },
    ]);
  });

  it('counts a debt that two cycles pass once in a dry run', async () => {
    const village = await Village.open({
      people: ['anna', 'boris', 'cyril', 'dora'],
      lines: ['boris>anna 50', 'cyril>boris 50', 'anna>cyril 50', 'dora>boris 50', 'anna>dora 50'],
      settings: { clearing: { trigger: false, search_ms: 300 } },
    });
    for (const [debtor, creditor, amount] of [
      ['cyril', 'anna', '8'],
      ['dora', 'anna', '7'],
      ['boris', 'cyril', '9'],
      ['boris', 'dora', '9'],
      ['anna', 'boris', '10'],
    ] as const) {
      await village.pay(debtor, creditor, amount, { max_hops: 1 });
    }
    await village.calm();
    const anna = village.service('anna');
    const dry = await village.run(anna.clearNow({ equivalent: 'UAH', dry_run: true }));
    expect(dry.map(({ amount }) => amount)).toEqual(['8.00', '2.00']);
    const done = await village.run(anna.clearNow({ equivalent: 'UAH', dry_run: false }));
    expect(done.map(({ clearing }) => clearing?.cleared)).toEqual(['8.00', '2.00']);
  });

  it.each([5, 8])(
    'of a given cycle of %i asks for the keys of whom it does not know',
    async (size) => {
      const village = await ring(size, { trigger: false });
      await oweRound(village, Array(size).fill(10));
      const cycle = village.names.map((name) => (name === 'boris' ? 'me' : village.pid(name)));
      village.sent.length = 0;
      const request = { equivalent: 'UAH', cycle, amount: '10' };
      const cleared = await village.run(village.service('boris').clearCycle(request));
      expect(cleared).toMatchObject({ state: 'COMMITTED', cleared: '10.00', attempts: 1 });
      await expectSound(village);
      expect(debts(village)).toEqual(Array(size).fill(0));
      const asked = village.sent.filter(({ type }) => type === 'CLEARING_SEARCH');
      expect(asked).toHaveLength(size - 2);
    },
  );

  it('of a given cycle whose member nobody knows is refused, and says why', async () => {
    const village = await ring(3, { trigger: false });
    await oweRound(village, [10, 10, 10]);
    const stranger = person('nobody').pid;
    const cycle = ['me', village.pid('boris'), stranger, village.pid('cyril')];
    const request = { equivalent: 'UAH', cycle, amount: '10' };
    const cleared = await village.run(village.service('anna').clearCycle(request));
    expect(cleared).toMatchObject({
      state: 'REJECTED',
      reason: { details: { fault: 'unknown_key' } },
    });
    await expectSound(village);
  });

  it('looks no farther than it is told', async () => {
    const village = await ring(4, { trigger: false });
    await oweRound(village, [10, 20, 30, 40]);
    const short = { max_length: 3, dry_run: true };
    expect(await village.run(village.service('anna').clearNow(short))).toEqual([]);
  });
});
