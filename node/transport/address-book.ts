/**
 * Where peers may be found. Memory only; the node stores what it wants to keep.
 *
 * Addresses that the node was told (`remember`) also mark a peer as known; those that libp2p learned
 * by itself do not, or every stranger would count as known.
 */
import { type Pid, type PublicKey, pidFromPublicKey } from '../../protocol/identity/pid.ts';
import { addressOfPeer } from './peer-id.ts';

interface Entry {
  known: boolean;
  /** The address that last worked. */
  proven: string | undefined;
  /** Told by the node, newest first. */
  told: readonly string[];
  /** What the peer itself, or its presence record, last said. */
  learned: readonly string[];
}

export class AddressBook {
  readonly #peersMax: number;
  readonly #addressesMax: number;
  /** In order of last change, so that the first is the one to forget. */
  readonly #entries = new Map<PublicKey, Entry>();

  constructor(peersMax: number, addressesMax: number) {
    this.#peersMax = peersMax;
    this.#addressesMax = addressesMax;
  }

  /** Addresses that name another peer, or are none, are left out. The peer is known from now on. */
  remember(peer: PublicKey, addresses: readonly string[]): void {
    this.hear(peer, addresses);
    this.#entries.get(peer)!.known = true;
  }

  /** The same, without making a stranger known. */
  hear(peer: PublicKey, addresses: readonly string[]): void {
    const entry = this.#touch(peer);
    entry.told = this.#bounded([...clean(peer, addresses), ...entry.told]);
  }

  /** Replaces what was learned before: an address that a peer no longer names has gone. */
  learn(peer: PublicKey, addresses: readonly string[]): void {
    this.#touch(peer).learned = this.#bounded(clean(peer, addresses));
  }

  /** Notes that the address was dialled with success. */
  prove(peer: PublicKey, address: string): void {
    this.#touch(peer).proven = clean(peer, [address])[0];
  }

  known(peer: PublicKey): boolean {
    return this.#entries.get(peer)?.known ?? false;
  }

  /** Best first. */
  addresses(peer: PublicKey): string[] {
    const entry = this.#entries.get(peer);
    if (entry === undefined) return [];
    const { proven, told, learned } = entry;
    return this.#bounded([...(proven === undefined ? [] : [proven]), ...told, ...learned]);
  }

  /** Whom a PID names, among the peers whose addresses are known. */
  find(pid: Pid): PublicKey | undefined {
    for (const [peer, { told, learned, proven }] of this.#entries) {
      const reachable = proven !== undefined || told.length > 0 || learned.length > 0;
      if (reachable && pidFromPublicKey(peer) === pid) return peer;
    }
    return undefined;
  }

  /** Peers that the node was told of. */
  *knownPeers(): Iterable<PublicKey> {
    for (const [peer, entry] of this.#entries) if (entry.known) yield peer;
  }

  #bounded(addresses: readonly string[]): string[] {
    return [...new Set(addresses)].slice(0, this.#addressesMax);
  }

  #touch(peer: PublicKey): Entry {
    let entry = this.#entries.get(peer);
    if (entry === undefined) {
      if (this.#entries.size >= this.#peersMax) this.#forgetOne();
      entry = { known: false, proven: undefined, told: [], learned: [] };
    } else {
      this.#entries.delete(peer);
    }
    this.#entries.set(peer, entry);
    return entry;
  }

  /** Strangers first: their number is not in this node's hands. */
  #forgetOne(): void {
    let oldest: PublicKey | undefined;
    for (const [peer, entry] of this.#entries) {
      if (!entry.known) {
        this.#entries.delete(peer);
        return;
      }
      oldest ??= peer;
    }
    if (oldest !== undefined) this.#entries.delete(oldest);
  }
}

function clean(peer: PublicKey, addresses: readonly string[]): string[] {
  return addresses
    .map((address) => addressOfPeer(address, peer))
    .filter((address) => address !== undefined);
}
