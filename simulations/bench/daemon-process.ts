/** A real daemon (`geo start`) on a home that was prepared: a process of its own, with everything that it has in use. */
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { daemonEndpoint } from '../../cli/daemon-door.ts';
import { type Client, type ClientOptions, createClient } from '../../node/api/client.ts';
import { METRICS_PATH } from '../../node/api/routes.ts';
import type { Home } from '../../node/home/home.ts';
import { GeoError } from '../../protocol/errors.ts';
import { pause } from '../testnet/at-once.ts';
import { NodeProcess } from '../testnet/node-process.ts';
import { COLLECT } from './collect.ts';

const GEO = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const PRELOADED = fileURLToPath(new URL('collect-when-told.ts', import.meta.url));
const READY_MS = 60_000;
const POLL_MS = 20;
const COLLECTIONS = 4;
const COLLECTION_MS = 300;

export class DaemonProcess {
  readonly endpoint: ClientOptions;
  readonly client: Client;
  readonly #process: NodeProcess;

  private constructor(process: NodeProcess, endpoint: ClientOptions) {
    this.#process = process;
    this.endpoint = endpoint;
    this.client = createClient(endpoint);
  }

  /**
   * Resolves when it answers.
   * @param profile directory for its CPU profile, written when it stops
   * @throws GeoError E010 `node_not_started`, with the end of its log
   */
  static async start(home: Home, profile?: string): Promise<DaemonProcess> {
    const flags = profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', profile];
    const process = new NodeProcess({
      script: [...flags, '--import', PRELOADED, GEO, 'start', '--home', home.directory],
      env: globalThis.process.env,
      logFile: join(dirname(home.directory), 'daemon.log'),
      onDeath: () => undefined,
    });
    const deadline = performance.now() + READY_MS;
    while (process.alive && performance.now() < deadline) {
      const endpoint = await daemonEndpoint(home).catch(() => undefined);
      if (endpoint !== undefined) return new DaemonProcess(process, endpoint);
      await pause(POLL_MS);
    }
    await process.kill();
    throw await process.failure('node_not_started', 'The daemon was not ready in time.');
  }

  /** User and system time of the process so far, µs. */
  async cpuUs(): Promise<number> {
    return 1e6 * (await this.#metric('process_cpu_seconds_total'));
  }

  /** Resident memory in use, bytes: garbage is collected first. */
  async rssBytes(): Promise<number> {
    // What a collection frees is given back to the system bit by bit, some of it with the next one.
    for (let round = 0; round < COLLECTIONS; round++) {
      await this.#process.tell(COLLECT);
      await pause(COLLECTION_MS);
    }
    return this.#metric('process_resident_memory_bytes');
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }

  async #metric(name: string): Promise<number> {
    const { url, token } = this.endpoint;
    const headers = { authorization: `Bearer ${token}` };
    const text = await (await fetch(new URL(METRICS_PATH, url), { headers })).text();
    const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1];
    if (value === undefined) {
      throw new GeoError('E010', `The node does not measure ${name}.`, { fault: 'no_metric' });
    }
    return Number(value);
  }
}
