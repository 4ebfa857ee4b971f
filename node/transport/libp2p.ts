/**
 * The Transport port on libp2p 3: one long-lived stream per pair of peers, own frames, coalesced
 * writes (docs/decisions/0003-transport.md).
 */
import type { Connection, IdentifyResult, Stream } from '@libp2p/interface';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { GeoError } from '../../protocol/errors.ts';
import { type PublicKey, pidFromPublicKey } from '../../protocol/identity/pid.ts';
import { FRAME_BYTES_MAX } from '../../protocol/limits.ts';
import type { Log, PeerInfo, Transport, TransportHandlers } from '../ports.ts';
import { Access, createGater } from './access.ts';
import { AddressBook } from './address-book.ts';
import { keepBootstrapped } from './bootstrap.ts';
import { DialBackoff } from './dial-backoff.ts';
import { dialError, listenError, peerDenied } from './dial-errors.ts';
import type { QueueBudget } from './frame-queue.ts';
import { Guard } from './guard.ts';
import { createHost, type Host } from './host.ts';
import { TRANSPORT_LIMITS, type TransportLimits } from './limits.ts';
import { Link } from './link.ts';
import { type Counters, createCounters, type TransportMetrics } from './metrics.ts';
import { type Libp2pTransportOptions, PEER_PROTOCOL } from './options.ts';
import { keyInAddress, parseAddress, peerIdOf, publicKeyOf } from './peer-id.ts';
import { PeerSession } from './peer-session.ts';

export type { Libp2pTransportOptions, RelayOptions } from './options.ts';

export interface Libp2pTransport extends Transport {
  /** The counters since the transport was made. */
  metrics(): TransportMetrics;
}

/**
 * Makes a transport that listens and dials only once it is started.
 * @throws GeoError E009 `bad_seed`, `bad_address`, `bad_preshared_key`
 */
export async function createLibp2pTransport(
  options: Libp2pTransportOptions,
): Promise<Libp2pTransport> {
  const limits = { ...TRANSPORT_LIMITS, ...options.limits };
  const counters = createCounters();
  const access = new Access(options);
  // Monotonic: budgets and waits must not jump with the wall clock.
  const guard = new Guard(limits, performance.now());
  const gater = createGater(
    access,
    (peer) => guard.refuses(peer, performance.now()),
    (reason) => {
      counters.refused[reason] += 1;
    },
  );
  const bootstrap = (options.bootstrap ?? []).map(parseAddress);
  const host = await createHost(options, limits, gater);
  return new HostTransport({ ...options, host, limits, counters, access, guard, bootstrap });
}

interface Parts {
  readonly host: Host;
  readonly limits: TransportLimits;
  readonly counters: Counters;
  readonly access: Access;
  readonly guard: Guard;
  readonly bootstrap: readonly Multiaddr[];
  readonly listen: readonly string[];
  readonly log: Log;
}

class HostTransport implements Libp2pTransport {
  readonly #host: Host;
  readonly #self: PublicKey;
  readonly #limits: TransportLimits;
  readonly #counters: Counters;
  readonly #access: Access;
  readonly #guard: Guard;
  readonly #bootstrap: readonly Multiaddr[];
  readonly #listen: readonly string[];
  readonly #log: Log;
  readonly #book: AddressBook;
  readonly #backoff: DialBackoff;
  readonly #queueBudget: QueueBudget;
  readonly #sessions = new Map<PublicKey, PeerSession>();
  /** Attempts to get a stream, at most one for each peer. */
  readonly #opening = new Map<PublicKey, Promise<void>>();
  readonly #endings: (() => void)[] = [];
  #handlers: TransportHandlers | undefined;

  constructor(parts: Parts) {
    this.#host = parts.host;
    const self = publicKeyOf(parts.host.peerId);
    if (self === undefined) throw new Error('the host was made with an Ed25519 key');
    this.#self = self;
    this.#limits = parts.limits;
    this.#counters = parts.counters;
    this.#access = parts.access;
    this.#guard = parts.guard;
    this.#bootstrap = parts.bootstrap;
    this.#listen = parts.listen;
    this.#log = parts.log;
    this.#book = new AddressBook(parts.limits.addressBookPeers, parts.limits.addressesPerPeer);
    this.#backoff = new DialBackoff(parts.limits.dialBackoffMs);
    this.#queueBudget = { usedBytes: 0, maxBytes: parts.limits.queueBytesTotal };
  }

  async start(handlers: TransportHandlers): Promise<void> {
    this.#handlers = handlers;
    this.#watchHost();
    await this.#host.handle(
      PEER_PROTOCOL,
      (stream, connection) => this.#accept(stream, connection),
      {
        maxInboundStreams: this.#limits.streamsPerPeer,
        maxOutboundStreams: this.#limits.streamsPerPeer,
        runOnLimitedConnection: true,
      },
    );
    try {
      await this.#host.start();
    } catch (error) {
      this.#handlers = undefined;
      throw listenError(this.#listen, error);
    }
    this.#endings.push(
      keepBootstrapped(
        this.#bootstrap,
        {
          dial: (address) => this.#host.dial(address, this.#dialOptions()),
          connectedTo: (address) => this.#connectedTo(address),
        },
        this.#log,
      ),
    );
    const sweep = setInterval(() => this.#dismissIdleStrangers(), this.#limits.strangerIdleMs / 4);
    sweep.unref();
    this.#endings.push(() => clearInterval(sweep));
  }

  async stop(): Promise<void> {
    const running = this.#handlers !== undefined;
    this.#handlers = undefined;
    for (const end of this.#endings.splice(0)) end();
    if (running) {
      await this.#host.unhandle(PEER_PROTOCOL);
      await withinMs(this.#limits.stopTimeoutMs, this.#finishAll());
    }
    await this.#host.stop();
  }

  send(to: PublicKey, frame: Uint8Array): void {
    const { dropped } = this.#counters;
    if (this.#handlers === undefined) dropped.not_running += 1;
    else if (to === this.#self) dropped.to_self += 1;
    else if (frame.length === 0 || frame.length > FRAME_BYTES_MAX) dropped.frame_length += 1;
    else if (this.#sessions.get(to)?.connected === true) this.#enqueue(to, frame);
    else if (this.#opening.has(to) || this.#backoff.due(to, performance.now())) {
      this.#enqueue(to, frame);
      void this.#reach(to);
    } else dropped.unreachable += 1;
  }

  async connect(address: string): Promise<PublicKey> {
    const target = parseAddress(address);
    const named = keyInAddress(target);
    if (named !== undefined && !this.#access.permits(named)) throw peerDenied(address);
    try {
      const connection = await this.#host.dial(target, this.#dialOptions());
      const peer = publicKeyOf(connection.remotePeer);
      if (peer === undefined) throw peerDenied(address);
      this.#book.remember(peer, [address]);
      await this.#openStream(peer, connection);
      this.#backoff.reset(peer);
      return peer;
    } catch (error) {
      throw dialError(address, error);
    }
  }

  remember(peer: PublicKey, addresses: readonly string[]): void {
    if (peer === this.#self) return;
    this.#book.remember(peer, addresses);
    if (addresses.length > 0) this.#backoff.reset(peer);
  }

  addresses(): string[] {
    return this.#host.getMultiaddrs().map(String);
  }

  peers(): PeerInfo[] {
    const peers = new Set(this.#book.knownPeers());
    for (const session of this.#sessions.values()) if (session.connected) peers.add(session.peer);
    return [...peers].map((publicKey) => {
      const link = this.#sessions.get(publicKey)?.links.at(-1);
      return {
        publicKey,
        connected: link !== undefined,
        addresses: this.#book.addresses(publicKey),
        ...(link !== undefined && { direction: link.direction }),
      };
    });
  }

  metrics(): TransportMetrics {
    return structuredClone(this.#counters);
  }

  // --- streams -----------------------------------------------------------------------------------

  #accept(stream: Stream, connection: Connection): void {
    const peer = publicKeyOf(connection.remotePeer);
    if (peer === undefined || this.#handlers === undefined) {
      stream.abort(new Error('not accepting streams'));
      return;
    }
    const refusal = this.#refusal(peer);
    if (refusal !== undefined) {
      this.#counters.refused[refusal] += 1;
      stream.abort(new Error('too many streams'));
      return;
    }
    this.#attach(peer, stream, connection);
  }

  #refusal(peer: PublicKey): 'by_stream_count' | 'by_stranger_count' | undefined {
    const session = this.#sessions.get(peer);
    if ((session?.links.length ?? 0) >= this.#limits.streamsPerPeer) return 'by_stream_count';
    if (session?.connected === true || this.#book.known(peer)) return undefined;
    let strangers = 0;
    for (const each of this.#sessions.values()) {
      if (each.connected && !this.#book.known(each.peer)) strangers += 1;
    }
    return strangers >= this.#limits.strangers ? 'by_stranger_count' : undefined;
  }

  #attach(peer: PublicKey, stream: Stream, connection: Connection): void {
    const session = this.#sessionOf(peer);
    const link: Link = new Link(stream, connection, {
      frame: (bytes) => this.#receive(session, bytes),
      writable: () => session.flush(),
      badFrame: (error) => {
        this.#counters.refused.by_bad_frame += 1;
        this.#expel(session, error.message);
      },
      closed: () => {
        session.removeLink(link);
        if (!session.connected) void this.#lastLinkLost(session);
      },
    });
    if (connection.direction === 'outbound') {
      this.#book.prove(peer, connection.remoteAddr.toString());
    }
    this.#backoff.reset(peer);
    session.addLink(link);
    if (!session.announced) {
      session.announced = true;
      this.#handlers?.connected(peer);
    }
  }

  #receive(session: PeerSession, bytes: Uint8Array): void {
    if (this.#handlers === undefined) return;
    const { peer } = session;
    const now = performance.now();
    const verdict = this.#guard.admit(peer, this.#book.known(peer), bytes.length, now);
    if (verdict === 'pass') {
      session.lastActiveAt = now;
      this.#counters.frames.in += 1;
      this.#counters.bytes.in += bytes.length;
      this.#handlers.frame(peer, bytes);
    } else if (verdict === 'over_strangers_rate') {
      this.#counters.dropped.over_strangers_rate += 1;
    } else {
      this.#counters.dropped.over_peer_rate += 1;
      if (verdict === 'close') this.#expel(session, 'it sent more than its rate allows');
    }
  }

  /** Ends all contact with a peer that broke a rule. */
  #expel(session: PeerSession, reason: string): void {
    this.#log.warn({ peer: pidFromPublicKey(session.peer), reason }, 'a peer was disconnected');
    for (const connection of this.#host.getConnections(peerIdOf(session.peer))) {
      connection.abort(new Error(reason));
    }
    session.abort(reason);
  }

  /** A relayed connection may have been replaced by a direct one: then only the stream is gone. */
  async #lastLinkLost(session: PeerSession): Promise<void> {
    const { peer } = session;
    const connection = this.#openConnection(peer);
    if (this.#handlers !== undefined && connection !== undefined) {
      await this.#openStream(peer, connection).catch((error: unknown) => {
        this.#log.debug({ peer, reason: String(error) }, 'a lost stream was not opened again');
      });
    }
    if (session.connected) return;
    if (session.announced) {
      session.announced = false;
      this.#handlers?.disconnected(peer);
    }
    if (session.waiting > 0 && this.#handlers !== undefined) void this.#reach(peer);
    else this.#forgetSession(session);
  }

  // --- dialling ----------------------------------------------------------------------------------

  #enqueue(to: PublicKey, frame: Uint8Array): void {
    const session = this.#sessionOf(to);
    session.lastActiveAt = performance.now();
    session.send(frame);
  }

  /** Gets a stream to the peer, or gives up what waits for it. Never rejects. */
  #reach(peer: PublicKey): Promise<void> {
    const running = this.#opening.get(peer);
    if (running !== undefined) return running;
    const attempt = this.#dial(peer)
      .then((connection) => this.#openStream(peer, connection))
      .catch((error: unknown) => this.#notReached(peer, error))
      .finally(() => this.#opening.delete(peer));
    this.#opening.set(peer, attempt);
    return attempt;
  }

  #notReached(peer: PublicKey, error: unknown): void {
    this.#counters.dials.failed += 1;
    this.#backoff.failed(peer, performance.now());
    this.#log.debug(
      { peer: pidFromPublicKey(peer), reason: String(error) },
      'a peer could not be reached',
    );
    const session = this.#sessions.get(peer);
    // It may have dialled this node meanwhile.
    if (session === undefined || session.connected) return;
    session.drop('unreachable');
    this.#forgetSession(session);
  }

  async #dial(peer: PublicKey): Promise<Connection> {
    const existing = this.#openConnection(peer);
    if (existing !== undefined) return existing;
    this.#counters.dials.tried += 1;
    const addresses = this.#book.addresses(peer);
    // Without an address of its own, libp2p may still have met the peer, by mDNS or in the DHT.
    const target = addresses.length > 0 ? addresses.map((each) => multiaddr(each)) : peerIdOf(peer);
    return this.#host.dial(target, this.#dialOptions());
  }

  async #openStream(peer: PublicKey, connection: Connection): Promise<void> {
    const session = this.#sessions.get(peer);
    const better = session?.relayed === true && connection.limits === undefined;
    if (session?.connected === true && !better) return;
    const stream = await connection.newStream(PEER_PROTOCOL, {
      runOnLimitedConnection: true,
      maxOutboundStreams: this.#limits.streamsPerPeer,
      ...this.#dialOptions(),
    });
    if (stream.status !== 'open') {
      throw new GeoError('E007', 'The peer closed the connection at once.', {
        fault: 'unreachable',
      });
    }
    this.#attach(peer, stream, connection);
  }

  #openConnection(peer: PublicKey): Connection | undefined {
    const open = this.#host
      .getConnections(peerIdOf(peer))
      .filter((connection) => connection.status === 'open');
    return open.find((connection) => connection.limits === undefined) ?? open[0];
  }

  #connectedTo(address: Multiaddr): boolean {
    const peer = keyInAddress(address);
    return peer !== undefined && this.#openConnection(peer) !== undefined;
  }

  #dialOptions(): { signal: AbortSignal } {
    return { signal: AbortSignal.timeout(this.#limits.dialTimeoutMs) };
  }

  // --- the host's news ---------------------------------------------------------------------------

  #watchHost(): void {
    const opened = ({ detail: connection }: CustomEvent<Connection>) => {
      this.#counters.handshakes[connection.direction] += 1;
      const peer = publicKeyOf(connection.remotePeer);
      if (peer === undefined || this.#sessions.get(peer)?.relayed !== true) return;
      // A direct way to a peer that was only reached through a relay: use it from now on.
      this.#openStream(peer, connection).catch((error: unknown) => {
        this.#log.debug({ peer, reason: String(error) }, 'a direct stream was not opened');
      });
    };
    const identified = ({ detail }: CustomEvent<IdentifyResult>) => {
      const peer = publicKeyOf(detail.peerId);
      if (peer === undefined) return;
      const addresses = detail.signedPeerRecord?.addresses ?? detail.listenAddrs;
      this.#book.learn(peer, addresses.map(String));
    };
    this.#host.addEventListener('connection:open', opened);
    this.#host.addEventListener('peer:identify', identified);
    this.#endings.push(() => {
      this.#host.removeEventListener('connection:open', opened);
      this.#host.removeEventListener('peer:identify', identified);
    });
  }

  // --- sessions ----------------------------------------------------------------------------------

  #sessionOf(peer: PublicKey): PeerSession {
    let session = this.#sessions.get(peer);
    if (session === undefined) {
      const { queueBytesPerPeer } = this.#limits;
      const now = performance.now();
      session = new PeerSession(peer, queueBytesPerPeer, this.#queueBudget, this.#counters, now);
      this.#sessions.set(peer, session);
    }
    return session;
  }

  #forgetSession(session: PeerSession): void {
    if (this.#sessions.get(session.peer) === session) this.#sessions.delete(session.peer);
  }

  #dismissIdleStrangers(): void {
    const since = performance.now() - this.#limits.strangerIdleMs;
    for (const session of this.#sessions.values()) {
      if (!session.connected || session.lastActiveAt > since) continue;
      if (!this.#book.known(session.peer)) void this.#host.hangUp(peerIdOf(session.peer));
    }
  }

  async #finishAll(): Promise<void> {
    await Promise.all([...this.#opening.values()]);
    await Promise.all([...this.#sessions.values()].map((session) => session.finish()));
  }
}

async function withinMs(ms: number, work: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([work, promise]);
  clearTimeout(timer);
}
