/**
 * One node: put together from its ports, started and stopped in order. Production, tests and the
 * simulator build the same node and differ only in the ports they pass.
 */
import { type Pid, type PublicKey, pidFromPublicKey, type TxId } from '../protocol/identity/pid.ts';
import { Addons } from './addons/host.ts';
import { ClearingRoom } from './clearing/room.ts';
import { Inbox } from './doors/inbox.ts';
import { MemberDoor } from './doors/member-door.ts';
import { Moving } from './doors/moving.ts';
import { Operating } from './doors/operating.ts';
import { Agents } from './engine/agents.ts';
import { Attempts } from './engine/attempts.ts';
import { type DeadlineTopic, splitTopic } from './engine/deadlines.ts';
import { EdgeStatements } from './engine/edge-statements.ts';
import { EdgeSync } from './engine/edge-sync.ts';
import { Hall } from './engine/hall.ts';
import type { Notice } from './engine/notices.ts';
import { Offenders } from './engine/offenders.ts';
import { Outbox } from './engine/outbox.ts';
import { RefusalBudget } from './engine/refusal-budget.ts';
import { TrustLines } from './engine/trust-lines.ts';
import type { Turn } from './engine/turn.ts';
import { EventLog } from './events/log.ts';
import { News } from './events/news.ts';
import { Community } from './hub/community.ts';
import { Membership } from './hub/membership.ts';
import { Memberships } from './hub/memberships.ts';
import { RouteDesk } from './hub/route-desk.ts';
import { IntegrityRoom } from './integrity/room.ts';
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
import type { Rooms } from './service/rooms.ts';
import { receptionOf } from './service/sessions.ts';
import { Views } from './service/views.ts';
import { openReception } from './sessions/open.ts';
import type { NodeSettings } from './settings.ts';
import { RedoLog } from './store/redo-log.ts';
import { readVitals, type Vitals } from './vitals.ts';

export interface Node {
  readonly service: NodeService;
  readonly reception: Reception;
  readonly live: LiveSource;
  readonly addons: Addons;
  /** How it is, as numbers. */
  vitals(): Vitals;
  /** Calls for every notice of a turn that is durable. @returns ends it */
  listen(listener: (notice: Notice) => void): () => void;
  /** Base URL of the HTTP API that serves this node, for its status; set by whoever opens that door. */
  apiUrl: string;
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
    (topic) => onDeadline(topic),
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
    onMoved: (turn, member, served) => membership.setHosted(turn, member, served),
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

  function onDeadline(topic: DeadlineTopic): void {
    const [kind, name] = splitTopic(topic);
    const work = (turn: Turn) => {
      if (kind === 'attempt') attempts.timer(turn, name as TxId);
      else if (kind === 'membership') memberships.renew(turn, name as Pid);
      else outbox.retry(turn, name);
    };
    const done = kind === 'clearing' ? clearing.expire(name as TxId) : hall.turn(work);
    done.catch((error: unknown) => {
      // The disk is full, say: what is due now is still due later.
      ports.log.warn({ topic, error: String(error) }, 'a deadline could not be kept; trying again');
      hall.deadlines.set(topic, ports.clock.now() + settings.payments.retry_ms);
    });
  }

  hall.listen((notice) => {
    if (notice.type === 'line-changed' && !agents.served(notice.owner))
      ignoring(acquaintances.keepNeighbour(notice.owner));
    if (notice.type === 'agent-changed') {
      edges.forget(notice.member);
      acquaintances.agentKnown(notice.member);
    }
    if (notice.type === 'member-changed') ignoring(acquaintances.keepNeighbour(notice.participant));
  });

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
  const restoredAt = () => restored.at;
  const events = new EventLog({ me, hall, store: ports.store, kept, restoredAt });
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
    integrity,
    addons,
    ...openReception({ ports, hall, door, restored, ...belonging }, settings.sessions),
    isFrozen,
    setFrozen,
    restoredAt,
    apiUrl: () => node.apiUrl,
  };
  const service = createService(rooms);

  const node: Node = {
    service,
    reception: receptionOf(rooms, service),
    live: news,
    addons,
    vitals: () => readVitals(rooms, inbox.counters),
    listen: (listener) => hall.listen(listener),
    apiUrl: '',
    async start() {
      await integrity.backup.start();
      await state.load();
      peers.load();
      await events.start();
      await restored.distrust(hall, attempts, ports.log);
      await ports.transport.start({
        frame: (from, bytes) => inbox.frame(from, bytes),
        connected: (peer) => {
          news.tellPeer(peer, true);
          void onConnected(peer).catch(() => undefined);
        },
        disconnected: (peer) => news.tellPeer(peer, false),
      });
      await resume();
      await payments.recover();
      if (community.hasNewSettings()) await hall.turn((turn) => community.noteSettings(turn));
      await clearing.recover();
      // A refused write may have reached the disk all the same: what rests on it goes out now.
      hall.onReread = () => ignoring(resume());
      await desk.start();
      if (membership.isHub) clearing.startPasses();
      acquaintances.greet();
      edges.compareRegularly(settings.edges.compare_ms);
      integrity.auditor.auditRegularly(settings.audit.interval_ms);
      addons.start();
    },
    async stop() {
      await addons.stop();
      integrity.auditor.stop();
      edges.stop();
      search.stop();
      desk.stop();
      clearing.stop();
      await hall.stop();
      await ports.transport.stop();
      await integrity.backup.stop();
      await ports.store.close();
    },
  };
  return node;

  /** Restart is an event like any other: what was under way is taken up by ordinary turns. */
  async function resume(): Promise<void> {
    const work: Promise<unknown>[] = [];
    for (const hash of [...state.attempts.keys()]) {
      work.push(hall.turn((turn) => attempts.restart(turn, hash)));
    }
    for (const [tail, entry] of state.outbox) hall.deadlines.set(`outbox:${tail}`, entry.next);
    for (const hub of memberships.toAsk()) hall.deadlines.set(`membership:${hub}`, 0);
    await Promise.all(work);
    for (const [hash, attempt] of state.attempts) {
      hall.deadlines.set(`attempt:${hash}`, attempt.timer);
    }
  }

  /** A peer is there (again): what waits for it goes out now instead of at its next deadline. */
  async function onConnected(peer: PublicKey): Promise<void> {
    await acquaintances.met(peer);
    edges.compareWith(peer);
    desk.connected(peer);
    const hub = pidFromPublicKey(peer);
    if (memberships.isDue(peer, ports.clock.now()))
      await hall.turn((turn) => memberships.renew(turn, hub));
    if (outbox.waitsFor(peer)) await hall.turn((turn) => outbox.resend(turn, peer));
    for (const [hash, attempt] of state.attempts) {
      const overdue = attempt.tries > 0 && attempt.open.voters.includes(peer);
      if (overdue) hall.deadlines.set(`attempt:${hash}`, ports.clock.now());
    }
  }
}
