/**
 * What nodes told the people who paid through them. A payment reported as COMMITTED is on the disk
 * at that moment; one reported as ABORTED never commits; one nonce is one payment, however often
 * and through however many restarts it is asked for (docs/PROTOCOL.md, "Invariants": 7).
 */
import type { Clearing, Payment } from '../../node/service/shapes.ts';
import type { Host } from '../simulator/host.ts';
import { type Findings, short } from './findings.ts';
import type { Observed } from './observed.ts';

export class Clients {
  readonly #findings: Findings;
  readonly #observed: Observed;
  readonly #orders = new Map<string, string>();
  readonly #aborted = new Map<string, Host>();
  readonly #early = new Map<string, Host>();
  readonly #allHonest: boolean;
  committed = 0;

  constructor(findings: Findings, observed: Observed, allHonest: boolean) {
    this.#findings = findings;
    this.#observed = observed;
    this.#allHonest = allHonest;
  }

  /** A node answered a payment command. @param nonce as the command named it */
  answered(host: Host, nonce: string, payment: Payment): void {
    if (host.isHostile) return;
    const known = this.#orders.get(nonce);
    if (known !== undefined && known !== payment.tx_id) {
      this.#findings.report(
        '7 once',
        `${host.name}: one command made the orders ${short(known)} and ${short(payment.tx_id)}`,
      );
    }
    this.#orders.set(nonce, payment.tx_id);
    if (payment.state === 'ABORTED') this.#aborted.set(payment.tx_id, host);
    if (payment.state !== 'COMMITTED') return;
    this.committed++;
    if (this.#hasCommitted(host, payment.tx_id)) return;
    // An abort that gives way to a commit (R8) can be read while that is on its way to the disk.
    if (!this.#allHonest) this.#early.set(payment.tx_id, host);
    else {
      this.#findings.report(
        '8 durable',
        `${host.name} reported ${short(payment.tx_id)} as paid, its disk does not say so`,
      );
    }
  }

  /** A node told how a clearing stands that it proposes. */
  cleared(host: Host, { tx_id: tx, state }: Clearing): void {
    if (host.isHostile) return;
    if (state === 'REJECTED') this.#aborted.set(tx, host);
    if (state !== 'COMMITTED' || this.#hasCommitted(host, tx)) return;
    if (!this.#allHonest) this.#early.set(tx, host);
    else {
      this.#findings.report(
        '8 durable',
        `${host.name} reported ${short(tx)} as cleared, its disk does not say so`,
      );
    }
  }

  atEnd(): void {
    for (const [tx, host] of this.#early) {
      if (!this.#hasCommitted(host, tx)) {
        this.#findings.report('6 atomic', `${host.name} reported ${short(tx)} as done; it was not`);
      }
    }
    if (!this.#allHonest) return;
    for (const [tx, host] of this.#aborted) {
      if (this.#hasCommitted(host, tx)) {
        this.#findings.report(
          '6 atomic',
          `${host.name} reported ${short(tx)} as refused; it was done`,
        );
      }
    }
  }

  #hasCommitted(host: Host, tx: string): boolean {
    const disk = this.#observed.of(host);
    const attempts = [...(disk.byOrder.get(tx) ?? [])];
    return attempts.some((name) => disk.attempts.get(name)?.phase === 'COMMITTED');
  }
}
