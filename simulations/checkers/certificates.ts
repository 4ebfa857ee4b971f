/**
 * Every debt is the sum of stored certificates (docs/PROTOCOL.md, "Invariants": 10): at the moment
 * of a commit the disk holds one valid YES of every voter over this manifest, the order's (or proposal's)
 * signature, and a first-hand `applied` of a voter other than the coordinator.
 */

import type { VerifySignature } from '../../node/ports.ts';
import type { PublicKey } from '../../protocol/identity/pid.ts';
import { type CborMap, decode } from '../../protocol/wire/cbor.ts';
import { isSignedBy, readSigned } from '../../protocol/wire/envelope.ts';
import type { MessageName } from '../../protocol/wire/message-types.ts';
import type { Host } from '../simulator/host.ts';
import { type Findings, short } from './findings.ts';
import { NAMES } from './frames.ts';
import type { BatchChange, SeenAttempt, StepRule } from './observed.ts';
import { type Hex, hexOf, payloadOf, signatureOf } from './reading.ts';

interface Checked {
  readonly type: MessageName;
  readonly key: Hex;
  readonly bytes: Uint8Array;
  readonly valid: boolean;
}

export class Certificates implements StepRule {
  readonly #findings: Findings;
  readonly #verify: VerifySignature;
  /** What was checked already, by its signature, with all that the answer rests on. */
  readonly #checked = new Map<string, Checked>();

  constructor(findings: Findings, verify: VerifySignature) {
    this.#findings = findings;
    this.#verify = verify;
  }

  changed({ host, attempts }: BatchChange): void {
    for (const { before, after } of attempts) {
      if (after.phase === 'COMMITTED' && before?.phase !== 'COMMITTED') this.#check(host, after);
    }
  }

  #check(host: Host, { manifest, size }: SeenAttempt): void {
    const said = (key: string) => host.disk.image.get(`said/${manifest.hash}/${key}`);
    const missing: string[] = [];
    const kind = manifest.clearing === undefined ? 'payment' : 'clearing';
    const ordered = kind === 'payment' ? 'PAYMENT_REQUEST' : 'CLEARING_PROPOSE';
    if (!this.#isSigned(ordered, manifest.order, manifest.orderedBy)) {
      missing.push('the signed order');
    }
    const vote = NAMES.vote[kind];
    const applies = NAMES.applied[kind];
    const says = (type: MessageName, key: string, voter: Hex, fact: 'yes' | 'first_hand') => {
      const bytes = said(key);
      if (bytes === undefined || !this.#isSigned(type, bytes, voter)) return false;
      const body = decode(payloadOf(bytes)) as CborMap;
      return body[fact] === true && hexOf(body.manifest as Uint8Array) === manifest.hash;
    };
    for (const [i, voter] of manifest.voterKeys.entries()) {
      if (!says(vote, `y${i}`, voter, 'yes')) missing.push(`the YES of voter ${i}`);
    }
    const others = manifest.voterKeys.slice(0, -1);
    const applied = others.some((voter, i) => says(applies, `f${i}`, voter, 'first_hand'));
    if (size > 1 && !applied) missing.push('a first-hand applied');
    if (missing.length === 0) return;
    this.#findings.report(
      '10 certificates',
      `${host.name} committed ${short(manifest.hash)} without ${missing.join(', ')}`,
    );
  }

  /** Each statement is on many disks, and its signature is checked once. */
  #isSigned(type: MessageName, bytes: Uint8Array, key: Hex): boolean {
    const name = signatureOf(bytes);
    const known = this.#checked.get(name);
    if (known?.type === type && known.key === key && Buffer.compare(known.bytes, bytes) === 0) {
      return known.valid;
    }
    const valid = isSignedBy(readSigned(type, bytes), key as PublicKey, this.#verify);
    this.#checked.set(name, { type, key, bytes, valid });
    return valid;
  }
}
