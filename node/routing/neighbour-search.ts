/**
 * Routes without a hub: a bounded question that travels from neighbour to neighbour
 * (docs/PROTOCOL.md, "Routes without a hub").
 *
 * Each node works on a query once, answers only with hops its own lines allow, and sends back the
 * part of the graph that leads to the payee. The asker puts the parts together and chooses. Hops,
 * waiting time and messages are bounded by what the query carries. Nothing is stored: an answer is
 * a hint, and the votes decide.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import { type Pid, type PublicKey, pidFromPublicKey } from '../../protocol/identity/pid.ts';
import { AVOID_MAX } from '../../protocol/limits.ts';
import { bareFrame, readSigned } from '../../protocol/wire/envelope.ts';
import type { Contact, RouteQuery, RouteReply } from '../../protocol/wire/messages/route.ts';
import type { Clock, Entropy, Transport } from '../ports.ts';

/** A hop out of a participant that this node serves, which may be used for a payment. */
export interface OwnHop {
  readonly debtor: Pid;
  readonly creditor: Pid;
  readonly capacity: bigint;
  /** The creditor's line lets it carry payments of others. */
  readonly carries: boolean;
}

/** What of a query the own hops depend on. */
export type GroundQuery = Pick<RouteQuery, 'equivalent' | 'payer' | 'payee'> &
  Partial<Pick<RouteQuery, 'id' | 'hops' | 'meet' | 'shortens'>>;

/** Whether a question may only follow marks from here on. */
export function followsMarks({ hops, meet }: Pick<GroundQuery, 'hops' | 'meet'>): boolean {
  return meet !== undefined && hops !== undefined && hops <= meet;
}

/** What the search asks its node. */
export interface SearchGround {
  readonly publicKey: PublicKey;
  /** Does this node know all hops out of the participant, since it serves it? */
  isOwn(participant: Pid): boolean;
  /** Own hops in the query's equivalent that are open to this payer and payee. */
  hops(
    query: GroundQuery,
    /** Leaves out neighbours that the asker has no use for, before anything is worked out for them. */
    isOfUse?: (creditor: Pid) => boolean,
  ): OwnHop[];
  /** Of a search from both ends: whether marks lead on from here. Without marks there is nothing to follow. */
  isMarked?(id: Uint8Array): boolean;
  /** May a payment come in from somebody whom `agent` represents, to be carried on? */
  carriesFrom(agent: PublicKey, query: RouteQuery): boolean;
  agentOf(pid: Pid): PublicKey | undefined;
  placeOf(pid: Pid): Place | undefined;
}

/** The key of a participant, where its agent may be reached, and its grant if the agent has another key. */
export interface Place {
  readonly contact: Contact;
  readonly grant?: Uint8Array;
}

export interface FoundHop {
  readonly debtor: Pid;
  readonly creditor: Pid;
  readonly capacity: bigint;
}

export interface Found {
  readonly hops: readonly FoundHop[];
  readonly places: readonly Place[];
  /** Queries sent, here and behind. */
  readonly messages: number;
}

interface Asking {
  readonly id: string;
  readonly waitingFor: Set<PublicKey>;
  readonly hops: FoundHop[];
  readonly places: Map<Pid, Place>;
  messages: number;
  cancel: () => void;
  done: () => void;
}

/** Part of the waiting time that each node keeps for the way back. */
const WAIT_KEPT = 0.15;
const WAIT_KEPT_MS_MIN = 10;
/** Queries that a node remembers and works on at once; a bound on what strangers can occupy. */
const QUERIES_MAX = 4096;
const SEEN_MS = 60_000;
/** An answer must fit a frame: 128 nodes with two addresses of 120 characters, and 512 hops, do. */
const NODES_MAX = 128;
const HOPS_MAX_TOLD = 512;
/** The grants of hosted members among them, of 320 bytes each. */
const GRANTS_MAX = 64;
const ADDRESSES_MAX = 2;
const ADDRESS_LENGTH_MAX = 120;

const NOTHING: Found = { hops: [], places: [], messages: 0 };

/** The addresses of a node that are worth their place in an answer. */
export function shortest(addresses: readonly string[]): string[] {
  return addresses.filter((text) => text.length <= ADDRESS_LENGTH_MAX).slice(0, ADDRESSES_MAX);
}

/** Routes and cycles are looked for alike, over other hops and under other names. */
export const SEARCH_NAMES = {
  routes: { query: 'ROUTE_QUERY', reply: 'ROUTE_REPLY' },
  cycles: { query: 'CLEARING_SEARCH', reply: 'CLEARING_FOUND' },
} as const;

export class NeighbourSearch {
  readonly #names: (typeof SEARCH_NAMES)[keyof typeof SEARCH_NAMES];
  readonly #ground: SearchGround;
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  readonly #transport: Transport;
  readonly #asking = new Map<string, Asking>();
  /** Query id → when it was seen, and who asked first (nobody if it is an own one); oldest first. */
  readonly #seen = new Map<string, { readonly at: number; readonly from: PublicKey | undefined }>();

  constructor(
    ground: SearchGround,
    clock: Clock,
    entropy: Entropy,
    transport: Transport,
    what: keyof typeof SEARCH_NAMES = 'routes',
  ) {
    this.#names = SEARCH_NAMES[what];
    this.#ground = ground;
    this.#clock = clock;
    this.#entropy = entropy;
    this.#transport = transport;
  }

  /** Asks the neighbours. Resolves when all have answered, when the time is over, or when `enough` says so. */
  find(
    question: Omit<RouteQuery, 'id' | 'hops'> & {
      readonly maxHops: number;
      readonly id?: Uint8Array;
    },
    enough: (found: Found) => boolean,
  ): Promise<Found> {
    const { maxHops, id = this.#entropy.bytes(16), ...rest } = question;
    this.#markSeen(bytesToHex(id), undefined);
    const query: RouteQuery = { ...rest, id, hops: maxHops };
    return new Promise((resolve) => {
      this.#ask(query, undefined, resolve, enough);
    });
  }

  /** ROUTE_QUERY from a neighbour. */
  onQuery(from: PublicKey, query: RouteQuery): void {
    const id = bytesToHex(query.id);
    const seen = this.#seen.get(id);
    if (seen !== undefined) {
      // A frame that came twice: an empty answer would be taken for the one that is under way.
      if (seen.from !== from) this.#reply(from, query, NOTHING, true);
      return;
    }
    const overloaded = this.#asking.size >= QUERIES_MAX;
    const isLost = followsMarks(query) && this.#ground.isMarked?.(query.id) !== true;
    if (overloaded || isLost || query.hops < 1 || !this.#ground.carriesFrom(from, query)) {
      this.#reply(from, query, NOTHING, false);
      return;
    }
    this.#markSeen(id, from);
    this.#ask(
      query,
      from,
      (found) => this.#reply(from, query, found, false),
      () => false,
    );
  }

  /** ROUTE_REPLY from a neighbour that was asked. */
  onReply(from: PublicKey, reply: RouteReply): void {
    const asking = this.#asking.get(bytesToHex(reply.id));
    if (asking === undefined || !asking.waitingFor.delete(from)) return;
    asking.messages += reply.cost;
    const nodes = reply.nodes.map(([key]) => pidFromPublicKey(key));
    // A dead end: the hops to this neighbour and whom it represents lead nowhere.
    if (!reply.repeated && reply.hops.length === 0) this.#drop(asking, (agent) => agent === from);
    for (const [debtor, creditor, capacity] of reply.hops) {
      const u = nodes[debtor];
      const v = nodes[creditor];
      if (u === undefined || v === undefined || u === v || this.#ground.isOwn(u)) continue;
      asking.hops.push({ debtor: u, creditor: v, capacity });
    }
    for (const place of placesIn(reply)) {
      asking.places.set(pidFromPublicKey(place.contact[0]), place);
    }
    asking.done();
  }

  stop(): void {
    for (const asking of this.#asking.values()) asking.cancel();
    this.#asking.clear();
  }

  #ask(
    query: RouteQuery,
    from: PublicKey | undefined,
    finish: (found: Found) => void,
    enough: (found: Found) => boolean,
  ): void {
    const asking: Asking = {
      id: bytesToHex(query.id),
      waitingFor: new Set(),
      hops: [],
      places: new Map(),
      messages: 0,
      cancel: () => undefined,
      done: () => undefined,
    };
    const forward = this.#collectOwn(query, from, asking);
    const found = (): Found => ({
      hops: asking.hops,
      places: [...asking.places.values()],
      messages: asking.messages,
    });
    const kept = Math.max(query.wait_ms * WAIT_KEPT, WAIT_KEPT_MS_MIN);
    const waitMs = Math.floor(query.wait_ms - kept);
    if (forward.length === 0 || waitMs <= 0 || enough(found())) {
      // Whoever was not asked is not known to lead anywhere; from its own members the asker knows the way.
      this.#drop(asking, (agent, creditor) => creditor !== query.payee && agent !== from);
      finish(found());
      return;
    }
    const end = () => {
      asking.cancel();
      this.#asking.delete(asking.id);
      finish(found());
    };
    asking.done = () => {
      if (asking.waitingFor.size === 0 || enough(found())) end();
    };
    asking.cancel = this.#clock.after(waitMs, () => {
      this.#drop(asking, (agent) => agent !== undefined && asking.waitingFor.has(agent));
      end();
    });
    this.#asking.set(asking.id, asking);
    const budget = Math.floor((query.budget - forward.length) / forward.length);
    const frame = bareFrame(this.#names.query, {
      ...query,
      avoid: query.avoid.slice(0, AVOID_MAX),
      hops: query.hops - 1,
      wait_ms: waitMs,
      budget: Math.max(budget, 0),
    });
    for (const key of forward) {
      asking.waitingFor.add(key);
      asking.messages++;
      this.#transport.send(key, frame);
    }
  }

  /** Puts the own hops into what was found. @returns the agents to ask for what lies behind them */
  #collectOwn(query: RouteQuery, from: PublicKey | undefined, asking: Asking): PublicKey[] {
    const { payee, payer } = query;
    const ground = this.#ground;
    const forward = new Set<PublicKey>();
    for (const { debtor, creditor, capacity, carries } of ground.hops(query)) {
      const agent = ground.agentOf(creditor);
      const place = ground.placeOf(creditor);
      // Nobody is led back to the asker itself, but a hub to another of its members.
      if (agent === undefined || place === undefined || place.contact[0] === from) continue;
      if (creditor === payer || query.avoid.includes(creditor)) continue;
      const isOwn = ground.isOwn(creditor);
      if (creditor !== payee && (!carries || query.hops < 2)) continue;
      if (creditor !== payee && !isOwn && agent !== from && !forward.has(agent)) {
        // Along marks there are no more questions than there were marks: these had their own budget.
        if (forward.size >= query.budget && !followsMarks(query)) continue;
        forward.add(agent);
      }
      const narrow = capacity < query.amount ? capacity : query.amount;
      asking.hops.push({ debtor, creditor, capacity: narrow });
      asking.places.set(creditor, place);
      const start = ground.placeOf(debtor);
      if (start !== undefined) asking.places.set(debtor, start);
    }
    return [...forward];
  }

  /** Takes back hops to others' participants. Those among own members are known to stand. */
  #drop(asking: Asking, isUseless: (agent: PublicKey | undefined, creditor: Pid) => boolean): void {
    const { isOwn, agentOf } = this.#ground;
    const kept = asking.hops.filter(
      ({ debtor, creditor }) =>
        !isOwn(debtor) || isOwn(creditor) || !isUseless(agentOf(creditor), creditor),
    );
    asking.hops.splice(0, asking.hops.length, ...kept);
  }

  #reply(to: PublicKey, query: RouteQuery, found: Found, repeated: boolean): void {
    const nodes: Contact[] = [];
    const grants: Uint8Array[] = [];
    const index = new Map<Pid, number>();
    const known = new Map(found.places.map((place) => [pidFromPublicKey(place.contact[0]), place]));
    const place = (pid: Pid): number | undefined => {
      const at = index.get(pid);
      if (at !== undefined) return at;
      const found = known.get(pid);
      if (found === undefined || nodes.length >= NODES_MAX) return undefined;
      if (found.grant !== undefined) {
        if (grants.length >= GRANTS_MAX) return undefined;
        grants.push(found.grant);
      }
      nodes.push([found.contact[0], shortest(found.contact[1])]);
      index.set(pid, nodes.length - 1);
      return nodes.length - 1;
    };
    const hops: [number, number, bigint][] = [];
    for (const { debtor, creditor, capacity } of found.hops.slice(0, HOPS_MAX_TOLD)) {
      const u = place(debtor);
      const v = place(creditor);
      if (u !== undefined && v !== undefined) hops.push([u, v, capacity]);
    }
    const cost = Math.min(found.messages, 0xffff);
    const reply = { id: query.id, nodes, hops, repeated, cost };
    const whole = grants.length === 0 ? reply : { ...reply, grants };
    this.#transport.send(to, bareFrame(this.#names.reply, whole));
  }

  #markSeen(id: string, from: PublicKey | undefined): void {
    const now = this.#clock.now();
    for (const [old, { at }] of this.#seen) {
      if (at + SEEN_MS > now && this.#seen.size < QUERIES_MAX) break;
      this.#seen.delete(old);
    }
    this.#seen.set(id, { at: now, from });
  }
}

/** Nodes of an answer, each with the grant that came for it. What they claim, the votes prove. */
export function placesIn({ nodes, grants = [] }: RouteReply): Place[] {
  const byMember = new Map(
    grants.map((grant) => [readSigned('AGENT_GRANT', grant).body.member_key, grant]),
  );
  return nodes.map((contact) => {
    const grant = byMember.get(contact[0]);
    return grant === undefined ? { contact } : { contact, grant };
  });
}
