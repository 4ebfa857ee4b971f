/**
 * What must be true once the network has healed and time has passed (docs/PROTOCOL.md,
 * "Invariants": 1, 5, 6, 11): both books of every edge alike, everyone's net positions adding up to
 * nothing, nobody in doubt, unless a voter has gone for ever and the rules say that it must be waited
 * for.
 */
import { type Pid, pidToHex } from '../../protocol/identity/pid.ts';
import type { Host } from '../simulator/host.ts';
import { type Findings, short } from './findings.ts';
import { isHolding, type Observed, ownEffects, type SeenAttempt } from './observed.ts';
import { edgeName, type Hex, type ReadEdge, type ReadManifest } from './reading.ts';

export class Settled {
  readonly #findings: Findings;
  readonly #observed: Observed;
  readonly #all: readonly Host[];
  /** By whom each participant is represented at the moment. */
  #hosts: ReadonlyMap<Hex, Host> = new Map();

  constructor(findings: Findings, observed: Observed, hosts: readonly Host[]) {
    this.#findings = findings;
    this.#observed = observed;
    this.#all = hosts;
  }

  #look(): void {
    const all = this.#all;
    this.#hosts = new Map(all.flatMap((host) => [...host.serves].map((hex) => [hex, host])));
  }

  /** Is every attempt decided, and nothing waiting, as far as the rules promise it? */
  isQuiet(): boolean {
    this.#look();
    for (const host of this.#present()) {
      const disk = this.#observed.of(host);
      for (const hash of disk.holding) {
        if (!this.#mustWait(disk.attempts.get(hash)!)) return false;
      }
      for (const tx of disk.open) if (!this.#isHeldUp(host, tx)) return false;
      for (const tail of disk.outbox) if (!this.#isForNobody(host, tail)) return false;
    }
    // Where somebody has contradicted himself, those whom he misled are still being told.
    return this.#split().length === 0;
  }

  atEnd(): void {
    this.#look();
    for (const host of this.#present()) {
      const disk = this.#observed.of(host);
      for (const hash of disk.holding) {
        const attempt = disk.attempts.get(hash)!;
        if (this.#mustWait(attempt)) continue;
        this.#findings.report(
          '11 liveness',
          `${host.name} is still ${attempt.phase} in ${short(hash)}`,
        );
      }
      for (const tx of disk.open) {
        if (this.#isHeldUp(host, tx)) continue;
        this.#findings.report(
          '11 liveness',
          `${host.name}: transaction ${short(tx)} has no outcome`,
        );
      }
      for (const tail of disk.outbox) {
        if (this.#isForNobody(host, tail)) continue;
        this.#findings.report('11 liveness', `${host.name}: never acknowledged: ${tail}`);
      }
      this.#conservation(host);
    }
    this.#outcomes();
    this.#equalBooks();
  }

  /**
   * Each participant's own part of what has committed: by a payment the payer pays, the payee gains,
   * nobody else does; by a clearing nobody does.
   */
  #conservation(host: Host): void {
    for (const me of host.serves) this.#conservationOf(me, host);
  }

  #conservationOf(me: Hex, host: Host): void {
    for (const { phase, manifest } of this.#observed.of(host).attempts.values()) {
      if (phase !== 'COMMITTED') continue;
      let net = 0n;
      for (const { low, change } of ownEffects(manifest, new Set([me]))) {
        net += low === me ? change : -change;
      }
      const { ends, amount } = manifest;
      const expected = me === ends?.payer ? -amount : me === ends?.payee ? amount : 0n;
      if (net !== expected) {
        this.#findings.report(
          '1 zero sum',
          `${host.name} gains ${net} by ${short(manifest.hash)}, not ${expected}`,
        );
      }
    }
  }

  /** Honest nodes that can exchange messages end alike, whoever else takes part. */
  #outcomes(): void {
    for (const text of this.#split()) this.#findings.report('6 atomic', text);
  }

  #split(): string[] {
    const outcomes = new Map<Hex, Map<string, string[]>>();
    for (const host of this.#present()) {
      for (const [hash, { phase }] of this.#observed.of(host).attempts) {
        if (isHolding(phase)) continue;
        const seen = outcomes.get(hash) ?? new Map<string, string[]>();
        outcomes.set(hash, seen.set(phase, [...(seen.get(phase) ?? []), host.name]));
      }
    }
    return [...outcomes].flatMap(([hash, seen]) => {
      if (seen.size < 2) return [];
      const sides = [...seen].map(([phase, names]) => `${phase} at ${names.join(' ')}`);
      return [`${short(hash)} ended as ${sides.join(', as ')}`];
    });
  }

  #equalBooks(): void {
    for (const host of this.#present()) {
      for (const edge of this.#observed.of(host).edges.values()) {
        if (!host.serves.has(edge.low) || host.serves.has(edge.high)) continue;
        const other = this.#hosts.get(edge.high);
        if (other === undefined || !this.#isPresent(other)) continue;
        const theirs = this.#observed
          .of(other)
          .edges.get(edgeName(edge.equivalent, edge.low, edge.high));
        this.#compare(host, other, edge, theirs);
      }
    }
  }

  #compare(low: Host, high: Host, mine: ReadEdge, theirs: ReadEdge | undefined): void {
    const at = `${low.name} and ${high.name}`;
    if (theirs === undefined) {
      if (mine.count > 0) this.#findings.report('5 equal books', `${at}: only one keeps the edge`);
      return;
    }
    const waits = this.#waitsOn(low, mine) || this.#waitsOn(high, mine);
    const same =
      mine.balance === theirs.balance &&
      mine.count === theirs.count &&
      mine.digest === theirs.digest;
    if (!same && !waits) {
      this.#findings.report(
        '5 equal books',
        `${at}: ${mine.balance} after ${mine.count}, ${theirs.balance} after ${theirs.count}`,
      );
    }
    for (const side of ['lowLine', 'highLine'] as const) {
      if (mine[side]?.sequence !== theirs[side]?.sequence) {
        this.#findings.report(
          '5 equal books',
          `${at}: the ${side} is version ${mine[side]?.sequence} here, ${theirs[side]?.sequence} there`,
        );
      }
    }
  }

  /** An attempt on the edge that has to wait for somebody may have been applied at one end already. */
  #waitsOn(host: Host, edge: ReadEdge): boolean {
    const disk = this.#observed.of(host);
    const name = edgeName(edge.equivalent, edge.low, edge.high);
    return [...disk.holding].some((hash) =>
      disk.attempts.get(hash)!.manifest.effects.some((effect) => effect.edge === name),
    );
  }

  #present(): Host[] {
    return this.#all.filter((host) => this.#isPresent(host));
  }

  /** Up, and bound by the rules. */
  #isPresent(host: Host): boolean {
    return !host.isGone && !host.isHostile;
  }

  /**
   * "With someone away, an attempt waits only while no one up holds an outcome and either the
   * coordinator is away too, or it said YES and all others that are up have withdrawn."
   */
  #mustWait({ manifest }: SeenAttempt): boolean {
    const up = manifest.voters.map((voter) => {
      const host = this.#all.find((each) => each.identity.hex === voter);
      return host !== undefined && this.#isPresent(host) ? host : undefined;
    });
    const coordinator = up.at(-1);
    const others = up.slice(0, -1);
    if (others.every((host) => host !== undefined)) return false;
    if (others.every((host) => host === undefined) && coordinator === undefined) return true;
    const phases = up.map((host) => host && this.#phaseAt(host, manifest));
    if (phases.some((phase) => (phase === undefined || !isHolding(phase) ? phase : false))) {
      return false;
    }
    if (coordinator === undefined) return true;
    const allWithdrawn = phases
      .slice(0, -1)
      .every((phase, i) => others[i] === undefined || phase === 'WITHDRAWN');
    return phases.at(-1) === 'DECIDED' && allWithdrawn;
  }

  #phaseAt(host: Host, manifest: ReadManifest) {
    return this.#observed.of(host).attempts.get(manifest.hash)?.phase;
  }

  /** A payment or clearing waits with its last attempt. */
  #isHeldUp(host: Host, tx: string): boolean {
    const disk = this.#observed.of(host);
    return [...(disk.byOrder.get(tx) ?? [])].some((hash) => {
      const attempt = disk.attempts.get(hash)!;
      return isHolding(attempt.phase) && this.#mustWait(attempt);
    });
  }

  #isForNobody(host: Host, tail: string): boolean {
    // A hosted member is found where its hub is.
    const to = this.#hosts.get(pidToHex(tail.slice(0, tail.indexOf('/')) as Pid) as Hex);
    return to === undefined || !this.#isPresent(to) || to === host;
  }
}
