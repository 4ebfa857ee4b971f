/** What a search does with each seed: its plan, and how its participants sign. */
import { PROFILES } from './faults.ts';
import type { SimulatorOptions } from './options.ts';
import { makePlan, type Plan } from './plan.ts';

/** Every tenth history of each profile signs with Ed25519. */
export const REAL_EVERY = 10;

/** Mostly the least that makes a community, sometimes more. */
const HOSTS_BY_SEED = [5, 5, 5, 6, 5, 5, 7, 8];

export function planOf(options: SimulatorOptions, seed: number): Plan {
  return makePlan({
    seed,
    profile: options.profile ?? PROFILES[seed % PROFILES.length]!,
    hosts: options.nodes ?? HOSTS_BY_SEED[seed % HOSTS_BY_SEED.length]!,
    payments: options.steps,
  });
}

/** Profiles take turns by the seed, so whole rounds of them are taken together. */
export function isReal(options: SimulatorOptions, seed: number): boolean {
  if (options.realSignatures) return true;
  const isSearch = options.minutes !== null || options.histories > 1;
  return isSearch && Math.floor(seed / PROFILES.length) % REAL_EVERY === 0;
}
