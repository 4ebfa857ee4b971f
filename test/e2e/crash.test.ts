/**
 * A real daemon is killed (SIGKILL) right before or right after each of its durable steps in a
 * payment, or in a clearing, and started again: it is decided, both books of each edge are equal, nothing is
 * held, and the audit is clean. Anna pays Cyril through Boris; Anna coordinates.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { CrashPoint } from './crash-point.ts';
import { Daemons, mortalDaemon } from './daemons.ts';

const PEOPLE = ['anna', 'boris', 'cyril'];

/** From an attempt's start to its `prepare_by`: as long the voters wait for a coordinator that has gone. */
const PREPARE_MS = 6_000;
/** What a coordinator that has come back needs to reach the voters again, on a busy machine. */
const REACH_MS = 1_500;

let net: Daemons;

beforeAll(async () => {
  net = await Daemons.start(PEOPLE, {
    script: mortalDaemon,
    settings: {
      payments: { prepare_ms: PREPARE_MS, grace_ms: 100, retry_ms: 200, order_life_ms: 15_000 },
      outbox: { retry_min_ms: 100, retry_max_ms: 1_000 },
    },
  });
  for (const line of ['boris>anna 1000', 'cyril>boris 1000']) await net.trust(line);
  await net.settle();
}, 120_000);
afterAll(() => net?.stop());

/** `either`: whether the restarted node's vote still comes in time is a matter of the machine's speed. */
type Outcome = 'paid' | 'not paid' | 'either';

/** Of the voters Boris is 0, Cyril 1, Anna 2; `y` is a YES, `f` a first-hand applied, `a` a resting one. */
const STEPS: readonly {
  readonly who: string;
  readonly step: string;
  readonly key: string;
  readonly before: Outcome;
  readonly after: Outcome;
}[] = [
  { who: 'anna', step: 'the order', key: '^open/', before: 'not paid', after: 'not paid' },
  { who: 'anna', step: 'the attempt', key: '^manifest/', before: 'not paid', after: 'not paid' },
  { who: 'anna', step: 'the decision', key: '^said/.*/y2$', before: 'not paid', after: 'paid' },
  { who: 'anna', step: 'applying', key: '^said/.*/a2$', before: 'paid', after: 'paid' },
  { who: 'boris', step: 'the vote', key: '^said/.*/y0$', before: 'not paid', after: 'either' },
  { who: 'boris', step: 'applying', key: '^said/.*/f0$', before: 'paid', after: 'paid' },
  { who: 'cyril', step: 'the vote', key: '^said/.*/y1$', before: 'not paid', after: 'either' },
  { who: 'cyril', step: 'applying', key: '^said/.*/f1$', before: 'paid', after: 'paid' },
];

const cases = STEPS.flatMap(({ who, step, key, before, after }) => [
  { who, step, point: { key, when: 'before' } satisfies CrashPoint, outcome: before },
  { who, step, point: { key, when: 'after' } satisfies CrashPoint, outcome: after },
]);

describe('SIGKILL', () => {
  it.each(cases)(
    '$point.when $step is stored at $who: $outcome',
    async (row) => {
      const { who, step, point, outcome } = row;
      const owed = Number(await net.owes('anna', 'boris'));
      // The killed one may be the payer itself, whose command then ends with its process.
      await net.armCrash(who, point);
      const began = performance.now();
      const paying = net.pay('anna', 'cyril', '5').catch(() => undefined);
      await expect.poll(() => net.net.isUp(who), { timeout: 10_000, interval: 20 }).toBe(false);
      await net.net.restart(who);
      const awayMs = performance.now() - began;
      await paying;
      await net.settle();
      const paid = Number(await net.owes('anna', 'boris')) - owed;
      expect([0, 5]).toContain(paid);
      expect(await net.owes('boris', 'cyril')).toBe(await net.owes('anna', 'boris'));
      // Voters in doubt withdraw from a coordinator that stays away longer (R5): then both are right.
      const tooLate = step === 'the decision' && awayMs > PREPARE_MS - REACH_MS;
      if (outcome === 'either' || (outcome === 'paid' && tooLate)) return;
      expect(paid).toBe(outcome === 'paid' ? 5 : 0);
    },
    60_000,
  );

  it('has hurt nobody: payments go on', async () => {
    expect(await net.pay('anna', 'cyril', '5')).toMatchObject({ state: 'COMMITTED' });
    await net.settle();
  });
});

describe('SIGKILL in a clearing', () => {
  const clear = () =>
    net.client('anna').clearCycle({
      equivalent: 'UAH',
      cycle: ['me', net.pid('boris'), net.pid('cyril')],
      amount: '5',
    });
  const debts = async () => [
    Number(await net.owes('anna', 'boris')),
    Number(await net.owes('boris', 'cyril')),
    Number(await net.owes('cyril', 'anna')),
  ];

  beforeAll(async () => {
    await net.trust('anna>cyril 1000');
    await net.pay('anna', 'cyril', '100');
    expect(await net.pay('cyril', 'anna', '100')).toMatchObject({ state: 'COMMITTED' });
    await net.settle();
  }, 60_000);

  it.each([
    { who: 'anna', step: 'its proposal', point: { key: '^clearing/', when: 'after' } },
    { who: 'boris', step: 'its vote', point: { key: '^said/.*/y', when: 'before' } },
    { who: 'anna', step: 'the decision', point: { key: '^said/.*/y2$', when: 'after' } },
    { who: 'cyril', step: 'applying', point: { key: '^said/.*/f', when: 'after' } },
  ] as const)(
    '$point.when $step is stored at $who: all debts are lowered, or none',
    async ({ who, point }) => {
      const before = await debts();
      await net.armCrash(who, point);
      const clearing = clear().catch(() => undefined);
      await expect.poll(() => net.net.isUp(who), { timeout: 10_000, interval: 20 }).toBe(false);
      await net.net.restart(who);
      await clearing;
      await net.settle();
      const after = await debts();
      expect([before, before.map((debt) => debt - 5)]).toContainEqual(after);
      // Whoever applied had all votes; whoever had proposed and not begun gives up.
      if (point.key === '^said/.*/f') expect(after).not.toEqual(before);
      if (point.key === '^clearing/') expect(after).toEqual(before);
    },
    60_000,
  );

  it('has hurt nobody: cycles are cleared', async () => {
    expect(await clear()).toMatchObject({ state: 'COMMITTED', cleared: '5.00' });
    await net.settle();
  });
});
