/** A line of nodes, each a process of its own: the payer at one end, the payee at the other. */
import { fileURLToPath } from 'node:url';
import type { Identity } from '../../node/service/shapes.ts';
import { eventually, pause } from '../testnet/at-once.ts';
import { createNodeHome, homeDirectory } from '../testnet/homes.ts';
import { WorkerProcess } from '../worker-process.ts';
import type { Load, LoadResult } from './load.ts';
import type { Specimens, Tally } from './meter.ts';
import { EQUIVALENT, type NodeCalls } from './node-worker.ts';
import type { Fill } from './prepared-store.ts';

const WORKER = fileURLToPath(new URL('node-worker.ts', import.meta.url));
/** More than any run can pay. */
const LIMIT = '1000000000';
const READY_MS = 30_000;
const SETTLED_MS = 10_000;
const POLL_MS = 20;

export type NodeWorker = WorkerProcess<NodeCalls>;

export class Line {
  readonly nodes: readonly NodeWorker[];
  readonly #identities: readonly Identity[];

  private constructor(nodes: readonly NodeWorker[], identities: readonly Identity[]) {
    this.nodes = nodes;
    this.#identities = identities;
  }

  /** `hops + 1` nodes with homes below `directory`; resolves when a payment can be made. */
  static async start(
    directory: string,
    hops: number,
    fill?: Omit<Fill, 'equivalent'>,
  ): Promise<Line> {
    const nodes: NodeWorker[] = [];
    for (let i = 0; i <= hops; i++) {
      const home = await createNodeHome(
        homeDirectory(directory, i, roleOf(i, hops)),
        undefined,
        SETTINGS,
      );
      nodes.push(new WorkerProcess<NodeCalls>(WORKER, [home.directory]));
    }
    try {
      if (fill !== undefined) {
        const whole: Fill = { ...fill, equivalent: EQUIVALENT };
        await Promise.all(nodes.map((node) => node.ask('fill', whole)));
      }
      const line = new Line(nodes, await Promise.all(nodes.map((node) => node.ask('open'))));
      await line.#connect();
      return line;
    } catch (error) {
      await Promise.all(nodes.map((node) => node.end()));
      throw error;
    }
  }

  get payer(): NodeWorker {
    return this.nodes[0]!;
  }

  pay(load: Load): Promise<LoadResult> {
    return this.payer.ask('pay', { payee: this.#identities.at(-1)!.pid, load });
  }

  /** Of each node, payer first. */
  tally(): Promise<Tally[]> {
    return Promise.all(this.nodes.map((node) => node.ask('tally')));
  }

  specimens(): Promise<Specimens[]> {
    return Promise.all(this.nodes.map((node) => node.ask('specimens')));
  }

  async keepSpecimens(keep: boolean): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.ask('keepSpecimens', keep)));
  }

  /** Resolves when no attempt has anything left to do; what is told after the outcome belongs to its cost. */
  async settled(): Promise<void> {
    await eventually(SETTLED_MS, POLL_MS, async () => {
      const states = await Promise.all(this.nodes.map((node) => node.ask('status')));
      return states.every((state) => state.attempts_live === 0) ? true : undefined;
    });
  }

  async stop(): Promise<void> {
    await Promise.allSettled(this.nodes.map((node) => node.ask('close')));
    await Promise.all(this.nodes.map((node) => node.end()));
  }

  async #connect(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.ask('define')));
    for (const [i, node] of this.nodes.entries()) {
      const next = this.#identities[i + 1];
      if (next === undefined) break;
      await node.ask('meet', { name: 'next', pid: next.pid, address: next.addresses[0]! });
    }
    for (const [i, node] of this.nodes.entries()) {
      const before = this.#identities[i - 1];
      if (before !== undefined) await node.ask('trust', { peer: before.pid, limit: LIMIT });
    }
    const known = await eventually(READY_MS, POLL_MS, async () => {
      const lines = await Promise.all(this.nodes.map((node) => node.ask('lines')));
      const open = lines.map((each) => each.filter((line) => line.limit.startsWith(LIMIT)).length);
      return open.every((count, i) => count >= (i === 0 || i === open.length - 1 ? 1 : 2))
        ? true
        : undefined;
    });
    if (known === undefined) throw new Error('the trust lines were not acknowledged in time');
    await pause(POLL_MS);
  }
}

/** One machine is the whole network: no budget of a peer is to be the limit, and nobody has to be found. */
const SETTINGS = {
  log: { level: 'error' },
  limits: {
    frames_per_s_per_peer: 1_000_000,
    frames_per_s_per_unknown_peer: 1_000_000,
    frames_per_s_unknown_peers: 1_000_000,
    bytes_per_s_per_peer: 1024 * 1024 * 1024,
    bytes_per_s_per_unknown_peer: 1024 * 1024 * 1024,
    bytes_per_s_unknown_peers: 1024 * 1024 * 1024,
    unknown_peers_cpu_percent: 100,
  },
};

export function roleOf(index: number, hops: number): string {
  if (index === 0) return 'payer';
  if (index === hops) return 'payee';
  return hops === 2 ? 'middle' : `middle ${index}`;
}
