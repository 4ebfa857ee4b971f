/**
 * Keeps both books of every edge the same (docs/PROTOCOL.md, "Both books of an edge"): compares
 * after each connect and from time to time, fetches and proves what one side lacks, freezes an edge
 * whose books really differ, and has statements signed by both ends.
 *
 * Until an edge has been compared once since the start, this node votes on nothing that uses it: a
 * node with old books finds out before it promises anything.
 */
import { GeoError } from '../../protocol/errors.ts';
import {
  type Hash,
  hashFromBytes,
  type Pid,
  type PublicKey,
  pidFromPublicKey,
} from '../../protocol/identity/pid.ts';
import {
  counterparty,
  type Edge,
  type EdgeId,
  edgeKey,
  newEdge,
} from '../../protocol/ledger/edge.ts';
import {
  differenceOf,
  edgeStateOf,
  newerLines,
  sameBooks,
} from '../../protocol/machines/edge-sync.ts';
import { openManifest } from '../../protocol/machines/manifest.ts';
import { readReceipt } from '../../protocol/receipt.ts';
import { bareFrame, readSigned } from '../../protocol/wire/envelope.ts';
import type { EdgeDigest, EdgeHistory } from '../../protocol/wire/messages/edge.ts';
import type { Ports } from '../ports.ts';
import { appliedAfter } from '../store/keys.ts';
import type { Attempts } from './attempts.ts';
import type { Hall } from './hall.ts';
import { receiptOf } from './statements.ts';
import type { TrustLines } from './trust-lines.ts';
import type { Turn } from './turn.ts';

/** Hashes in one page of a history, and the bytes of receipts in one frame: both fit a frame with room. */
const PAGE_HASHES = 1024;
const PAGE_RECEIPT_BYTES = 40 * 1024;
/** Exchanges without agreement before an edge that nothing is under way on counts as disputed. */
const ROUNDS_MAX = 4;
/** Hashes that a peer may list; a longer history has to be closed by statements first. */
const HISTORY_MAX = 200_000;

interface Watch {
  /** The books were equal at least once since the start. */
  compared: boolean;
  /** What the other end said last. */
  theirs?: EdgeDigest;
  /** Exchanges since the books were last equal. */
  rounds: number;
  /** The other end's list, as far as it has come. */
  listed: Hash[];
  waiting: (() => void)[];
}

export interface EdgeSyncContext {
  readonly ports: Ports;
  readonly hall: Hall;
  readonly attempts: Attempts;
  readonly lines: TrustLines;
  readonly keyOf: (pid: Pid) => PublicKey | undefined;
  /** Both books are equal: a moment at which a statement can be signed. */
  readonly onEqual: (edge: Edge) => void;
}

export class EdgeSync {
  readonly #context: EdgeSyncContext;
  readonly #me: Pid;
  readonly #watches = new Map<string, Watch>();
  /** Payments that only this exchange brought back. */
  recovered = 0;

  constructor(context: EdgeSyncContext) {
    this.#context = context;
    this.#me = pidFromPublicKey(context.ports.signer.publicKey);
  }

  isCompared(id: EdgeId): boolean {
    return this.#watches.get(edgeKey(id))?.compared === true;
  }

  /** An own edge that payments have to wait for. */
  mustCompare(id: EdgeId): boolean {
    return this.#context.hall.state.edges.has(edgeKey(id)) && !this.isCompared(id);
  }

  /** What the other end said last of its book. */
  theirsOf(id: EdgeId): EdgeDigest | undefined {
    return this.#watches.get(edgeKey(id))?.theirs;
  }

  /** Compares every edge with a peer: after a connect, and from time to time. */
  compareWith(peer: Pid): void {
    for (const edge of this.#context.hall.state.edges.values()) {
      if (counterparty(edge, this.#me) === peer) this.compare(edge);
    }
  }

  compare(edge: Edge): void {
    const key = this.#context.keyOf(counterparty(edge, this.#me));
    if (key !== undefined) this.#tell(key, edge, true);
  }

  /** Quiet edges only: where payments are under way the books differ for a moment, and mend themselves. */
  compareQuiet(): void {
    for (const edge of this.#context.hall.state.edges.values()) {
      if (edge.heldUp === 0n && edge.heldDown === 0n) this.compare(edge);
    }
  }

  /** Resolves when all of these edges have been compared, or after `waitMs`. */
  async whenCompared(ids: readonly EdgeId[], waitMs: number): Promise<void> {
    const open = ids.filter((id) => this.mustCompare(id));
    if (open.length === 0) return;
    await new Promise<void>((resolve) => {
      let left = open.length;
      const cancel = this.#context.ports.clock.after(waitMs, resolve);
      for (const id of open) {
        this.#watch(edgeKey(id)).waiting.push(() => {
          left--;
          if (left > 0) return;
          cancel();
          resolve();
        });
        this.compare(this.#context.hall.state.edges.get(edgeKey(id))!);
      }
    });
  }

  /** EDGE_DIGEST from the other end. */
  async digest(from: PublicKey, theirs: EdgeDigest): Promise<void> {
    const edge = this.#edgeWith(from, theirs);
    if (edge === undefined) return;
    const watch = this.#watch(edgeKey(edge));
    watch.theirs = theirs;
    const mine = edgeStateOf(edge);
    const owners = newerLines(mine, theirs);
    if (owners.length > 0) this.#sendLines(from, edge, owners);
    if (theirs.precision !== mine.precision) {
      throw new GeoError('E009', 'The two ends of an edge count with different precisions.', {
        fault: 'precision_differs',
      });
    }
    if (sameBooks(mine, theirs)) {
      // Equal books in memory may rest on a batch under way: the answer waits for the disk.
      await this.#context.hall.turn((turn) => this.#settle(turn, edge));
      if (theirs.answer) this.#tell(from, edge, false);
      this.#becomeEqual(edge);
      return;
    }
    if (theirs.answer) this.#tell(from, edge, false);
    await this.#sendHistory(from, edge, Math.min(edge.base, theirs.base));
  }

  /** EDGE_HISTORY from the other end: its list, its wishes, its proofs, newer lines. */
  async history(from: PublicKey, theirs: EdgeHistory): Promise<void> {
    const edge = this.#edgeWith(from, theirs);
    if (edge === undefined) return;
    if (theirs.lines !== undefined) await this.#adoptLines(from, theirs.lines);
    if (theirs.receipts !== undefined) await this.#adoptReceipts(from, edge, theirs.receipts);
    if (theirs.wanted !== undefined) await this.#sendReceipts(from, edge, theirs.wanted);
    if (theirs.applied !== undefined) await this.#hearList(from, edge, theirs);
  }

  async #hearList(from: PublicKey, edge: Edge, theirs: EdgeHistory): Promise<void> {
    const watch = this.#watch(edgeKey(edge));
    if (theirs.offset === 0) watch.listed = [];
    // A page out of place belongs to an older list.
    if (theirs.offset !== watch.listed.length) return;
    if (watch.listed.length + theirs.applied!.length > HISTORY_MAX) {
      throw new GeoError('E009', 'That history is too long; sign a statement first.', {
        fault: 'history_too_long',
      });
    }
    watch.listed.push(...theirs.applied!);
    if (!theirs.complete) return;
    const mine = await this.#appliedAfter(edge, theirs.base);
    const { missing, extra } = differenceOf(mine, watch.listed);
    watch.listed = [];
    watch.rounds++;
    if (extra.length > 0) await this.#sendReceipts(from, edge, extra);
    for (let at = 0; at < missing.length; at += PAGE_HASHES) {
      this.#send(from, edge, { wanted: missing.slice(at, at + PAGE_HASHES) });
    }
    const agreed = missing.length === 0 && extra.length === 0;
    if (agreed || watch.rounds > ROUNDS_MAX) await this.#judge(edge, agreed);
  }

  /** The lists agree and the books do not, or the exchange leads nowhere: a real difference. */
  async #judge(edge: Edge, agreed: boolean): Promise<void> {
    const watch = this.#watch(edgeKey(edge));
    const { theirs } = watch;
    await this.#context.hall.turn((turn) => {
      const now = turn.edge(edge)!;
      const quiet = now.heldUp === 0n && now.heldDown === 0n;
      if (theirs === undefined || sameBooks(edgeStateOf(now), theirs) || now.dispute) return;
      // While payments are under way a difference is expected; it is looked at again later.
      if (!quiet || (agreed && watch.rounds <= 1)) return;
      const text = `the books differ: here ${now.balance} after ${now.count}, there ${theirs.balance} after ${theirs.count} (smallest unit, positive: the higher PID owes)`;
      turn.putEdge({ ...now, dispute: text });
      turn.history({
        type: 'alert',
        text: `An edge is frozen: ${text}. Compare both sides with geo edge show.`,
        peer: counterparty(now, this.#me),
        equivalent: now.equivalent,
      });
      turn.notice({ type: 'alert', text, peer: counterparty(now, this.#me) });
    });
  }

  /** Equal again after a dispute: whoever was behind has caught up. */
  #settle(turn: Turn, edge: Edge): void {
    const now = turn.edge(edge);
    if (now?.dispute?.startsWith('the books differ') !== true) return;
    const { dispute: _, ...rest } = now;
    turn.putEdge(rest);
    turn.history({
      type: 'alert',
      text: 'An edge is open again: both books are equal.',
      peer: counterparty(now, this.#me),
      equivalent: now.equivalent,
    });
  }

  async #adoptReceipts(
    from: PublicKey,
    edge: Edge,
    receipts: readonly Uint8Array[],
  ): Promise<void> {
    for (const bytes of receipts) {
      const receipt = readReceipt(bytes);
      const open = openManifest(receipt.manifest);
      const bundle = { votes: receipt.votes, withdrawals: [], applied: receipt.applied };
      const outcome = await this.#context.hall.turn((turn) => {
        const done = this.#context.attempts.receipt(turn, open, bundle);
        if (done === 'applied') {
          turn.history({
            type: 'payment',
            text: "caught up from the other end's certificate",
            tx: open.tx,
            peer: counterparty(edge, this.#me),
            equivalent: edge.equivalent,
          });
        }
        return done;
      });
      if (outcome === 'applied') this.recovered++;
    }
    this.#tell(from, this.#current(edge), true);
  }

  async #adoptLines(from: PublicKey, lines: NonNullable<EdgeHistory['lines']>): Promise<void> {
    // The own line first: it shows that the equivalent was known here.
    const ordered = [...lines].sort(([, a], [, b]) => this.#isOwn(b) - this.#isOwn(a));
    for (const [type, envelope] of ordered) {
      await this.#context.hall.turn((turn) =>
        this.#context.lines.adopt(turn, pidFromPublicKey(from), type, envelope),
      );
    }
  }

  #isOwn(envelope: Uint8Array): number {
    const { body } = readSigned('TRUST_LINE_UPDATE', envelope);
    return body.from_key === this.#context.ports.signer.publicKey ? 1 : 0;
  }

  async #sendHistory(to: PublicKey, edge: Edge, base: number): Promise<void> {
    const applied = await this.#appliedAfter(edge, base);
    for (let offset = 0; offset === 0 || offset < applied.length; offset += PAGE_HASHES) {
      this.#send(to, edge, {
        base,
        offset,
        applied: applied.slice(offset, offset + PAGE_HASHES),
        complete: offset + PAGE_HASHES >= applied.length,
      });
    }
  }

  async #sendReceipts(to: PublicKey, edge: Edge, hashes: readonly Hash[]): Promise<void> {
    let page: Uint8Array[] = [];
    let size = 0;
    for (const hash of hashes) {
      const attempt =
        this.#context.hall.state.attempts.get(hash) ?? this.#context.hall.state.readAttempt(hash);
      // Only what concerns this edge is this peer's business.
      const concerns = attempt?.effects.some((effect) => edgeKey(effect.edge) === edgeKey(edge));
      if (attempt?.commit.phase !== 'COMMITTED' || !concerns) continue;
      const bytes = receiptOf(attempt);
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

  #sendLines(to: PublicKey, edge: Edge, owners: readonly Pid[]): void {
    const lines: NonNullable<EdgeHistory['lines']>[number][] = [];
    for (const owner of owners) {
      const name = `${edge.equivalent}/${owner}/${counterparty(edge, owner)}`;
      const stored = this.#context.hall.state.lines.get(name);
      if (stored !== undefined) lines.push([stored.type, stored.envelope]);
    }
    if (lines.length > 0) this.#send(to, edge, { lines });
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

  #tell(to: PublicKey, edge: Edge, answer: boolean): void {
    const frame = bareFrame('EDGE_DIGEST', { ...edgeStateOf(edge), base: edge.base, answer });
    this.#context.ports.transport.send(to, frame);
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

  #becomeEqual(edge: Edge): void {
    const watch = this.#watch(edgeKey(edge));
    watch.compared = true;
    watch.rounds = 0;
    for (const resolve of watch.waiting.splice(0)) resolve();
    this.#context.onEqual(edge);
  }

  #current(edge: Edge): Edge {
    return this.#context.hall.state.edges.get(edgeKey(edge)) ?? edge;
  }

  #watch(key: string): Watch {
    let watch = this.#watches.get(key);
    if (watch === undefined) {
      watch = { compared: false, rounds: 0, listed: [], waiting: [] };
      this.#watches.set(key, watch);
    }
    return watch;
  }

  /**
   * The own edge that a message of its other end is about. One that this node does not know (its
   * books may be old) counts as empty, unless the other end has nothing to tell either.
   * @throws GeoError E006 `wrong_sender`
   */
  #edgeWith(from: PublicKey, about: EdgeId & Partial<EdgeDigest>): Edge | undefined {
    const peer = pidFromPublicKey(from);
    const ends = [about.low, about.high];
    if (peer === this.#me || !ends.includes(peer) || !ends.includes(this.#me)) {
      throw new GeoError('E006', 'Only the other end of an edge may speak about its books.', {
        fault: 'wrong_sender',
      });
    }
    const known = this.#context.hall.state.edges.get(edgeKey(about));
    if (known !== undefined) return known;
    const precision = this.#context.hall.state.equivalents.get(about.equivalent)?.precision;
    return newEdge(about, about.precision ?? precision ?? 0);
  }
}
