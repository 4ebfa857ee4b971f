/**
 * The address book: which key a participant's agent has and where it may be reached. Kept in the
 * store, because a PID alone cannot be dialled, and told to the transport.
 */
import { type Pid, type PublicKey, pidFromPublicKey } from '../../protocol/identity/pid.ts';
import type { Contact } from '../../protocol/wire/messages/route.ts';
import type { Hall } from '../engine/hall.ts';
import type { Transport } from '../ports.ts';
import type { PeerRecord } from '../store/records.ts';

/** Addresses kept for one peer, newest first. */
const ADDRESSES_MAX = 8;
/** Peers that are remembered without any edge or contact with them: what others told of them. */
const HEARSAY_MAX = 5_000;

export class Peers {
  readonly #hall: Hall;
  readonly #transport: Transport;
  /** Told by others, unproven: good enough to dial, not worth the disk. */
  readonly #hearsay = new Map<Pid, PeerRecord>();
  readonly #resolving = new Set<Pid>();

  constructor(hall: Hall, transport: Transport) {
    this.#hall = hall;
    this.#transport = transport;
  }

  /** Tells the transport what the store knows; called once at the start. */
  load(): void {
    const { peers, contactsOfLive } = this.#hall.state;
    for (const { key, addresses } of peers.values()) this.#transport.remember(key, addresses);
    for (const contact of contactsOfLive) this.hear(contact);
  }

  keyOf(pid: Pid): PublicKey | undefined {
    return (this.#hall.state.peers.get(pid) ?? this.#hearsay.get(pid))?.key;
  }

  addressesOf(pid: Pid): readonly string[] {
    return (this.#hall.state.peers.get(pid) ?? this.#hearsay.get(pid))?.addresses ?? [];
  }

  contactOf(pid: Pid): Contact | undefined {
    const key = this.keyOf(pid);
    return (
      key && [
        key,
        this.addressesOf(pid)
          .filter((text) => text.length <= 200)
          .slice(0, 4),
      ]
    );
  }

  /** Proven by a handshake or given by the owner: kept in the store. */
  async keep(key: PublicKey, addresses: readonly string[]): Promise<void> {
    const pid = pidFromPublicKey(key);
    const known = this.#hall.state.peers.get(pid);
    const merged = merge(addresses, known?.addresses ?? []);
    this.#transport.remember(key, merged);
    if (known !== undefined && same(known.addresses, merged)) return;
    await this.#hall.turn((turn) => turn.putPeer(pid, { key, addresses: merged }));
  }

  /** From someone else's message: tried when needed, never stored. */
  hear([key, addresses]: Contact): void {
    const pid = pidFromPublicKey(key);
    this.#transport.hear(key, addresses);
    if (this.#hall.state.peers.has(pid)) return;
    if (this.#hearsay.size >= HEARSAY_MAX) this.#hearsay.delete(this.#hearsay.keys().next().value!);
    this.#hearsay.set(pid, {
      key,
      addresses: merge(addresses, this.#hearsay.get(pid)?.addresses ?? []),
    });
  }

  /** Those of `keys` that the store does not know. */
  hearsayOf(keys: readonly PublicKey[]): Contact[] {
    return keys.flatMap((key) => {
      const pid = pidFromPublicKey(key);
      const contact = this.#hall.state.peers.has(pid) ? undefined : this.contactOf(pid);
      return contact === undefined ? [] : [contact];
    });
  }

  /** Looks for a participant whose key is not known yet. Resolves when it is known, or not found. */
  async find(pid: Pid): Promise<PublicKey | undefined> {
    const known = this.keyOf(pid);
    if (known !== undefined || this.#resolving.has(pid)) return known;
    this.#resolving.add(pid);
    try {
      const found = await this.#transport.resolve?.(pid);
      if (found === undefined) return undefined;
      await this.keep(found.publicKey, found.addresses);
      return found.publicKey;
    } finally {
      this.#resolving.delete(pid);
    }
  }
}

function merge(fresh: readonly string[], old: readonly string[]): string[] {
  return [...new Set([...fresh, ...old])].slice(0, ADDRESSES_MAX);
}

function same(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((text, i) => text === b[i]);
}
