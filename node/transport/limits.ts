/**
 * Every bound of the transport that a node chooses for itself (docs/PROTOCOL.md, "Bounds").
 * The defaults suit a node on the open network and testnets whose nodes all share one host.
 */

import type { Rate } from '../token-bucket.ts';

export interface TrafficRates {
  readonly frames: Rate;
  readonly bytes: Rate;
}

export interface TransportLimits {
  /** Connections that one host may open per second. A testnet is one host. */
  readonly inboundConnectionsPerSecondPerHost: number;
  /** Inbound connections whose handshake has not ended. */
  readonly pendingInboundConnections: number;
  /** Open connections in all; beyond it the least useful ones are closed. */
  readonly connections: number;
  readonly parallelDials: number;
  /** One attempt to reach a peer, all its addresses together, ms. */
  readonly dialTimeoutMs: number;
  /** Wait after a failed dial: `min` at first, doubled with each failure up to `max`, ms. */
  readonly dialBackoffMs: { readonly min: number; readonly max: number };
  /** Streams of this protocol that one peer may hold open. One is used; dials that cross make two. */
  readonly streamsPerPeer: number;
  /** Peers that may hold a stream open without being known to this node. */
  readonly strangers: number;
  /** What one known peer may send. */
  readonly knownPeer: TrafficRates;
  /** What one stranger may send. */
  readonly stranger: TrafficRates;
  /** What all strangers together may send. */
  readonly allStrangers: TrafficRates;
  /** What the frames of all strangers together may make this node compute, ms of its main thread. */
  readonly strangersCpuMs: Rate;
  /** Frames over its own rates that a peer is forgiven before its connection is closed; each further KiB of one counts again. */
  readonly breaches: Rate;
  /** How long a peer stays refused after its connection was closed for breaches, ms. */
  readonly penaltyMs: number;
  /** Frames waiting for one peer, bytes (each frame counts 128 more). */
  readonly queueBytesPerPeer: number;
  /** Frames waiting for all peers together, bytes. */
  readonly queueBytesTotal: number;
  /** Addresses kept for one peer. */
  readonly addressesPerPeer: number;
  /** Peers whose addresses are kept. */
  readonly addressBookPeers: number;
  /** A stranger that neither sends nor receives for this long is disconnected, ms. */
  readonly strangerIdleMs: number;
  /** Interval of the liveness check of each connection, ms; a peer that does not answer is disconnected. */
  readonly pingIntervalMs: number;
  /** Longest time that `stop` waits for queued frames to arrive, ms. */
  readonly stopTimeoutMs: number;
}

const MIB = 1024 * 1024;

export const TRANSPORT_LIMITS: TransportLimits = {
  inboundConnectionsPerSecondPerHost: 500,
  pendingInboundConnections: 200,
  connections: 500,
  parallelDials: 50,
  dialTimeoutMs: 5_000,
  dialBackoffMs: { min: 250, max: 15_000 },
  streamsPerPeer: 4,
  strangers: 250,
  knownPeer: {
    frames: { perSecond: 5_000, burst: 20_000 },
    bytes: { perSecond: 8 * MIB, burst: 32 * MIB },
  },
  stranger: {
    frames: { perSecond: 2_500, burst: 10_000 },
    bytes: { perSecond: 4 * MIB, burst: 16 * MIB },
  },
  allStrangers: {
    frames: { perSecond: 5_000, burst: 20_000 },
    bytes: { perSecond: 8 * MIB, burst: 32 * MIB },
  },
  strangersCpuMs: { perSecond: 400, burst: 200 },
  breaches: { perSecond: 10, burst: 1_000 },
  penaltyMs: 10_000,
  queueBytesPerPeer: 8 * MIB,
  queueBytesTotal: 128 * MIB,
  addressesPerPeer: 8,
  addressBookPeers: 20_000,
  strangerIdleMs: 600_000,
  pingIntervalMs: 30_000,
  stopTimeoutMs: 2_000,
};
