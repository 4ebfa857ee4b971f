/** Publishes where this node is, and finds out where others are, through the DHT. */
import { setTimeout as startTimer } from 'node:timers';
import { setTimeout } from 'node:timers/promises';
import type { KadDHT } from '@libp2p/kad-dht';
import { type Pid, pidFromPublicKey } from '../../protocol/identity/pid.ts';
import {
  type PresenceBody,
  presenceKey,
  sealPresence,
  type Whereabouts,
} from '../../protocol/presence.ts';
import type { Log, Signer } from '../ports.ts';
import type { PresenceRegistry } from './presence-registry.ts';

/** Life of a record, and how long before its end the next one follows. */
const LIFE_MS = 6 * 3_600_000;
const REPUBLISH_MS = 3_600_000;
/** Addresses change in bursts: listeners open, relays answer, NATs are mapped. */
const SETTLE_MS = 300;
/** While nobody stores the record: soon at first, since a node joins the DHT a moment after its start. */
const RETRY_MS = { min: 500, max: 60_000 };
const PUBLISH_TIMEOUT_MS = 30_000;
const RESOLVE_TIMEOUT_MS = 8_000;
/** After a first valid record: time for a newer one to come in. */
const NEWER_MS = 300;

export interface PresenceParts {
  readonly dht: KadDHT;
  readonly registry: PresenceRegistry;
  readonly signer: Signer;
  readonly addresses: () => readonly string[];
  readonly hubs: () => readonly Pid[];
  /** Told before a record is published, if a newer one is found that this process did not make. */
  readonly foundOwn: (where: Whereabouts) => void;
  readonly log: Log;
}

export class Presence {
  readonly #parts: PresenceParts;
  readonly #stopped = new AbortController();
  readonly #resolving = new Map<Pid, Promise<Whereabouts | undefined>>();
  #timer: NodeJS.Timeout | undefined;
  #published = '';
  #sequence = 0;
  #retryMs = RETRY_MS.min;
  #publishing = false;

  constructor(parts: PresenceParts) {
    this.#parts = parts;
  }

  start(): void {
    this.#publishIn(0);
  }

  stop(): void {
    this.#stopped.abort();
    clearTimeout(this.#timer);
  }

  /** Own addresses or hubs may be others than before. */
  changed(): void {
    if (this.#whereaboutsText() !== this.#published) this.#publishIn(SETTLE_MS);
  }

  /** Undefined if nobody knows, or nobody answered in time. */
  resolve(pid: Pid): Promise<Whereabouts | undefined> {
    const running = this.#resolving.get(pid);
    if (running !== undefined) return running;
    const search = this.#search(pid).finally(() => this.#resolving.delete(pid));
    this.#resolving.set(pid, search);
    return search;
  }

  async #search(pid: Pid): Promise<Whereabouts | undefined> {
    const { registry, log } = this.#parts;
    const enough = new AbortController();
    const signal = AbortSignal.any([
      enough.signal,
      this.#stopped.signal,
      AbortSignal.timeout(RESOLVE_TIMEOUT_MS),
    ]);
    const query = () => this.#query(pid, signal, () => enough.abort());
    try {
      // A node that has just started knows nobody to ask yet.
      while ((await query()) === 0 && registry.newest(pid) === undefined) {
        await setTimeout(RETRY_MS.min, undefined, { signal, ref: false });
      }
    } catch (error) {
      if (!enough.signal.aborted)
        log.debug({ pid, reason: String(error) }, 'a look-up ended early');
    }
    const found = registry.newest(pid);
    return found && whereaboutsOf(found);
  }

  /** Returns how many peers answered. What they hold passes the registry, which keeps the newest. */
  async #query(pid: Pid, signal: AbortSignal, enough: () => void): Promise<number> {
    const { dht, registry } = this.#parts;
    let answers = 0;
    let settle: NodeJS.Timeout | undefined;
    try {
      // The query's own result is not used: it is lost if correcting a peer that held an older
      // record fails.
      for await (const event of dht.get(presenceKey(pid), { signal })) {
        if (event.name !== 'PEER_RESPONSE') continue;
        answers += 1;
        if (registry.newest(pid) !== undefined) settle ??= startTimer(enough, NEWER_MS);
      }
    } finally {
      clearTimeout(settle);
    }
    return answers;
  }

  /**
   * Looks for a record of this participant that this process did not make: of its earlier life, or of
   * a twin. Returns how many peers answered.
   */
  async #lookForOwn(): Promise<number> {
    const { registry, signer, foundOwn } = this.#parts;
    const pid = pidFromPublicKey(signer.publicKey);
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(RESOLVE_TIMEOUT_MS)]);
    const asked = await this.#query(pid, signal, () => undefined);
    const newest = registry.newest(pid);
    if (newest !== undefined && newest.sequence > this.#sequence) foundOwn(whereaboutsOf(newest));
    return asked;
  }

  #publishIn(delayMs: number): void {
    if (this.#stopped.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#timer = startTimer(() => void this.#publish(), delayMs);
    this.#timer.unref();
  }

  async #publish(): Promise<void> {
    if (this.#publishing) {
      this.#publishIn(SETTLE_MS);
      return;
    }
    this.#publishing = true;
    const { log } = this.#parts;
    const text = this.#whereaboutsText();
    let stored = 0;
    try {
      if ((await this.#lookForOwn()) > 0) stored = await this.#put();
    } catch (error) {
      log.debug({ reason: String(error) }, 'publishing the presence record ended early');
    }
    this.#publishing = false;
    if (stored > 0) {
      this.#published = text;
      this.#retryMs = RETRY_MS.min;
      log.debug({ stored }, 'presence record published');
      this.#publishIn(REPUBLISH_MS);
      this.changed();
    } else {
      this.#publishIn(this.#retryMs);
      this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MS.max);
    }
  }

  /** Peers that stored the record. `put` ends well even if all of them refused it. */
  async #put(): Promise<number> {
    const { dht, signer, addresses, hubs } = this.#parts;
    const now = Date.now();
    // Grows across restarts without being stored, as long as the clock does not go far back.
    this.#sequence = Math.max(this.#sequence + 1, now);
    const where = { addresses: addresses(), hubs: hubs() };
    const record = sealPresence(where, this.#sequence, now + LIFE_MS, signer);
    const key = presenceKey(pidFromPublicKey(signer.publicKey));
    const signal = AbortSignal.any([this.#stopped.signal, AbortSignal.timeout(PUBLISH_TIMEOUT_MS)]);
    let answered = 0;
    let refused = 0;
    for await (const event of dht.put(key, record, { signal })) {
      if (event.name === 'PEER_RESPONSE' && event.messageName === 'PUT_VALUE') answered += 1;
      if (event.name === 'QUERY_ERROR' && event.error.message.includes('not put correctly')) {
        refused += 1;
      }
    }
    return answered - refused;
  }

  #whereaboutsText(): string {
    return JSON.stringify([this.#parts.addresses(), this.#parts.hubs()]);
  }
}

function whereaboutsOf(body: PresenceBody): Whereabouts {
  return { publicKey: body.public_key, addresses: body.addresses, hubs: body.hubs };
}
