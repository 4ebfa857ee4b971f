/**
 * A node's day: it starts, takes up what was left open, keeps deadlines, greets peers that come back,
 * and stops in the order in which nothing is lost.
 */
import { type Pid, type PublicKey, pidFromPublicKey, type TxId } from '../protocol/identity/pid.ts';
import type { Inbox } from './doors/inbox.ts';
import type { Attempts } from './engine/attempts/attempts.ts';
import { type DeadlineTopic, splitTopic } from './engine/deadlines.ts';
import type { Outbox } from './engine/outbox.ts';
import type { State } from './engine/state.ts';
import type { Turn } from './engine/turn.ts';
import type { News } from './events/news.ts';
import type { RestoredBooks } from './restored-books.ts';
import type { NeighbourSearch } from './routing/neighbour-search.ts';
import type { Rooms } from './service/rooms.ts';
import { STORE_VERSION } from './store/version.ts';

/** The rooms, and what only their builder knows besides. */
export interface Household extends Rooms {
  readonly state: State;
  readonly restored: RestoredBooks;
  readonly attempts: Attempts;
  readonly outbox: Outbox;
  readonly search: NeighbourSearch;
  readonly inbox: Inbox;
  readonly news: News;
}

export class Lifecycle {
  readonly #house: Household;

  constructor(house: Household) {
    this.#house = house;
    const { hall, agents, edges, acquaintances, router } = house;
    hall.listen((notice) => {
      if (notice.type === 'line-changed') {
        router.reconsiderLine(notice.owner, notice.other, notice.equivalent);
        if (!agents.served(notice.owner)) this.#ignoring(acquaintances.keepNeighbour(notice.owner));
      }
      if (notice.type === 'agent-changed') {
        edges.forget(notice.member);
        acquaintances.agentKnown(notice.member);
        router.reconsider(notice.member);
      }
      if (notice.type === 'edge-inherited') edges.compareSoon(notice.edge);
      if (notice.type === 'member-changed') {
        this.#ignoring(acquaintances.keepNeighbour(notice.participant));
        router.reconsider(notice.participant);
      }
    });
  }

  /** Reads the store, takes up what was left open, connects. */
  async start(): Promise<void> {
    const { hall, ports, integrity, events, payments, clearing, desk, community } = this.#house;
    await integrity.backup.start();
    await this.#house.state.load();
    this.#house.peers.load();
    await events.start();
    await this.#house.restored.distrust(hall, this.#house.attempts, ports.log);
    await this.#connect();
    await this.#resume();
    await payments.recover();
    await integrity.checkLog();
    await integrity.log.noteStart({
      ...this.#house.settings,
      store: { version: STORE_VERSION, restored: this.#house.restored.at },
    });
    if (community.hasNewSettings()) await hall.turn((turn) => community.noteSettings(turn));
    await clearing.recover();
    // A refused write may have reached the disk all the same: what rests on it goes out now.
    hall.onReread = () => this.#ignoring(this.#resume());
    await desk.start();
    if (community.membership.isHub) clearing.startPasses();
    this.#house.acquaintances.greet();
    this.#house.edges.compareRegularly(this.#house.settings.edges.compare_ms);
    integrity.auditor.auditRegularly(this.#house.settings.audit.interval_ms);
    this.#house.addons.start();
  }

  /** Stores and sends what is under way, then closes transport and store. */
  async stop(): Promise<void> {
    const { integrity, hall, ports } = this.#house;
    await this.#house.addons.stop();
    integrity.auditor.stop();
    this.#house.edges.stop();
    this.#house.search.stop();
    this.#house.desk.stop();
    this.#house.clearing.stop();
    await hall.stop();
    await ports.transport.stop();
    await integrity.backup.stop();
    await ports.store.close();
  }

  /** What is due now. If it cannot be done, because the disk is full, say, it is due again later. */
  keep(topic: DeadlineTopic): void {
    const { hall, attempts, memberships, outbox, clearing, ports, settings } = this.#house;
    const [kind, name] = splitTopic(topic);
    const work = (turn: Turn) => {
      if (kind === 'attempt') attempts.timer(turn, name as TxId);
      else if (kind === 'membership') memberships.renew(turn, name as Pid);
      else outbox.retry(turn, name);
    };
    const done = kind === 'clearing' ? clearing.expire(name as TxId) : hall.turn(work);
    done.catch((error: unknown) => {
      ports.log.warn({ topic, error: String(error) }, 'a deadline could not be kept; trying again');
      hall.deadlines.set(topic, ports.clock.now() + settings.payments.retry_ms);
    });
  }

  #connect(): Promise<void> {
    const { ports, inbox, news } = this.#house;
    return ports.transport.start({
      frame: (from, bytes) => inbox.frame(from, bytes),
      connected: (peer) => {
        news.tellPeer(peer, true);
        void this.#onConnected(peer).catch(() => undefined);
      },
      disconnected: (peer) => news.tellPeer(peer, false),
    });
  }

  /** Restart is an event like any other: what was under way is taken up by ordinary turns. */
  async #resume(): Promise<void> {
    const { hall, state, attempts, memberships } = this.#house;
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
  async #onConnected(peer: PublicKey): Promise<void> {
    const { hall, state, memberships, outbox, ports, acquaintances, edges, desk } = this.#house;
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

  #ignoring(work: Promise<unknown>): void {
    work.catch((error: unknown) =>
      this.#house.ports.log.warn({ error: String(error) }, 'left for later'),
    );
  }
}
