/**
 * How far the comparison of each edge's two books has come since the start. Memory only: after a
 * restart every edge is compared again.
 */
import type { Hash } from '../../../protocol/identity/pid.ts';
import { type EdgeId, edgeKey } from '../../../protocol/ledger/edge.ts';
import type { EdgeDigest } from '../../../protocol/wire/messages/edge.ts';
import { type Rate, TokenBucket } from '../../token-bucket.ts';

/** Edges that a peer may name and this node does not know: lost with its books, or made up. */
const UNKNOWN_MAX = 256;
/**
 * What is heard about one edge of digests, lists and wishes, each of which is answered: many times what two honest
 * ends need to catch up (64 receipts go with one wish). The rest is let pass by, so that two that never agree, be it
 * by malice or by a mistake, cannot excite each other. Unknown edges have one such budget together.
 */
export const EDGE_TALK: Rate = { perSecond: 50, burst: 500 };

export interface EdgeWatch {
  /** The books were equal at least once since the start. */
  compared: boolean;
  /** What the other end said last, and when, ms since 1970 UTC. */
  theirs?: EdgeDigest;
  heard: number;
  /** When the own book was told last, ms since 1970 UTC. */
  told: number;
  /** Digests that differed while nothing moved here or there; 0: equal. */
  stuck: number;
  stuckSince: number;
  /** Both counts as they were when `stuck` began. */
  stuckAt?: readonly [mine: number, theirs: number];
  /** The other end's list, as far as it has come: pages in order, `unknown` of them not applied here. */
  list?: { readonly base: number; readonly next: number; readonly unknown: number };
  /** The own list is on its way out. */
  listing: boolean;
  /** Receipts to ask for, and those that were asked for. */
  lacking: Set<Hash>;
  asked: Set<Hash>;
  /** Some of what was asked for has been taken. */
  gained: boolean;
  /** When, ms since 1970 UTC. */
  lastAsked: number;
  /** Payments that the exchange brought back since the books were last equal. */
  recovered: number;
  /** What may still be heard, and answered, about the edge. */
  talk?: TokenBucket;
  /** Cancels the next look at books that differ. */
  cancelLook?: () => void;
  /** Cancels a comparison that several commits ask for together. */
  cancelSoon?: () => void;
  /** Who waits for the comparison. */
  waiting: Set<() => void>;
}

export class EdgeWatches {
  readonly #known = new Map<string, EdgeWatch>();
  /** In the order of their last use, so that the first is the one to forget. */
  readonly #unknown = new Map<string, EdgeWatch>();
  #unknownTalk: TokenBucket | undefined;

  peek(id: EdgeId): EdgeWatch | undefined {
    const key = edgeKey(id);
    return this.#known.get(key) ?? this.#unknown.get(key);
  }

  /** @param known whether this node has the edge; of others only a bounded number is watched */
  of(id: EdgeId, known: boolean): EdgeWatch {
    const key = edgeKey(id);
    const watch = this.peek(id) ?? newWatch();
    this.#unknown.delete(key);
    if (known) {
      this.#known.set(key, watch);
      return watch;
    }
    if (this.#unknown.size >= UNKNOWN_MAX) {
      const oldest = this.#unknown.keys().next().value!;
      const forgotten = this.#unknown.get(oldest);
      forgotten?.cancelLook?.();
      forgotten?.cancelSoon?.();
      this.#unknown.delete(oldest);
    }
    this.#unknown.set(key, watch);
    return watch;
  }

  /** Takes from the edge's budget of {@link EDGE_TALK}. @returns false if it is used up: then nothing is answered */
  admit(id: EdgeId, known: boolean, now: number): boolean {
    if (!known) {
      this.#unknownTalk ??= new TokenBucket(EDGE_TALK, now);
      return this.#unknownTalk.take(1, now);
    }
    const watch = this.of(id, known);
    watch.talk ??= new TokenBucket(EDGE_TALK, now);
    return watch.talk.take(1, now);
  }

  /** Cancels every look that is still to come. */
  stop(): void {
    for (const watch of [...this.#known.values(), ...this.#unknown.values()]) {
      watch.cancelLook?.();
      watch.cancelSoon?.();
    }
  }
}

function newWatch(): EdgeWatch {
  return {
    compared: false,
    heard: 0,
    told: 0,
    stuck: 0,
    stuckSince: 0,
    listing: false,
    lacking: new Set(),
    asked: new Set(),
    gained: false,
    lastAsked: 0,
    recovered: 0,
    waiting: new Set(),
  };
}
