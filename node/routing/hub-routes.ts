/**
 * Routes out of a hub's index (docs/PROTOCOL.md, "Hub routes"): asking the hubs of one's communities,
 * and, as a hub, answering members.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import { GeoError } from '../../protocol/errors.ts';
import { type Pid, type PublicKey, pidFromPublicKey } from '../../protocol/identity/pid.ts';
import type { Route } from '../../protocol/ledger/effects.ts';
import { AVOID_MAX } from '../../protocol/limits.ts';
import { bareFrame } from '../../protocol/wire/envelope.ts';
import type { Contact, RouteQuery, RouteReply } from '../../protocol/wire/messages/route.ts';
import type { Clock, Entropy, Transport } from '../ports.ts';
import { TokenBucket } from '../token-bucket.ts';
import { type Place, placesIn, shortest } from './neighbour-search.ts';
import type { FindInIndex, HubAnswer, RouteWish, ShutHop } from './wish.ts';

export interface HubRoutesContext {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly transport: Transport;
  /** Hubs to ask. */
  readonly hubs: () => readonly PublicKey[];
  /** Whether the holder of a key may ask this hub. */
  readonly mayAsk: (key: PublicKey) => boolean;
  readonly find: FindInIndex;
  readonly placeOf: (participant: Pid) => Place | undefined;
  readonly settings: {
    readonly query_timeout_ms: number;
    readonly hub_silence_ms: number;
    readonly queries_per_s_per_member: number;
  };
}

interface Asking {
  readonly hub: PublicKey;
  readonly wish: RouteWish;
  readonly resolve: (answer: HubAnswer | undefined) => void;
  readonly cancel: () => void;
}

/** What may come at once, in seconds of the long-run rate. */
const BURST_S = 4;

export class HubRoutes {
  readonly #context: HubRoutesContext;
  readonly #asking = new Map<string, Asking>();
  /** Hubs that did not answer, and until when they are not asked again. */
  readonly #silentUntil = new Map<PublicKey, number>();
  readonly #budgets = new Map<PublicKey, TokenBucket>();

  constructor(context: HubRoutesContext) {
    this.#context = context;
  }

  /** The best answer of all hubs; undefined if there is none to ask, or none knows the two. */
  async ask(wish: RouteWish, shut: readonly ShutHop[]): Promise<HubAnswer | undefined> {
    const { hubs, clock } = this.#context;
    const awake = hubs().filter((hub) => (this.#silentUntil.get(hub) ?? 0) <= clock.now());
    const answers = await Promise.all(awake.map((hub) => this.#askOne(hub, wish, shut)));
    let best: HubAnswer | undefined;
    for (const answer of answers) {
      if (answer !== undefined && (best === undefined || answer.payable > best.payable)) {
        best = answer;
      }
    }
    return best;
  }

  #askOne(
    hub: PublicKey,
    wish: RouteWish,
    shut: readonly ShutHop[],
  ): Promise<HubAnswer | undefined> {
    const { clock, entropy, transport, settings } = this.#context;
    const id = entropy.bytes(16);
    const name = bytesToHex(id);
    return new Promise((resolve) => {
      const cancel = clock.after(settings.query_timeout_ms, () => {
        this.#asking.delete(name);
        this.#silentUntil.set(hub, clock.now() + settings.hub_silence_ms);
        resolve(undefined);
      });
      this.#asking.set(name, { hub, wish, resolve, cancel });
      const { payer, payee, equivalent, amount, max_hops: hops, max_paths } = wish;
      const avoid = wish.avoid.slice(0, AVOID_MAX);
      const common = { id, payer, payee, equivalent, amount, hops, max_paths, avoid };
      const frame = {
        ...common,
        wait_ms: settings.query_timeout_ms,
        budget: 0,
        ...(shut.length === 0 ? {} : { shut: shut.slice(0, AVOID_MAX) }),
      };
      transport.send(hub, bareFrame('ROUTE_QUERY', frame));
    });
  }

  /** ROUTE_REPLY. @returns whether it answers a question that was asked here */
  onReply(from: PublicKey, reply: RouteReply): boolean {
    const name = bytesToHex(reply.id);
    const asking = this.#asking.get(name);
    if (asking === undefined || asking.hub !== from) return false;
    this.#asking.delete(name);
    asking.cancel();
    this.#silentUntil.delete(from);
    asking.resolve(answerIn(reply, asking.wish));
    return true;
  }

  /**
   * ROUTE_QUERY that asks for whole routes.
   * @throws GeoError E006 `not_a_member` | `too_many_queries`
   */
  onQuery(from: PublicKey, query: RouteQuery): void {
    const { mayAsk, find, transport } = this.#context;
    if (!mayAsk(from)) {
      throw new GeoError('E006', 'Only members of this community ask its hub for routes.', {
        fault: 'not_a_member',
      });
    }
    this.#spend(from);
    const { payer, payee, equivalent, amount, hops, max_paths = 1, avoid, shut = [] } = query;
    const wish = { payer, payee, equivalent, amount, max_hops: hops, max_paths, avoid };
    const found = payer === payee || hops < 1 || max_paths < 1 ? undefined : find(wish, shut);
    const frame = bareFrame('ROUTE_REPLY', this.#replyOf(query.id, found));
    transport.send(from, frame);
  }

  stop(): void {
    for (const { cancel, resolve } of this.#asking.values()) {
      cancel();
      resolve(undefined);
    }
    this.#asking.clear();
  }

  /** A search may take milliseconds: members share the hub's time by number of questions. */
  #spend(from: PublicKey): void {
    const { clock, settings } = this.#context;
    const now = clock.now();
    const perSecond = settings.queries_per_s_per_member;
    let budget = this.#budgets.get(from);
    if (budget === undefined) {
      budget = new TokenBucket({ perSecond, burst: perSecond * BURST_S }, now);
      this.#budgets.set(from, budget);
    }
    if (budget.take(1, now)) return;
    throw new GeoError('E006', 'That are more questions than this hub takes from one member.', {
      fault: 'too_many_queries',
    });
  }

  /** Routes whose participants cannot all be named, with key and agent, are left out. */
  #replyOf(id: Uint8Array, found: ReturnType<FindInIndex>): RouteReply {
    const nodes: Contact[] = [];
    const grants: Uint8Array[] = [];
    const places = new Map<Pid, number>();
    const placeOf = (pid: Pid): number | undefined => {
      const known = places.get(pid);
      if (known !== undefined) return known;
      const place = this.#context.placeOf(pid);
      if (place === undefined) return undefined;
      if (place.grant !== undefined) grants.push(place.grant);
      nodes.push([place.contact[0], shortest(place.contact[1])]);
      places.set(pid, nodes.length - 1);
      return nodes.length - 1;
    };
    const routes = (found?.routes ?? []).flatMap(({ path, amount }) => {
      const numbers = path.map(placeOf).filter((number) => number !== undefined);
      return numbers.length === path.length ? [{ path: numbers, amount }] : [];
    });
    return {
      id,
      nodes,
      ...(grants.length === 0 ? {} : { grants }),
      hops: [],
      repeated: false,
      cost: 0,
      ...(found === undefined ? {} : { routes }),
      ...(found?.refusal === undefined ? {} : { refusal: found.refusal }),
    };
  }
}

/** What a reply says, if it keeps to the question: a hub is asked, not trusted. */
function answerIn(reply: RouteReply, wish: RouteWish): HubAnswer | undefined {
  if (reply.routes === undefined) return undefined;
  const places = placesIn(reply);
  const pids = places.map((place) => pidFromPublicKey(place.contact[0]));
  const routes: Route[] = [];
  let payable = 0n;
  for (const { path: numbers, amount } of reply.routes.slice(0, wish.max_paths)) {
    const path = numbers.flatMap((number) => pids[number] ?? []);
    const whole = path.length === numbers.length && new Set(path).size === path.length;
    const leads = path[0] === wish.payer && path.at(-1) === wish.payee;
    const lawful = path.length - 1 <= wish.max_hops && !path.some((p) => wish.avoid.includes(p));
    if (!whole || !leads || !lawful || payable + amount > wish.amount) continue;
    routes.push({ path, amount });
    payable += amount;
  }
  const { refusal } = reply;
  return { routes, payable, places, ...(refusal === undefined ? {} : { refusal }) };
}
