/**
 * Nothing is sent before what it rests on is durable (docs/PROTOCOL.md, "Invariants": 8): whatever
 * statements a frame shows are on the sender's disk, and so is the stance it claims.
 */
import type { StoreOp } from '../../node/ports.ts';
import { type CborMap, decode } from '../../protocol/wire/cbor.ts';
import type { Host } from '../simulator/host.ts';
import type { Watch } from '../simulator/watch.ts';
import { type Findings, short } from './findings.ts';
import { bodyOf, partOf, type ReadFrame, readFrame, statementsIn } from './frames.ts';
import type { Observed } from './observed.ts';
import {
  edgeName,
  type Hex,
  hexOf,
  participantOf,
  payloadOf,
  sha256Of,
  signatureOf,
} from './reading.ts';

export class Durability implements Watch {
  readonly #findings: Findings;
  readonly #observed: Observed;
  /** Signatures on each disk. */
  readonly #stored = new Map<Host, Set<string>>();
  /** A frame that goes to many is looked at once. */
  #last: Uint8Array | undefined;

  constructor(findings: Findings, observed: Observed) {
    this.#findings = findings;
    this.#observed = observed;
  }

  writing(host: Host, ops: readonly StoreOp[]): void {
    for (const op of ops) {
      if (op.type !== 'put' || !op.key.startsWith('said/')) continue;
      this.#of(host).add(signatureOf(op.value));
    }
  }

  sent(from: Host, _to: Host | undefined, bytes: Uint8Array): void {
    if (from.isHostile || bytes === this.#last) return;
    this.#last = bytes;
    const frame = readFrame(bytes);
    switch (partOf(frame.name) ?? frame.name) {
      case 'vote':
      case 'applied':
      case 'WITHDRAW':
        this.#requireStored(from, [frame.body], frame.name);
        break;
      case 'CLEARING_PROPOSE':
      case 'CLEARING_ACCEPT':
      case 'CLEARING_REJECT':
        this.#requireInRecord(from, frame);
        break;
      case 'TRUST_LINE_CREATE':
      case 'TRUST_LINE_UPDATE':
      case 'TRUST_LINE_CLOSE': {
        const line = decode(payloadOf(frame.body)) as CborMap;
        const owner = participantOf(line.from_key as Uint8Array);
        this.#requireLine(from, owner, hexOf(line.to as Uint8Array), line);
        break;
      }
      case 'prepare': {
        const { manifest } = bodyOf(frame) as { readonly manifest: Uint8Array };
        const name = sha256Of(manifest);
        if (!this.#observed.of(from).attempts.has(name)) {
          this.#report(from, `a manifest ${short(name)} is sent that is not stored`);
        }
        break;
      }
      case 'commit':
      case 'abort':
      case 'STATUS_QUERY':
      case 'WITHDRAW_REQUEST':
        this.#requireStored(from, statementsIn(bodyOf(frame)), frame.name);
        break;
      case 'STATUS_REPLY': {
        const body = bodyOf(frame);
        this.#requireStored(from, statementsIn(body), frame.name);
        this.#requireStance(from, body);
        break;
      }
      case 'TRUST_LINE_ACK': {
        const line = bodyOf(frame);
        if (line.accepted !== true) break;
        const [owner, to] = [line.from, line.to].map((pid) => hexOf(pid as Uint8Array));
        this.#requireLine(from, owner!, to!, line);
        break;
      }
    }
  }

  #of(host: Host): Set<string> {
    let stored = this.#stored.get(host);
    if (stored === undefined) {
      stored = new Set();
      this.#stored.set(host, stored);
    }
    return stored;
  }

  #requireStored(from: Host, statements: readonly Uint8Array[], name: string | undefined): void {
    const stored = this.#of(from);
    if (statements.every((statement) => stored.has(signatureOf(statement)))) return;
    this.#report(from, `a ${name} shows what is not stored`);
  }

  /** A proposal, and what is said to it, stand in the record of the clearing. */
  #requireInRecord(from: Host, { name, body }: ReadFrame): void {
    const payload = payloadOf(body);
    const tx =
      name === 'CLEARING_PROPOSE'
        ? sha256Of(payload)
        : hexOf((decode(payload) as CborMap).tx as Uint8Array);
    const record = from.disk.image.get(`tx/${tx}`);
    const { order, clearing } = (record === undefined ? {} : decode(record)) as CborMap;
    const { accepted, rejected, consents } = (clearing ?? {}) as CborMap;
    const stored = {
      CLEARING_PROPOSE: [order],
      // Its own, or those of its members that it passes on.
      CLEARING_ACCEPT: [accepted, ...((consents ?? []) as Uint8Array[])],
      CLEARING_REJECT: [rejected],
    };
    const kept = stored[name as keyof typeof stored] as (Uint8Array | undefined)[];
    if (kept.some((each) => each !== undefined && Buffer.compare(each, body) === 0)) return;
    this.#report(from, `a ${name} about ${short(tx)} is sent that is not stored`);
  }

  /** A later turn of the same batch may have gone on, so only what is final can be compared. */
  #requireStance(from: Host, body: CborMap): void {
    const name = hexOf(body.manifest as Uint8Array);
    const phase = this.#observed.of(from).attempts.get(name)?.phase;
    const fits =
      (body.stance !== 'committed' || phase === 'COMMITTED') &&
      (body.stance !== 'aborted' || phase === 'ABORTED' || phase === 'COMMITTED');
    if (!fits)
      this.#report(from, `says ${String(body.stance)} of ${short(name)}, stored is ${phase}`);
  }

  /** This version of a line, or a newer one that took its place in the same batch. */
  #requireLine(from: Host, owner: Hex, to: Hex, line: CborMap): void {
    const edge = this.#observed.of(from).edges.get(edgeName(line.equivalent as string, owner, to));
    const stored = edge?.low === owner ? edge.lowLine : edge?.highLine;
    if (stored === undefined || stored.sequence < Number(line.sequence)) {
      this.#report(from, `a line of ${short(owner)} is sent or acknowledged that is not stored`);
    }
  }

  #report(from: Host, text: string): void {
    this.#findings.report('8 durable', `${from.name}: ${text}`);
  }
}
