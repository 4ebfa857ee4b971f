/** Looks at home, machine and node for `geo doctor`. Repairs nothing, and waits for nobody for long. */
import { access, constants, readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { NodeConfig } from '../../config/node.ts';
import type { Client } from '../../node/api/client.ts';
import type { Home } from '../../node/home/home.ts';
import { GeoError } from '../../protocol/errors.ts';
import { exitCodeOf } from '../exit.ts';
import type {
  BootstrapFacts,
  DiskFacts,
  Facts,
  Finding,
  PortFacts,
  RunningFacts,
} from './facts.ts';
import { answers, clockIsSynchronised, openPort, placeOf } from './machine.ts';

export interface Subject {
  readonly home: Home;
  readonly client: () => Promise<Client>;
  /** @throws GeoError E009 `bad_config` */
  readonly readConfig: () => NodeConfig;
}

export async function lookAt({ home, client, readConfig }: Subject): Promise<Facts> {
  const { readPublicIdentity } = await import('../../node/home/keyring.ts');
  const running = await finding(() => runningNode(client));
  const config = await finding(async () => readConfig());
  const status = 'found' in running ? running.found?.status : undefined;
  const [key, disk, clock, store, ports, bootstrap] = await Promise.all([
    finding(async () => (await readPublicIdentity(home.directory)).pid),
    finding(() => diskOf(home)),
    clockOf(home),
    status === undefined ? finding(() => inspectStore(home)) : undefined,
    'found' in config ? portsOf(config.found, status) : [],
    'found' in config ? Promise.all(config.found.bootstrap.map(bootstrapNode)) : [],
  ]);
  return {
    nodeVersion: process.versions.node,
    home: home.directory,
    key,
    config,
    disk,
    clock,
    running,
    store,
    ports,
    bootstrap,
  };
}

async function finding<Found>(look: () => Promise<Found>): Promise<Finding<Found>> {
  try {
    return { found: await look() };
  } catch (error) {
    if (error instanceof GeoError) return { refused: error.message.replaceAll(/\s*\n\s*/g, ' ') };
    throw error;
  }
}

/** Null if none runs; a node that refuses is another matter. */
async function runningNode(client: () => Promise<Client>): Promise<RunningFacts | null> {
  try {
    const api = await client();
    const [status, invariants] = await Promise.all([api.status(), api.audit()]);
    return { status, invariants };
  } catch (error) {
    if (exitCodeOf(error, false) === 3) return null;
    throw error;
  }
}

async function diskOf(home: Home): Promise<DiskFacts> {
  try {
    await access(home.directory, constants.R_OK | constants.W_OK | constants.X_OK);
    const { bavail, bsize } = await statfs(home.directory);
    const files = await filesIn(home.storeDirectory);
    return {
      freeBytes: bavail * bsize,
      storeBytes: files.reduce((sum, { size }) => sum + size, 0),
    };
  } catch (cause) {
    throw new GeoError(
      'E010',
      `The home directory ${home.directory} cannot be used (${String(cause)}). Make it with \`geo init\`, use the account that it belongs to, or name another one with --home.`,
      { fault: 'home_unusable' },
      { cause },
    );
  }
}

async function clockOf(home: Home): Promise<Facts['clock']> {
  const files = await filesIn(home.storeDirectory);
  const newest = Math.max(0, ...files.map(({ mtimeMs }) => mtimeMs));
  return {
    synchronised: await clockIsSynchronised(),
    behindMs: Math.max(0, newest - Date.now()),
  };
}

/** Files that vanish meanwhile are LevelDB's own business. */
async function filesIn(directory: string) {
  const names = await readdir(directory).catch(() => []);
  const found = await Promise.all(
    names.map((name) => stat(join(directory, name)).catch(() => undefined)),
  );
  return found.filter((file) => file !== undefined);
}

/** Opening looks at every file and at the version first, and refuses before it changes anything. */
async function inspectStore(home: Home): Promise<true> {
  const { openLevelStore } = await import('../../node/store/level/level.ts');
  const store = await openLevelStore(home.storeDirectory, { mustExist: true });
  await store.close();
  return true;
}

async function portsOf(
  { listen, announce, api }: NodeConfig,
  status: RunningFacts['status'] | undefined,
): Promise<PortFacts[]> {
  const places = listen.flatMap((address) => {
    const place = placeOf(address);
    return place === undefined ? [] : [{ option: 'listen' as const, address, ...place }];
  });
  const wanted = [
    ...places,
    { option: 'api.port' as const, address: `${api.host}:${api.port}`, ...api },
  ].filter(({ port }) => port !== 0);
  return await Promise.all(
    wanted.map(async ({ option, address, host, port }) => {
      const errno = await openPort(host, port);
      if (errno === undefined) return { option, address, state: 'free' as const };
      // A node that announces other addresses does not tell its ports; it runs, so it has them.
      const own =
        option === 'api.port'
          ? status !== undefined && new URL(status.api).port === String(port)
          : status?.addresses.some((each) => placeOf(each)?.port === port) ||
            (status !== undefined && announce.length > 0);
      const state = errno !== 'EADDRINUSE' ? 'refused' : own ? 'own' : 'taken';
      return { option, address, state, errno };
    }),
  );
}

async function bootstrapNode(address: string): Promise<BootstrapFacts> {
  const place = placeOf(address);
  return { address, reachable: place !== undefined && (await answers(place)) };
}
