/** Everything that a run will be asked to do and to suffer, drawn from its seed before it begins. */

import { CYCLE_MAX } from '../../protocol/limits.ts';
import { type HubPlan, makeHub, makeMoves, makeSuspensions } from '../community-work.ts';
import { type SeededRandom, seededRandom } from '../random.ts';
import { makeShortenings } from '../shortening-work.ts';
import type { Community, Timed, WorkStep } from '../work-steps.ts';
import { makeCommunity, makeWork } from '../workload.ts';
import { type FaultStep, LONG_SLEEP_MS, makeFaults, makeHushes, type Profile } from './faults.ts';

export type Step = WorkStep | FaultStep;

export interface Plan {
  readonly seed: number;
  readonly profile: Profile;
  readonly community: Community;
  readonly hosts: number;
  /** Participants after the last host have no node: this hub votes for them. */
  readonly hub: HubPlan | undefined;
  /** Members of the hub have nodes of their own as well, to move to: hosts after the others. */
  readonly homes: boolean;
  /** Whether nodes look for cycles after payments, besides what people propose. */
  readonly triggers: boolean;
  /** Of each host: members of the longest cycle that it takes part in. */
  readonly longestCycles: readonly number[];
  /** In order of time. A step's place is its name: a shorter run keeps the names. */
  readonly steps: readonly Timed<Step>[];
  /** When all faults end, virtual ms. */
  readonly healMs: number;
  /** Hosts that keep no rule. */
  readonly hostile: ReadonlySet<number>;
}

export interface PlanOptions {
  readonly seed: number;
  readonly profile: Profile;
  readonly hosts: number;
  /** Payments at least. */
  readonly payments: number;
}

/** Lines are drawn up in fair weather. */
export const OPENING_MS = 1_500;
/** One payment in that time, on average: some overlap, most do not. */
const MS_PER_PAYMENT = 600;
const TAIL_MS = 8_000;
/** In one of so many runs a host is a hub, with so many members at most. */
const HUB_EVERY = 3;
const MEMBERS_MAX = 3;
/** In one of so many of these they may move to nodes of their own. */
const HOMES_EVERY = 2;
/** In one of so many runs nodes look for cycles by themselves. */
const TRIGGERS_EVERY = 3;
/** One of so many hosts takes part in short cycles only. */
const CHOOSY_EVERY = 6;
/** Keeps the draws of a community apart from those of all other work. */
const COMMUNITY_SEED = 7 * 2 ** 32;
/** In one of so many runs chains of debts may be shortened; these draws are kept apart as well. */
const SHORTENING_EVERY = 3;
const SHORTENING_SEED = 11 * 2 ** 32;

export function makePlan({ seed, profile, hosts, payments }: PlanOptions): Plan {
  const random = seededRandom(seed);
  const host = random.below(HUB_EVERY) === 0 ? random.below(hosts) : undefined;
  const members = host === undefined ? 0 : 1 + random.below(MEMBERS_MAX);
  const community = makeCommunity(random, hosts + members);
  const spanMs = payments * MS_PER_PAYMENT;
  const work = makeWork(random, community, payments, OPENING_MS, spanMs);
  const own = seededRandom(seed + COMMUNITY_SEED);
  const homes = host !== undefined && own.below(HOMES_EVERY) === 0;
  const frame = {
    random,
    hosts: homes ? hosts + members : hosts,
    startMs: OPENING_MS,
    spanMs: spanMs + TAIL_MS / 2,
  };
  const faults = makeFaults(profile, frame);
  const triggers = own.below(TRIGGERS_EVERY) === 0;
  const longestCycles = Array.from({ length: hosts + members }, () =>
    own.below(CHOOSY_EVERY) === 0 ? 3 + own.below(3) : CYCLE_MAX,
  );
  const hub = host === undefined ? undefined : makeHub(own, hosts, host);
  const communityWork =
    hub === undefined ? [] : makeCommunityWork(own, hub, { hosts, members, homes, spanMs });
  const chains = makeChains(seed, community, work, spanMs);
  const hushes = profile === 'calm' || hub === undefined ? [] : makeHushes(own, OPENING_MS, spanMs);
  const steps: Timed<Step>[] = [
    ...work,
    ...communityWork,
    ...(chains?.steps ?? []),
    ...faults,
    ...hushes,
  ];
  steps.sort((a, b) => a.at - b.at);
  const hostile = new Set<number>();
  if (profile === 'hostile') {
    hostile.add(random.below(hosts));
    if (random.below(2) === 0) hostile.add(random.below(hosts));
  }
  // Whoever votes for others is trusted by them.
  if (host !== undefined) hostile.delete(host);
  const sleeps = faults.some(({ step }) => step.do === 'trap' && step.downMs >= LONG_SLEEP_MS);
  return {
    seed,
    profile,
    community: chains?.community ?? community,
    hosts,
    hub,
    homes,
    triggers,
    longestCycles,
    steps,
    healMs: OPENING_MS + spanMs + TAIL_MS + (sleeps ? LONG_SLEEP_MS : 0),
    hostile,
  };
}

/** What the hub's operator and its members do. */
function makeCommunityWork(
  random: SeededRandom,
  hub: HubPlan,
  size: {
    readonly hosts: number;
    readonly members: number;
    readonly homes: boolean;
    readonly spanMs: number;
  },
): Timed<WorkStep>[] {
  const { spanMs } = size;
  const hosted = Array.from({ length: size.members }, (_, i) => size.hosts + i);
  return [
    ...makeSuspensions(random, [...hub.joined, ...hosted], OPENING_MS, spanMs),
    ...(size.homes ? makeMoves(random, hosted, OPENING_MS, spanMs) : []),
  ];
}

function makeChains(
  seed: number,
  community: Community,
  work: readonly Timed<WorkStep>[],
  spanMs: number,
) {
  const random = seededRandom(seed + SHORTENING_SEED);
  if (random.below(SHORTENING_EVERY) > 0) return undefined;
  const payments = work.flatMap(({ step }) => (step.do === 'pay' ? [step.payment] : []));
  return makeShortenings(random, community, Math.max(...payments) + 1, OPENING_MS, spanMs);
}
