/**
 * Finds routes for a payment: in the own index and among what is known first, then by asking hubs, then
 * the neighbours.
 */
import type { Pid } from '../../protocol/identity/pid.ts';
import type { Route } from '../../protocol/ledger/effects.ts';
import { AMOUNT_MAX } from '../../protocol/limits.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import { HopGraph } from '../../protocol/routing/graph.ts';
import { type RouteChoice, selectRoutes } from '../../protocol/routing/select.ts';
import type { RouteRefusal } from '../../protocol/wire/messages/route.ts';
import type { Clock } from '../ports.ts';
import type { NodeSettings } from '../settings.ts';
import { LearnedHops } from './learned-hops.ts';
import type { Found, NeighbourSearch, Place, SearchGround } from './neighbour-search.ts';
import type { FindInIndex, RouteSources, RouteWish, ShutHop } from './wish.ts';

export interface RoutesFound extends RouteChoice {
  /** Queries that were sent for this, here and behind. */
  readonly messages: number;
  /** Why not the whole amount, if somebody with an index could say. */
  readonly refusal?: RouteRefusal;
}

/** How long a refusal is remembered, ms: longer than the attempts of one payment take. */
const REFUTED_MS = 5_000;

/**
 * Neighbours tell no more of a capacity than they are asked for. Asked for some payments ahead, an
 * answer still serves when the first of them has used its part.
 */
const PAYMENTS_AHEAD = 64n;

function ahead(amount: bigint): bigint {
  const more = amount * PAYMENTS_AHEAD;
  return more < AMOUNT_MAX ? more : AMOUNT_MAX;
}

export class Router {
  readonly #ground: SearchGround;
  readonly #search: NeighbourSearch;
  readonly #clock: Clock;
  readonly #settings: NodeSettings['routes'];
  readonly #learned: LearnedHops;
  /** What votes refused. It outweighs what neighbours tell: they do not see every policy. */
  readonly #refuted: LearnedHops;
  readonly #hear: (place: Place) => void;
  readonly #sources: RouteSources;
  /** Searches under way, by what they ask for. */
  readonly #asking = new Map<string, Promise<RoutesFound>>();

  constructor(
    ground: SearchGround,
    search: NeighbourSearch,
    clock: Clock,
    settings: NodeSettings['routes'],
    hear: (place: Place) => void,
    sources: RouteSources,
  ) {
    this.#ground = ground;
    this.#search = search;
    this.#clock = clock;
    this.#settings = settings;
    this.#learned = new LearnedHops(settings.cache_ms);
    this.#refuted = new LearnedHops(REFUTED_MS);
    this.#hear = hear;
    this.#sources = sources;
  }

  /** @returns at once what is known here, if it suffices; a promise if others have to be asked */
  routesFor(wish: RouteWish): RoutesFound | Promise<RoutesFound> {
    const indexed = this.#sources.index(wish, this.#shut(wish));
    if (indexed !== undefined && indexed.payable >= wish.amount) return { ...indexed, messages: 0 };
    const known = this.#choose(wish, []);
    if (known.payable >= wish.amount) return { ...known, messages: 0 };
    return this.#askOnce(wish, indexed);
  }

  async #askOnce(wish: RouteWish, indexed: ReturnType<FindInIndex>): Promise<RoutesFound> {
    // Payments of one payer to one payee begin together: one of them asks, and its answer mostly serves all.
    const question = JSON.stringify([
      wish.payer,
      wish.payee,
      wish.equivalent,
      wish.max_hops,
      wish.avoid,
    ]);
    const asking = this.#asking.get(question);
    if (asking !== undefined) {
      await asking;
      const found = this.#choose(wish, []);
      if (found.payable >= wish.amount) return { ...found, messages: 0 };
    }
    const search = this.#ask(wish, indexed);
    this.#asking.set(question, search);
    const found = await search;
    if (this.#asking.get(question) === search) this.#asking.delete(question);
    return found;
  }

  /** @param indexed what the own index knows, if there is one */
  async #ask(wish: RouteWish, indexed: ReturnType<FindInIndex>): Promise<RoutesFound> {
    const told = await this.#sources.hubs(wish, this.#shut(wish));
    for (const place of told?.places ?? []) this.#hear(place);
    if (told !== undefined && told.payable >= wish.amount) {
      return { routes: told.routes, payable: told.payable, messages: 1 };
    }
    const found = await this.#askNeighbours(wish);
    if (found.payable >= wish.amount) return found;
    // Nobody knows a way for all of it: whoever knows most also says why.
    const best = [indexed, told].reduce<RoutesFound>(
      (most, other) =>
        other === undefined || other.payable < most.payable
          ? most
          : {
              routes: other.routes,
              payable: other.payable,
              messages: found.messages,
              ...(other.refusal === undefined ? {} : { refusal: other.refusal }),
            },
      found,
    );
    return best;
  }

  async #askNeighbours(wish: RouteWish): Promise<RoutesFound> {
    const enough = (found: Found) => this.#choose(wish, found.hops).payable >= wish.amount;
    const found = await this.#search.find(
      {
        payer: wish.payer,
        payee: wish.payee,
        equivalent: wish.equivalent,
        amount: ahead(wish.amount),
        maxHops: wish.max_hops,
        wait_ms: this.#settings.query_timeout_ms,
        budget: this.#settings.query_budget,
        avoid: wish.avoid,
      },
      enough,
    );
    const now = this.#clock.now();
    // The answers count here even if they are not kept (`cache_ms` 0).
    const told = found.hops.filter((hop) => !this.#ground.isOwn(hop.debtor));
    for (const hop of told) {
      this.#learned.learn(wish.equivalent, hop.debtor, hop.creditor, hop.capacity, now);
    }
    for (const place of found.places) this.#hear(place);
    return { ...this.#choose(wish, told), messages: found.messages };
  }

  /** A vote said what a hop can really carry. */
  refuted(equivalent: EquivalentCode, hop: readonly [Pid, Pid], available: bigint): void {
    this.#refuted.learn(equivalent, hop[0], hop[1], available, this.#clock.now());
  }

  /** Somebody else votes for a participant, or its standing is another: what votes said before does not count. */
  reconsider(participant: Pid): void {
    this.#refuted.forget((debtor, creditor) => debtor === participant || creditor === participant);
  }

  /** A line is another now: what votes said of its hop before does not count. */
  reconsiderLine(owner: Pid, other: Pid, equivalent: EquivalentCode): void {
    this.#refuted.forget(
      (debtor, creditor, of) => debtor === other && creditor === owner && of === equivalent,
    );
  }

  /** A payment went this way: as much less remains. */
  used(equivalent: EquivalentCode, routes: readonly Route[]): void {
    const now = this.#clock.now();
    const fresh = new Map(
      this.#learned.fresh(equivalent, now).map((hop) => [`${hop.debtor}>${hop.creditor}`, hop]),
    );
    for (const { path, amount } of routes) {
      for (let i = 1; i < path.length; i++) {
        const hop = fresh.get(`${path[i - 1]}>${path[i]}`);
        if (hop === undefined) continue;
        const left = hop.capacity > amount ? hop.capacity - amount : 0n;
        this.#learned.learn(equivalent, hop.debtor, hop.creditor, left, now);
      }
    }
  }

  /** Hops of which votes have just said that they do not carry as much. */
  #shut({ equivalent, amount }: RouteWish): ShutHop[] {
    const shut: ShutHop[] = [];
    // One loop: every payment asks, and a busy hub has refuted many.
    for (const { debtor, creditor, capacity } of this.#refuted.fresh(
      equivalent,
      this.#clock.now(),
    )) {
      if (capacity < amount) shut.push([debtor, creditor]);
    }
    return shut;
  }

  #choose(wish: RouteWish, more: Found['hops']): RouteChoice {
    const now = this.#clock.now();
    const graph = new HopGraph();
    for (const hop of this.#learned.fresh(wish.equivalent, now)) {
      graph.set(hop.debtor, hop.creditor, hop.capacity);
    }
    for (const { debtor, creditor, capacity } of more) graph.set(debtor, creditor, capacity);
    // The own edges are known exactly; an unwilling neighbour is only good as the payee, and one behind
    // whom nothing is known is no good at all: most are, in a node with many edges.
    const { isOwn } = this.#ground;
    const leadsOn = (creditor: Pid) =>
      creditor === wish.payee || isOwn(creditor) || graph.hopsFrom(creditor).size > 0;
    for (const { debtor, creditor, capacity, carries } of this.#ground.hops(wish, leadsOn)) {
      graph.set(debtor, creditor, carries || creditor === wish.payee ? capacity : 0n);
    }
    for (const { debtor, creditor, capacity } of this.#refuted.fresh(wish.equivalent, now)) {
      const told = graph.hopsFrom(debtor).get(creditor) ?? 0n;
      if (capacity < told) graph.set(debtor, creditor, capacity);
    }
    return selectRoutes(graph, {
      payer: wish.payer,
      payee: wish.payee,
      amount: wish.amount,
      maxHops: wish.max_hops,
      maxPaths: wish.max_paths,
      avoid: wish.avoid,
    });
  }
}
