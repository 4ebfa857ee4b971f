/**
 * What the two ends of an edge whose books differ send each other (docs/PROTOCOL.md, "Both books of
 * an edge"): each lists what it has applied, asks for the receipts of what it lacks, and checks them
 * as if new. Who lacks something pulls it, so nobody is sent more than it can take.
 */
import { GeoError } from '../../../protocol/errors.ts';
import {
  type Hash,
  hashFromBytes,
  type Pid,
  type PublicKey,
  pidFromPublicKey,
} from '../../../protocol/identity/pid.ts';
import { counterparty, type Edge, type EdgeId } from '../../../protocol/ledger/edge.ts';
import { openManifest } from '../../../protocol/machines/manifest.ts';
import { type Receipt, readReceipt } from '../../../protocol/receipt.ts';
import { bareFrame, readSigned } from '../../../protocol/wire/envelope.ts';
import type { EdgeHistory } from '../../../protocol/wire/messages/edge.ts';
import type { Ports } from '../../ports.ts';
import { appliedAfter, keys } from '../../store/keys.ts';
import { AttemptRecord, decodeRecord } from '../../store/records.ts';
import type { Attempts } from '../attempts/attempts.ts';
import { wholeReceiptOf } from '../attempts/statements.ts';
import type { Hall } from '../hall.ts';
import type { TrustLines } from './trust-lines.ts';
import type { EdgeWatch } from './watches.ts';

/** Hashes in one page of a list, and bytes of receipts in one frame: both fit a frame with room. */
const PAGE_HASHES = 1024;
const PAGE_RECEIPT_BYTES = 40 * 1024;
/** Receipts that are asked for and not there yet. A peer is given no more than this for one request. */
const ASKED_MAX = 64;
/** Until then a receipt that was asked for may still be on its way, ms; another list asks for it again. */
const UNDER_WAY_MS = 2_000;
/** Hashes remembered to be asked for; a longer list is asked for again when these are there. */
const LACKING_MAX = 4096;

export interface EdgeHistoriesContext {
  readonly ports: Ports;
  readonly hall: Hall;
  readonly attempts: Attempts;
  readonly lines: TrustLines;
  /** A receipt has been applied. */
  readonly onRecovered: (watch: EdgeWatch) => void;
  /** Everything that was asked for has come: the books can be compared again. */
  readonly onCaughtUp: (to: PublicKey, edge: EdgeId) => void;
  /** The other end's list is complete, and everything in it has been applied here too. */
  readonly onListKnown: (edge: Edge, watch: EdgeWatch, count: number) => Promise<void>;
}

/** Who sent a message about an edge, which end this node serves, and which the sender. */
export interface Speaker {
  readonly from: PublicKey;
  readonly near: Pid;
  readonly far: Pid;
}

export class EdgeHistories {
  readonly #context: EdgeHistoriesContext;

  constructor(context: EdgeHistoriesContext) {
    this.#context = context;
  }

  /** EDGE_HISTORY from the other end: newer lines, its proofs, its wishes, a page of its list. */
  async receive(speaker: Speaker, edge: Edge, watch: EdgeWatch, body: EdgeHistory): Promise<void> {
    const { from } = speaker;
    if (body.lines !== undefined) await this.#adoptLines(speaker, body.lines);
    if (body.receipts !== undefined) await this.#adopt(from, edge, watch, body.receipts);
    if (body.wanted !== undefined) this.#sendReceipts(from, edge, body.wanted);
    if (body.applied !== undefined) await this.#hearPage(from, edge, watch, body, body.applied);
  }

  /** What was applied here after `base`, in pages. */
  async sendList(to: PublicKey, edge: Edge, watch: EdgeWatch, base: number): Promise<void> {
    // A peer that asks again while the answer is on its way gets one answer.
    if (watch.listing) return;
    watch.listing = true;
    try {
      const applied = await this.#appliedAfter(edge, base);
      for (let offset = 0; offset === 0 || offset < applied.length; offset += PAGE_HASHES) {
        this.#send(to, edge, {
          base,
          offset,
          applied: applied.slice(offset, offset + PAGE_HASHES),
          complete: offset + PAGE_HASHES >= applied.length,
        });
      }
    } finally {
      watch.listing = false;
    }
  }

  /** The newest versions of lines of which the other end has older ones. */
  sendLines(to: PublicKey, edge: Edge, owners: readonly Pid[]): void {
    const lines: NonNullable<EdgeHistory['lines']>[number][] = [];
    for (const owner of owners) {
      const name = `${edge.equivalent}/${owner}/${counterparty(edge, owner)}`;
      const stored = this.#context.hall.state.lines.get(name);
      if (stored !== undefined) lines.push([stored.type, stored.envelope]);
    }
    if (lines.length > 0) this.#send(to, edge, { lines });
  }

  async #hearPage(
    from: PublicKey,
    edge: Edge,
    watch: EdgeWatch,
    body: EdgeHistory,
    applied: readonly Hash[],
  ): Promise<void> {
    if (body.offset === 0) {
      watch.list = { base: body.base, next: 0, unknown: 0 };
      watch.lacking.clear();
      const { clock } = this.#context.ports;
      if (clock.now() - watch.lastAsked >= UNDER_WAY_MS) watch.asked.clear();
    }
    const { list } = watch;
    // A page out of place belongs to an older list.
    if (list === undefined || list.base !== body.base || list.next !== body.offset) return;
    let { unknown } = list;
    for (const hash of applied) {
      if (this.#isApplied(edge, hash)) continue;
      unknown++;
      if (!watch.asked.has(hash) && watch.lacking.size < LACKING_MAX) watch.lacking.add(hash);
    }
    const next = list.next + applied.length;
    watch.list = { base: list.base, next, unknown };
    this.#ask(from, edge, watch);
    if (!body.complete) return;
    delete watch.list;
    if (unknown === 0) await this.#context.onListKnown(edge, watch, list.base + next);
  }

  #ask(from: PublicKey, edge: EdgeId, watch: EdgeWatch): void {
    const wanted: Hash[] = [];
    for (const hash of watch.lacking) {
      if (watch.asked.size >= ASKED_MAX) break;
      watch.lacking.delete(hash);
      watch.asked.add(hash);
      wanted.push(hash);
    }
    if (wanted.length === 0) return;
    watch.lastAsked = this.#context.ports.clock.now();
    this.#send(from, edge, { wanted });
  }

  async #adopt(
    from: PublicKey,
    edge: Edge,
    watch: EdgeWatch,
    receipts: readonly Uint8Array[],
  ): Promise<void> {
    const waited = watch.asked.size > 0;
    const taken = await Promise.all(receipts.map((bytes) => this.#adoptOne(from, watch, bytes)));
    if (taken.includes(true)) watch.gained = true;
    this.#ask(from, edge, watch);
    if (!waited || watch.asked.size > 0) return;
    // Where nothing was taken nothing has changed: another comparison at once would end in the same refusals.
    if (watch.gained) this.#context.onCaughtUp(from, edge);
    watch.gained = false;
  }

  /**
   * A receipt that proves nothing is dropped; it says nothing about the others.
   * @returns whether it was taken, or known already
   */
  async #adoptOne(from: PublicKey, watch: EdgeWatch, bytes: Uint8Array): Promise<boolean> {
    try {
      const receipt = readReceipt(bytes);
      const open = openManifest(receipt.manifest);
      if (!watch.asked.delete(open.hash)) throw notAsked();
      const outcome = await this.#context.hall.turn((turn) =>
        this.#context.attempts.receipt(turn, open, bundleOf(receipt)),
      );
      if (outcome === 'applied') this.#context.onRecovered(watch);
      return true;
    } catch (error) {
      // What the own disk refuses is asked for again at the next comparison.
      if (!(error instanceof GeoError)) throw error;
      const { code, details } = error;
      this.#context.ports.log.warn(
        { peer: pidFromPublicKey(from), code, fault: details.fault },
        'a receipt was refused',
      );
      return false;
    }
  }

  async #adoptLines(
    { near, far }: Speaker,
    lines: NonNullable<EdgeHistory['lines']>,
  ): Promise<void> {
    // The own line first: it shows that the equivalent was known here.
    const isOwn = (envelope: Uint8Array) => Number(ownerOf(envelope) === near);
    const ordered = [...lines].sort(([, a], [, b]) => isOwn(b) - isOwn(a));
    for (const [type, envelope] of ordered) {
      await this.#context.hall.turn((turn) =>
        this.#context.lines.adopt(turn, near, far, type, envelope),
      );
    }
  }

  #sendReceipts(to: PublicKey, edge: EdgeId, wanted: readonly Hash[]): void {
    let page: Uint8Array[] = [];
    let size = 0;
    for (const hash of wanted.slice(0, ASKED_MAX)) {
      const bytes = this.#receiptFor(edge, hash);
      if (bytes === undefined) continue;
      if (size + bytes.length > PAGE_RECEIPT_BYTES && page.length > 0) {
        this.#send(to, edge, { receipts: page });
        page = [];
        size = 0;
      }
      page.push(bytes);
      size += bytes.length;
    }
    if (page.length > 0) this.#send(to, edge, { receipts: page });
  }

  /** Only what concerns this edge is the business of its other end. */
  #receiptFor(edge: EdgeId, hash: Hash): Uint8Array | undefined {
    const { state } = this.#context.hall;
    const attempt = state.attemptOf(hash);
    if (attempt?.commit.phase !== 'COMMITTED') return undefined;
    const concerns = attempt.effects.some((effect) => sameEdge(effect.edge, edge));
    return concerns ? wholeReceiptOf(attempt) : undefined;
  }

  /** On this very edge: a member brings edges along to which a known attempt has not been applied here. */
  #isApplied(edge: EdgeId, hash: Hash): boolean {
    const live = this.#context.hall.state.attempts.get(hash);
    if (live !== undefined) {
      return live.commit.phase === 'COMMITTED' && live.effects.some((e) => sameEdge(e.edge, edge));
    }
    const value = this.#context.ports.store.get(keys.attempt(hash));
    if (value === undefined) return false;
    const { phase, effects } = decodeRecord(AttemptRecord, value);
    return phase === 'COMMITTED' && effects.some((effect) => sameEdge(effect, edge));
  }

  async #appliedAfter(edge: EdgeId, count: number): Promise<Hash[]> {
    // What is still on its way to the disk must be in the list: wait for it.
    await this.#context.hall.turn(() => undefined);
    const hashes: Hash[] = [];
    for await (const [, value] of this.#context.ports.store.scan(appliedAfter(edge, count))) {
      hashes.push(hashFromBytes(value));
    }
    return hashes;
  }

  #send(to: PublicKey, edge: EdgeId, part: Partial<EdgeHistory>): void {
    const frame = bareFrame('EDGE_HISTORY', {
      low: edge.low,
      high: edge.high,
      equivalent: edge.equivalent,
      base: 0,
      offset: 0,
      complete: false,
      ...part,
    });
    this.#context.ports.transport.send(to, frame);
  }
}

function sameEdge(a: EdgeId, b: EdgeId): boolean {
  return a.low === b.low && a.high === b.high && a.equivalent === b.equivalent;
}

function ownerOf(envelope: Uint8Array): Pid {
  return pidFromPublicKey(readSigned('TRUST_LINE_UPDATE', envelope).body.from_key);
}

function bundleOf({ votes, applied }: Receipt) {
  return { votes, withdrawals: [], applied };
}

function notAsked(): GeoError {
  return new GeoError('E006', 'A receipt came that was not asked for.', { fault: 'not_asked' });
}
