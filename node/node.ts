/**
 * One node: put together from its ports, started and stopped in order. Production, tests and the
 * simulator build the same node and differ only in the ports they pass.
 */
import { type Pid, pidFromPublicKey } from '../protocol/identity/pid.ts';
import { Addons } from './addons/host.ts';
import { ClearingRoom } from './clearing/room.ts';
import { Inbox } from './doors/inbox.ts';
import { MemberDoor } from './doors/member-door.ts';
import { Moving } from './doors/moving.ts';
import { Operating } from './doors/operating.ts';
import { Agents } from './engine/agents.ts';
import { Attempts } from './engine/attempts/attempts.ts';
import { Offenders } from './engine/attempts/offenders.ts';
import { RefusalBudget } from './engine/attempts/refusal-budget.ts';
import { EdgeStatements } from './engine/edges/statements.ts';
import { EdgeSync } from './engine/edges/sync.ts';
import { TrustLines } from './engine/edges/trust-lines.ts';
import { Hall } from './engine/hall.ts';
import type { Notice } from './engine/notices.ts';
import { Outbox } from './engine/outbox.ts';
import { EventLog } from './events/log.ts';
import { News } from './events/news.ts';
import { Community } from './hub/community.ts';
import { Membership } from './hub/membership.ts';
import { Memberships } from './hub/memberships.ts';
import { RouteDesk } from './hub/route-desk.ts';
import { IntegrityRoom } from './integrity/room.ts';
import { Lifecycle } from './lifecycle.ts';
import { Orders } from './payments/orders.ts';
import { Payments } from './payments/payments.ts';
import { Acquaintances } from './peers/acquaintances.ts';
import { Peers } from './peers/peers.ts';
import type { Ports } from './ports.ts';
import { RestoredBooks } from './restored-books.ts';
import { NeighbourSearch } from './routing/neighbour-search.ts';
import { groundOf } from './routing/own-ground.ts';
import { Places } from './routing/places.ts';
import { Router } from './routing/router.ts';
import type { LiveSource, NodeService, Reception } from './service/contract.ts';
import { hubOperations } from './service/hub.ts';
import { createService } from './service/local-service.ts';
import { participationOf } from './service/participation.ts';
import { receptionOf } from './service/reception.ts';
import type { Rooms } from './service/rooms.ts';
import { Views } from './service/views.ts';
import { openReception } from './sessions/open.ts';
import type { NodeSettings } from './settings.ts';
import { RedoLog } from './store/backup/redo-log.ts';
import { readVitals, type Vitals } from './vitals.ts';

export interface Node {
  readonly service: NodeService;
  readonly reception: Reception;
  readonly live: LiveSource;
  readonly addons: Addons;
  /** Books on their way from one agent to another, as bytes; the service has them as files. */
  readonly moving: Moving;
  /** How it is, as numbers. */
  vitals(): Vitals;
  /** Calls for every notice of a turn that is durable. @returns ends it */
  listen(listener: (notice: Notice) => void): () => void;
  /** Base URL of the HTTP API that serves this node, for its status; set by whoever opens that door. */
  apiUrl: string;
  /** The same of the public API; null without one. */
  publicUrl: string | null;
  /** Reads the store, takes up what was left open, connects. */
  start(): Promise<void>;
  /** Stores and sends what is under way, then closes transport and store. */
  stop(): Promise<void>;
}

/** Turns that may wait for the disk before new events are refused. */
const BACKLOG_MAX = 20_000;

export function createNode(settings: NodeSettings, given: Ports): Node {
  const redo = new RedoLog(given.store, given.clock);
  const ports: Ports = { ...given, store: redo };
  const me = pidFromPublicKey(ports.signer.publicKey);
  const hall: Hall = new Hall(
    ports,
    { batchTurnsMax: settings.commit.batch_turns_max, backlogMax: BACKLOG_MAX },
    (topic) => life.keep(topic),
  );
  const { state } = hall;
  const restored = new RestoredBooks(state);
  const membership = new Membership(state, settings);
  const community = new Community(ports, hall, me, membership, settings, (pid) =>
    agents.served(pid),
  );
  const memberships = new Memberships({ ...ports, state, settings: settings.memberships });
  const peers = new Peers(hall, ports.transport);
  const outbox = new Outbox(
    state,
    settings.outbox,
    (pid) => agents.agentOf(pid),
    (pid) => ignoring(acquaintances.seek(pid)),
  );
  const offenders = new Offenders(state, () => agents);
  const agents: Agents = new Agents({
    publicKey: ports.signer.publicKey,
    verify: ports.verify,
    state,
    outbox,
    requireAdmitted: (member) => membership.requireHosted(member),
    onMoved: (turn, member, served) => {
      membership.setHosted(turn, member, served);
      if (!served) lines.release(turn, member);
    },
    keyOf: (pid) => peers.keyOf(pid),
    strangersMax: settings.limits.uninvited_lines,
  });
  const acquaintances: Acquaintances = new Acquaintances({
    ports,
    state,
    agents,
    peers,
    hubs: () => memberships.hubs(),
  });
  const lines = new TrustLines({
    signer: ports.signer,
    verify: ports.verify,
    state,
    outbox,
    agents,
    isChosen: (pid, by) => acquaintances.isChosen(pid, by),
    uninvitedMax: settings.limits.uninvited_lines,
  });
  const { isFrozen, setFrozen } = participationOf(hall);
  const barOf = (pid: Pid) => (pid === me && isFrozen() ? 'frozen' : membership.barOf(pid));
  const attempts = new Attempts(
    {
      settings,
      signer: ports.signer,
      verify: ports.verify,
      refusals: new RefusalBudget(settings.limits.refused_bytes_per_day, (peer) =>
        acquaintances.dealsWith(peer),
      ),
      served: (participant) => agents.served(participant),
      wordOf: (participant) => state.agents.get(participant),
      onEdgeShown: (turn, edge) => agents.introduceOver(turn, edge),
      barOf,
      isCompared: (id) => edges.isCompared(id),
      mayJudge: ({ created }) => created > restored.blindUntil(),
      isOffender: (participant) => offenders.has(participant),
      isHub: (pid) => memberships.hubs().some((key) => pidFromPublicKey(key) === pid),
      contactOf: (key) =>
        key === ports.signer.publicKey
          ? [key, ports.transport.addresses().slice(0, 4)]
          : (peers.contactOf(pidFromPublicKey(key)) ?? [key, []]),
      strangersAmong: (keys) => peers.hearsayOf(keys),
      rememberContact: (contact) => peers.hear(contact),
      onContradiction: (turn, signer, tx) => offenders.denounce(turn, signer, tx),
    },
    () => state.attempts.size,
  );
  const statements = new EdgeStatements({
    signer: ports.signer,
    verify: ports.verify,
    read: (key) => ports.store.get(key),
    agents,
    every: settings.edges.statement_every,
    onDifferent: (edge) => edges.compare(edge),
  });
  const edges: EdgeSync = new EdgeSync({
    ports,
    hall,
    attempts,
    lines,
    agents,
    onEqual: (edge) => {
      if (statements.isDue(edge)) ignoring(hall.turn((turn) => statements.propose(turn, edge)));
    },
  });
  const places = new Places(agents, peers, ports.transport);
  const ground = groundOf({
    publicKey: ports.signer.publicKey,
    state,
    agents,
    isBarred: (pid) => barOf(pid) !== undefined,
    placeOf: (pid) => places.placeOf(pid),
  });
  const search = new NeighbourSearch(ground, ports.clock, ports.entropy, ports.transport);
  const desk = new RouteDesk({
    ports,
    hall,
    me,
    agents,
    membership,
    memberships,
    settings,
    isBarred: (pid) => barOf(pid) !== undefined,
    placeOf: (pid) => places.placeOf(pid),
  });
  const router = new Router(
    ground,
    search,
    ports.clock,
    settings.routes,
    (place) => places.hear(place),
    desk.sources,
  );
  const orders = new Orders(ports, state, agents, peers);
  const payments = new Payments(ports, hall, attempts, router, edges, agents, orders, settings);
  const clearing = new ClearingRoom({
    ports,
    hall,
    attempts,
    edges,
    agents,
    outbox,
    settings,
    ground,
    places,
    findPeer: (pid) => peers.find(pid),
    books: (equivalent) => desk.books(equivalent),
  });
  const door = new MemberDoor({
    clearing,
    clock: ports.clock,
    settings,
    hall,
    agents,
    lines,
    payments,
    membership,
    community,
  });
  const operating = new Operating(ports, community, (actor) =>
    hubOperations(rooms, new Views(state, me), actor),
  );
  const inbox = new Inbox({
    clearing,
    hall,
    agents,
    door,
    payments,
    attempts,
    lines,
    edges,
    statements,
    search,
    desk,
    community,
    memberships,
    operating,
    transport: ports.transport,
    log: ports.log,
  });

  function ignoring(work: Promise<unknown>): void {
    work.catch((error: unknown) => ports.log.warn({ error: String(error) }, 'left for later'));
  }

  const moving = new Moving({
    store: ports.store,
    hall,
    agents,
    attempts,
    lines,
    statements,
    places,
  });
  const { kept } = settings.events;
  const readers = { me, served: (pid: Pid) => agents.served(pid) };
  const restoredAt = () => restored.at;
  const events = new EventLog({ readers, hall, store: ports.store, kept, restoredAt });
  const news = new News(ports, events);
  const integrity = new IntegrityRoom(ports, redo, hall, (id) => edges.isCompared(id));
  const addons = new Addons(ports, hall, settings.addons, news, () => service);
  const belonging = { me, agents, membership, community };
  const rooms: Rooms = {
    ports,
    settings,
    me,
    hall,
    agents,
    peers,
    acquaintances,
    lines,
    router,
    payments,
    clearing,
    edges,
    statements,
    door,
    moving,
    community,
    desk,
    memberships,
    operating,
    events,
    news,
    integrity,
    addons,
    ...openReception({ ports, hall, door, restored, ...belonging }, settings.sessions),
    isFrozen,
    setFrozen,
    restoredAt,
    apiUrl: () => node.apiUrl,
    publicUrl: () => node.publicUrl,
  };
  const service = createService(rooms);
  const life = new Lifecycle({ ...rooms, state, restored, attempts, outbox, search, inbox, news });

  const node: Node = {
    service,
    reception: receptionOf(rooms, service),
    live: news,
    addons,
    moving,
    vitals: () => readVitals(rooms, inbox.counters),
    listen: (listener) => hall.listen(listener),
    apiUrl: '',
    publicUrl: null,
    start: () => life.start(),
    stop: () => life.stop(),
  };
  return node;
}
