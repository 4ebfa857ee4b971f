/** What clearing has done: counted with each clearing, kept over a restart, and what could still be cleared. */
import { describe, expect, it } from 'vitest';
import type * as shapes from '../../../node/service/shapes.ts';
import { Village } from '../engine/harness.ts';
import { join, QUICK_MEMBERSHIPS } from './hub-village.ts';

const RING = ['anna', 'boris', 'cyril', 'dora'];
const MINUTES_MS = 60_000;

/** Everyone in the ring owes the next 10 or more; the hub clears it only when it is told to. */
async function open(): Promise<Village> {
  const village = await Village.open({
    people: ['hub', ...RING],
    lines: RING.map((name, i) => `${RING[(i + 1) % RING.length]}>${name} 100`),
    settings: { memberships: { ...QUICK_MEMBERSHIPS, report_delay_ms: 100 } },
    own: {
      hub: { hub: { enabled: true, admission: 'open' }, clearing: { pass_ms: 0, trigger: false } },
    },
  });
  for (const name of RING) await join(village, name);
  for (const [i, name] of RING.entries()) {
    await village.pay(name, RING[(i + 1) % RING.length]!, String(10 + i));
  }
  await village.pass(1_000);
  await village.calm();
  return village;
}

async function totals(village: Village, name = 'hub'): Promise<shapes.ClearingTotals> {
  const [row] = await village.run(village.service(name).clearingTotals());
  return row!;
}

async function clear(village: Village): Promise<void> {
  await village.run(village.service('hub').beginPass({ equivalent: 'UAH' }));
  await village.pass(60_000);
  expect(await village.calm()).toBe(true);
}

describe('figures of clearing', () => {
  it('of a hub say what could be cleared, exactly, and then what was', async () => {
    const village = await open();
    expect(await totals(village)).toMatchObject({
      cycles: 0,
      removed: '0.00',
      lengths: [],
      debt: '46.00',
      clearable: '40.00',
      clearable_share: 0.869565,
    });
    await clear(village);
    expect(await totals(village)).toMatchObject({
      cycles: 1,
      removed: '40.00',
      lengths: [{ length: 4, cycles: 1, removed: '40.00' }],
      shortened: { chains: 0, removed: '0.00' },
      debt: '6.00',
      clearable: '0.00',
      clearable_share: 0,
    });
  });

  it('of a participant are those of its own part', async () => {
    const village = await open();
    const boris = village.service('boris');
    expect(boris.clearingStats()).toEqual([]);
    await clear(village);
    expect(boris.clearingStats()).toMatchObject([{ cycles: 1, removed: '40.00', mine: '10.00' }]);
    // It knows its own debts alone: 10 of each of the two are gone.
    expect(await totals(village, 'boris')).toMatchObject({
      debt: '1.00',
      clearable: null,
      clearable_share: null,
    });
    expect(village.service('hub').clearingStats()).toEqual([]);
  });

  it.each(['hub', 'boris'])(
    'of %s: averages over time, with clearing and without',
    async (name) => {
      const village = await open();
      const before = Number((await totals(village, name)).debt);
      await clear(village);
      const after = Number((await totals(village, name)).debt);
      await village.pass(120 * MINUTES_MS);
      const { average_debt, average_without_clearing } = await totals(village, name);
      expect(Number(average_debt)).toBeCloseTo(after, 0);
      expect(Number(average_without_clearing)).toBeCloseTo(before, 0);
    },
  );

  it.each(['hub', 'boris'])('of %s outlast a restart, and the time until then', async (name) => {
    const village = await open();
    await clear(village);
    await village.pass(10 * MINUTES_MS);
    const before = await totals(village, name);
    await village.kill(name);
    await village.pass(10 * MINUTES_MS);
    await village.start(name);
    await village.pass(60_000);
    await village.calm();
    const after = await totals(village, name);
    const { cycles, removed, lengths, since } = before;
    expect(after).toMatchObject({ cycles, removed, lengths, since });
    // Twice as long a time in which nothing changed: the dear minutes at the start weigh half as much.
    const excess = (row: shapes.ClearingTotals) => Number(row.average_debt) - Number(row.debt);
    expect(excess(after)).toBeLessThan(excess(before) * 0.7);
    expect(excess(after)).toBeGreaterThan(excess(before) * 0.3);
  });
});
