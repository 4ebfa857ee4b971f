/** The list of transactions: every one once, whatever the page, and failures among them. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { TransactionRow, TransactionsQuery } from '../../../node/service/shapes.ts';
import { Village } from '../engine/harness.ts';

let village: Village;

beforeEach(async () => {
  village = await Village.open({
    people: ['anna', 'boris', 'cyril'],
    lines: ['boris>anna 100', 'cyril>boris 100'],
  });
  for (const amount of ['1', '2', '3']) await village.pay('anna', 'boris', amount);
  await village.pay('anna', 'boris', '1000');
  await village.pay('anna', 'cyril', '4');
  await village.calm();
});

const page = (name: string, query: TransactionsQuery) =>
  village.run(village.service(name).transactions(query));

async function all(name: string, query: TransactionsQuery): Promise<TransactionRow[]> {
  const rows: TransactionRow[] = [];
  for (let cursor: string | undefined; ; ) {
    const { items, next } = await page(name, { ...query, ...(cursor && { cursor }) });
    rows.push(...items);
    if (next === null) return rows;
    cursor = next;
  }
}

describe('transactions', () => {
  it('are each there once, newest first, whatever the size of a page', async () => {
    const { items } = await page('anna', {});
    expect(items.map(({ amount, state }) => `${amount} ${state}`)).toEqual([
      '4.00 COMMITTED',
      '1000.00 ABORTED',
      '3.00 COMMITTED',
      '2.00 COMMITTED',
      '1.00 COMMITTED',
    ]);
    for (const limit of [1, 2, 3]) expect(await all('anna', { limit })).toEqual(items);
  });

  it('are filtered by state, part, participant and time', async () => {
    expect(await all('anna', { state: 'ABORTED' })).toMatchObject([
      { amount: '1000.00', reason: expect.stringContaining('trust') },
    ]);
    expect(await all('boris', { role: 'intermediary' })).toMatchObject([{ amount: '4.00' }]);
    expect(await all('anna', { peer: village.pid('cyril') })).toMatchObject([{ amount: '4.00' }]);
    expect(await all('anna', { kind: 'clearing' })).toEqual([]);
    const [newest] = await all('anna', { limit: 1 });
    expect(await all('anna', { since: newest!.finished! })).toHaveLength(1);
    expect(await all('anna', { until: newest!.finished! })).toHaveLength(4);
    await expect(page('anna', { since: 'yesterday' })).rejects.toMatchObject({
      details: { fault: 'bad_time' },
    });
  });
});

describe('transactions under way', () => {
  const kinds = async (name: string) =>
    (await page(name, {})).items
      .filter(({ finished }) => finished === null)
      .map(({ kind, state }) => `${kind} ${state}`);

  /** Cyril comes to owe Anna as much as she owes Boris, and Boris him. */
  async function circle(policy?: { auto_clearing: boolean }): Promise<void> {
    await village.trust('anna>cyril 100');
    await village.trust('cyril>boris 100', policy);
    await village.pay('cyril', 'anna', '4', { max_hops: 1 });
    await village.calm();
  }

  function clear(): void {
    const cycle = ['me', village.pid('boris'), village.pid('cyril')];
    const request = { equivalent: 'UAH', cycle, amount: '4' };
    village
      .service('anna')
      .clearCycle(request)
      .catch(() => undefined);
  }

  it('are there for everybody in a circle that is voted on', async () => {
    await circle();
    village.fate = ({ type }) => (type === 'CLEARING_PREPARE_ACK' ? 'drop' : 'deliver');
    clear();
    await village.pass(100);
    for (const name of village.names) expect(await kinds(name)).toEqual(['clearing NEW']);
    village.fate = () => 'deliver';
    await village.calm();
    for (const name of village.names) expect(await kinds(name)).toEqual([]);
  });

  it('are there for those too who carry them, or are paid', async () => {
    village.fate = ({ type }) => (type === 'PAYMENT_PREPARE_ACK' ? 'drop' : 'deliver');
    village.begin('anna', 'cyril', '1').catch(() => undefined);
    await village.pass(100);
    for (const name of village.names) {
      expect(await kinds(name)).toEqual(['payment PREPARE_IN_PROGRESS']);
    }
  });

  it('are there while somebody is asked', async () => {
    await circle({ auto_clearing: false });
    clear();
    await village.pass(500);
    expect(await kinds('anna')).toEqual(['clearing PROPOSED']);
    expect(await kinds('cyril')).toEqual(['clearing PROPOSED']);
  });
});

describe('history', () => {
  it('goes on where a page ended', async () => {
    const anna = village.service('anna');
    const whole = await village.run(anna.history({}));
    const newest = await village.run(anna.history({ limit: 2 }));
    const older = await village.run(anna.history({ before: newest[0]!.id }));
    expect([...older, ...newest]).toEqual(whole);
    expect(await village.run(anna.history({ type: 'payment_failed' }))).toMatchObject([
      { amount: '1000.00', text: expect.stringMatching(/^not paid: /) },
    ]);
  });
});
