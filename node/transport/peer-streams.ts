/** All peers' streams: who may open one, which frames come through, what happens when one is lost. */
import type { Connection, Stream } from '@libp2p/interface';
import { GeoError } from '../../protocol/errors.ts';
import { type PublicKey, pidFromPublicKey } from '../../protocol/identity/pid.ts';
import type { Log, TransportHandlers } from '../ports.ts';
import type { AddressBook } from './address-book.ts';
import { DialBackoff } from './dial-backoff.ts';
import type { Dialer } from './dialer.ts';
import type { QueueBudget } from './frame-queue.ts';
import type { Guard } from './guard.ts';
import type { TransportLimits } from './limits.ts';
import { Link } from './link.ts';
import type { Counters } from './metrics.ts';
import { PEER_PROTOCOL } from './options.ts';
import { publicKeyOf } from './peer-id.ts';
import { PeerSession } from './peer-session.ts';

export interface PeerStreamsParts {
  readonly dialer: Dialer;
  readonly book: AddressBook;
  readonly guard: Guard;
  readonly limits: TransportLimits;
  readonly counters: Counters;
  /** Closes all connections to a peer. */
  readonly hangUp: (peer: PublicKey, reason: string) => void;
  readonly log: Log;
}

export class PeerStreams {
  readonly #parts: PeerStreamsParts;
  readonly #backoff: DialBackoff;
  readonly #queueBudget: QueueBudget;
  readonly #sessions = new Map<PublicKey, PeerSession>();
  /** Attempts to get a stream, at most one for each peer. */
  readonly #opening = new Map<PublicKey, Promise<void>>();
  #handlers: TransportHandlers | undefined;

  constructor(parts: PeerStreamsParts) {
    this.#parts = parts;
    this.#backoff = new DialBackoff(parts.limits.dialBackoffMs);
    this.#queueBudget = { usedBytes: 0, maxBytes: parts.limits.queueBytesTotal };
  }

  begin(handlers: TransportHandlers): void {
    this.#handlers = handlers;
  }

  /** From now on nothing is handed to the node; what waits is sent as far as it can be. */
  async finish(): Promise<void> {
    this.#handlers = undefined;
    await Promise.all([...this.#opening.values()]);
    await Promise.all([...this.#sessions.values()].map((session) => session.finish()));
  }

  get running(): boolean {
    return this.#handlers !== undefined;
  }

  /** Peers with an open stream. */
  connected(): PublicKey[] {
    return [...this.#sessions.values()]
      .filter((session) => session.connected)
      .map((session) => session.peer);
  }

  /** Who opened the connection that carries the newest stream; undefined without one. */
  directionTo(peer: PublicKey): 'inbound' | 'outbound' | undefined {
    return this.#sessions.get(peer)?.links.at(-1)?.direction;
  }

  /** Strangers that have been silent since the given time (ms, monotonic). */
  strangersIdleSince(since: number): PublicKey[] {
    return this.connected().filter(
      (peer) => !this.#parts.book.known(peer) && this.#session(peer).lastActiveAt <= since,
    );
  }

  /** There is news of where the peer is, so a dial is worth trying at once. */
  expect(peer: PublicKey): void {
    this.#backoff.reset(peer);
  }

  send(to: PublicKey, frame: Uint8Array): void {
    const now = performance.now();
    const connected = this.#sessions.get(to)?.connected === true;
    if (!connected && !this.#opening.has(to) && !this.#backoff.due(to, now)) {
      this.#parts.counters.dropped.unreachable += 1;
      return;
    }
    const session = this.#session(to);
    session.lastActiveAt = now;
    session.send(frame);
    if (!connected) this.#reach(to);
  }

  /** A peer opened a stream. */
  accept(stream: Stream, connection: Connection): void {
    const peer = publicKeyOf(connection.remotePeer);
    if (peer === undefined || !this.running) {
      stream.abort(new Error('not accepting streams'));
      return;
    }
    const refusal = this.#refusal(peer);
    if (refusal === undefined) {
      this.#attach(peer, stream, connection);
      return;
    }
    this.#parts.counters.refused[refusal] += 1;
    stream.abort(new Error('too many streams'));
  }

  /** Opens a stream over a connection unless there is one as good. Rejects with what libp2p says. */
  async open(peer: PublicKey, connection: Connection): Promise<void> {
    const session = this.#sessions.get(peer);
    const better = session?.relayed === true && connection.direct;
    if (session?.connected === true && !better) return;
    const stream = await connection.newStream(PEER_PROTOCOL, {
      runOnLimitedConnection: true,
      maxOutboundStreams: this.#parts.limits.streamsPerPeer,
      ...this.#parts.dialer.timeout(),
    });
    if (stream.status !== 'open') {
      throw new GeoError('E007', 'The peer closed the connection at once.', {
        fault: 'unreachable',
      });
    }
    this.#attach(peer, stream, connection);
  }

  /** A connection opened: if it is a direct way to a peer reached through a relay, it is used. */
  prefer(connection: Connection): void {
    const peer = publicKeyOf(connection.remotePeer);
    if (peer === undefined || this.#sessions.get(peer)?.relayed !== true) return;
    this.open(peer, connection).catch((error: unknown) => {
      this.#parts.log.debug({ peer, reason: String(error) }, 'a direct stream was not opened');
    });
  }

  #refusal(peer: PublicKey): 'by_stream_count' | 'by_stranger_count' | undefined {
    const { limits, book } = this.#parts;
    const session = this.#sessions.get(peer);
    if ((session?.links.length ?? 0) >= limits.streamsPerPeer) return 'by_stream_count';
    if (session?.connected === true || book.known(peer)) return undefined;
    const strangers = this.connected().filter((each) => !book.known(each)).length;
    return strangers >= limits.strangers ? 'by_stranger_count' : undefined;
  }

  #attach(peer: PublicKey, stream: Stream, connection: Connection): void {
    const { book, counters } = this.#parts;
    const session = this.#session(peer);
    const link: Link = new Link(stream, connection, {
      frame: (bytes) => this.#receive(session, bytes),
      writable: () => session.flush(),
      badFrame: (error) => {
        counters.refused.by_bad_frame += 1;
        this.#expel(session, error.message);
      },
      closed: () => {
        session.removeLink(link);
        if (!session.connected) void this.#lost(session);
      },
    });
    if (connection.direction === 'outbound') book.prove(peer, connection.remoteAddr.toString());
    this.#backoff.reset(peer);
    session.addLink(link);
    if (session.announced) return;
    session.announced = true;
    this.#tell((handlers) => handlers.connected(peer));
  }

  #receive(session: PeerSession, bytes: Uint8Array): void {
    if (this.#handlers === undefined) return;
    const { guard, book, counters } = this.#parts;
    const { peer } = session;
    const now = performance.now();
    const known = book.known(peer);
    const verdict = guard.admit(peer, known, bytes.length, now);
    if (verdict === 'pass') {
      session.lastActiveAt = now;
      counters.frames.in += 1;
      counters.bytes.in += bytes.length;
      const before = known ? undefined : process.threadCpuUsage();
      this.#tell((handlers) => handlers.frame(peer, bytes));
      if (before !== undefined) {
        const { user, system } = process.threadCpuUsage(before);
        guard.spent((user + system) / 1_000, performance.now());
      }
    } else if (verdict === 'over_strangers_rate') {
      counters.dropped.over_strangers_rate += 1;
    } else {
      counters.dropped.over_peer_rate += 1;
      if (verdict === 'close') this.#expel(session, 'it sent more than its rate allows');
    }
  }

  /** What the node makes of a frame: a stranger's false ones are held against it. */
  blame(peer: PublicKey): void {
    const { guard, book, counters } = this.#parts;
    const session = this.#sessions.get(peer);
    if (session === undefined || book.known(peer)) return;
    if (!guard.blame(peer, performance.now())) return;
    counters.refused.by_false_frames += 1;
    this.#expel(session, 'its messages were false');
  }

  /** A mistake in the node's handler must not end the process, as an error in a stream listener would. */
  #tell(news: (handlers: TransportHandlers) => void): void {
    if (this.#handlers === undefined) return;
    try {
      news(this.#handlers);
    } catch (error) {
      this.#parts.log.error({ err: error }, 'a handler of the node failed');
    }
  }

  /** Ends all contact with a peer that broke a rule. */
  #expel(session: PeerSession, reason: string): void {
    const { log, hangUp } = this.#parts;
    log.warn({ peer: pidFromPublicKey(session.peer), reason }, 'a peer was disconnected');
    hangUp(session.peer, reason);
    session.abort(reason);
  }

  /** The last stream closed. If a connection is left, only the relayed one may have gone. */
  async #lost(session: PeerSession): Promise<void> {
    const { dialer, log } = this.#parts;
    const { peer } = session;
    const connection = dialer.connectionTo(peer);
    if (this.running && connection !== undefined) {
      await this.open(peer, connection).catch((error: unknown) => {
        log.debug({ peer, reason: String(error) }, 'a lost stream was not opened again');
      });
    }
    if (session.connected) return;
    if (session.announced) {
      session.announced = false;
      this.#tell((handlers) => handlers.disconnected(peer));
    }
    if (session.waiting > 0 && this.running) this.#reach(peer);
    else this.#forget(session);
  }

  /** Gets a stream to the peer, or gives up what waits for it. */
  #reach(peer: PublicKey): void {
    if (this.#opening.has(peer)) return;
    const attempt = this.#parts.dialer
      .reach(peer)
      .then((connection) => this.open(peer, connection))
      .catch((error: unknown) => this.#notReached(peer, error))
      .finally(() => this.#opening.delete(peer));
    this.#opening.set(peer, attempt);
  }

  #notReached(peer: PublicKey, error: unknown): void {
    const { counters, log } = this.#parts;
    counters.dials.failed += 1;
    this.#backoff.failed(peer, performance.now());
    const fields = { peer: pidFromPublicKey(peer), reason: String(error) };
    log.debug(fields, 'a peer could not be reached');
    const session = this.#sessions.get(peer);
    // It may have dialled this node meanwhile.
    if (session === undefined || session.connected) return;
    session.drop('unreachable');
    this.#forget(session);
  }

  #session(peer: PublicKey): PeerSession {
    let session = this.#sessions.get(peer);
    if (session === undefined) {
      const { limits, counters } = this.#parts;
      const now = performance.now();
      session = new PeerSession(peer, limits.queueBytesPerPeer, this.#queueBudget, counters, now);
      this.#sessions.set(peer, session);
    }
    return session;
  }

  #forget(session: PeerSession): void {
    if (this.#sessions.get(session.peer) === session) this.#sessions.delete(session.peer);
  }
}
