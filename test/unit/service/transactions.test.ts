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
