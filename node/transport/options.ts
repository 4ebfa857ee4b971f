/** What a libp2p transport is made from. */
import type { GeoError } from '../../protocol/errors.ts';
import type { Pid } from '../../protocol/identity/pid.ts';
import type { Log } from '../ports.ts';
import type { AccessLists } from './access.ts';
import type { TransportLimits } from './limits.ts';

/** Circuit relay v2 and what goes with it. All off unless switched on. */
export interface RelayOptions {
  /** Reach peers whose address leads through a relay. */
  readonly dial?: boolean;
  /** Be reachable through relays: reserve a place at every relay met. Includes `dial`. */
  readonly listen?: boolean;
  /** Volunteer as a relay for others. */
  readonly serve?: boolean;
  /** Ask peers whether own addresses can be reached from outside, and answer that question. */
  readonly autonat?: boolean;
  /** Replace a relayed connection by a direct one where the NATs allow it (DCUtR). */
  readonly holePunch?: boolean;
}

export interface Libp2pTransportOptions extends AccessLists {
  /** The participant's 32-byte Ed25519 seed. The libp2p identity is the participant's key. */
  readonly seed: Uint8Array;
  /** Multiaddrs to listen on, for example `/ip4/0.0.0.0/tcp/4001` and `/ip4/0.0.0.0/tcp/4002/ws`. */
  readonly listen: readonly string[];
  /** Multiaddrs to tell others in place of those listened on. */
  readonly announce?: readonly string[];
  /** Peers to connect to at start, and again when lost; entrances to the DHT. */
  readonly bootstrap?: readonly string[];
  /** Take part in the network's Kademlia DHT: publish where this node is, find others by PID. */
  readonly dht: boolean;
  /** Hubs to name in the presence record; asked whenever one is published. */
  readonly hubs?: () => readonly Pid[];
  /** Told when another running node was found to have the same key (E008 `key_in_use`). Needs the DHT. */
  readonly onTwin?: (error: GeoError) => void;
  /** Find peers on the local network by multicast DNS. */
  readonly mdns: boolean;
  readonly relay?: RelayOptions;
  /** 64 hexadecimal digits: only nodes with the same key can connect at all. */
  readonly presharedKey?: string;
  /** Differences from `TRANSPORT_LIMITS`. */
  readonly limits?: Partial<TransportLimits>;
  readonly log: Log;
}

/** Every stream between participants speaks this. */
export const PEER_PROTOCOL = '/geo/0.1.0';
/** Own prefix: the network's DHT shares nothing with the public one. */
export const DHT_PROTOCOL = '/geo/kad/1.0.0';
