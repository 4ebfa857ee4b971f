/** Counters of a transport since it was made. Plain numbers, for the node's telemetry to read. */

export const DROP_REASONS = [
  /** Outbound: the peer's queue, or all queues together, are full. */
  'queue_full',
  /** Outbound: no dial succeeded, or the next one is not due yet. */
  'unreachable',
  /** Outbound: the stream broke while the frame was handed to it. */
  'stream_lost',
  /** Outbound: the frame is empty or larger than a frame may be. */
  'frame_length',
  /** Outbound: addressed to this node itself. */
  'to_self',
  /** Outbound: the transport is not running. */
  'not_running',
  /** Inbound: over the peer's own rate. */
  'over_peer_rate',
  /** Inbound: over what all strangers together may send. */
  'over_strangers_rate',
] as const;

export type DropReason = (typeof DROP_REASONS)[number];

export interface TransportMetrics {
  readonly frames: { readonly in: number; readonly out: number };
  /** Bytes of frames, without lengths, encryption and headers. */
  readonly bytes: { readonly in: number; readonly out: number };
  /** Writes to streams: frames out divided by this is the mean size of a batch. */
  readonly writes: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
  readonly dials: { readonly tried: number; readonly failed: number };
  /** Connections whose Noise handshake ended, by who opened them. */
  readonly handshakes: { readonly inbound: number; readonly outbound: number };
  /** Peers refused: by the lists, by penalty, by the number of strangers or of streams, by a bad frame, by false ones. */
  readonly refused: {
    readonly by_list: number;
    readonly by_penalty: number;
    readonly by_stranger_count: number;
    readonly by_stream_count: number;
    readonly by_bad_frame: number;
    readonly by_false_frames: number;
  };
}

type Writable<T> = { -readonly [K in keyof T]: T[K] extends number ? number : Writable<T[K]> };

/** The same numbers, to count in. */
export type Counters = Writable<TransportMetrics>;

export function createCounters(): Counters {
  return {
    frames: { in: 0, out: 0 },
    bytes: { in: 0, out: 0 },
    writes: 0,
    dropped: {
      queue_full: 0,
      unreachable: 0,
      stream_lost: 0,
      frame_length: 0,
      to_self: 0,
      not_running: 0,
      over_peer_rate: 0,
      over_strangers_rate: 0,
    },
    dials: { tried: 0, failed: 0 },
    handshakes: { inbound: 0, outbound: 0 },
    refused: {
      by_list: 0,
      by_penalty: 0,
      by_stranger_count: 0,
      by_stream_count: 0,
      by_bad_frame: 0,
      by_false_frames: 0,
    },
  };
}
