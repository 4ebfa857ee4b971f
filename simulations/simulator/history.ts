/** One whole history: a community opens its lines, works and suffers, heals, and is audited. */
import { Books } from '../checkers/books.ts';
import { Certificates } from '../checkers/certificates.ts';
import { Clearings } from '../checkers/clearings.ts';
import { Clients } from '../checkers/clients.ts';
import { Durability } from '../checkers/durability.ts';
import { Durations } from '../checkers/durations.ts';
import { Findings, type Violation } from '../checkers/findings.ts';
import { Freshness } from '../checkers/freshness.ts';
import { Limits } from '../checkers/limits.ts';
import { Moves } from '../checkers/moves.ts';
import { Observed } from '../checkers/observed.ts';
import { Outcomes } from '../checkers/outcomes.ts';
import { Reports } from '../checkers/reports.ts';
import { Settled } from '../checkers/settled.ts';
import { Shortenings } from '../checkers/shortenings.ts';
import { Talk } from '../checkers/talk.ts';
import { Voting } from '../checkers/voting.ts';
import { Adversary } from './adversary.ts';
import { RunDigest } from './digest.ts';
import { cheapSignatures, realSignatures } from './identities.ts';
import { OwnAudits } from './own-audits.ts';
import { OPENING_MS, type Plan } from './plan.ts';
import { settingsOf } from './settings.ts';
import { Stage } from './stage.ts';
import type { Watch } from './watch.ts';
import { textOf, World } from './world.ts';

export interface HistoryOptions {
  readonly plan: Plan;
  /** Places of the steps to take; absent: all. */
  readonly keep?: ReadonlySet<number>;
  readonly realSignatures?: boolean;
  /** Sees everything, for a transcript. */
  readonly onlooker?: (world: World) => Watch;
}

export interface History {
  readonly seed: number;
  readonly violations: readonly Violation[];
  /** Of every frame, batch, start and crash with its time. */
  readonly digest: string;
  readonly events: number;
  readonly virtualMs: number;
  /** From the end of all faults until everything was decided, virtual ms. */
  readonly settledMs: number;
  readonly payments: number;
  readonly committed: number;
  /** Clearings that committed. */
  readonly cleared: number;
  /** Those among them that shortened a chain. */
  readonly shortened: number;
  /** Participants that came, with their books, from one agent to another. */
  readonly moved: number;
  readonly crashes: number;
  readonly heldMs: readonly number[];
  readonly inDoubtMs: readonly number[];
}

/** After the end of all faults everything must be decided within this, virtual ms. */
export const SETTLE_MS_MAX = 180_000;
const LOOK_EVERY_MS = 1_000;
/** Members report everything every quarter of a minute, and hear within twenty seconds that they are taken back. */
const REFRESH_MS_MAX = 60_000;
const PROBE_MS = 15_000;
/** A run of fifty payments has some thousands of events; so many mean that nodes excite each other. */
const EVENTS_MAX = 500_000;
const SKEW_MS_MAX = 2_000;

export async function runHistory(options: HistoryOptions): Promise<History> {
  const { plan } = options;
  const world = new World({
    seed: plan.seed,
    hosts: plan.hosts,
    participants: plan.community.participants,
    hub: plan.hub?.host,
    homes: plan.homes,
    settingsOf: settingsOf(plan),
    hostile: plan.hostile,
    signatures: options.realSignatures ? realSignatures : cheapSignatures,
    skewMsMax: plan.profile === 'calm' ? 0 : SKEW_MS_MAX,
  });
  for (const host of world.hosts) {
    if (!host.isHostile) continue;
    const others = world.hosts.filter((each) => each !== host);
    const keys = others.map((each) => each.identity.publicKey);
    const adversary = new Adversary(host, keys, plan.seed);
    host.disguise = (transport) => adversary.disguise(transport);
  }
  const findings = new Findings(world.time);
  const observed = new Observed();
  const hostile = new Set(
    world.hosts.filter((host) => host.isHostile).map((host) => host.identity.hex),
  );
  const clearings = new Clearings(findings, world.time, world.signatures.verify);
  const shortenings = new Shortenings(findings);
  const durations = new Durations(world.time);
  const voting = new Voting(findings);
  const moves = new Moves(findings, observed);
  for (const rule of [
    new Books(findings, observed),
    new Limits(findings),
    new Outcomes(findings, hostile),
    new Certificates(findings, world.signatures.verify),
    clearings,
    shortenings,
    durations,
    voting,
    moves,
  ]) {
    observed.addRule(rule);
  }
  const clients = new Clients(findings, observed, world.allHonest);
  const settled = new Settled(findings, observed, world.hosts);
  const freshness = freshnessOf(world, plan, findings, observed);
  const digest = new RunDigest(world.time);
  world.watch.add(digest);
  const onlooker = options.onlooker?.(world);
  if (onlooker !== undefined) world.watch.add(onlooker);
  world.watch.add(observed);
  world.watch.add(new Durability(findings, observed));
  world.watch.add(new Talk(findings, world.time));
  if (plan.hub !== undefined) world.watch.add(new Reports(findings));
  const audits = new OwnAudits(findings, world.allHonest, moves.bereft);
  world.watch.add(audits);

  const stage = new Stage(world, plan, { clients, clearings, moves });
  const stray = (error: unknown) => world.watch.alarm(undefined, textOf(error));
  process.on('unhandledRejection', stray);
  stage.open();
  const isStorm = () => world.time.events > EVENTS_MAX;
  await world.time.run(OPENING_MS, isStorm);
  stage.play(options.keep);
  await world.time.run(plan.healMs, isStorm);
  stage.heal();
  const settledMs = await settle(world, settled);
  if (freshness !== undefined) {
    await refresh(world, plan, stage, freshness);
    // A pass of the hub may have begun something meanwhile.
    await settle(world, settled);
  }
  process.off('unhandledRejection', stray);
  if (isStorm()) findings.report('11 liveness', `${EVENTS_MAX} events, and no end of them`);
  clients.atEnd();
  settled.atEnd();
  clearings.atEnd(world.honest, observed);
  await audit(world, audits);
  return {
    seed: plan.seed,
    violations: findings.violations,
    digest: digest.finish(),
    events: world.time.events,
    virtualMs: world.time.now,
    settledMs,
    payments: stage.payments,
    committed: clients.committed,
    cleared: clearings.committed.size,
    shortened: shortenings.committed.size,
    moved: moves.count,
    crashes: world.hosts.reduce((sum, host) => sum + host.crashes, 0),
    heldMs: durations.held,
    inDoubtMs: durations.inDoubt,
  };
}

/** Runs on until everything is decided, or until it should be. */
async function settle(world: World, settled: Settled): Promise<number> {
  const healed = world.time.now;
  while (world.time.now - healed < SETTLE_MS_MAX && world.time.events <= EVENTS_MAX) {
    await world.time.run(world.time.now + LOOK_EVERY_MS, () => world.time.events > EVENTS_MAX);
    if (settled.isQuiet() && world.network.inFlight === 0) break;
  }
  return world.time.now - healed;
}

/** Only what honest nodes report can be held against the books. */
function freshnessOf(
  world: World,
  { hub }: Plan,
  findings: Findings,
  observed: Observed,
): Freshness | undefined {
  if (hub === undefined) return undefined;
  const joined = hub.joined.map((number) => world.hosts[number]!);
  return new Freshness(findings, observed, world.hosts[hub.host]!, joined);
}

/** Until all that was not reported has been; then the hub pays by what it knows. */
async function refresh(world: World, plan: Plan, stage: Stage, freshness: Freshness) {
  const { time } = world;
  const isStorm = () => time.events > EVENTS_MAX;
  const until = time.now + REFRESH_MS_MAX;
  while (freshness.stale().length > 0 && time.now < until && !isStorm()) {
    await time.run(time.now + LOOK_EVERY_MS, isStorm);
  }
  freshness.atEnd();
  const isWhole = world.allHonest && world.hosts.every((host) => !host.isGone);
  const code = plan.community.equivalents[0]!;
  const payee = isWhole ? freshness.reachable(code) : undefined;
  if (payee === undefined) return;
  let how: string | undefined;
  stage.probe(payee, code, (state) => {
    how = state;
  });
  await time.run(time.now + PROBE_MS, isStorm);
  freshness.paid(payee, how);
}

async function audit(world: World, audits: OwnAudits): Promise<void> {
  const done = Promise.all(
    world.honest.map(async (host) => ({ host, checks: (await host.service?.audit()) ?? [] })),
  );
  // What an audit finds is written down, and a disk takes its time.
  await world.time.run(world.time.now + LOOK_EVERY_MS, () => world.time.events > EVENTS_MAX);
  for (const { host, checks } of await done) audits.audited(host, checks);
}
