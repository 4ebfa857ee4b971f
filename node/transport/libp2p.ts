/**
 * The Transport port on libp2p 3: one long-lived stream per pair of peers, own frames, coalesced
 * writes (docs/decisions/0003-transport.md).
 */
import type { Connection, IdentifyResult, PeerInfo as MetPeer } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { Pid, PublicKey } from '../../protocol/identity/pid.ts';
import { FRAME_BYTES_MAX } from '../../protocol/limits.ts';
import type { Whereabouts } from '../../protocol/presence.ts';
import { nativeSigner, nativeVerify } from '../platform/native-ed25519.ts';
import type { Log, PeerInfo, Transport, TransportHandlers } from '../ports.ts';
import { Access, createGater } from './access.ts';
import { AddressBook } from './address-book.ts';
import { keepBootstrapped } from './bootstrap.ts';
import { stopHost, withinMs } from './bounded-stop.ts';
import { dialError, listenError, peerDenied } from './dial-errors.ts';
import { Dialer } from './dialer.ts';
import { Guard } from './guard.ts';
import { createHost, type Host } from './host.ts';
import { TRANSPORT_LIMITS, type TransportLimits } from './limits.ts';
import { type Counters, createCounters, type TransportMetrics } from './metrics.ts';
import { type Libp2pTransportOptions, PEER_PROTOCOL } from './options.ts';
import { keyInAddress, parseAddress, peerIdOf, publicKeyOf } from './peer-id.ts';
import { PeerStreams } from './peer-streams.ts';
import { Presence } from './presence.ts';
import { PresenceRegistry } from './presence-registry.ts';
import { findTwin, twinError } from './twin.ts';

export type { Whereabouts } from '../../protocol/presence.ts';
export type { Libp2pTransportOptions, RelayOptions } from './options.ts';

export interface Libp2pTransport extends Transport {
  /**
   * Finds a participant by its PID alone: by its presence record in the DHT, else among the peers met
   * so far. Undefined if nobody knows it, or nobody answered within some seconds.
   */
  resolve(pid: Pid): Promise<Whereabouts | undefined>;
  /** The counters since the transport was made. */
  metrics(): TransportMetrics;
}

/** How long own addresses are taken to stay as they are, ms. */
const ADDRESSES_MS = 1_000;

/** Connections below which a peer met on the local network is dialled: the DHT needs some to work. */
const FEW_CONNECTIONS = 8;

/**
 * Makes a transport that listens and dials only once it is started.
 * @throws GeoError E009 `bad_seed`, `bad_address`, `bad_preshared_key`
 */
export async function createLibp2pTransport(
  options: Libp2pTransportOptions,
): Promise<Libp2pTransport> {
  const { log } = options;
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
  const registry = new PresenceRegistry(nativeVerify, Date.now);
  const host = await createHost(options, limits, gater, registry);
  const addresses = () => host.getMultiaddrs().map(String);
  const presence =
    host.services.dht &&
    new Presence({
      dht: host.services.dht,
      registry,
      signer: nativeSigner(options.seed),
      addresses,
      hubs: options.hubs ?? (() => []),
      foundOwn: (where) => void reportTwin(where.addresses),
      log,
    });
  const book = new AddressBook(limits.addressBookPeers, limits.addressesPerPeer);
  const dialer = new Dialer(host, book, presence, counters, limits.dialTimeoutMs);
  const reportTwin = async (claimed: readonly string[]) => {
    const twin = await findTwin(claimed, addresses(), dialer);
    if (twin !== undefined) options.onTwin?.(twinError(twin));
  };
  const hangUp = (peer: PublicKey, reason: string) => {
    for (const connection of host.getConnections(peerIdOf(peer))) {
      connection.abort(new Error(reason));
    }
  };
  const streams = new PeerStreams({ dialer, book, guard, limits, counters, hangUp, log });
  return new HostTransport({
    host,
    limits,
    counters,
    access,
    presence,
    book,
    dialer,
    streams,
    bootstrap,
    listen: options.listen,
    mdns: options.mdns,
    log,
  });
}

interface Parts {
  readonly host: Host;
  readonly limits: TransportLimits;
  readonly counters: Counters;
  readonly access: Access;
  readonly presence: Presence | undefined;
  readonly book: AddressBook;
  readonly dialer: Dialer;
  readonly streams: PeerStreams;
  readonly bootstrap: readonly Multiaddr[];
  readonly listen: readonly string[];
  readonly mdns: boolean;
  readonly log: Log;
}

class HostTransport implements Libp2pTransport {
  readonly #parts: Parts;
  readonly #self: PublicKey;
  /** Own addresses as they were a moment ago: every PREPARE names them, and libp2p asks the system each time. */
  #addresses: readonly string[] = [];
  #addressesAt = 0;
  /** What `start` began, to be ended by `stop`. */
  readonly #endings: (() => void)[] = [];

  constructor(parts: Parts) {
    const self = publicKeyOf(parts.host.peerId);
    if (self === undefined) throw new Error('the host was made with an Ed25519 key');
    this.#parts = parts;
    this.#self = self;
  }

  async start(handlers: TransportHandlers): Promise<void> {
    const { host, streams, limits, listen, presence, bootstrap, dialer, log } = this.#parts;
    streams.begin(handlers);
    this.#watchHost();
    await host.handle(PEER_PROTOCOL, (stream, connection) => streams.accept(stream, connection), {
      maxInboundStreams: limits.streamsPerPeer,
      maxOutboundStreams: limits.streamsPerPeer,
      runOnLimitedConnection: true,
    });
    try {
      await host.start();
    } catch (error) {
      await streams.finish();
      throw listenError(listen, error);
    }
    this.#endings.push(keepBootstrapped(bootstrap, dialer, log));
    const sweep = setInterval(() => this.#dismissIdleStrangers(), limits.strangerIdleMs / 4);
    sweep.unref();
    this.#endings.push(() => clearInterval(sweep));
    presence?.start();
  }

  async stop(): Promise<void> {
    const { host, streams, limits, presence } = this.#parts;
    presence?.stop();
    for (const end of this.#endings.splice(0)) end();
    if (streams.running) {
      await host.unhandle(PEER_PROTOCOL);
      await withinMs(limits.stopTimeoutMs, streams.finish());
    }
    await stopHost(host, limits.stopTimeoutMs);
  }

  send(to: PublicKey, frame: Uint8Array): void {
    const { streams, counters } = this.#parts;
    if (!streams.running) counters.dropped.not_running += 1;
    else if (to === this.#self) counters.dropped.to_self += 1;
    else if (frame.length === 0 || frame.length > FRAME_BYTES_MAX) {
      counters.dropped.frame_length += 1;
    } else streams.send(to, frame);
  }

  async connect(address: string): Promise<PublicKey> {
    const { access, book, dialer, streams } = this.#parts;
    const target = parseAddress(address);
    const named = keyInAddress(target);
    if (named !== undefined && !access.permits(named)) throw peerDenied(address);
    try {
      const connection = await dialer.dialAddress(target);
      const peer = publicKeyOf(connection.remotePeer);
      if (peer === undefined) throw peerDenied(address);
      book.remember(peer, [address]);
      await streams.open(peer, connection);
      return peer;
    } catch (error) {
      throw dialError(address, error);
    }
  }

  blame(peer: PublicKey): void {
    this.#parts.streams.blame(peer);
  }

  async resolve(pid: Pid): Promise<Whereabouts | undefined> {
    const { book, presence } = this.#parts;
    const found = await presence?.resolve(pid);
    if (found !== undefined) {
      book.learn(found.publicKey, found.addresses);
      return found;
    }
    const met = book.find(pid);
    return met && { publicKey: met, addresses: book.addresses(met), hubs: [] };
  }

  remember(peer: PublicKey, addresses: readonly string[]): void {
    if (peer === this.#self) return;
    this.#parts.book.remember(peer, addresses);
    if (addresses.length > 0) this.#parts.streams.expect(peer);
  }

  hear(peer: PublicKey, addresses: readonly string[]): void {
    if (peer === this.#self) return;
    this.#parts.book.hear(peer, addresses);
    if (addresses.length > 0) this.#parts.streams.expect(peer);
  }

  addresses(): string[] {
    const now = performance.now();
    if (this.#addresses.length === 0 || now >= this.#addressesAt + ADDRESSES_MS) {
      this.#addresses = this.#parts.host.getMultiaddrs().map(String);
      this.#addressesAt = now;
    }
    return [...this.#addresses];
  }

  peers(): PeerInfo[] {
    const { book, streams } = this.#parts;
    const peers = new Set([...book.knownPeers(), ...streams.connected()]);
    return [...peers].map((publicKey) => {
      const direction = streams.directionTo(publicKey);
      return {
        publicKey,
        connected: direction !== undefined,
        addresses: book.addresses(publicKey),
        ...(direction !== undefined && { direction }),
      };
    });
  }

  metrics(): TransportMetrics {
    return structuredClone(this.#parts.counters);
  }

  #watchHost(): void {
    const { host, counters, streams, book, presence } = this.#parts;
    const opened = ({ detail: connection }: CustomEvent<Connection>) => {
      counters.handshakes[connection.direction] += 1;
      streams.prefer(connection);
    };
    const identified = ({ detail }: CustomEvent<IdentifyResult>) => {
      const peer = publicKeyOf(detail.peerId);
      if (peer === undefined) return;
      const addresses = detail.signedPeerRecord?.addresses ?? detail.listenAddrs;
      book.learn(peer, addresses.map(String));
    };
    const met = ({ detail }: CustomEvent<MetPeer>) => this.#meet(detail);
    const moved = () => presence?.changed();
    host.addEventListener('connection:open', opened);
    host.addEventListener('peer:identify', identified);
    host.addEventListener('peer:discovery', met);
    host.addEventListener('self:peer:update', moved);
    this.#endings.push(() => {
      host.removeEventListener('connection:open', opened);
      host.removeEventListener('peer:identify', identified);
      host.removeEventListener('peer:discovery', met);
      host.removeEventListener('self:peer:update', moved);
    });
  }

  /** libp2p heard of a peer, by mDNS or in the DHT. What the peer says of itself counts more. */
  #meet({ id, multiaddrs }: MetPeer): void {
    const { host, book, dialer, mdns, log } = this.#parts;
    const peer = publicKeyOf(id);
    if (peer === undefined || multiaddrs.length === 0) return;
    if (book.addresses(peer).length === 0) book.learn(peer, multiaddrs.map(String));
    if (!mdns || host.getConnections().length >= FEW_CONNECTIONS) return;
    dialer.reach(peer).catch((error: unknown) => {
      log.debug({ peer, reason: String(error) }, 'a peer met by chance could not be reached');
    });
  }

  #dismissIdleStrangers(): void {
    const { host, streams, limits } = this.#parts;
    for (const peer of streams.strangersIdleSince(performance.now() - limits.strangerIdleMs)) {
      void host.hangUp(peerIdOf(peer));
    }
  }
}
