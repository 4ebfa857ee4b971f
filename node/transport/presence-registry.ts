/**
 * What this node has seen of other participants' presence records: the DHT's validator and selector,
 * and the memory that makes replay useless.
 *
 * kad-dht overwrites a stored record with any valid one, older or newer. So validity here includes:
 * not older than the newest that was seen.
 */
import type { Pid } from '../../protocol/identity/pid.ts';
import { badPresence, openPresence, type PresenceBody, pidInKey } from '../../protocol/presence.ts';
import type { VerifySignature } from '../ports.ts';
import { TokenBucket } from '../token-bucket.ts';

interface Seen {
  readonly bytes: Uint8Array;
  readonly body: PresenceBody;
}

const PARTICIPANTS_MAX = 20_000;
/** Signatures that strangers' records may cost. A node's own look-ups need a few for each. */
const CHECKS = { perSecond: 200, burst: 2_000 };

export class PresenceRegistry {
  readonly #verify: VerifySignature;
  readonly #now: () => number;
  readonly #checks: TokenBucket;
  /** In order of arrival, so that the first is the one to forget. */
  readonly #seen = new Map<Pid, Seen>();

  /** @param now ms since 1970 */
  constructor(verify: VerifySignature, now: () => number) {
    this.#verify = verify;
    this.#now = now;
    this.#checks = new TokenBucket(CHECKS, now());
  }

  /** @throws GeoError if the record must not be stored or believed */
  validate(key: Uint8Array, value: Uint8Array): void {
    const pid = pidInKey(key);
    const now = this.#now();
    const newest = this.#seen.get(pid);
    if (newest !== undefined && newest.body.expires > now && equal(newest.bytes, value)) return;
    if (!this.#checks.take(1, now)) throw badPresence('busy', 'too many came at once');
    const body = openPresence(pid, value, now, this.#verify);
    if (newest !== undefined && body.sequence < newest.body.sequence) {
      throw badPresence('superseded', 'a newer one of the same participant is known');
    }
    this.#remember(pid, { bytes: value.slice(), body });
  }

  /** Index of the record with the highest sequence. All have been validated. */
  select(key: Uint8Array, records: readonly Uint8Array[]): number {
    const newest = this.#seen.get(pidInKey(key));
    const index = records.findIndex(
      (record) => newest !== undefined && equal(newest.bytes, record),
    );
    return Math.max(index, 0);
  }

  /** The newest record that was seen and has not expired. */
  newest(pid: Pid): PresenceBody | undefined {
    const body = this.#seen.get(pid)?.body;
    return body !== undefined && body.expires > this.#now() ? body : undefined;
  }

  #remember(pid: Pid, seen: Seen): void {
    this.#seen.delete(pid);
    if (this.#seen.size >= PARTICIPANTS_MAX) {
      const oldest = this.#seen.keys().next().value;
      if (oldest !== undefined) this.#seen.delete(oldest);
    }
    this.#seen.set(pid, seen);
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
