/** From a home directory to a running node: keys, store, transport, node and API, opened in order and closed in reverse. */

import { readFile, rm } from 'node:fs/promises';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { NodeConfig } from '../config/node.ts';
import { softwareVersion } from '../config/version.ts';
import { GeoError } from '../protocol/errors.ts';
import { openNote } from '../protocol/identity/sealed-note.ts';
import { addonThreads } from './addons/thread.ts';
import { startApi } from './api/server.ts';
import { createHome, type Home } from './home/home.ts';
import { openKeyFile } from './home/keyring.ts';
import { openCurrentBooks } from './home/upgrade.ts';
import { createNode } from './node.ts';
import { PUBLIC_FILE_MODE, SECRET_FILE_MODE, writeFileAtomically } from './platform/files.ts';
import { nativeVerify, opensslVerifyAside } from './platform/native-ed25519.ts';
import { realClock, realEntropy, stopwatch } from './platform/platform.ts';
import type { Log, Store } from './ports.ts';
import { openPublicDoor } from './public-door.ts';
import type { NodeService } from './service/contract.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import { timedStore } from './telemetry/timed-store.ts';
import { createLibp2pTransport, type Libp2pTransport } from './transport/libp2p.ts';
import { absorbStrayErrors } from './transport/stray-errors.ts';
import { transportOptions } from './transport-options.ts';

export interface DaemonOptions {
  readonly home: string;
  readonly config: NodeConfig;
  readonly log: Log;
  readonly passphrase?: string;
}

export interface Daemon {
  readonly service: NodeService;
  readonly apiUrl: string;
  /** Of the public API, if there is one. */
  readonly publicUrl: string | undefined;
  /** Reads again what may change while the node runs: the certificate. */
  reload(): Promise<void>;
  readonly transport: Libp2pTransport;
  /** Resolves if the node must not go on, for example because a second one runs with its key. */
  readonly failed: Promise<GeoError>;
  stop(): Promise<void>;
}

/**
 * @throws GeoError as the key file, the store, the transport and the API have it; whatever was
 *   opened before is closed again
 */
export async function startDaemon(options: DaemonOptions): Promise<Daemon> {
  const { config, log } = options;
  const closings: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const closing of closings.splice(0).reverse()) await closing();
  };
  try {
    const home = await createHome(options.home);
    const { seed, signer } = await openKeyFile(home.directory, options.passphrase);
    const store = await openBooks(home, log);
    closings.push(() => store.close());
    const unguard = absorbStrayErrors(log);
    closings.push(async () => unguard());
    const failure = Promise.withResolvers<GeoError>();
    const transport = await createLibp2pTransport({
      ...(await transportOptions(config, seed, log)),
      onTwin: failure.resolve,
    });
    let metrics: Metrics | undefined;
    const node = createNode(
      { ...config, version: softwareVersion() },
      {
        clock: realClock,
        entropy: realEntropy,
        signer,
        verify: nativeVerify,
        verifyAside: opensslVerifyAside,
        openNote: (sealed, aad) => openNote(sealed, seed, aad),
        store: timedStore(store, stopwatch, (seconds, operations) =>
          metrics?.written(seconds, operations),
        ),
        transport,
        log,
        addons: addonThreads(home.directory, log),
      },
    );
    closings.push(() => node.stop());
    metrics = createMetrics({
      vitals: () => node.vitals(),
      transport: () => transport.metrics(),
      listen: (listener) => node.listen(listener),
      addons: node.addons,
      process: true,
    });
    await node.start();
    const api = await startApi({
      service: node.service,
      reception: node.reception,
      live: node.live,
      addons: node.addons,
      metrics,
      openMetrics: config.api.open_metrics,
      host: config.api.host,
      port: config.api.port,
      token: await apiToken(home),
      version: softwareVersion(),
      log,
    });
    closings.push(() => api.stop());
    node.apiUrl = api.url;
    const publicDoor = config.public.enabled
      ? await openPublicDoor(config.public, {
          service: node.service,
          reception: node.reception,
          live: node.live,
          addons: node.addons,
          metrics,
          version: softwareVersion(),
          clock: realClock,
          log,
        })
      : undefined;
    if (publicDoor !== undefined) {
      closings.push(() => publicDoor.stop());
      node.publicUrl = publicDoor.url;
    }
    await announceApi(home, api.url, node.service.identity().pid);
    closings.push(() => rm(home.apiEndpointFile, { force: true }));
    return {
      service: node.service,
      apiUrl: api.url,
      publicUrl: publicDoor?.url,
      reload: async () => publicDoor?.reload(),
      transport,
      failed: failure.promise,
      stop: close,
    };
  } catch (error) {
    await close().catch((closing: unknown) => {
      log.error({ error: String(closing) }, 'closing after a failed start failed too');
    });
    throw error;
  }
}

/** A store that is not there any more is no new store: what the key has signed would be forgotten. */
async function openBooks(home: Home, log: Log): Promise<Store> {
  try {
    const progress = (what: string, changes: number) =>
      log.info({ what, changes }, 'migrating the store');
    const { store, migrated } = await openCurrentBooks(home, { progress });
    if (migrated !== undefined) log.warn({ ...migrated }, 'the store was migrated');
    return store;
  } catch (error) {
    if (!(error instanceof GeoError) || error.details.fault !== 'no_store') throw error;
    throw new GeoError(
      'E008',
      `The key is here, but there are no books in ${home.storeDirectory}. If they were moved, move them back. Otherwise restore a backup (geo restore FILE); without one, let the peers bring back what they can prove (geo rebuild).`,
      error.details,
      { cause: error },
    );
  }
}

/** The secret that opens the API: made once, kept, so that scripts survive a restart. */
async function apiToken(home: Home): Promise<string> {
  const known = await readFile(home.apiTokenFile, 'utf8').catch(() => '');
  if (/^[0-9a-f]{64}$/.test(known.trim())) return known.trim();
  const token = bytesToHex(realEntropy.bytes(32));
  await writeFileAtomically(home.apiTokenFile, `${token}\n`, { mode: SECRET_FILE_MODE });
  return token;
}

async function announceApi(home: Home, url: string, pid: string): Promise<void> {
  const endpoint = JSON.stringify({ url, pid, process_id: process.pid });
  try {
    await writeFileAtomically(home.apiEndpointFile, `${endpoint}\n`, { mode: PUBLIC_FILE_MODE });
  } catch (cause) {
    throw new GeoError(
      'E010',
      `${home.apiEndpointFile} cannot be written, so no command would find the node. Check the disk and the permissions of the home directory.`,
      { fault: 'home_unusable' },
      { cause },
    );
  }
}
