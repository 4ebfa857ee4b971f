/**
 * Decides whether a frame is worth reading, before any work is spent on it (docs/PROTOCOL.md, "Bounds").
 *
 * Each peer has buckets of its own, and all strangers share one pair more: a flooding peer uses up
 * its own budget, and making up new keys buys nothing. What strangers' frames made the node compute is
 * booked afterwards: some cost a hundred times what others do. Pure: times are arguments.
 */
import type { PublicKey } from '../../protocol/identity/pid.ts';
import { TokenBucket } from '../token-bucket.ts';
import type { TrafficRates, TransportLimits } from './limits.ts';

class TrafficBuckets {
  readonly #frames: TokenBucket;
  readonly #bytes: TokenBucket;

  constructor(rates: TrafficRates, now: number) {
    this.#frames = new TokenBucket(rates.frames, now);
    this.#bytes = new TokenBucket(rates.bytes, now);
  }

  has(bytes: number, now: number): boolean {
    return this.#frames.has(1, now) && this.#bytes.has(bytes, now);
  }

  take(bytes: number, now: number): void {
    this.#frames.take(1, now);
    this.#bytes.take(bytes, now);
  }

  full(now: number): boolean {
    return this.#frames.full(now) && this.#bytes.full(now);
  }
}

/**
 * `pass`: hand it on. `over_peer_rate`, `over_strangers_rate`: drop it. `close`: drop it and close
 * the peer's connection, it has been over its rate too often.
 */
export type Verdict = 'pass' | 'over_peer_rate' | 'over_strangers_rate' | 'close';

interface PeerState {
  known: boolean;
  traffic: TrafficBuckets;
  readonly breaches: TokenBucket;
  refusedUntil: number;
}

/** A frame over the rate was read and decrypted before it was dropped, so a large one counts for more. */
const BREACH_BYTES = 1024;

/** A false frame has cost a signature check and an answer: as many frames over the rate. */
const BREACHES_OF_FALSE = 20;

/** Peers beyond this number make the guard look for entries that have nothing left to remember. */
const SWEEP_AT = 10_000;

export class Guard {
  readonly #limits: TransportLimits;
  readonly #strangers: TrafficBuckets;
  readonly #strangersCpu: TokenBucket;
  readonly #peers = new Map<PublicKey, PeerState>();
  #sweepAt = SWEEP_AT;

  constructor(limits: TransportLimits, now: number) {
    this.#limits = limits;
    this.#strangers = new TrafficBuckets(limits.allStrangers, now);
    this.#strangersCpu = new TokenBucket(limits.strangersCpuMs, now);
  }

  /** Counts one frame of `bytes` bytes from `peer`. Times in ms. */
  admit(peer: PublicKey, known: boolean, bytes: number, now: number): Verdict {
    const state = this.#stateOf(peer, known, now);
    if (!state.traffic.has(bytes, now)) {
      if (state.breaches.take(1 + Math.floor(bytes / BREACH_BYTES), now)) return 'over_peer_rate';
      state.refusedUntil = now + this.#limits.penaltyMs;
      return 'close';
    }
    // The shared budget may have been used up by others, so its breach is not held against this peer.
    if (!known && !this.#strangersHave(bytes, now)) return 'over_strangers_rate';
    state.traffic.take(bytes, now);
    if (!known) this.#strangers.take(bytes, now);
    return 'pass';
  }

  /** Books what a stranger's frame has cost, ms of computing. */
  spent(cpuMs: number, now: number): void {
    this.#strangersCpu.spend(cpuMs, now);
  }

  /**
   * A frame of a stranger was false: badly signed, or no message.
   * @returns whether that was once too often, and its connection is to be closed
   */
  blame(peer: PublicKey, now: number): boolean {
    const state = this.#stateOf(peer, false, now);
    if (state.breaches.take(BREACHES_OF_FALSE, now)) return false;
    state.refusedUntil = now + this.#limits.penaltyMs;
    return true;
  }

  /** Whether the peer is still refused for its breaches. */
  refuses(peer: PublicKey, now: number): boolean {
    const state = this.#peers.get(peer);
    return state !== undefined && now < state.refusedUntil;
  }

  #strangersHave(bytes: number, now: number): boolean {
    return this.#strangers.has(bytes, now) && this.#strangersCpu.has(0, now);
  }

  #stateOf(peer: PublicKey, known: boolean, now: number): PeerState {
    const existing = this.#peers.get(peer);
    if (existing !== undefined) {
      if (existing.known !== known) {
        existing.known = known;
        existing.traffic = this.#bucketsFor(known, now);
      }
      return existing;
    }
    if (this.#peers.size >= this.#sweepAt) this.#sweep(now);
    const state: PeerState = {
      known,
      traffic: this.#bucketsFor(known, now),
      breaches: new TokenBucket(this.#limits.breaches, now),
      refusedUntil: 0,
    };
    this.#peers.set(peer, state);
    return state;
  }

  #bucketsFor(known: boolean, now: number): TrafficBuckets {
    return new TrafficBuckets(known ? this.#limits.knownPeer : this.#limits.stranger, now);
  }

  /**
   * States outlive connections, or reconnecting would refill a budget. Full buckets say nothing, so
   * they go. What stays is bounded by the strangers' shared rate.
   */
  #sweep(now: number): void {
    for (const [peer, state] of this.#peers) {
      if (now >= state.refusedUntil && state.traffic.full(now)) this.#peers.delete(peer);
    }
    this.#sweepAt = Math.max(SWEEP_AT, this.#peers.size * 2);
  }
}
