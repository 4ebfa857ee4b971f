/**
 * A fixed set of whole histories: at least five nodes, fifty payments, faults of every kind. Fresh
 * seeds are searched by `npm run simulate -- --minutes M`.
 */
import { describe, expect, it } from 'vitest';
import { PROFILES, type Profile } from '../../simulations/simulator/faults.ts';
import { type History, runHistory } from '../../simulations/simulator/history.ts';
import { makePlan } from '../../simulations/simulator/plan.ts';

const SEEDS_EACH = 6;

const planOf = (seed: number, profile: Profile) =>
  makePlan({ seed, profile, hosts: 5 + (seed % 4), payments: 50 });

function expectHeld(history: History): void {
  expect(history.violations).toEqual([]);
  expect(history.payments).toBeGreaterThanOrEqual(50);
}

describe.each(PROFILES)('%s', (profile) => {
  it('holds every rule', { timeout: 60_000 }, async () => {
    let committed = 0;
    for (let seed = 1; seed <= SEEDS_EACH; seed++) {
      const history = await runHistory({ plan: planOf(seed, profile) });
      expectHeld(history);
      committed += history.committed;
    }
    expect(committed).toBeGreaterThan(10 * SEEDS_EACH);
  });

  it('holds every rule with real signatures', { timeout: 60_000 }, async () => {
    expectHeld(await runHistory({ plan: planOf(10, profile), realSignatures: true }));
  });
});

it('shortens chains, also where frames are lost', { timeout: 60_000 }, async () => {
  for (const profile of ['calm', 'lossy'] as const) {
    let shortened = 0;
    // Chains that every line allows are rare: whether a run meets one hangs on each message before it.
    for (const seed of [8, 17, 23]) {
      const history = await runHistory({ plan: planOf(seed, profile) });
      expectHeld(history);
      shortened += history.shortened;
    }
    expect(shortened).toBeGreaterThan(0);
  }
});

describe('the same seed', () => {
  it.each(PROFILES)('is the same %s run, byte for byte', { timeout: 60_000 }, async (profile) => {
    const [first, second] = [
      await runHistory({ plan: planOf(7, profile) }),
      await runHistory({ plan: planOf(7, profile) }),
    ];
    expect(second.digest).toBe(first.digest);
    expect(second.events).toBe(first.events);
    const other = await runHistory({ plan: planOf(8, profile) });
    expect(other.digest).not.toBe(first.digest);
  });
});
