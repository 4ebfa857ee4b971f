/**
 * The Transport port inside one process, for tests and simulations: the same promises as the libp2p
 * adapter, without sockets or cryptography, and with the time of a given clock.
 */
import { GeoError } from '../../protocol/errors.ts';
import type { PublicKey } from '../../protocol/identity/pid.ts';
import { FRAME_BYTES_MAX } from '../../protocol/limits.ts';
import type { Clock, PeerInfo, Transport, TransportHandlers } from '../ports.ts';
import { Access, type AccessLists } from './access.ts';
import { AddressBook } from './address-book.ts';
import { dialError, peerDenied } from './dial-errors.ts';
import { TRANSPORT_LIMITS } from './limits.ts';
import { keyInAddress, parseAddress, peerIdOf } from './peer-id.ts';

export interface MemoryTransportOptions extends AccessLists {
  readonly publicKey: PublicKey;
}

export interface MemoryNetwork {
  /** A transport of this network. One key can be started only once at a time. */
  transport(options: MemoryTransportOptions): Transport;
}

/** @param latencyMs from `send` to the other side's handler */
export function createMemoryNetwork(clock: Clock, latencyMs = 0): MemoryNetwork {
  const online = new Map<PublicKey, MemoryTransport>();
  return {
    transport: (options) => new MemoryTransport(online, clock, latencyMs, options),
  };
}

/** Multiaddrs have `/memory/<port>` for this; one port will do, since the key says who is meant. */
function addressOf(key: PublicKey): string {
  return `/memory/1/p2p/${peerIdOf(key)}`;
}

class MemoryTransport implements Transport {
  readonly #online: Map<PublicKey, MemoryTransport>;
  readonly #clock: Clock;
  readonly #latencyMs: number;
  readonly #self: PublicKey;
  readonly #access: Access;
  readonly #book = new AddressBook(
    TRANSPORT_LIMITS.addressBookPeers,
    TRANSPORT_LIMITS.addressesPerPeer,
  );
  readonly #connections = new Map<PublicKey, 'inbound' | 'outbound'>();
  #handlers: TransportHandlers | undefined;
  /** Frames on their way from here; `stop` waits for them. */
  #inFlight = 0;
  #arrived: (() => void) | undefined;

  constructor(
    online: Map<PublicKey, MemoryTransport>,
    clock: Clock,
    latencyMs: number,
    options: MemoryTransportOptions,
  ) {
    this.#online = online;
    this.#clock = clock;
    this.#latencyMs = latencyMs;
    this.#self = options.publicKey;
    this.#access = new Access(options);
  }

  async start(handlers: TransportHandlers): Promise<void> {
    if (this.#online.has(this.#self)) {
      throw new GeoError('E008', 'A transport with this key is running. Stop it first.', {
        fault: 'listen_failed',
      });
    }
    this.#handlers = handlers;
    this.#online.set(this.#self, this);
  }

  async stop(): Promise<void> {
    this.#handlers = undefined;
    if (this.#inFlight > 0) {
      await new Promise<void>((resolve) => {
        this.#arrived = resolve;
      });
    }
    if (this.#online.get(this.#self) === this) this.#online.delete(this.#self);
    for (const peer of this.#connections.keys()) this.#online.get(peer)?.drop(this.#self);
    this.#connections.clear();
  }

  send(to: PublicKey, frame: Uint8Array): void {
    if (this.#handlers === undefined || to === this.#self) return;
    if (frame.length === 0 || frame.length > FRAME_BYTES_MAX) return;
    // A copy: the sender may use its buffer again.
    const bytes = frame.slice();
    this.#inFlight += 1;
    this.#later(() => {
      this.#inFlight -= 1;
      if (this.#book.addresses(to).length > 0 || this.#connections.has(to))
        this.#deliver(to, bytes);
      if (this.#inFlight === 0) this.#arrived?.();
    });
  }

  async connect(address: string): Promise<PublicKey> {
    const peer = keyInAddress(parseAddress(address));
    if (peer === undefined || peer === this.#self) {
      throw dialError(address, new Error('NoValidAddresses'));
    }
    if (!this.#access.permits(peer)) throw peerDenied(address);
    await new Promise<void>((resolve) => this.#later(resolve));
    if (!this.#link(peer)) throw dialError(address, new Error('nobody listens'));
    this.remember(peer, [address]);
    return peer;
  }

  remember(peer: PublicKey, addresses: readonly string[]): void {
    if (peer !== this.#self) this.#book.remember(peer, addresses);
  }

  hear(peer: PublicKey, addresses: readonly string[]): void {
    if (peer !== this.#self) this.#book.hear(peer, addresses);
  }

  addresses(): string[] {
    return this.#handlers === undefined ? [] : [addressOf(this.#self)];
  }

  peers(): PeerInfo[] {
    const peers = new Set([...this.#book.knownPeers(), ...this.#connections.keys()]);
    return [...peers].map((publicKey) => {
      const direction = this.#connections.get(publicKey);
      return {
        publicKey,
        connected: direction !== undefined,
        addresses: this.#book.addresses(publicKey),
        ...(direction !== undefined && { direction }),
      };
    });
  }

  /** The other side has gone. Called by its transport. */
  drop(peer: PublicKey): void {
    if (this.#connections.delete(peer)) this.#handlers?.disconnected(peer);
  }

  /** The other side dials. Called by its transport. */
  admit(peer: PublicKey): boolean {
    if (this.#handlers === undefined || !this.#access.permits(peer)) return false;
    if (!this.#connections.has(peer)) {
      this.#connections.set(peer, 'inbound');
      this.#book.learn(peer, [addressOf(peer)]);
      this.#handlers.connected(peer);
    }
    return true;
  }

  /** A frame comes in. Called by the sender's transport. */
  receive(from: PublicKey, bytes: Uint8Array): void {
    this.#handlers?.frame(from, bytes);
  }

  #deliver(to: PublicKey, bytes: Uint8Array): void {
    if (this.#link(to)) this.#online.get(to)?.receive(this.#self, bytes);
  }

  #link(peer: PublicKey): boolean {
    if (this.#connections.has(peer)) return true;
    if (!this.#access.permits(peer)) return false;
    if (this.#online.get(peer)?.admit(this.#self) !== true) return false;
    // The other side's handler may have sent something, and so connected this one, meanwhile.
    if (!this.#connections.has(peer)) {
      this.#connections.set(peer, 'outbound');
      this.#handlers?.connected(peer);
    }
    return true;
  }

  #later(task: () => void): void {
    if (this.#latencyMs > 0) this.#clock.after(this.#latencyMs, task);
    else this.#clock.soon(task);
  }
}
