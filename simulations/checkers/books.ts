/**
 * Every host's own books, kept a second time: what its stored attempts committed and hold, added up
 * from their manifests, must be what its edges say, after every batch
 * (docs/PROTOCOL.md, "Invariants": 1, 3, 9, 10).
 */
import type { Host } from '../simulator/host.ts';
import { type Findings, short } from './findings.ts';
import {
  type BatchChange,
  isHolding,
  type Observed,
  ownEffects,
  type SeenAttempt,
  type StepRule,
} from './observed.ts';
import { digestItem, type ReadEffect, type ReadManifest } from './reading.ts';

interface Account {
  balance: bigint;
  heldUp: bigint;
  heldDown: bigint;
  count: number;
  digest: bigint;
}

const DIGEST_MODULUS = 2n ** 256n;

export class Books implements StepRule {
  readonly #findings: Findings;
  readonly #observed: Observed;
  /** What falls to each host of the attempts that it knows. */
  readonly #parts = new Map<Host, Map<string, readonly ReadEffect[]>>();
  readonly #accounts = new Map<Host, Map<string, Account>>();

  constructor(findings: Findings, observed: Observed) {
    this.#findings = findings;
    this.#observed = observed;
  }

  /** What the certificates of a host prove about an edge. */
  account(host: Host, edge: string): Account {
    let accounts = this.#accounts.get(host);
    if (accounts === undefined) {
      accounts = new Map();
      this.#accounts.set(host, accounts);
    }
    let account = accounts.get(edge);
    if (account === undefined) {
      account = { balance: 0n, heldUp: 0n, heldDown: 0n, count: 0, digest: 0n };
      accounts.set(edge, account);
    }
    return account;
  }

  changed({ host, serves, attempts, edges }: BatchChange): void {
    const touched = new Set(edges.map(({ name }) => name));
    for (const { before, after } of attempts) {
      if (before?.phase === after.phase) {
        for (const { edge, change } of comeLater(before, after)) {
          commit(this.account(host, edge), after, change);
          touched.add(edge);
        }
        continue;
      }
      // Whom it serves may change while the attempt is under way: it counts where it began.
      const parts = this.#partsOf(host, after.manifest, before === undefined ? serves : undefined);
      for (const { edge, change } of parts) {
        const account = this.account(host, edge);
        if (before !== undefined && isHolding(before.phase)) hold(account, -change, change > 0n);
        if (isHolding(after.phase)) hold(account, change, change > 0n);
        if (after.phase === 'COMMITTED') commit(account, after, change);
        if (isHolding(after.phase) || after.phase === 'COMMITTED') touched.add(edge);
      }
      if (before === undefined) continue;
      // The receipt that a participant brings along may be what ends the attempt here, and is for its edges as well.
      const counted = new Set(parts.map(({ edge }) => edge));
      for (const { edge, change } of comeLater(before, after)) {
        if (counted.has(edge)) continue;
        commit(this.account(host, edge), after, change);
        touched.add(edge);
      }
    }
    for (const name of touched) this.#compare(host, name);
  }

  /** @param serves whom the host serves as the attempt begins; undefined: as it was then */
  #partsOf(
    host: Host,
    manifest: ReadManifest,
    serves: ReadonlySet<string> | undefined,
  ): readonly ReadEffect[] {
    let parts = this.#parts.get(host);
    if (parts === undefined) {
      parts = new Map();
      this.#parts.set(host, parts);
    }
    if (serves !== undefined) parts.set(manifest.hash, ownEffects(manifest, serves));
    return parts.get(manifest.hash)!;
  }

  #compare(host: Host, name: string): void {
    const edge = this.#observed.of(host).edges.get(name);
    const account = this.account(host, name);
    // Said only of what is wrong, which is nearly never.
    const at = () => `${host.name} with ${short(counterparty(name, host))}`;
    if (edge === undefined) {
      this.#findings.report(
        '10 certificates',
        `${at()}: an attempt uses an edge that is not stored`,
      );
      return;
    }
    if (edge.balance !== account.balance || edge.count !== account.count) {
      this.#findings.report(
        '10 certificates',
        `${at()}: the book says ${edge.balance} after ${edge.count} transactions, its certificates ${account.balance} after ${account.count}`,
      );
    } else if (BigInt(`0x${edge.digest}`) !== account.digest) {
      this.#findings.report('5 digest', `${at()}: the digest does not fit what was applied`);
    }
    if (edge.heldUp !== account.heldUp || edge.heldDown !== account.heldDown) {
      this.#findings.report(
        '9 holds',
        `${at()}: held are ${edge.heldUp} up and ${edge.heldDown} down, live attempts hold ${account.heldUp} and ${account.heldDown}`,
      );
    }
  }
}

/** Edges of a participant that has come to this host since, and brought along what it was part of. */
function comeLater(before: SeenAttempt, after: SeenAttempt): readonly ReadEffect[] {
  if (after.phase !== 'COMMITTED') return [];
  const [known, now] = [before.edges(), after.edges()];
  if (known.size === now.size) return [];
  return after.manifest.effects.filter(({ edge }) => now.has(edge) && !known.has(edge));
}

function hold(account: Account, amount: bigint, isUp: boolean): void {
  if (isUp) account.heldUp += amount;
  else account.heldDown -= amount;
}

function commit(account: Account, attempt: SeenAttempt, change: bigint): void {
  account.balance += change;
  account.count++;
  account.digest = (account.digest + digestItem(attempt.manifest, change)) % DIGEST_MODULUS;
}

function counterparty(edge: string, host: Host): string {
  const [, low = '', high = ''] = edge.split('/');
  return host.serves.has(low) ? high : low;
}
