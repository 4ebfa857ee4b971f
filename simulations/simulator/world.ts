/** Many nodes in one thread: hosts, the network between them, one clock, and whoever watches. */
import type { NodeSettings } from '../../node/settings.ts';
import type { PublicKey } from '../../protocol/identity/pid.ts';
import { seededRandom } from '../random.ts';
import { chance } from './chance.ts';
import { VirtualTime } from './clock.ts';
import { Host } from './host.ts';
import type { Identity, Signatures } from './identities.ts';
import { Member } from './members.ts';
import { SimulatedNetwork } from './network.ts';
import { Watches } from './watch.ts';

export interface WorldOptions {
  readonly seed: number;
  readonly hosts: number;
  /** Participants, hosts first; those after the last host are members of the hub. */
  readonly participants: number;
  readonly hub: number | undefined;
  /** Members of the hub have nodes of their own as well, which vote for nobody at first. */
  readonly homes: boolean;
  /** Numbers of the hosts that keep no rule. */
  readonly hostile: ReadonlySet<number>;
  readonly settingsOf: (host: number) => NodeSettings;
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

/** Whoever can owe and be owed. */
export interface Participant {
  readonly name: string;
  readonly identity: Identity;
  /** Where it is represented: its own node's, or its hub's. */
  readonly host: Host;
  /** Of a member that may move: the host of its own node. */
  readonly home?: Host;
  /** Absent if it has a node of its own. */
  readonly member?: Member;
}

export class World {
  readonly seed: number;
  readonly time: VirtualTime;
  readonly watch = new Watches();
  readonly network: SimulatedNetwork;
  readonly hosts: readonly Host[];
  readonly participants: readonly Participant[];
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
      settingsOf: options.settingsOf,
      seed,
      diskLatencyMs: (host: Host) => {
        const count = (batches.get(host) ?? 0) + 1;
        batches.set(host, count);
        const span = DISK_MS_MAX - DISK_MS_MIN;
        return DISK_MS_MIN + chance(seed, DISK, host.number, count) * span;
      },
    };
    const numbers = seededRandom(seed).shuffled(Array.from({ length: IDENTITIES }, (_, i) => i));
    const identityOf = (number: number) => signatures.identity(numbers[number]!);
    const hosted = Array.from({ length: options.participants - options.hosts }, (_, i) =>
      identityOf(options.hosts + i),
    );
    const count = options.homes ? options.participants : options.hosts;
    this.hosts = Array.from({ length: count }, (_, number) => {
      const skewMs = Math.round((2 * chance(seed, SKEW, number) - 1) * skewMsMax);
      const identity = hosted[number - options.hosts] ?? identityOf(number);
      const isHostile = options.hostile.has(number);
      const host = new Host(ground, number, identity, { skewMs, isHostile });
      byKey.set(identity.publicKey, host);
      return host;
    });
    const hub = options.hub === undefined ? undefined : this.hosts[options.hub];
    const withNodes = this.hosts.slice(0, options.hosts);
    this.participants = [
      ...withNodes.map((host) => ({ name: host.name, identity: host.identity, host })),
      ...hosted.map((identity, i) => {
        const name = `m${options.hosts + i}`;
        const member = new Member(name, identity, hub!, this.time);
        const home = this.hosts[options.hosts + i];
        return represented(member, home);
      }),
    ];
  }

  get allHonest(): boolean {
    return this.hosts.every((host) => !host.isHostile);
  }

  get honest(): Host[] {
    return this.hosts.filter((host) => !host.isHostile);
  }
}

function represented(member: Member, home: Host | undefined): Participant {
  const { name, identity } = member;
  const about = { name, identity, member, ...(home === undefined ? {} : { home }) };
  return Object.defineProperty(about, 'host', { get: () => member.agent }) as Participant;
}

/** As much as an error says of itself. */
export function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
