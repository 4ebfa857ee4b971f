/**
 * A machine of the simulated world: a disk that survives, and one process at a time that does not.
 * The process is a real node; only what it is given as ports is simulated.
 */
import { createNode, type Node } from '../../node/node.ts';
import type { Log, Ports, Store, StoreOp, Transport } from '../../node/ports.ts';
import type { NodeSettings } from '../../node/settings.ts';
import { type Pid, pidToHex } from '../../protocol/identity/pid.ts';
import { readWord } from '../checkers/reading.ts';
import { seededRandom } from '../random.ts';
import { clockOf, type VirtualTime } from './clock.ts';
import { SimulatedDisk } from './disk.ts';
import type { Identity, Signatures } from './identities.ts';
import type { SimulatedNetwork } from './network.ts';
import type { SeenHost } from './seen-host.ts';
import type { Watches } from './watch.ts';

/** What all hosts of a world share. */
export interface Ground {
  readonly time: VirtualTime;
  readonly network: SimulatedNetwork;
  readonly watch: Watches;
  readonly signatures: Signatures;
  readonly settingsOf: (host: number) => NodeSettings;
  readonly seed: number;
  /** Virtual ms until a batch is on the disk. */
  readonly diskLatencyMs: (host: Host) => number;
}

/** Where in its work a process dies. */
export type CrashPoint =
  /** Before its next batch is begun. */
  | 'before batch'
  /** While the batch is on its way: nothing of it is kept. */
  | 'batch lost'
  /** While the batch is on its way: all of it is kept, and the process never hears. */
  | 'batch kept'
  /** When the batch is through, before or between the frames that waited for it. */
  | 'while sending';

export interface Trap {
  readonly point: CrashPoint;
  /** Frames that still go out, for `while sending`. */
  readonly sends: number;
  /** The batch that springs it; every batch if absent. */
  readonly matches?: (ops: readonly StoreOp[]) => boolean;
  readonly downMs: number;
}

interface Process {
  alive: boolean;
  /** Started; from then on its service answers. */
  node?: Node;
}

export class Host implements SeenHost {
  readonly number: number;
  readonly name: string;
  readonly address: string;
  readonly identity: Identity;
  readonly disk: SimulatedDisk;
  /** Keeps no rule; what it stores and claims proves nothing. */
  readonly isHostile: boolean;
  /** Participants that its node votes for, by its disk: itself, unless it has granted that away, and its members. */
  readonly serves: ReadonlySet<string>;
  /** Members of the longest cycle that those whom its node serves take part in. */
  readonly longestCycle: number;
  readonly #settings: NodeSettings;
  /** Changes what the node of this host says and hears; only hostile hosts have one. */
  disguise: ((transport: Transport) => Transport) | undefined;
  /** Will never come back. */
  isGone = false;
  incarnation = 0;
  crashes = 0;
  readonly #ground: Ground;
  readonly #skewMs: number;
  #process: Process | undefined;
  #trap: Trap | undefined;
  /** Frames until the process dies. */
  #fuse: { sends: number; readonly downMs: number } | undefined;
  #cancelRestart: () => void = () => undefined;

  constructor(
    ground: Ground,
    number: number,
    identity: Identity,
    options: {
      readonly skewMs: number;
      readonly isHostile: boolean;
    },
  ) {
    const { time, watch } = ground;
    this.#ground = ground;
    this.#skewMs = options.skewMs;
    this.isHostile = options.isHostile;
    this.number = number;
    this.name = `n${number}`;
    this.address = `/memory/${number}`;
    this.identity = identity;
    const serves = new Set([identity.hex]);
    this.serves = serves;
    this.#settings = ground.settingsOf(number);
    this.longestCycle = this.#settings.clearing.max_length;
    this.disk = new SimulatedDisk(
      time,
      {
        writing: (ops) => {
          for (const op of ops) this.#follow(op, serves);
          watch.writing(this, ops);
        },
        written: (ops, acknowledged) => watch.written(this, ops, acknowledged),
        vanished: (ops, why) => watch.vanished(this, ops, why),
      },
      () => ground.diskLatencyMs(this),
    );
  }

  get isUp(): boolean {
    return this.#process !== undefined;
  }

  /** The running node's service, once it has started. */
  get service(): Node['service'] | undefined {
    return this.#process?.node?.service;
  }

  /** Takes over books, once the node has started. */
  get moving(): Node['moving'] | undefined {
    return this.#process?.node?.moving;
  }

  start(): void {
    if (this.isUp || this.isGone) return;
    this.#cancelRestart();
    this.incarnation++;
    const process: Process = { alive: true };
    const node = createNode(
      this.#settings,
      this.#ports(() => process.alive),
    );
    this.#process = process;
    this.#ground.watch.started(this);
    node.start().then(
      () => {
        process.node = node;
      },
      (error: unknown) => {
        // A process that was killed while it started has nothing more to say; a full disk is no bug.
        if (process.alive && !isDiskFault(error)) this.#alarm('could not start', error);
        else if (process.alive) this.crash({ kept: false, downMs: 1_000 });
      },
    );
  }

  /** Kills the process. @param downMs until it is started again; Infinity: by hand */
  crash(how: { readonly kept: boolean; readonly downMs: number }): void {
    if (this.#process === undefined) return;
    this.#process.alive = false;
    this.#process = undefined;
    this.#trap = undefined;
    this.#fuse = undefined;
    this.crashes++;
    this.#ground.network.unplug(this);
    this.#ground.watch.crashed(this);
    this.disk.crash(how.kept);
    if (Number.isFinite(how.downMs)) {
      this.#cancelRestart = this.#ground.time.after(how.downMs, () => this.start());
    }
  }

  /** Keeps up with the words about who votes for whom. */
  #follow(op: StoreOp, serves: Set<string>): void {
    if (op.type !== 'put' || !op.key.startsWith('agent/')) return;
    const participant = pidToHex(op.key.slice('agent/'.length) as Pid);
    if (readWord(op.value).agent === this.identity.hex) serves.add(participant);
    else serves.delete(participant);
  }

  /** Lets the process die at a point of its work. */
  arm(trap: Trap): void {
    if (this.isUp) this.#trap = trap;
  }

  disarm(): void {
    this.#trap = undefined;
  }

  #ports(isAlive: () => boolean): Ports {
    const { time, network, signatures, seed } = this.#ground;
    const random = seededRandom(seed * 1_000_003 + this.number * 1_009 + this.incarnation);
    const plain = this.#counted(network.transport(this, isAlive), isAlive);
    return {
      clock: clockOf(time, this.#skewMs, isAlive),
      entropy: { bytes: (count) => random.bytes(count) },
      signer: this.identity.signer,
      openNote: this.identity.openNote,
      verify: signatures.verify,
      store: this.#mined(this.disk.open(isAlive), isAlive),
      transport: this.disguise?.(plain) ?? plain,
      log: this.#log(isAlive),
    };
  }

  /** The store, with the trap in it. */
  #mined(store: Store, isAlive: () => boolean): Store {
    return {
      ...store,
      write: (ops) => {
        const trap = this.#trap;
        if (trap === undefined || !isAlive() || !(trap.matches?.(ops) ?? true)) {
          return store.write(ops);
        }
        this.#trap = undefined;
        const { downMs } = trap;
        if (trap.point === 'before batch') {
          this.crash({ kept: false, downMs });
          return store.write(ops);
        }
        const written = store.write(ops);
        if (trap.point === 'while sending') {
          return written.then(() => {
            this.#fuse = { sends: trap.sends, downMs };
            if (trap.sends === 0) this.crash({ kept: false, downMs });
            else this.#later(isAlive, () => this.crash({ kept: false, downMs }));
          });
        }
        // Still at this moment, but after all else that happens in it.
        this.#later(isAlive, () => this.crash({ kept: trap.point === 'batch kept', downMs }));
        return written;
      },
    };
  }

  #counted(transport: Transport, isAlive: () => boolean): Transport {
    return {
      ...transport,
      send: (to, frame) => {
        transport.send(to, frame);
        if (this.#fuse === undefined || !isAlive()) return;
        this.#fuse.sends--;
        if (this.#fuse.sends === 0) this.crash({ kept: false, downMs: this.#fuse.downMs });
      },
    };
  }

  #later(isAlive: () => boolean, task: () => void): void {
    this.#ground.time.after(0, () => {
      if (isAlive()) task();
    });
  }

  #log(isAlive: () => boolean): Log {
    const quiet = () => undefined;
    return {
      debug: quiet,
      info: quiet,
      warn: quiet,
      error: (fields, message) => {
        if (!isAlive() || 'fault' in fields) return;
        const { invariant } = fields as { readonly invariant?: string };
        this.#alarm(message, JSON.stringify(fields), invariant);
      },
    };
  }

  #alarm(what: string, error: unknown, invariant?: string): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#ground.watch.alarm(this, `${what}: ${text}`, invariant);
  }
}

function isDiskFault(error: unknown): boolean {
  return error instanceof Error && error.message.includes('simulated disk');
}
