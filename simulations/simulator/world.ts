/** Many nodes in one thread: hosts, the network between them, one clock, and whoever watches. */
import { NodeConfig } from '../../config/node.ts';
import type { NodeSettings } from '../../node/settings.ts';
import type { PublicKey } from '../../protocol/identity/pid.ts';
import { seededRandom } from '../random.ts';
import { chance } from './chance.ts';
import { VirtualTime } from './clock.ts';
import { Host } from './host.ts';
import type { Signatures } from './identities.ts';
import { SimulatedNetwork } from './network.ts';
import { Watches } from './watch.ts';

export interface WorldOptions {
  readonly seed: number;
  readonly hosts: number;
  /** Numbers of the hosts that keep no rule. */
  readonly hostile: ReadonlySet<number>;
  readonly signatures: Signatures;
  /** By how much clocks may be wrong, ms either way. */
  readonly skewMsMax: number;
}

/** Keys to draw from; who is `low` and who `high` on an edge differs from seed to seed. */
const IDENTITIES = 64;
const DISK_MS_MIN = 0.2;
const DISK_MS_MAX = 4;
const DISK = 101;
const SKEW = 102;

const defaults = NodeConfig.parse({});

/** The configuration's defaults, but shorter lives: more happens in a minute of virtual time. */
export const SETTINGS: NodeSettings = {
  ...defaults,
  version: 'simulated',
  payments: { ...defaults.payments, order_life_ms: 30_000 },
  outbox: { ...defaults.outbox, retry_max_ms: 20_000 },
  // What is cleared is decided by the plan of a run, not by each payment.
  clearing: { ...defaults.clearing, trigger: false, consent_ms: 8_000 },
};

export class World {
  readonly seed: number;
  readonly time: VirtualTime;
  readonly watch = new Watches();
  readonly network: SimulatedNetwork;
  readonly hosts: readonly Host[];
  readonly signatures: Signatures;

  constructor(options: WorldOptions) {
    const { seed, signatures, skewMsMax } = options;
    this.seed = seed;
    this.signatures = signatures;
    this.time = new VirtualTime((error) => this.watch.alarm(undefined, textOf(error)));
    const byKey = new Map<PublicKey, Host>();
    this.network = new SimulatedNetwork(this.time, this.watch, seed, byKey);
    const batches = new Map<Host, number>();
    const ground = {
      time: this.time,
      network: this.network,
      watch: this.watch,
      signatures,
      settings: SETTINGS,
      seed,
      diskLatencyMs: (host: Host) => {
        const count = (batches.get(host) ?? 0) + 1;
        batches.set(host, count);
        const span = DISK_MS_MAX - DISK_MS_MIN;
        return DISK_MS_MIN + chance(seed, DISK, host.number, count) * span;
      },
    };
    const numbers = seededRandom(seed).shuffled(Array.from({ length: IDENTITIES }, (_, i) => i));
    this.hosts = Array.from({ length: options.hosts }, (_, number) => {
      const skewMs = Math.round((2 * chance(seed, SKEW, number) - 1) * skewMsMax);
      const identity = signatures.identity(numbers[number]!);
      const isHostile = options.hostile.has(number);
      const host = new Host(ground, number, identity, { skewMs, isHostile });
      byKey.set(identity.publicKey, host);
      return host;
    });
  }

  get allHonest(): boolean {
    return this.hosts.every((host) => !host.isHostile);
  }

  get honest(): Host[] {
    return this.hosts.filter((host) => !host.isHostile);
  }
}

/** As much as an error says of itself. */
export function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
