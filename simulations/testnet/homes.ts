/** Home directories of the nodes of a testnet: a key and a configuration each, as a person would make them. */
import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type Home, homeAt } from '../../node/home/home.ts';
import { setUpHome } from '../../node/home/setup.ts';
import type { LoopbackPorts } from './ports.ts';

/** A part of a node's configuration file, by section. */
export type Settings = Readonly<Record<string, unknown>>;

const FRESH_LISTEN = ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'];

/** What distinguishes a testnet on one machine from a node in the world. */
const LOOPBACK_SETTINGS: Settings = {
  // Neighbours are told each other's addresses, so nobody has to be looked for, and on one machine
  // there is no NAT to get through. A DHT would have every node dial every other.
  network: { dht: false, mdns: false, relay_client: false, autonat: false, dcutr: false },
  // All peers share one host address here.
  limits: { inbound_connections_per_s: 10_000, inbound_pending: 1_000, unknown_peers: 1_000 },
  // They share its cores too, so an answer may take longer than one across an ocean.
  routes: { query_timeout_ms: 5_000 },
  // What is owed is compared with what was paid: a story clears when it says so.
  clearing: { trigger: false },
};

/** `<directory>/<number>-<participant>`, with nothing in the name that a file system could mind. */
export function homeDirectory(directory: string, index: number, participant: string): string {
  const readable = participant.replace(/[^\p{L}\p{N}_-]+/gu, '_').slice(0, 40);
  return join(directory, `${String(index + 1).padStart(3, '0')}-${readable}`);
}

/**
 * Key seed of a participant of a reproducible testnet. Anyone who knows the community's seed knows
 * it too, so it is fit for play money only.
 */
export function keySeed(seed: string, participant: string): Uint8Array {
  return createHash('sha256')
    .update(JSON.stringify(['geo testnet key', seed, participant]))
    .digest();
}

export async function createNodeHome(
  directory: string,
  seed: Uint8Array | undefined,
  settings: Settings,
  listen: readonly string[] = FRESH_LISTEN,
): Promise<Home> {
  await setUpHome(directory, seed === undefined ? {} : { seed });
  const home = homeAt(directory);
  await writeSettings(home, listen, settings);
  return home;
}

/** Where a node listens that comes back on the same ports, as a person's would, so that its peers find it. */
export async function lastingListen(ports: LoopbackPorts): Promise<string[]> {
  const [plain, webSocket] = [await ports.take(), await ports.take()];
  return [`/ip4/127.0.0.1/tcp/${plain}`, `/ip4/127.0.0.1/tcp/${webSocket}/ws`];
}

/** `listen`: multiaddrs. */
async function writeSettings(
  home: Home,
  listen: readonly string[],
  settings: Settings,
): Promise<void> {
  const config: Record<string, unknown> = { listen };
  for (const source of [LOOPBACK_SETTINGS, settings]) {
    for (const [section, values] of Object.entries(source)) {
      config[section] = { ...(config[section] as object | undefined), ...(values as object) };
    }
  }
  await writeFile(home.configFile, stringify(config));
}
