/**
 * What the disks of all hosts say, kept up batch by batch. Rules are told what each batch changed;
 * they never ask a node.
 */
import type { StoreOp } from '../../node/ports.ts';
import { type Pid, pidToHex } from '../../protocol/identity/pid.ts';
import type { Host } from '../simulator/host.ts';
import type { Watch } from '../simulator/watch.ts';
import {
  edgeName,
  type Hex,
  type Phase,
  type ReadAttempt,
  type ReadEdge,
  type ReadEffect,
  type ReadManifest,
  type ReadWord,
  readAttempt,
  readEdge,
  readManifest,
  readMember,
  readWord,
} from './reading.ts';

export interface SeenAttempt extends ReadAttempt {
  readonly manifest: ReadManifest;
}

export interface AttemptChange {
  readonly before: SeenAttempt | undefined;
  readonly after: SeenAttempt;
}

export interface EdgeChange {
  readonly name: string;
  readonly before: ReadEdge | undefined;
  readonly after: ReadEdge;
}

export interface WordChange {
  readonly participant: Hex;
  readonly before: ReadWord | undefined;
  readonly after: ReadWord;
}

export interface BatchChange {
  readonly host: Host;
  /** For whom it votes before this batch or after it. */
  readonly serves: ReadonlySet<Hex>;
  readonly attempts: readonly AttemptChange[];
  readonly edges: readonly EdgeChange[];
  readonly words: readonly WordChange[];
  /** Members of a hub whose records are written. */
  readonly statuses: readonly { readonly participant: Hex }[];
}

/** One host's disk. */
export interface SeenDisk {
  readonly attempts: Map<string, SeenAttempt>;
  readonly edges: Map<string, ReadEdge>;
  /** Attempts whose holds are in force. */
  readonly holding: Set<string>;
  /** Payments and clearings that have something left to do. */
  readonly open: Set<string>;
  readonly outbox: Set<string>;
  /** By which it knows who votes for whom. */
  readonly words: Map<Hex, ReadWord>;
  /** Members of a hub that take on nothing new. */
  readonly suspended: Set<Hex>;
  /** Attempts by the order that they are for. */
  readonly byOrder: Map<string, Set<string>>;
}

/** A rule that must hold after every batch. */
export interface StepRule {
  changed(change: BatchChange, disk: SeenDisk): void;
}

export class Observed implements Watch {
  readonly disks = new Map<Host, SeenDisk>();
  readonly #manifests = new Map<string, ReadManifest>();
  readonly #rules: StepRule[] = [];

  addRule(rule: StepRule): void {
    this.#rules.push(rule);
  }

  of(host: Host): SeenDisk {
    let disk = this.disks.get(host);
    if (disk === undefined) {
      disk = {
        attempts: new Map(),
        edges: new Map(),
        holding: new Set(),
        open: new Set(),
        outbox: new Set(),
        words: new Map(),
        suspended: new Set(),
        byOrder: new Map(),
      };
      this.disks.set(host, disk);
    }
    return disk;
  }

  written(host: Host, ops: readonly StoreOp[]): void {
    if (host.isHostile) return;
    const disk = this.of(host);
    const attempts: AttemptChange[] = [];
    const edges: EdgeChange[] = [];
    const words: WordChange[] = [];
    const statuses: { participant: Hex }[] = [];
    for (const op of ops) {
      const slash = op.key.indexOf('/');
      const name = op.key.slice(slash + 1);
      switch (op.key.slice(0, slash)) {
        case 'manifest':
          if (op.type === 'put' && !this.#manifests.has(name)) {
            this.#manifests.set(name, readManifest(op.value));
          }
          break;
        case 'attempt':
          if (op.type === 'put') attempts.push(this.#attempt(host, disk, name, op.value));
          else disk.attempts.delete(name);
          break;
        case 'edge':
          if (op.type === 'put') {
            const after = readEdge(op.value);
            const edge = edgeName(after.equivalent, after.low, after.high);
            edges.push({ name: edge, before: disk.edges.get(edge), after });
            disk.edges.set(edge, after);
          }
          break;
        case 'open':
        case 'clearing':
          if (op.type === 'put') disk.open.add(name);
          else disk.open.delete(name);
          break;
        case 'agent':
          if (op.type === 'put') words.push(this.#word(disk, pidToHex(name as Pid), op.value));
          break;
        case 'member':
          if (op.type === 'put') {
            const { participant, status } = readMember(op.value);
            statuses.push({ participant });
            if (status === 'suspended') disk.suspended.add(participant);
            else disk.suspended.delete(participant);
          }
          break;
        case 'outbox':
          if (op.type === 'put') disk.outbox.add(name);
          else disk.outbox.delete(name);
          break;
      }
    }
    const serves = servesIn(host, words);
    const change = { host, serves, attempts, edges, words, statuses };
    for (const rule of this.#rules) rule.changed(change, disk);
  }

  #word(disk: SeenDisk, participant: Hex, value: Uint8Array): WordChange {
    const before = disk.words.get(participant);
    const after = readWord(value);
    disk.words.set(participant, after);
    return { participant, before, after };
  }

  #attempt(host: Host, disk: SeenDisk, hash: string, value: Uint8Array): AttemptChange {
    const known =
      this.#manifests.get(hash) ?? readManifest(host.disk.image.get(`manifest/${hash}`)!);
    this.#manifests.set(hash, known);
    const before = disk.attempts.get(hash);
    const after = { ...readAttempt(value), manifest: known };
    disk.attempts.set(hash, after);
    if (isHolding(after.phase)) disk.holding.add(hash);
    else disk.holding.delete(hash);
    if (before === undefined) {
      const others = disk.byOrder.get(known.tx) ?? new Set();
      disk.byOrder.set(known.tx, others.add(hash));
    }
    return { before, after };
  }
}

/** For whom a host votes after a batch, and for whom it did before. */
function servesIn(host: Host, words: readonly WordChange[]): ReadonlySet<Hex> {
  const me = host.identity.hex;
  const left = words.filter(({ participant, before }) => (before?.agent ?? participant) === me);
  if (left.length === 0) return host.serves;
  return new Set([...host.serves, ...left.map(({ participant }) => participant)]);
}

/** From the YES (for a coordinator: from the start) to the outcome the effects are held. */
export function isHolding(phase: Phase): boolean {
  return phase !== 'ABORTED' && phase !== 'COMMITTED';
}

/** Does a host begin to hold it with this record, or carry it out at once since nobody else has a vote? */
export function isAdmitted(
  host: Host,
  before: SeenAttempt | undefined,
  { phase, manifest }: SeenAttempt,
): boolean {
  if (before !== undefined) return false;
  const isAlone = manifest.voters.length === 1 && manifest.voters[0] === host.identity.hex;
  return isHolding(phase) || (isAlone && phase === 'COMMITTED');
}

/** The parts of an attempt that fall to participants whom one host serves. */
export function ownEffects(manifest: ReadManifest, serves: ReadonlySet<string>): ReadEffect[] {
  return manifest.effects.filter(({ low, high }) => serves.has(low) || serves.has(high));
}
