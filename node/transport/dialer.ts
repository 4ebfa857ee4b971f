/** Gets connections to peers: by the addresses that are known, else by asking the DHT where they are. */
import type { Connection } from '@libp2p/interface';
import { type Multiaddr, multiaddr } from '@multiformats/multiaddr';
import { GeoError } from '../../protocol/errors.ts';
import { type PublicKey, pidFromPublicKey } from '../../protocol/identity/pid.ts';
import type { AddressBook } from './address-book.ts';
import type { Host } from './host.ts';
import type { Counters } from './metrics.ts';
import { keyInAddress, peerIdOf } from './peer-id.ts';
import type { Presence } from './presence.ts';

export class Dialer {
  readonly #host: Host;
  readonly #book: AddressBook;
  readonly #presence: Presence | undefined;
  readonly #counters: Counters;
  readonly #timeoutMs: number;

  constructor(
    host: Host,
    book: AddressBook,
    presence: Presence | undefined,
    counters: Counters,
    timeoutMs: number,
  ) {
    this.#host = host;
    this.#book = book;
    this.#presence = presence;
    this.#counters = counters;
    this.#timeoutMs = timeoutMs;
  }

  /** For one step of reaching a peer. */
  timeout(): { signal: AbortSignal } {
    return { signal: AbortSignal.timeout(this.#timeoutMs) };
  }

  /** An open connection to the peer, a direct one if there is one. */
  connectionTo(peer: PublicKey): Connection | undefined {
    const open = this.#host
      .getConnections(peerIdOf(peer))
      .filter((connection) => connection.status === 'open');
    return open.find((connection) => connection.direct) ?? open[0];
  }

  connectedTo(address: Multiaddr): boolean {
    const peer = keyInAddress(address);
    return peer !== undefined && this.connectionTo(peer) !== undefined;
  }

  /** Dials one address. Rejects with what libp2p says. */
  dialAddress(address: Multiaddr): Promise<Connection> {
    return this.#host.dial(address, this.timeout());
  }

  /** The open connection to a peer, or a new one. Rejects with what libp2p says, or E007. */
  async reach(peer: PublicKey): Promise<Connection> {
    const existing = this.connectionTo(peer);
    if (existing !== undefined) return existing;
    this.#counters.dials.tried += 1;
    const known = this.#book.addresses(peer);
    try {
      return await this.#dialAny(known);
    } catch (error) {
      const fresh = await this.#addressesInDht(peer);
      if (fresh.every((address) => known.includes(address))) throw error;
      return this.#dialAny(fresh);
    }
  }

  async #dialAny(addresses: readonly string[]): Promise<Connection> {
    if (addresses.length === 0) {
      throw new GeoError('E007', 'No address of the peer is known.', { fault: 'unreachable' });
    }
    return this.#host.dial(
      addresses.map((address) => multiaddr(address)),
      this.timeout(),
    );
  }

  async #addressesInDht(peer: PublicKey): Promise<readonly string[]> {
    const found = await this.#presence?.resolve(pidFromPublicKey(peer));
    if (found === undefined) return [];
    this.#book.learn(peer, found.addresses);
    return this.#book.addresses(peer);
  }
}
