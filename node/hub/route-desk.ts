/**
 * Routes between a hub and its community, on both sides of the desk: as a hub the index, the reports
 * that feed it and the answers out of it; as a member the reports of the own edges and the questions.
 */
import { type Pid, type PublicKey, pidFromPublicKey } from '../../protocol/identity/pid.ts';
import type { Edge, EdgeId } from '../../protocol/ledger/edge.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import { SEARCH_DEFAULTS } from '../../protocol/routing/question.ts';
import type { Unverified } from '../../protocol/wire/envelope.ts';
import type { EdgeReport } from '../../protocol/wire/messages/report.ts';
import type { RouteQuery, RouteReply } from '../../protocol/wire/messages/route.ts';
import type { Agents } from '../engine/agents.ts';
import type { Hall } from '../engine/hall.ts';
import type { Notice } from '../engine/notices.ts';
import type { Turn } from '../engine/turn.ts';
import type { Clock, Ports } from '../ports.ts';
import { HubRoutes } from '../routing/hub-routes.ts';
import type { Place } from '../routing/neighbour-search.ts';
import type { RouteSources } from '../routing/wish.ts';
import type { NodeSettings } from '../settings.ts';
import { CommunityIndex, type IndexSize } from './community-index.ts';
import { Disagreements } from './disagreements.ts';
import type { EquivalentGraph } from './equivalent-graph.ts';
import type { Membership } from './membership.ts';
import type { Memberships } from './memberships.ts';
import { Reporter } from './reporter.ts';
import { Reports } from './reports.ts';

export interface RouteDeskContext {
  readonly ports: Ports;
  readonly hall: Hall;
  readonly me: Pid;
  readonly agents: Agents;
  readonly membership: Membership;
  readonly memberships: Memberships;
  readonly settings: NodeSettings;
  readonly isBarred: (participant: Pid) => boolean;
  readonly placeOf: (participant: Pid) => Place | undefined;
}

/** Changes of members' statuses are taken into the index together, ms. */
const REBUILD_MS = 200;
/** Old reports are looked for so often in their life. */
const SWEEPS_PER_LIFE = 4;
/** Reports are compared so often in the time that one may be late. */
const LOOKS_PER_LATENESS = 2;

export class RouteDesk {
  readonly sources: RouteSources;
  readonly disagreements: Disagreements;
  readonly #context: RouteDeskContext;
  readonly #index: CommunityIndex;
  readonly #reports: Reports;
  readonly #reporter: Reporter;
  readonly #routes: HubRoutes;
  #sweep: (() => void) | undefined;
  #look: (() => void) | undefined;
  #rebuild: (() => void) | undefined;

  constructor(context: RouteDeskContext) {
    const { ports, hall, me, agents, membership, memberships, settings, isBarred } = context;
    this.#context = context;
    const hopWeight = settings.routes.hop_weight_percent / 100;
    this.#index = new CommunityIndex({
      search: { ...SEARCH_DEFAULTS, hopWeight },
      trust: settings.hub,
      timeLimit: () => timeLimit(ports.clock, settings.routes.search_ms),
      precisionOf: (equivalent) => hall.state.equivalents.get(equivalent)?.precision,
      isBarred,
    });
    this.disagreements = new Disagreements({
      state: hall.state,
      store: ports.store,
      log: ports.log,
      index: this.#index,
      settings: settings.hub,
    });
    this.#reports = new Reports({
      me,
      store: ports.store,
      verify: ports.verify,
      agents,
      membership,
      index: this.#index,
      evidence: () => this.disagreements.evidence(),
      settings: settings.hub,
    });
    this.#reporter = new Reporter({
      clock: ports.clock,
      signer: ports.signer,
      log: ports.log,
      hall,
      agents,
      hubs: () => memberships.hubs(),
      isBarred,
      settings: settings.memberships,
    });
    const index: RouteSources['index'] = (wish, shut) =>
      membership.isHub ? this.#index.find(wish, shut) : undefined;
    this.#routes = new HubRoutes({
      clock: ports.clock,
      entropy: ports.entropy,
      transport: ports.transport,
      hubs: () => memberships.hubs(),
      mayAsk: (key) => membership.may(pidFromPublicKey(key), 'ask_routes'),
      find: index,
      placeOf: context.placeOf,
      settings: {
        query_timeout_ms: settings.routes.query_timeout_ms,
        hub_silence_ms: settings.routes.hub_silence_ms,
        queries_per_s_per_member: settings.hub.queries_per_s_per_member,
      },
    });
    this.sources = { index, hubs: (wish, shut) => this.#routes.ask(wish, shut) };
    hall.listen((notice) => this.#hear(notice));
    hall.state.watchEdges({
      changed: (edge) => this.#edgeChanged(edge),
      reloaded: () => this.#reloaded(),
    });
  }

  async start(): Promise<void> {
    this.#reporter.start();
    if (!this.#context.membership.isHub) return;
    await this.#fill();
    this.#sweepSoon();
    this.#lookSoon();
  }

  stop(): void {
    this.#sweep?.();
    this.#look?.();
    this.#rebuild?.();
    this.#reporter.stop();
    this.#routes.stop();
  }

  /** A peer is there (again): a hub may have missed what has changed. */
  connected(peer: PublicKey): void {
    if (this.#context.memberships.hubs().includes(peer)) this.#reporter.reportAll(peer);
  }

  /** EDGE_REPORT. @throws GeoError as {@link Reports.receive} */
  report(turn: Turn, from: PublicKey, signed: Unverified<EdgeReport>): void {
    this.#reports.receive(turn, from, signed);
  }

  /** ROUTE_QUERY for whole routes. @throws GeoError as {@link HubRoutes.onQuery} */
  query(from: PublicKey, query: RouteQuery): void {
    this.#routes.onQuery(from, query);
  }

  /** @returns whether the reply was to a question asked here */
  reply(from: PublicKey, reply: RouteReply): boolean {
    return this.#routes.onReply(from, reply);
  }

  /** Everyone's lines and debts as a hub knows them; undefined if this node is no hub, or knows none. */
  books(equivalent: EquivalentCode): EquivalentGraph | undefined {
    return this.#context.membership.isHub ? this.#index.books(equivalent) : undefined;
  }

  /** Reports that were refused since the start, by fault. */
  get refusedReports(): Readonly<Record<string, number>> {
    return this.#reports.refused;
  }

  /** How much the index knows, by equivalent. */
  sizes(): IndexSize[] {
    return this.#index.sizes();
  }

  #edgeChanged(edge: Edge): void {
    const { membership, ports } = this.#context;
    if (membership.isHub) this.#index.keep(edge, ports.clock.now());
    this.#reporter.changed(edge);
  }

  /** The own books were read from the store: at the start, and after a failed write. */
  #reloaded(): void {
    if (!this.#context.membership.isHub) return;
    this.#keepAll();
    this.#rebuildSoon();
  }

  #keepAll(): void {
    const { hall, ports } = this.#context;
    this.#index.clear();
    for (const edge of hall.state.edges.values()) this.#index.keep(edge, ports.clock.now());
  }

  #hear(notice: Notice): void {
    const { memberships, membership, hall } = this.#context;
    switch (notice.type) {
      case 'membership-changed': {
        const hub = memberships.all().get(notice.hub);
        if (hub?.status === 'active') this.#reporter.reportAll(hub.hub_key);
        break;
      }
      case 'member-changed':
        if (membership.isHub) this.#rebuildSoon();
        break;
      case 'attempt-ended': {
        if (!membership.isHub || notice.outcome !== 'COMMITTED') break;
        const { state } = hall;
        const attempt = state.attemptOf(notice.hash);
        if (attempt !== undefined) this.#index.committed(attempt.open, (id) => this.#isOwn(id));
        break;
      }
      default:
        break;
    }
  }

  #isOwn(edge: EdgeId): boolean {
    return this.#context.agents.touches(edge);
  }

  async #fill(): Promise<void> {
    this.#keepAll();
    await this.#reports.load(this.#context.ports.clock.now());
  }

  #rebuildSoon(): void {
    const { clock, log } = this.#context.ports;
    this.#rebuild ??= clock.after(REBUILD_MS, () => {
      this.#rebuild = undefined;
      this.#fill().catch((error: unknown) => {
        log.warn({ error: String(error) }, 'the index could not be read again; trying again');
        this.#rebuildSoon();
      });
    });
  }

  /** Reports grow older, and some stand against each other. */
  #lookSoon(): void {
    const { hall, ports, settings } = this.#context;
    const { clock, log } = ports;
    this.#look = clock.after(settings.hub.report_late_ms / LOOKS_PER_LATENESS, () => {
      this.#index.age(clock.now());
      hall
        .turn((turn) => this.disagreements.look(turn))
        .catch((error: unknown) => {
          log.warn({ error: String(error) }, 'reports were not compared; trying again later');
        });
      this.#lookSoon();
    });
  }

  #sweepSoon(): void {
    const { hall, ports, settings } = this.#context;
    const { clock, log } = ports;
    this.#sweep = clock.after(settings.hub.report_life_ms / SWEEPS_PER_LIFE, () => {
      this.#reports.sweep(hall, clock.now()).catch((error: unknown) => {
        log.warn({ error: String(error) }, 'old reports were not forgotten; trying again later');
      });
      this.#sweepSoon();
    });
  }
}

/** The clock is not asked at each step: a step takes nanoseconds. */
const STEPS_BETWEEN_LOOKS = 64;

function timeLimit(clock: Clock, ms: number): () => boolean {
  const end = clock.now() + ms;
  let steps = 0;
  let over = false;
  return () => {
    if (!over && ++steps % STEPS_BETWEEN_LOOKS === 0) over = clock.now() > end;
    return over;
  };
}
