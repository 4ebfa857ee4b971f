/**
 * Keeps both books of every edge the same (docs/PROTOCOL.md, "Both books of an edge"): compares
 * after each connect and from time to time, has what one side lacks fetched and proved, and freezes
 * an edge whose books really differ, until they are equal again.
 *
 * Until an edge has been compared once since the start, this node votes on nothing that uses it: a
 * node with old books finds out before it promises anything.
 */
import { GeoError } from '../../../protocol/errors.ts';
import type { Hash, Pid, PublicKey } from '../../../protocol/identity/pid.ts';
import {
  counterparty,
  type Edge,
  type EdgeId,
  edgeKey,
  newEdge,
} from '../../../protocol/ledger/edge.ts';
import { edgeStateOf, newerLines, sameBooks } from '../../../protocol/machines/edge-sync.ts';
import type { OpenManifest } from '../../../protocol/machines/manifest.ts';
import { bareFrame } from '../../../protocol/wire/envelope.ts';
import type { EdgeDigest, EdgeHistory } from '../../../protocol/wire/messages/edge.ts';
import type { Ports } from '../../ports.ts';
import type { Agents } from '../agents.ts';
import type { Attempts } from '../attempts/attempts.ts';
import type { Hall } from '../hall.ts';
import type { Turn } from '../turn.ts';
import { findDispute, settleDispute } from './dispute.ts';
import { EdgeHistories } from './history.ts';
import type { TrustLines } from './trust-lines.ts';
import { type EdgeWatch, EdgeWatches } from './watches.ts';

/** Books that differ although nothing moves any more: so many digests, over so long, before the edge is frozen. */
const STUCK_MAX = 4;
const STUCK_MS = 30_000;
/** When books that differ are looked at again, ms: something may have been lost on its way. */
const LOOK_AGAIN_MS = 10_000;
/** How long an attempt, or a change of a line, waits for a comparison, ms. */
const COMPARE_WAIT_MS = 2_000;
/** Payments that wait for the same comparison ask for it together, ms; and again if no answer comes. */
const ASK_TOGETHER_MS = 50;
const ASK_AGAIN_MS = 400;

export interface EdgeSyncContext {
  readonly ports: Ports;
  readonly hall: Hall;
  readonly attempts: Attempts;
  readonly lines: TrustLines;
  readonly agents: Agents;
  /** Both books are equal: a moment at which a statement can be signed. */
  readonly onEqual: (edge: Edge) => void;
}

/** What is known of the other end's book. */
export interface Comparison {
  /** Both books have been equal since the start. */
  readonly compared: boolean;
  readonly theirs: EdgeDigest;
  /** When the other end said so, ms since 1970 UTC. */
  readonly heard: number;
}

export class EdgeSync {
  readonly #context: EdgeSyncContext;
  readonly #watches = new EdgeWatches();
  readonly #histories: EdgeHistories;
  readonly #rounds: (() => void)[] = [];
  #recovered = 0;

  constructor(context: EdgeSyncContext) {
    this.#context = context;
    this.#histories = new EdgeHistories({
      ports: context.ports,
      hall: context.hall,
      attempts: context.attempts,
      lines: context.lines,
      onRecovered: (watch) => {
        watch.recovered++;
        this.#recovered++;
      },
      onCaughtUp: (to, edge) => this.#tell(to, this.#current(edge), true),
      onListKnown: (edge, watch, count) => this.#onListKnown(edge, watch, count),
    });
  }

  /** Payments that this exchange has brought back since the start. */
  get recovered(): number {
    return this.#recovered;
  }

  /** One book has nothing to be compared with. */
  isCompared(id: EdgeId): boolean {
    return this.#peer(id) === undefined || this.#watches.peek(id)?.compared === true;
  }

  /** Somebody else keeps the other book from now on: what the last one said counts no more. */
  forget(member: Pid): void {
    for (const edge of this.#context.hall.state.edges.values()) {
      if (edge.low !== member && edge.high !== member) continue;
      this.#watchOf(edge).compared = false;
      this.compare(edge);
    }
  }

  /** An own edge that payments have to wait for. */
  mustCompare(id: EdgeId): boolean {
    // Both ends of most edges of a hub are here: that is seen at once.
    return !this.isCompared(id) && this.#context.hall.state.edges.has(edgeKey(id));
  }

  /** What the other end has said of its book since the start. */
  comparisonOf(id: EdgeId): Comparison | undefined {
    const watch = this.#watches.peek(id);
    if (watch?.theirs === undefined) return undefined;
    return { compared: watch.compared, theirs: watch.theirs, heard: watch.heard };
  }

  /** Compares every edge of which a peer keeps the other book: after a connect, and from time to time. */
  compareWith(peer: PublicKey): void {
    for (const edge of this.#context.hall.state.edges.values()) {
      if (this.#keeperOf(edge) === peer) this.#tell(peer, edge, true);
    }
  }

  compare(edge: Edge): void {
    const key = this.#keeperOf(edge);
    if (key !== undefined) this.#tell(key, edge, true);
  }

  /** The other book lacks what has just been applied here; so it may be with more in a moment. */
  compareSoon(id: EdgeId): void {
    const watch = this.#watchOf(id);
    watch.cancelSoon ??= this.#context.ports.clock.after(ASK_TOGETHER_MS, () => {
      delete watch.cancelSoon;
      this.compare(this.#current(id));
    });
  }

  /**
   * Until {@link stop}: all quiet edges every so often, whatever was missed in between, and much
   * sooner those that nothing can use before they have been compared.
   */
  compareRegularly(everyMs: number): void {
    const repeat = (delayMs: number, work: () => void) => {
      let cancel = () => {};
      const again = () => {
        cancel = this.#context.ports.clock.after(delayMs, () => {
          work();
          again();
        });
      };
      again();
      this.#rounds.push(() => cancel());
    };
    repeat(everyMs, () => this.#compareQuiet());
    repeat(LOOK_AGAIN_MS, () => this.#compareMissing());
  }

  /** Quiet edges only: where payments are under way the books differ for a moment, and mend themselves. */
  #compareQuiet(): void {
    for (const edge of this.#context.hall.state.edges.values()) {
      if (edge.heldUp === 0n && edge.heldDown === 0n) this.compare(edge);
    }
  }

  /** Peers that are not connected are compared with when they are. */
  #compareMissing(): void {
    const { hall, ports } = this.#context;
    const missing = [...hall.state.edges.values()].filter((edge) => !this.isCompared(edge));
    if (missing.length === 0) return;
    const connected = new Set<PublicKey>();
    for (const peer of ports.transport.peers()) if (peer.connected) connected.add(peer.publicKey);
    for (const edge of missing) {
      const key = this.#keeperOf(edge);
      if (key !== undefined && connected.has(key)) this.compare(edge);
    }
  }

  /**
   * Compares what an attempt uses of the own edges and has not been compared yet.
   * @returns undefined if there is nothing to wait for; resolves when all are compared, or after a while
   */
  compareFor({ effects }: Pick<OpenManifest, 'effects'>): Promise<void> | undefined {
    const own = effects.map(({ edge }) => edge).filter((id) => this.mustCompare(id));
    return own.length === 0 ? undefined : this.whenCompared(own);
  }

  /** Resolves when all of these edges have been compared, or after `waitMs`. */
  async whenCompared(ids: readonly EdgeId[], waitMs = COMPARE_WAIT_MS): Promise<void> {
    const open = new Map(ids.filter((id) => this.mustCompare(id)).map((id) => [edgeKey(id), id]));
    if (open.size === 0) return;
    const { clock } = this.#context.ports;
    await new Promise<void>((resolve) => {
      let cancelAsking = () => {};
      const stopWaiting: (() => void)[] = [];
      const done = () => {
        cancelAsking();
        for (const stop of stopWaiting) stop();
        resolve();
      };
      stopWaiting.push(clock.after(waitMs, done));
      for (const [name, id] of open) {
        const { waiting } = this.#watches.of(id, true);
        const hear = () => {
          open.delete(name);
          if (open.size === 0) done();
        };
        waiting.add(hear);
        stopWaiting.push(() => waiting.delete(hear));
      }
      const ask = () => {
        for (const id of open.values()) {
          const { told } = this.#watches.of(id, true);
          if (clock.now() - told >= ASK_TOGETHER_MS) this.compare(this.#current(id));
        }
        cancelAsking = clock.after(ASK_AGAIN_MS, ask);
      };
      ask();
    });
  }

  stop(): void {
    for (const cancel of this.#rounds) cancel();
    this.#watches.stop();
  }

  /** EDGE_DIGEST from the other end. */
  async digest(from: PublicKey, theirs: EdgeDigest): Promise<void> {
    const { agents, hall } = this.#context;
    if (!agents.touches(theirs)) await hall.turn((turn) => agents.correct(turn, from, theirs));
    const { edge, far: peer } = this.#edgeWith(from, theirs, theirs.precision);
    if (!this.#hears(edge)) return;
    const mine = edgeStateOf(edge);
    if (theirs.precision !== mine.precision) {
      throw new GeoError('E009', 'The two ends of an edge count with different precisions.', {
        fault: 'precision_differs',
      });
    }
    const watch = this.#watchOf(edge);
    watch.theirs = theirs;
    watch.heard = this.#context.ports.clock.now();
    const owners = newerLines(mine, theirs);
    if (owners.length > 0) this.#histories.sendLines(from, edge, owners);
    if (sameBooks(mine, theirs)) {
      // Equal books in memory may rest on a batch under way: the answer waits for the disk.
      const { recovered } = watch;
      watch.recovered = 0;
      await this.#context.hall.turn((turn) => {
        settleDispute(turn, edge, peer, recovered);
        if (theirs.answer) this.#sendDigest(turn, from, edge, false);
      });
      if (recovered > 0) this.#logRecovered(edge, recovered);
      this.#becomeEqual(edge, watch);
      return;
    }
    this.#countStuck(watch, edge.count, theirs.count);
    if (theirs.answer) this.#tell(from, edge, false);
    this.#lookAgain(edge, watch);
    if (watch.stuck > STUCK_MAX && watch.heard - watch.stuckSince >= STUCK_MS) {
      const unproven = [...watch.asked, ...watch.lacking];
      await this.#findDispute(edge, theirs, unproven);
    }
    await this.#histories.sendList(from, edge, watch, Math.min(edge.base, theirs.base));
  }

  /** EDGE_HISTORY from the other end. */
  async history(from: PublicKey, body: EdgeHistory): Promise<void> {
    const { edge, near, far } = this.#edgeWith(from, body);
    const asks = body.applied !== undefined || body.wanted !== undefined;
    if (asks && !this.#hears(edge)) return;
    await this.#histories.receive({ from, near, far }, edge, this.#watchOf(edge), body);
  }

  /**
   * Everything that the other end has applied has been applied here too. If it is all that has been
   * applied here, and the books differ nevertheless, then no receipt can mend that.
   * @param count how much the other end has applied in all
   */
  async #onListKnown(edge: Edge, watch: EdgeWatch, count: number): Promise<void> {
    const now = this.#current(edge);
    const { theirs } = watch;
    if (theirs === undefined || now.count !== count || sameBooks(edgeStateOf(now), theirs)) return;
    if (theirs.count === count) {
      await this.#findDispute(now, theirs, []);
    } else if (watch.stuck <= STUCK_MAX) {
      // The digest was older than the list.
      this.compare(now);
    }
  }

  #countStuck(watch: EdgeWatch, mine: number, theirs: number): void {
    const [wasMine, wasTheirs] = watch.stuckAt ?? [-1, -1];
    // The other end is catching up as long as its count grows towards the own one.
    const moves = mine !== wasMine || (theirs > wasTheirs && theirs <= mine);
    if (!moves) {
      watch.stuck++;
      return;
    }
    watch.stuck = 1;
    watch.stuckSince = watch.heard;
    watch.stuckAt = [mine, theirs];
  }

  #lookAgain(edge: EdgeId, watch: EdgeWatch): void {
    if (watch.cancelLook !== undefined || !this.#knows(edge)) return;
    watch.cancelLook = this.#context.ports.clock.after(LOOK_AGAIN_MS, () => {
      delete watch.cancelLook;
      // A disputed edge is compared at every connect and in the regular round.
      const now = this.#current(edge);
      if (watch.stuck > 0 && now.dispute === undefined) this.compare(now);
    });
  }

  async #findDispute(edge: Edge, theirs: EdgeDigest, unproven: readonly Hash[]): Promise<void> {
    const peer = this.#peer(edge);
    if (peer === undefined) return;
    await this.#context.hall.turn((turn) => findDispute(turn, edge, peer, theirs, unproven));
  }

  #logRecovered(edge: Edge, recovered: number): void {
    const { equivalent } = edge;
    const peer = this.#peer(edge);
    this.#context.ports.log.info({ peer, equivalent, recovered }, 'payments were recovered');
  }

  /** The end whose book is elsewhere. */
  #peer(edge: EdgeId): Pid | undefined {
    return this.#context.agents.farEnd(edge);
  }

  #keeperOf(edge: EdgeId): PublicKey | undefined {
    const peer = this.#peer(edge);
    return peer && this.#context.agents.agentOf(peer);
  }

  #becomeEqual(edge: Edge, watch: EdgeWatch): void {
    watch.compared = true;
    watch.stuck = 0;
    delete watch.stuckAt;
    watch.cancelLook?.();
    delete watch.cancelLook;
    for (const resolve of [...watch.waiting]) resolve();
    this.#context.onEqual(edge);
  }

  #tell(to: PublicKey, edge: Edge, answer: boolean): void {
    this.#context.hall
      .turn((turn) => this.#sendDigest(turn, to, edge, answer))
      .catch((error: unknown) => {
        // The store has its own troubles; the books are compared again when it is well.
        this.#context.ports.log.warn({ error: String(error) }, 'books could not be compared');
      });
  }

  /** In a turn, because what a digest says must be on the disk before it is sent. */
  #sendDigest(turn: Turn, to: PublicKey, id: Edge, answer: boolean): void {
    const edge = turn.edge(id) ?? id;
    this.#watchOf(edge).told = turn.now;
    turn.send(to, bareFrame('EDGE_DIGEST', { ...edgeStateOf(edge), base: edge.base, answer }));
  }

  /** Whether what the other end says is still answered: what it says beyond that, it says in vain. */
  #hears(edge: EdgeId): boolean {
    return this.#watches.admit(edge, this.#knows(edge), this.#context.ports.clock.now());
  }

  #knows(id: EdgeId): boolean {
    return this.#context.hall.state.edges.has(edgeKey(id));
  }

  #current<Id extends EdgeId>(edge: Id): Edge {
    const id = { low: edge.low, high: edge.high, equivalent: edge.equivalent };
    return this.#context.hall.state.edges.get(edgeKey(id)) ?? newEdge(id, 0);
  }

  #watchOf(id: EdgeId): EdgeWatch {
    return this.#watches.of(id, this.#knows(id));
  }

  /**
   * The edge that a message of its other end's agent is about, and its ends. One that this node does
   * not know (its books may be old) counts as empty.
   * @throws GeoError E006 `wrong_sender`
   */
  #edgeWith(from: PublicKey, about: EdgeId, precision = 0): { edge: Edge; near: Pid; far: Pid } {
    const far = this.#peer(about);
    if (far === undefined || !this.#context.agents.isAgent(from, far)) {
      throw new GeoError('E006', 'Only the other end of an edge may speak about its books.', {
        fault: 'wrong_sender',
      });
    }
    const edge = this.#context.hall.state.edges.get(edgeKey(about)) ?? newEdge(about, precision);
    return { edge, near: counterparty(about, far), far };
  }
}
