/**
 * Every debt is the sum of stored certificates (docs/PROTOCOL.md, "Invariants": 10): at the moment
 * of a commit the disk holds one valid YES of every voter over this manifest, the order's signature,
 * and a first-hand `applied` of a voter other than the coordinator.
 */

import type { VerifySignature } from '../../node/ports.ts';
import type { PublicKey } from '../../protocol/identity/pid.ts';
import { type CborMap, decode } from '../../protocol/wire/cbor.ts';
import { isSignedBy, readSigned } from '../../protocol/wire/envelope.ts';
import type { Host } from '../simulator/host.ts';
import { type Findings, short } from './findings.ts';
import type { BatchChange, SeenAttempt, StepRule } from './observed.ts';
import { hexOf } from './reading.ts';

export class Certificates implements StepRule {
  readonly #findings: Findings;
  readonly #verify: VerifySignature;

  constructor(findings: Findings, verify: VerifySignature) {
    this.#findings = findings;
    this.#verify = verify;
  }

  changed({ host, attempts }: BatchChange): void {
    for (const { before, after } of attempts) {
      if (after.phase === 'COMMITTED' && before?.phase !== 'COMMITTED') this.#check(host, after);
    }
  }

  #check(host: Host, attempt: SeenAttempt): void {
    const { manifest, size } = attempt;
    const { image } = host.disk;
    const stored = decode(image.get(`manifest/${manifest.hash}`)!) as {
      readonly voters: readonly Uint8Array[];
      readonly order: Uint8Array;
    };
    const voters = stored.voters.map((key) => hexOf(key) as PublicKey);
    const said = (key: string) => image.get(`said/${manifest.hash}/${key}`);
    const missing: string[] = [];
    const orderKey = hexOf(
      (decode(readSigned('PAYMENT_REQUEST', stored.order).payload) as { payer_key: Uint8Array })
        .payer_key,
    ) as PublicKey;
    const order = readSigned('PAYMENT_REQUEST', stored.order);
    if (!isSignedBy(order, orderKey, this.#verify)) missing.push("the payer's order");
    for (const [i, voter] of voters.entries()) {
      const vote = said(`y${i}`);
      if (vote === undefined || !this.#isYes(vote, voter, manifest.hash)) {
        missing.push(`the YES of voter ${i}`);
      }
    }
    const applied = voters.slice(0, -1).some((voter, i) => {
      const bytes = said(`f${i}`);
      return bytes !== undefined && this.#isApplied(bytes, voter, manifest.hash);
    });
    if (size > 1 && !applied) missing.push('a first-hand applied');
    if (missing.length === 0) return;
    this.#findings.report(
      '10 certificates',
      `${host.name} committed ${short(manifest.hash)} without ${missing.join(', ')}`,
    );
  }

  #isYes(bytes: Uint8Array, voter: PublicKey, manifest: string): boolean {
    const vote = readSigned('PAYMENT_PREPARE_ACK', bytes);
    const { yes, manifest: about } = decode(vote.payload) as CborMap;
    return (
      yes === true &&
      hexOf(about as Uint8Array) === manifest &&
      isSignedBy(vote, voter, this.#verify)
    );
  }

  #isApplied(bytes: Uint8Array, voter: PublicKey, manifest: string): boolean {
    const applied = readSigned('PAYMENT_COMMIT_ACK', bytes);
    const { first_hand, manifest: about } = decode(applied.payload) as CborMap;
    return (
      first_hand === true &&
      hexOf(about as Uint8Array) === manifest &&
      isSignedBy(applied, voter, this.#verify)
    );
  }
}
