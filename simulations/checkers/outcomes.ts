/**
 * One outcome for everybody, and none ever taken back (docs/PROTOCOL.md, "Invariants": 6, 7; "When
 * someone disappears"). Where a voter is hostile, what docs/PROTOCOL.md still promises is checked:
 * a commit is never undone, and an abort gives way only to proof that somebody broke the rules.
 */
import type { Host } from '../simulator/host.ts';
import { type Findings, short } from './findings.ts';
import {
  type AttemptChange,
  type BatchChange,
  isHolding,
  type SeenAttempt,
  type SeenDisk,
  type StepRule,
} from './observed.ts';
import type { Hex, Phase, ReadEvidence } from './reading.ts';

/** Each phase and what may stand in the next batch; several turns may share one. */
const WAYS: Readonly<Record<Phase, readonly Phase[]>> = {
  COLLECT: ['DECIDED', 'COMMITTED', 'ABORTED'],
  DECIDED: ['COMMITTED', 'ABORTED'],
  DOUBT: ['WITHDRAWN', 'COMMITTED', 'ABORTED'],
  WITHDRAWN: ['COMMITTED', 'ABORTED'],
  ABORTED: ['COMMITTED'],
  COMMITTED: [],
};

export class Outcomes implements StepRule {
  readonly #findings: Findings;
  readonly #hostile: ReadonlySet<Hex>;
  readonly #byAttempt = new Map<Hex, Map<Host, Phase>>();
  readonly #committed = new Map<Hex, SeenAttempt>();

  /** @param hostile participants that keep no rule */
  constructor(findings: Findings, hostile: ReadonlySet<Hex>) {
    this.#findings = findings;
    this.#hostile = hostile;
  }

  changed({ host, attempts }: BatchChange, disk: SeenDisk): void {
    for (const change of attempts) {
      this.#way(host, change);
      this.#ownWord(host, change.after);
      this.#agreement(host, change.after);
      this.#oncePerOrder(host, change.after, disk);
    }
  }

  #way(host: Host, { before, after }: AttemptChange): void {
    if (before === undefined || before.phase === after.phase) return;
    const what = `${host.name} in ${short(after.manifest.hash)}: ${before.phase} → ${after.phase}`;
    if (!WAYS[before.phase].includes(after.phase)) {
      this.#findings.report('6 outcome', `${what} is no way of the commit rules`);
    } else if (before.phase === 'ABORTED' && !isContradicted(after.evidence)) {
      this.#findings.report('6 outcome', `${what} without two signatures that exclude each other`);
    }
    const was = isHolding(before.phase) ? undefined : before.evidence;
    if (was !== undefined && lost(was, after.evidence)) {
      this.#findings.report('6 outcome', `${what} lost evidence`);
    }
  }

  /** R1, R3: nobody honest signs YES and NO, or WITHDRAW and a first-hand `applied`. */
  #ownWord(host: Host, { me, evidence, manifest }: SeenAttempt): void {
    const own = 1n << BigInt(me);
    const signed = (set: bigint) => (set & own) !== 0n;
    const contradicts =
      (signed(evidence.yes) && signed(evidence.no)) ||
      (signed(evidence.withdrawn) && signed(evidence.firstHand));
    if (contradicts) {
      this.#findings.report(
        '6 own word',
        `${host.name} has signed two things about ${short(manifest.hash)} that exclude each other`,
      );
    }
  }

  #agreement(host: Host, { phase, manifest }: SeenAttempt): void {
    if (phase !== 'ABORTED' && phase !== 'COMMITTED') return;
    let seen = this.#byAttempt.get(manifest.hash);
    if (seen === undefined) {
      seen = new Map();
      this.#byAttempt.set(manifest.hash, seen);
    }
    seen.set(host, phase);
    if (this.isTainted(manifest.voters)) return;
    for (const [other, theirs] of seen) {
      if (theirs === phase) continue;
      this.#findings.report(
        '6 atomic',
        `${short(manifest.hash)}: ${phase} at ${host.name}, ${theirs} at ${other.name}`,
      );
    }
  }

  #oncePerOrder(host: Host, after: SeenAttempt, disk: SeenDisk): void {
    if (after.phase === 'ABORTED') return;
    const { manifest } = after;
    const isTrusted = !this.#hostile.has(manifest.voters.at(-1)!);
    for (const hash of disk.byOrder.get(manifest.tx) ?? []) {
      const other = disk.attempts.get(hash);
      if (hash === manifest.hash || other === undefined || other.phase === 'ABORTED') continue;
      // Under a hostile coordinator an order may be paid twice, but no voter says YES to two at once.
      if (!isTrusted && !(isHolding(after.phase) && isHolding(other.phase))) continue;
      this.#findings.report(
        '7 once',
        `${host.name}: two attempts of order ${short(manifest.tx)} are ${after.phase} and ${other.phase}`,
      );
    }
    if (after.phase !== 'COMMITTED' || !isTrusted) return;
    const first = this.#committed.get(manifest.tx) ?? after;
    this.#committed.set(manifest.tx, first);
    if (first.manifest.hash === manifest.hash) return;
    this.#findings.report('7 once', `two attempts of order ${short(manifest.tx)} have committed`);
  }

  /** Does somebody take part in it who keeps no rule? */
  isTainted(voters: readonly Hex[]): boolean {
    return voters.some((voter) => this.#hostile.has(voter));
  }
}

/** Somebody signed both YES and NO, or both WITHDRAW and a first-hand `applied` (R8). */
export function isContradicted(evidence: ReadEvidence): boolean {
  return (evidence.yes & evidence.no) !== 0n || (evidence.withdrawn & evidence.firstHand) !== 0n;
}

function lost(before: ReadEvidence, after: ReadEvidence): boolean {
  const names = ['yes', 'no', 'withdrawn', 'applied', 'firstHand'] as const;
  return names.some((name) => (before[name] & ~after[name]) !== 0n);
}
