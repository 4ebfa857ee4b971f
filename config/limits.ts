/** What a node bears from its peers (see `config/node.ts`). Each is spent before work is. */
import { z } from 'zod';
import { FRAME_BYTES_MAX } from '../protocol/limits.ts';
import { whole } from './option.ts';

const MIB = 1024 * 1024;

export const limits = z.strictObject({
  frames_per_s_per_peer: whole(
    { default: 5_000, min: 10, max: 1_000_000 },
    'Frames accepted from a known peer, with a burst of four seconds. What comes above it is dropped before any signature is checked; a peer that goes on is disconnected for a while.',
  ),
  bytes_per_s_per_peer: whole(
    { default: 8 * MIB, min: FRAME_BYTES_MAX, max: 1024 * MIB },
    'The same in bytes.',
  ),
  frames_per_s_per_unknown_peer: whole(
    { default: 2_500, min: 10, max: 1_000_000 },
    'As for a known peer, for one that is neither contact nor neighbour.',
  ),
  bytes_per_s_per_unknown_peer: whole(
    { default: 4 * MIB, min: FRAME_BYTES_MAX, max: 1024 * MIB },
    'The same in bytes.',
  ),
  frames_per_s_unknown_peers: whole(
    { default: 5_000, min: 10, max: 1_000_000 },
    'All unknown peers together: making up new keys buys nothing. Above it their frames are dropped.',
  ),
  bytes_per_s_unknown_peers: whole(
    { default: 8 * MIB, min: FRAME_BYTES_MAX, max: 1024 * MIB },
    'The same in bytes.',
  ),
  unknown_peers_cpu_percent: whole(
    { default: 40, min: 5, max: 100 },
    'Share of its time that the node computes for frames of all unknown peers together. Above it they are dropped, so that the rest is left for known peers.',
  ),
  queue_bytes_per_peer: whole(
    { default: 8 * MIB, min: 2 * FRAME_BYTES_MAX, max: 256 * MIB },
    'What may wait to be sent to one peer. Above it further frames to that peer are dropped; the outbox repeats what matters.',
  ),
  queue_bytes: whole(
    { default: 128 * MIB, min: 2 * FRAME_BYTES_MAX, max: 4096 * MIB },
    'What may wait to be sent to all peers together. Above it further frames are dropped.',
  ),
  streams_per_peer: whole(
    { default: 4, min: 2, max: 1_024 },
    'Streams of this protocol that one peer may keep open; one is used, dials that cross make two. A further one is reset.',
  ),
  connections: whole(
    { default: 500, min: 8, max: 65_536 },
    'Open connections, all peers together. Above it the least useful ones are closed.',
  ),
  unknown_peers: whole(
    { default: 250, min: 0, max: 65_536 },
    'Connected peers that are neither contact nor neighbour. A further one is refused.',
  ),
  inbound_connections_per_s: whole(
    { default: 500, min: 1, max: 65_536 },
    'New connections accepted from one host address. Further ones are closed before the handshake.',
  ),
  inbound_pending: whole(
    { default: 200, min: 1, max: 65_536 },
    'Inbound connections whose handshake is not finished. Further ones are closed.',
  ),
  uninvited_lines: whole(
    { default: 1_000, min: 0, max: 1_000_000 },
    'Trust lines given to this node by participants that are neither contacts nor trusted by it. A further one is refused.',
  ),
  refused_bytes_per_day: whole(
    { default: 16 * MIB, min: FRAME_BYTES_MAX, max: 1024 * MIB },
    'Manifests that are kept only to have refused them, sent by unknown peers, all together. Beyond it this node does not answer theirs.',
  ),
  pending_orders: whole(
    { default: 1_024, min: 1, max: 1_000_000 },
    'Payments of this node that are not decided yet. A further one is refused.',
  ),
});
