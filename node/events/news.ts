/**
 * What there is to follow live: that events have been added, and who is connected. The latter is a
 * state and no event: whoever begins to follow is told it anew, so it is not kept.
 */
import { type Pid, type PublicKey, pidFromPublicKey } from '../../protocol/identity/pid.ts';
import type { RecordedEvent } from '../engine/notices.ts';
import type { Clock, Transport } from '../ports.ts';
import type { EventLog } from './log.ts';

type PeerFollower = (peer: Pid, connected: boolean) => void;

export class News {
  readonly clock: Clock;
  readonly #transport: Transport;
  readonly #events: EventLog;
  readonly #peerFollowers = new Set<PeerFollower>();

  constructor({ clock, transport }: { clock: Clock; transport: Transport }, events: EventLog) {
    this.clock = clock;
    this.#transport = transport;
    this.#events = events;
  }

  /** Calls for each event as soon as it can be read. @returns ends it */
  follow(follower: (event: RecordedEvent) => void): () => void {
    return this.#events.follow(follower);
  }

  connected(): Pid[] {
    return this.#transport
      .peers()
      .filter((peer) => peer.connected)
      .map((peer) => pidFromPublicKey(peer.publicKey));
  }

  /** @returns ends it */
  followPeers(follower: PeerFollower): () => void {
    this.#peerFollowers.add(follower);
    return () => this.#peerFollowers.delete(follower);
  }

  tellPeer(peer: PublicKey, connected: boolean): void {
    if (this.#peerFollowers.size === 0) return;
    const pid = pidFromPublicKey(peer);
    for (const follower of this.#peerFollowers) follower(pid, connected);
  }
}
