/**
 * Assembles the libp2p host: which transports, which services, with which bounds. What a host does not
 * switch on is not loaded.
 */
import { noise } from '@chainsafe/libp2p-noise';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { type Identify, identify, identifyPush } from '@libp2p/identify';
import type { ConnectionGater, Libp2p, PeerRouting, peerRoutingSymbol } from '@libp2p/interface';
import type { KadDHT, KadDHTComponents } from '@libp2p/kad-dht';
import { type Ping, ping } from '@libp2p/ping';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { createLibp2p, type Libp2pOptions } from 'libp2p';
import { invalid } from '../../protocol/errors.ts';
import { boundedStore } from './bounded-store.ts';
import { isWebSocket, lateWebSockets } from './late-websockets.ts';
import type { TransportLimits } from './limits.ts';
import { DHT_PROTOCOL, type Libp2pTransportOptions, type RelayOptions } from './options.ts';
import { pacePeerRouting } from './paced-routing.ts';
import { parseAddress } from './peer-id.ts';
import type { PresenceRegistry } from './presence-registry.ts';

export interface HostServices extends Record<string, unknown> {
  identify: Identify;
  ping: Ping;
  dht?: KadDHT;
}

/** kad-dht offers itself as a peer routing; its type leaves that out. */
type RoutingDht = KadDHT & { readonly [peerRoutingSymbol]: PeerRouting };

export type Host = Libp2p<HostServices>;

/** Entries kept for others in the DHT; a presence record has up to 4 KiB. */
const DHT_ENTRIES_MAX = 10_000;
/** Reservations, bytes and time that a volunteer gives each relayed connection. */
const RELAY_RESERVATIONS = 128;
const RELAY_BYTES = 16n * 1024n * 1024n;
const RELAY_MS = 3_600_000;

/**
 * A host that is not started yet.
 * @throws GeoError E009 `bad_seed`, `bad_address`, `bad_preshared_key`
 */
export async function createHost(
  options: Libp2pTransportOptions,
  limits: TransportLimits,
  gater: ConnectionGater,
  registry: PresenceRegistry,
): Promise<Host> {
  const relay = options.relay ?? {};
  const host = await createLibp2p<HostServices>({
    start: false,
    privateKey: await identityKey(options.seed),
    nodeInfo: { name: 'geo-node' },
    addresses: {
      listen: [
        ...options.listen.map(checkedAddress),
        ...(relay.listen === true ? ['/p2p-circuit'] : []),
      ],
      announce: (options.announce ?? []).map(checkedAddress),
    },
    transports: await transportsOf(options.listen, relay),
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: gater,
    connectionManager: {
      maxConnections: limits.connections,
      inboundConnectionThreshold: limits.inboundConnectionsPerSecondPerHost,
      maxIncomingPendingConnections: limits.pendingInboundConnections,
      maxParallelDials: limits.parallelDials,
      dialTimeout: limits.dialTimeoutMs,
      addressDialTimeout: limits.dialTimeoutMs,
    },
    connectionMonitor: { pingInterval: limits.pingIntervalMs },
    peerDiscovery: options.mdns ? [(await import('@libp2p/mdns')).mdns()] : [],
    services: await servicesOf(options.dht ? registry : undefined, relay),
    ...(await protectorOf(options.presharedKey)),
  });
  return host;
}

async function transportsOf(listen: readonly string[], relay: RelayOptions) {
  const listensOnWebSockets = listen.some((address) => isWebSocket(parseAddress(address)));
  return [
    tcp(),
    listensOnWebSockets ? (await import('@libp2p/websockets')).webSockets() : lateWebSockets(),
    ...(relay.dial === true || relay.listen === true
      ? [(await import('@libp2p/circuit-relay-v2')).circuitRelayTransport()]
      : []),
  ];
}

async function identityKey(seed: Uint8Array) {
  if (seed.length !== 32) throw invalid('bad_seed', 'The seed of a participant key has 32 bytes.');
  return generateKeyPairFromSeed('Ed25519', seed);
}

function checkedAddress(text: string): string {
  return parseAddress(text).toString();
}

async function servicesOf(
  registry: PresenceRegistry | undefined,
  relay: RelayOptions,
): Promise<NonNullable<Libp2pOptions<HostServices>['services']>> {
  const services: Record<string, unknown> = {
    identify: identify(),
    identifyPush: identifyPush(),
    ping: ping(),
    ...(registry !== undefined && { dht: await dhtService(registry) }),
    ...(relay.autonat === true && { autonat: (await import('@libp2p/autonat')).autoNAT() }),
    ...(relay.holePunch === true && { dcutr: (await import('@libp2p/dcutr')).dcutr() }),
    ...(relay.serve === true && { relay: await relayService() }),
  };
  // Which services there are is only known now; HostServices names those that the project calls.
  return services as NonNullable<Libp2pOptions<HostServices>['services']>;
}

async function dhtService(registry: PresenceRegistry) {
  const { kadDHT, passthroughMapper } = await import('@libp2p/kad-dht');
  const create = kadDHT({
    protocol: DHT_PROTOCOL,
    // Explicitly a server: by itself kad-dht stays a client on private addresses, and a network
    // whose nodes are all clients stores nothing.
    clientMode: false,
    // Villages run on private networks, so private addresses are not filtered out.
    peerInfoMapper: passthroughMapper,
    allowQueryWithZeroPeers: true,
    validators: { geo: (key, value) => registry.validate(key, value) },
    selectors: { geo: (key, records) => registry.select(key, records) },
  });
  return (components: KadDHTComponents) => {
    const datastore = boundedStore(components.datastore, DHT_ENTRIES_MAX);
    const bounded: KadDHTComponents = Object.create(components, {
      datastore: { value: datastore },
    });
    return pacePeerRouting(create(bounded) as RoutingDht);
  };
}

async function relayService() {
  const { circuitRelayServer } = await import('@libp2p/circuit-relay-v2');
  return circuitRelayServer({
    reservations: {
      maxReservations: RELAY_RESERVATIONS,
      defaultDataLimit: RELAY_BYTES,
      defaultDurationLimit: RELAY_MS,
    },
  });
}

async function protectorOf(presharedKey: string | undefined) {
  if (presharedKey === undefined) return {};
  if (!/^[0-9a-f]{64}$/i.test(presharedKey)) {
    throw invalid(
      'bad_preshared_key',
      'The pre-shared key must be 64 hexadecimal digits, the same on every node of the network.',
    );
  }
  const { preSharedKey } = await import('@libp2p/pnet');
  const file = `/key/swarm/psk/1.0.0/\n/base16/\n${presharedKey.toLowerCase()}`;
  return { connectionProtector: preSharedKey({ psk: new TextEncoder().encode(file) }) };
}
