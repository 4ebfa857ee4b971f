/** The configuration in the words of the transport. */
import { readFile } from 'node:fs/promises';
import type { NodeConfig } from '../config/node.ts';
import { GeoError } from '../protocol/errors.ts';
import { parsePid } from '../protocol/identity/pid.ts';
import type { Log } from './ports.ts';
import type { Rate } from './token-bucket.ts';
import type { Libp2pTransportOptions } from './transport/libp2p.ts';
import type { TransportLimits } from './transport/limits.ts';

/** What may come at once, in seconds of the long-run rate. */
const BURST_S = 4;
/** In each second. */
const CPU_MS_PER_PERCENT = 10;

/** @throws GeoError E009 `bad_preshared_key`: the file that the configuration names cannot be read */
export async function transportOptions(
  config: NodeConfig,
  seed: Uint8Array,
  log: Log,
): Promise<Libp2pTransportOptions> {
  const { network } = config;
  const presharedKey = await presharedKeyOf(network.preshared_key_file);
  return {
    seed,
    listen: config.listen,
    announce: config.announce,
    bootstrap: config.bootstrap,
    dht: network.dht,
    mdns: network.mdns,
    relay: {
      dial: network.relay_client,
      listen: network.relay_client,
      serve:
        network.relay_server === 'always' || (network.relay_server === 'hub' && config.hub.enabled),
      autonat: network.autonat,
      holePunch: network.dcutr,
    },
    ...(presharedKey === undefined ? {} : { presharedKey }),
    ...(network.allow.length === 0 ? {} : { allow: network.allow.map(parsePid) }),
    deny: network.deny.map(parsePid),
    limits: limitsOf(config.limits),
    log,
  };
}

function limitsOf(limits: NodeConfig['limits']): Partial<TransportLimits> {
  return {
    knownPeer: {
      frames: rate(limits.frames_per_s_per_peer),
      bytes: rate(limits.bytes_per_s_per_peer),
    },
    stranger: {
      frames: rate(limits.frames_per_s_per_unknown_peer),
      bytes: rate(limits.bytes_per_s_per_unknown_peer),
    },
    allStrangers: {
      frames: rate(limits.frames_per_s_unknown_peers),
      bytes: rate(limits.bytes_per_s_unknown_peers),
    },
    strangersCpuMs: {
      perSecond: limits.unknown_peers_cpu_percent * CPU_MS_PER_PERCENT,
      burst: (limits.unknown_peers_cpu_percent * CPU_MS_PER_PERCENT) / 2,
    },
    queueBytesPerPeer: limits.queue_bytes_per_peer,
    queueBytesTotal: limits.queue_bytes,
    streamsPerPeer: limits.streams_per_peer,
    connections: limits.connections,
    strangers: limits.unknown_peers,
    inboundConnectionsPerSecondPerHost: limits.inbound_connections_per_s,
    pendingInboundConnections: limits.inbound_pending,
  };
}

function rate(perSecond: number): Rate {
  return { perSecond, burst: perSecond * BURST_S };
}

async function presharedKeyOf(file: string | undefined | null): Promise<string | undefined> {
  if (file === undefined || file === null || file === '') return undefined;
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (cause) {
    throw new GeoError(
      'E009',
      `The pre-shared key file ${file} cannot be read. Check network.preshared_key_file.`,
      { fault: 'bad_preshared_key', file },
      { cause },
    );
  }
}
