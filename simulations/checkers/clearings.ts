/**
 * Clearing is neutral (docs/PROTOCOL.md, "Invariants": 4): no net position changes, no debt turns round,
 * and nobody's debts are lowered by more than was proposed, or than he agreed to where he wants to be
 * asked. "In the order in which they were held" no clearing turns a debt round; so each edge is gone
 * through in that order when everything is decided.
 */
import type { VerifySignature } from '../../node/ports.ts';
import type { PublicKey } from '../../protocol/identity/pid.ts';
import { isSignedBy, readSigned } from '../../protocol/wire/envelope.ts';
import { EPOCH_MS, type VirtualTime } from '../simulator/clock.ts';
import type { Host } from '../simulator/host.ts';
import { type Findings, short } from './findings.ts';
import {
  type BatchChange,
  isAdmitted,
  isHolding,
  type Observed,
  ownEffects,
  type SeenAttempt,
  type SeenDisk,
  type StepRule,
} from './observed.ts';
import type { Hex, ReadConsent, ReadEdge, ReadLine, ReadManifest } from './reading.ts';

/** The most by which an honest clock may be behind, ms. */
const SKEW_MS = 2_000;

export class Clearings implements StepRule {
  /** Clearings that committed, by proposal. */
  readonly committed = new Set<Hex>();
  readonly #findings: Findings;
  readonly #time: VirtualTime;
  readonly #verify: VerifySignature;
  /** Attempts of each host in the order in which they were held. */
  readonly #held = new Map<Host, Hex[]>();
  /** Edges on which a voter had to honour what it had released (R8), or whose books came from elsewhere. */
  readonly #excused = new Set<string>();
  /** What people said yes to, `person proposal`, and what they wanted, `person participants`. */
  readonly #agreed = new Set<string>();
  /** Lines that have let themselves be cleared unasked: `owner edge`. */
  readonly #unasked = new Set<string>();

  constructor(findings: Findings, time: VirtualTime, verify: VerifySignature) {
    this.#findings = findings;
    this.#time = time;
    this.#verify = verify;
  }

  /** A person said yes to a proposal. */
  agreed(person: Hex, proposal: Hex): void {
    this.#agreed.add(`${person} ${proposal}`);
  }

  /** A person wants to clear the cycle of these participants. */
  wanted(person: Hex, participants: readonly Hex[]): void {
    this.#agreed.add(wish(person, participants));
  }

  changed(change: BatchChange, disk: SeenDisk): void {
    const { host, attempts, edges } = change;
    for (const { name, before, after } of edges) {
      for (const owner of [after.low, after.high]) {
        if (!host.serves.has(owner)) continue;
        const clears = [before, after].some((edge) => edge && lineOf(edge, owner)?.clears);
        if (clears) this.#unasked.add(`${owner} ${name}`);
      }
    }
    for (const { before, after } of attempts) {
      if (before === undefined && isHolding(after.phase)) {
        this.#heldBy(host).push(after.manifest.hash);
      }
      if (after.manifest.clearing !== undefined && isAdmitted(host, before, after)) {
        this.#admitted(change, after, disk);
      }
      if (after.phase !== 'COMMITTED' || before?.phase === 'COMMITTED') continue;
      if (before === undefined) this.#heldBy(host).push(after.manifest.hash);
      if (after.manifest.clearing !== undefined) this.committed.add(after.manifest.tx);
      // What was voted on elsewhere comes in some order, and was judged there.
      if (before?.phase !== 'ABORTED' && !after.isInherited) continue;
      for (const { edge } of after.manifest.effects) this.#excused.add(`${host.name} ${edge}`);
    }
  }

  /** Goes through every edge of every host, held by held. */
  atEnd(hosts: readonly Host[], observed: Observed): void {
    for (const host of hosts) {
      const disk = observed.of(host);
      const balances = new Map<string, bigint>();
      for (const hash of this.#heldBy(host)) {
        const { phase, manifest } = disk.attempts.get(hash)!;
        if (phase !== 'COMMITTED') continue;
        const made = manifest.clearing?.shortens ? manifest.hops[0]!.edge : undefined;
        for (const { edge, change } of ownEffects(manifest, host.serves)) {
          const before = balances.get(edge) ?? 0n;
          balances.set(edge, before + change);
          const isExcused = edge === made || this.#excused.has(`${host.name} ${edge}`);
          if (manifest.clearing === undefined || isExcused) continue;
          if (isLowered(before, before + change)) continue;
          this.#report(host, hash, `a clearing made a debt of ${before} one of ${before + change}`);
        }
      }
    }
  }

  #heldBy(host: Host): Hex[] {
    let held = this.#held.get(host);
    if (held === undefined) {
      held = [];
      this.#held.set(host, held);
    }
    return held;
  }

  #admitted({ host, edges }: BatchChange, { manifest }: SeenAttempt, disk: SeenDisk): void {
    const { hash, clearing, amount, participants, voters } = manifest;
    const isOwn = voters.at(-1) === host.identity.hex;
    if (!isOwn && participants.length > host.longestCycle) {
      this.#report(host, hash, `a cycle of ${participants.length} is longer than it wants`);
    }
    if (amount > clearing!.proposed) this.#report(host, hash, 'more is cleared than was proposed');
    for (const each of participants) {
      const effects = ownEffects(manifest, new Set([each]));
      const net = effects.reduce(
        (sum, { low, change }) => sum + (low === each ? change : -change),
        0n,
      );
      if (net !== 0n) this.#report(host, hash, `${short(each)} gains ${net} by a clearing`);
    }
    for (const { debtor, creditor, edge } of manifest.hops.slice(clearing!.shortens ? 1 : 0)) {
      // Books of those who have left stay on its disk.
      if (!host.serves.has(debtor) && !host.serves.has(creditor)) continue;
      const own = disk.edges.get(edge);
      const before = edges.find(({ name }) => name === edge)?.before;
      // As the line is before this batch or after it: turns of one batch come in some order.
      const limits = [before ?? own, own].map((e) => e && lineOf(e, debtor)?.clearingLimit);
      if (limits.every((limit) => limit !== undefined && amount > limit)) {
        this.#report(
          host,
          hash,
          `${amount} of a debt are cleared, its line allows ${limits.at(-1)}`,
        );
      }
      // The hop runs against the debt: who "pays" is owed less.
      if (!host.serves.has(debtor)) continue;
      const asks = own !== undefined && lineOf(own, debtor) !== undefined;
      if (!asks || this.#unasked.has(`${debtor} ${edge}`)) continue;
      if (this.#hasAgreed(debtor, manifest, clearing!.consents)) continue;
      this.#report(
        host,
        hash,
        `what ${short(creditor)} owes is cleared without the consent that it needs`,
      );
    }
  }

  #hasAgreed(person: Hex, manifest: ReadManifest, consents: readonly ReadConsent[]): boolean {
    const { tx, amount, participants, voters } = manifest;
    const said = this.#agreed.has(`${person} ${tx}`);
    const isMine = voters.at(-1) === person;
    if (!said && !(isMine && this.#agreed.has(wish(person, participants)))) return false;
    return consents.some(
      (consent) =>
        consent.participant === person &&
        consent.tx === tx &&
        consent.amount >= amount &&
        consent.expires >= EPOCH_MS + this.#time.now - SKEW_MS &&
        isSignedBy(
          readSigned('CLEARING_ACCEPT', consent.bytes),
          consent.participantKey as PublicKey,
          this.#verify,
        ),
    );
  }

  #report(host: Host, hash: Hex, text: string): void {
    this.#findings.report('4 clearing', `${host.name} in ${short(hash)}: ${text}`);
  }
}

/** Nearer to nothing on the same side of it. */
function isLowered(before: bigint, after: bigint): boolean {
  return before > 0n ? after >= 0n && after < before : after <= 0n && after > before;
}

function lineOf(edge: ReadEdge, owner: Hex): ReadLine | undefined {
  return edge.low === owner ? edge.lowLine : edge.highLine;
}

function wish(person: Hex, participants: readonly Hex[]): string {
  return `${person} ${participants.toSorted().join()}`;
}
