/**
 * One node: put together from its ports, started and stopped in order. Production, tests and the
 * simulator build the same node and differ only in the ports they pass.
 */
import { type Pid, type PublicKey, pidFromPublicKey, type TxId } from '../protocol/identity/pid.ts';
import { capacity, counterparty, edgeId, edgeKey, lineOf } from '../protocol/ledger/edge.ts';
import { CLOCK_SKEW_MS_MAX } from '../protocol/limits.ts';
import { bareFrame } from '../protocol/wire/envelope.ts';
import type { RouteQuery } from '../protocol/wire/messages/route.ts';
import { Attempts } from './engine/attempts.ts';
import type { DeadlineTopic } from './engine/deadlines.ts';
import { EdgeStatements } from './engine/edge-statements.ts';
import { EdgeSync } from './engine/edge-sync.ts';
import { Hall } from './engine/hall.ts';
import { Outbox } from './engine/outbox.ts';
import { RefusalBudget } from './engine/refusal-budget.ts';
import { TrustLines } from './engine/trust-lines.ts';
import type { Turn } from './engine/turn.ts';
import { Membership } from './hub/membership.ts';
import { Inbox } from './inbox.ts';
import { createService } from './local-service.ts';
import { Payments } from './payments.ts';
import { Peers } from './peers.ts';
import type { Ports } from './ports.ts';
import { NeighbourSearch, type OwnHop, type SearchGround } from './routing/neighbour-search.ts';
import { Router } from './routing/router.ts';
import type { NodeService } from './service.ts';
import type { NodeSettings } from './settings.ts';
import { RESTORED_MARK } from './store/keys.ts';

export interface Node {
  readonly service: NodeService;
  /** Base URL of the HTTP API that serves this node, for its status; set by whoever opens that door. */
  apiUrl: string;
  /** Reads the store, takes up what was left open, connects. */
  start(): Promise<void>;
  /** Stores and sends what is under way, then closes transport and store. */
  stop(): Promise<void>;
}

/** Turns that may wait for the disk before new events are refused. */
const BACKLOG_MAX = 20_000;
const FROZEN = 'participation-frozen';

export function createNode(settings: NodeSettings, ports: Ports): Node {
  const me = pidFromPublicKey(ports.signer.publicKey);
  const hall: Hall = new Hall(
    ports,
    { batchTurnsMax: settings.commit.batch_turns_max, backlogMax: BACKLOG_MAX },
    (topic) => onDeadline(topic),
  );
  const { state } = hall;
  const membership = new Membership(state, settings);
  const peers = new Peers(hall, ports.transport);
  const outbox = new Outbox(
    state,
    settings.outbox,
    (pid) => peers.keyOf(pid),
    (pid) => ignoring(peers.find(pid)),
  );
  const lines = new TrustLines({
    signer: ports.signer,
    verify: ports.verify,
    state,
    outbox,
    isChosen,
    uninvitedMax: settings.limits.uninvited_lines,
  });
  const isFrozen = () => state.meta.get(FROZEN)?.[0] === 1;
  const attempts = new Attempts(
    {
      settings,
      signer: ports.signer,
      verify: ports.verify,
      refusals: new RefusalBudget(settings.limits.refused_bytes_per_day, dealsWith),
      served: (participant) => participant === me,
      barOf: (pid) => (pid === me && isFrozen() ? 'frozen' : membership.barOf(pid)),
      isCompared: (id) => edges.isCompared(id),
      mayJudge: ({ order }) => order.created > blindUntil(),
      isOffender: (participant) => state.meta.has(`offender-${participant}`),
      contactOf: (key) =>
        key === ports.signer.publicKey
          ? [key, ports.transport.addresses().slice(0, 4)]
          : (peers.contactOf(pidFromPublicKey(key)) ?? [key, []]),
      strangersAmong: (keys) => peers.hearsayOf(keys),
      rememberContact: (contact) => peers.hear(contact),
      onContradiction: (turn, signer, tx) => denounce(turn, signer, tx),
    },
    () => state.attempts.size,
  );
  const statements = new EdgeStatements({
    signer: ports.signer,
    verify: ports.verify,
    read: (key) => ports.store.get(key),
    keyOf: (pid) => peers.keyOf(pid),
    every: settings.edges.statement_every,
    onDifferent: (edge) => edges.compare(edge),
  });
  const edges: EdgeSync = new EdgeSync({
    ports,
    hall,
    attempts,
    lines,
    keyOf: (pid) => peers.keyOf(pid),
    onEqual: (edge) => {
      if (statements.isDue(edge)) ignoring(hall.turn((turn) => statements.propose(turn, edge)));
    },
  });
  const ground = groundOf(me, ports.signer.publicKey, hall, peers, isFrozen);
  const search = new NeighbourSearch(ground, ports.clock, ports.entropy, ports.transport);
  const router = new Router(ground, search, ports.clock, settings.routes, (c) => peers.hear(c));
  const payments = new Payments(ports, hall, attempts, router, edges, peers, settings);
  const inbox = new Inbox({
    hall,
    attempts,
    lines,
    edges,
    statements,
    search,
    transport: ports.transport,
    log: ports.log,
  });

  /** When these books were restored from a backup, ms since 1970 UTC. */
  function restoredAt(): number | undefined {
    const mark = state.meta.get(RESTORED_MARK);
    return mark && Number(new TextDecoder().decode(mark));
  }

  /**
   * Books that came from a backup do not know what was voted after it: about orders made before they
   * were restored (and a clock's error) this node says nothing of its own.
   */
  function blindUntil(): number {
    const restored = restoredAt();
    return restored === undefined ? 0 : restored + CLOCK_SKEW_MS_MAX;
  }

  function ignoring(work: Promise<unknown>): void {
    work.catch((error: unknown) => ports.log.warn({ error: String(error) }, 'left for later'));
  }

  function onDeadline(topic: DeadlineTopic): void {
    const [kind, name] = splitTopic(topic);
    const work = (turn: Turn) => {
      if (kind === 'attempt') attempts.timer(turn, name as TxId);
      else outbox.retry(turn, name);
    };
    hall.turn(work).catch((error: unknown) => {
      // The disk is full, say: what is due now is still due later.
      ports.log.warn({ topic, error: String(error) }, 'a deadline could not be kept; trying again');
      hall.deadlines.set(topic, ports.clock.now() + settings.payments.retry_ms);
    });
  }

  /** R8: both signatures are stored; lines with the signer are frozen, its manifests refused. */
  function denounce(turn: Turn, signer: Pid, tx: TxId): void {
    const text = `${signer} has signed two statements that exclude each other; its edges are frozen and its payments refused. Both signatures are kept with the transaction.`;
    turn.putMeta(`offender-${signer}`, new Uint8Array([1]));
    turn.history({ type: 'alert', text, tx, peer: signer });
    turn.notice({ type: 'alert', text, tx, peer: signer });
    for (const edge of state.edges.values()) {
      const current = turn.edge(edge);
      if (current === undefined || counterparty(edge, me) !== signer) continue;
      turn.putEdge({ ...current, dispute: 'the other side broke the commit rules' });
    }
  }

  hall.listen((notice) => {
    if (notice.type === 'line-changed' && notice.owner !== me) keepNeighbour(notice.owner);
  });

  async function setFrozen(frozen: boolean): Promise<void> {
    await hall.turn((turn) => turn.putMeta(FROZEN, new Uint8Array([frozen ? 1 : 0])));
  }

  const service = createService({
    ports,
    settings,
    me,
    hall,
    peers,
    lines,
    router,
    payments,
    edges,
    statements,
    isFrozen,
    setFrozen,
    restoredAt,
    apiUrl: () => node.apiUrl,
  });

  const node: Node = {
    service,
    apiUrl: '',
    async start() {
      await state.load();
      peers.load();
      await distrustRestored();
      await ports.transport.start({
        frame: (from, bytes) => inbox.frame(from, bytes),
        connected: (peer) => void onConnected(peer).catch(() => undefined),
        disconnected: () => undefined,
      });
      await resume();
      await payments.recover();
      // A refused write may have reached the disk all the same: what rests on it goes out now.
      hall.onReread = () => ignoring(resume());
      greetNeighbours();
      edges.compareRegularly(settings.edges.compare_ms);
    },
    async stop() {
      edges.stop();
      search.stop();
      await hall.stop();
      await ports.transport.stop();
      await ports.store.close();
    },
  };
  return node;

  /** What was under way when a backup was made has gone on without these books. */
  async function distrustRestored(): Promise<void> {
    const at = restoredAt();
    if (at === undefined) return;
    const fields = { restored: new Date(at).toISOString(), edges: state.edges.size };
    ports.log.info(fields, 'restored books: comparing every edge with its other end');
    const live = [...state.attempts.keys()];
    await Promise.all(live.map((hash) => hall.turn((turn) => attempts.restored(turn, hash, at))));
  }

  /** Restart is an event like any other: what was under way is taken up by ordinary turns. */
  async function resume(): Promise<void> {
    const work: Promise<unknown>[] = [];
    for (const hash of [...state.attempts.keys()]) {
      work.push(hall.turn((turn) => attempts.restart(turn, hash)));
    }
    for (const [tail, entry] of state.outbox) hall.deadlines.set(`outbox:${tail}`, entry.next);
    await Promise.all(work);
    for (const [hash, attempt] of state.attempts) {
      hall.deadlines.set(`attempt:${hash}`, attempt.timer);
    }
  }

  /** A ping dials the neighbours: they learn that the node is back, and what waits can flow. */
  function greetNeighbours(): void {
    const greeted = new Set<Pid>();
    for (const edge of state.edges.values()) greeted.add(counterparty(edge, me));
    for (const pid of greeted) {
      const key = peers.keyOf(pid);
      const nonce = ports.entropy.bytes(8);
      if (key !== undefined) ports.transport.send(key, bareFrame('PING', { nonce }));
      else void peers.find(pid).catch(() => undefined);
    }
  }

  function isChosen(pid: Pid): boolean {
    for (const contact of state.contacts.values()) if (contact.pid === pid) return true;
    for (const edge of state.edges.values()) {
      if (counterparty(edge, me) === pid && lineOf(edge, me) !== undefined) return true;
    }
    return false;
  }

  function dealsWith(pid: Pid): boolean {
    if (state.peers.has(pid)) return true;
    for (const contact of state.contacts.values()) if (contact.pid === pid) return true;
    for (const edge of state.edges.values()) if (counterparty(edge, me) === pid) return true;
    return false;
  }

  function addressesNow(peer: PublicKey): readonly string[] {
    return ports.transport.peers().find((known) => known.publicKey === peer)?.addresses ?? [];
  }

  /** Who gave this node a trust line has to be found again after a restart. */
  function keepNeighbour(pid: Pid): void {
    const key = peers.keyOf(pid);
    if (key === undefined || state.peers.has(pid)) return;
    ignoring(peers.keep(key, [...addressesNow(key), ...peers.addressesOf(pid)]));
  }

  /** A peer is there (again): what waits for it goes out now instead of at its next deadline. */
  async function onConnected(peer: PublicKey): Promise<void> {
    const pid = pidFromPublicKey(peer);
    // A stranger must not fill the store by connecting; whom this node deals with is worth keeping.
    if (dealsWith(pid)) await peers.keep(peer, addressesNow(peer));
    else peers.hear([peer, addressesNow(peer)]);
    const waits = [...state.outbox.keys()].some((tail) => tail.startsWith(`${pid}/`));
    edges.compareWith(pid);
    if (waits) await hall.turn((turn) => outbox.resend(turn, pid));
    for (const [hash, attempt] of state.attempts) {
      const overdue = attempt.tries > 0 && attempt.open.voters.includes(peer);
      if (overdue) hall.deadlines.set(`attempt:${hash}`, ports.clock.now());
    }
  }
}

/** What the route search may know of this node's edges. */
function groundOf(
  me: Pid,
  publicKey: PublicKey,
  hall: Hall,
  peers: Peers,
  isFrozen: () => boolean,
): SearchGround {
  const blocks = (blocked: readonly Pid[], query: { payer: Pid; payee: Pid }) =>
    blocked.includes(query.payer) || blocked.includes(query.payee);
  return {
    me,
    publicKey,
    hops(query, isOfUse = () => true) {
      const hops: OwnHop[] = [];
      for (const edge of hall.state.edges.values()) {
        if (edge.equivalent !== query.equivalent) continue;
        const creditor = counterparty(edge, me);
        if (!isOfUse(creditor)) continue;
        const free = capacity(edge, me, creditor);
        const policy = lineOf(edge, creditor)?.policy;
        if (free === 0n || (policy && blocks(policy.blocked_participants, query))) continue;
        const carries = policy?.can_be_intermediate ?? true;
        hops.push({ creditor, capacity: free, carries });
      }
      return hops;
    },
    carriesFrom(debtor, query: RouteQuery) {
      if (isFrozen()) return false;
      const edge = hall.state.edges.get(edgeKey(edgeId(me, debtor, query.equivalent)));
      if (edge === undefined) return false;
      const policy = lineOf(edge, me)?.policy;
      const willing = policy === undefined || policy.can_be_intermediate;
      return willing && !blocks(policy?.blocked_participants ?? [], query);
    },
    contactOf: (pid) => peers.contactOf(pid),
  };
}

function splitTopic(topic: DeadlineTopic): [kind: string, name: string] {
  const at = topic.indexOf(':');
  return [topic.slice(0, at), topic.slice(at + 1)];
}
