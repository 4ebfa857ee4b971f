/**
 * A network of real nodes on loopback: makes their homes, starts them, hands out clients, kills and
 * restarts them, and stops them all. Each node is a process of its own (`geo start`), or, with
 * `processes`, one of many whole nodes in a worker process.
 *
 * No process outlives its supervisor: they are killed when it exits, and each watches the channel to it.
 */
import { mkdir, readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openDaemonDoor } from '../../cli/daemon-door.ts';
import type { Client } from '../../node/api/client.ts';
import type { Home } from '../../node/home/home.ts';
import type { Identity } from '../../node/service/shapes.ts';
import { GeoError } from '../../protocol/errors.ts';
import { atOnce, pause } from './at-once.ts';
import { createNodeHome, homeDirectory, keySeed, lastingListen, type Settings } from './homes.ts';
import { NodeProcess } from './node-process.ts';
import { LoopbackPorts } from './ports.ts';

const GEO = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const WORKER = fileURLToPath(new URL('worker.ts', import.meta.url));
const READY_MS = 60_000;
/** Added to the time for readiness for each further node of a worker. */
const READY_MS_PER_NODE = 5_000;
const POLL_MS = 20;

export interface TestnetOptions {
  /** Homes and logs go here; made if it does not exist. */
  readonly directory: string;
  /** Names, each once. */
  readonly participants: readonly string[];
  /** Over how many processes to spread the nodes; without it each node has its own. */
  readonly processes?: number | undefined;
  /** Makes keys reproducible; without it they are random. */
  readonly seed?: string | undefined;
  /** For every node's configuration file, or for each node's own. */
  readonly settings?: Settings | ((participant: string) => Settings) | undefined;
  /** Script and arguments that run the nodes of these homes. Tests pass their own. */
  readonly script?: ((homes: readonly string[]) => readonly string[]) | undefined;
  /** Called as nodes come up. */
  readonly onReady?: ((ready: number) => void) | undefined;
}

export interface TestnetNode {
  readonly participant: string;
  readonly home: Home;
  /** Of the API of the running node; calls fail with E007 while it is down. */
  readonly client: Client;
  readonly identity: Identity;
  /** Operating system process that runs it now. */
  readonly process: number;
}

interface Member {
  readonly participant: string;
  readonly home: Home;
  readonly host: Host;
  running: { readonly client: Client; readonly identity: Identity } | undefined;
}

interface Host {
  readonly name: string;
  readonly members: Member[];
  process: NodeProcess | undefined;
}

export class Testnet {
  readonly #options: TestnetOptions;
  readonly #hosts: readonly Host[];
  readonly #members: ReadonlyMap<string, Member>;
  /**
   * Never resolves; rejects with GeoError E010 `node_died`, with the end of its log, once a process
   * that was up ends without having been asked to.
   */
  readonly death: Promise<never>;
  readonly #die: (error: unknown) => void;
  #stopped = false;

  private constructor(options: TestnetOptions, hosts: readonly Host[]) {
    const { promise, reject } = Promise.withResolvers<never>();
    this.death = promise;
    this.#die = reject;
    // Whoever does not wait for it is not to be ended by it.
    promise.catch(() => undefined);
    this.#options = options;
    this.#hosts = hosts;
    this.#members = new Map(
      hosts.flatMap((host) => host.members.map((each) => [each.participant, each])),
    );
  }

  /**
   * Resolves when every node answers.
   * @throws GeoError E010 `node_not_started`, with the end of the log of the process at fault; nothing is left running
   */
  static async start(options: TestnetOptions): Promise<Testnet> {
    const net = new Testnet(options, await makeHosts(options));
    try {
      await net.#startAll();
    } catch (error) {
      await net.stop();
      throw error;
    }
    return net;
  }

  get nodes(): TestnetNode[] {
    return [...this.#members.keys()].map((participant) => this.node(participant));
  }

  /** How many processes the nodes share. */
  get processes(): number {
    return this.#hosts.length;
  }

  node(participant: string): TestnetNode {
    const member = this.#member(participant);
    const { home, host, running } = member;
    if (running === undefined) throw new Error(`${participant} was never started`);
    return { participant, home, process: host.process?.id ?? 0, ...running };
  }

  isUp(participant: string): boolean {
    return this.#member(participant).host.process?.alive ?? false;
  }

  /** SIGKILL to the node's process. Returns whom it took down: all nodes of that process. */
  async kill(participant: string): Promise<string[]> {
    const { host } = this.#member(participant);
    await host.process?.kill();
    return host.members.map((each) => each.participant);
  }

  /** Starts the node's process again, on the ports it had; resolves when all its nodes answer. */
  async restart(participant: string): Promise<void> {
    const { host } = this.#member(participant);
    if (host.process?.alive) await host.process.stop();
    await this.#startHost(host, () => undefined);
  }

  /** Graceful where possible. Returns the processes that did not end by themselves with exit code 0. */
  async stop(): Promise<string[]> {
    this.#stopped = true;
    const outcomes = await Promise.all(
      this.#hosts.map(async ({ name, process }) =>
        process === undefined || !process.alive || (await process.stop()) ? [] : [name],
      ),
    );
    return outcomes.flat();
  }

  async #startAll(): Promise<void> {
    let ready = 0;
    const report = () => this.#options.onReady?.(++ready);
    // The first goes ahead: what it compiles the others find in the cache.
    const [first, ...others] = this.#hosts;
    if (first === undefined) return;
    await this.#startHost(first, report);
    first.process?.shareCompiled();
    // A start is mostly computation, so more at a time than there are cores would only queue.
    await atOnce(availableParallelism(), others, (host) => this.#startHost(host, report));
  }

  async #startHost(host: Host, report: () => void): Promise<void> {
    if (this.#stopped) throw new GeoError('E008', 'The testnet is stopped.', { fault: 'stopped' });
    const homes = host.members.map((each) => each.home.directory);
    const script = this.#options.script ?? (this.#options.processes ? worker : geoStart);
    const process = new NodeProcess({
      script: script(homes),
      env: childEnvironment(this.#options.directory),
      logFile: join(this.#options.directory, `${host.name}.log`),
      onDeath: () => void this.#reportDeath(host),
    });
    host.process = process;
    const deadline = Date.now() + READY_MS + READY_MS_PER_NODE * homes.length;
    for (const member of host.members) {
      member.running = await connectTo(member.home, process, deadline);
      report();
    }
  }

  async #reportDeath({ name, process, members }: Host): Promise<void> {
    // Before all of its nodes were ready, whoever waits for them finds out.
    if (process === undefined || members.some((each) => each.running === undefined)) return;
    const sentence = `The process ${name} ended by itself, and with it ${members.length} nodes.`;
    this.#die(await process.failure('node_died', sentence));
  }

  #member(participant: string): Member {
    const member = this.#members.get(participant);
    if (member === undefined) throw new Error(`${participant} is not in this testnet`);
    return member;
  }
}

async function makeHosts(options: TestnetOptions): Promise<Host[]> {
  const { directory, participants, seed } = options;
  await mkdir(directory, { recursive: true });
  const count = Math.min(options.processes ?? participants.length, participants.length);
  const hosts: Host[] = Array.from({ length: count }, (_, index) => ({
    name: options.processes ? `worker-${index + 1}` : `node-${index + 1}`,
    members: [],
    process: undefined,
  }));
  const ports = new LoopbackPorts();
  for (const [index, participant] of participants.entries()) {
    const host = hosts[index % count]!;
    const home = await createNodeHome(
      homeDirectory(directory, index, participant),
      seed === undefined ? undefined : keySeed(seed, participant),
      settingsOf(options, participant),
      await lastingListen(ports),
    );
    host.members.push({ participant, home, host, running: undefined });
  }
  return hosts;
}

function settingsOf({ settings = {} }: TestnetOptions, participant: string): Settings {
  return typeof settings === 'function' ? settings(participant) : settings;
}

function geoStart(homes: readonly string[]): string[] {
  return [GEO, 'start', '--home', homes[0]!];
}

function worker(homes: readonly string[]): string[] {
  return [WORKER, ...homes];
}

/** Without the settings of whoever runs the testnet: a node's own file is to be all that it goes by. */
function childEnvironment(directory: string): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('GEO_'));
  return {
    ...Object.fromEntries(own),
    // In a directory of this run alone: what is found there is executed.
    NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE ?? join(directory, 'compile-cache'),
  };
}

/** Waits until a node's API answers and says who it is. */
async function connectTo(
  home: Home,
  process: NodeProcess,
  deadline: number,
): Promise<{ client: Client; identity: Identity }> {
  while (process.alive && Date.now() < deadline) {
    const endpoint = await readEndpoint(home);
    // A killed process leaves its endpoint file behind, so the file must be this process's own.
    if (endpoint?.process_id === process.id) {
      const client = await openDaemonDoor(home);
      return { client, identity: await client.identity() };
    }
    await pause(POLL_MS);
  }
  const sentence = process.alive
    ? `The node in ${home.directory} was not ready in time.`
    : `The node in ${home.directory} ended instead of starting.`;
  const failure = await process.failure('node_not_started', sentence);
  if (process.alive) await process.kill();
  throw failure;
}

async function readEndpoint(home: Home): Promise<{ process_id: number } | undefined> {
  try {
    return JSON.parse(await readFile(home.apiEndpointFile, 'utf8'));
  } catch {
    return undefined;
  }
}
