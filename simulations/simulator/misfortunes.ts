/** Carries out what goes wrong in a run: to disks, processes and links. */
import type { StoreOp } from '../../node/ports.ts';
import { readFrame } from '../checkers/frames.ts';
import { readAttempt, readClearingState } from '../checkers/reading.ts';
import type { FaultStep } from './faults.ts';
import type { Host } from './host.ts';
import { FAIR } from './network.ts';
import type { World } from './world.ts';

export class Misfortunes {
  readonly #world: World;
  /** How many partitions are in force; they replace each other. */
  #partitions = 0;
  #storms = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** @param place of the step in the plan: keeps its luck from that of others */
  befall(step: FaultStep, place: number): void {
    const { network, time } = this.#world;
    switch (step.do) {
      case 'weather': {
        const name = ++this.#storms;
        network.weather = step.weather;
        time.after(step.forMs, () => {
          if (this.#storms === name) network.weather = FAIR;
        });
        break;
      }
      case 'partition': {
        const name = ++this.#partitions;
        const cut = new Set(step.cut.map(([from, to]) => from * 256 + to));
        network.partition((from, to) => cut.has(from * 256 + to));
        time.after(step.forMs, () => {
          if (this.#partitions === name) network.partition();
        });
        break;
      }
      case 'hush': {
        const { what, to, lateMs } = step;
        const hush = {
          matches: (receiver: number, frame: Uint8Array) =>
            (to === undefined || to === receiver) && what.includes(readFrame(frame).name ?? ''),
          ...(lateMs === undefined ? {} : { lateMs }),
        };
        network.hush = hush;
        time.after(step.forMs, () => {
          if (network.hush === hush) network.hush = undefined;
        });
        break;
      }
      case 'slow':
        network.slow.set(step.host, step.times);
        time.after(step.forMs, () => network.slow.delete(step.host));
        break;
      case 'crash':
        this.#host(step.host).crash({ kept: step.kept, downMs: step.downMs });
        break;
      case 'trap': {
        const { phase } = step;
        const trap = { point: step.point, sends: step.sends, downMs: step.downMs };
        this.#host(step.host).arm(
          phase === undefined ? trap : { ...trap, matches: (ops) => reaches(ops, phase) },
        );
        break;
      }
      case 'disk fault':
        this.#host(step.host).disk.faults += step.batches;
        this.#host(step.host).disk.keepsRefused = step.kept;
        break;
      case 'leave': {
        const host = this.#host(step.host);
        host.isGone = true;
        host.crash({ kept: false, downMs: Number.POSITIVE_INFINITY });
        break;
      }
      case 'echo':
        network.echo(step.frames, place, () => true);
        network.echo(step.frames, -place, isOfRecovery);
        break;
    }
  }

  /** All of them end; whoever is down comes back. */
  end(): void {
    const { network, hosts } = this.#world;
    network.weather = FAIR;
    network.slow.clear();
    network.hush = undefined;
    network.partition();
    for (const host of hosts) {
      host.disarm();
      host.disk.faults = 0;
      host.start();
    }
  }

  #host(number: number): Host {
    return this.#world.hosts[number]!;
  }
}

/** Messages that are rare, and of which every one should be met late and twice. */
function isOfRecovery(frame: Uint8Array): boolean {
  const { name } = readFrame(frame);
  return name === 'WITHDRAW_REQUEST' || name === 'WITHDRAW' || name === 'STATUS_QUERY';
}

/** Does the batch bring an attempt or a clearing to a phase? */
function reaches(ops: readonly StoreOp[], phase: string): boolean {
  return ops.some((op) => {
    if (op.type !== 'put') return false;
    if (op.key.startsWith('attempt/')) return readAttempt(op.value).phase === phase;
    return op.key.startsWith('tx/') && readClearingState(op.value) === phase;
  });
}
