/**
 * Challenges for signing in. None is kept: a challenge carries its end and a MAC over itself and the
 * key that asked for it, by a secret of this run of the node. Only those that were used are remembered.
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { hashOf, type PublicKey } from '../../protocol/identity/pid.ts';
import type { Entropy } from '../ports.ts';

/** From a challenge to its answer, ms. */
export const CHALLENGE_MS = 120_000;
const NONCE_BYTES = 16;
const END_BYTES = 8;
const BODY_BYTES = END_BYTES + NONCE_BYTES;
/** Used challenges that are remembered until they expire; with as many, nobody else signs in. */
const USED_MAX = 20_000;

export class Challenges {
  readonly #entropy: Entropy;
  /** Made at the first use. */
  #secret: Uint8Array | undefined;
  /** Used ones → when they expire, oldest first. */
  readonly #used = new Map<string, number>();

  constructor(entropy: Entropy) {
    this.#entropy = entropy;
  }

  /** The same for a key that nobody knows. */
  make(key: PublicKey, now: number): { readonly challenge: Uint8Array; readonly expires: number } {
    const expires = now + CHALLENGE_MS;
    const end = new Uint8Array(END_BYTES);
    new DataView(end.buffer).setBigUint64(0, BigInt(expires));
    const body = concatBytes(end, this.#entropy.bytes(NONCE_BYTES));
    return { challenge: concatBytes(body, this.#mac(body, key)), expires };
  }

  /** Whether this node has given the challenge to that key, lately, and it was not used. */
  holds(challenge: Uint8Array, key: PublicKey, now: number): boolean {
    if (challenge.length <= BODY_BYTES) return false;
    const body = challenge.subarray(0, BODY_BYTES);
    // Hashes are compared, so that nothing of the MAC can be learnt from the time it takes.
    const isOurs = hashOf(challenge.subarray(BODY_BYTES)) === hashOf(this.#mac(body, key));
    this.#forgetOld(now);
    return (
      isOurs &&
      now < endOf(challenge) &&
      this.#used.size < USED_MAX &&
      !this.#used.has(bytesToHex(challenge))
    );
  }

  /** Called for a challenge that {@link holds}. */
  use(challenge: Uint8Array): void {
    this.#used.set(bytesToHex(challenge), endOf(challenge));
  }

  #mac(body: Uint8Array, key: PublicKey): Uint8Array {
    this.#secret ??= this.#entropy.bytes(32);
    return hmac(sha256, this.#secret, concatBytes(utf8ToBytes(key), body));
  }

  #forgetOld(now: number): void {
    for (const [used, expires] of this.#used) {
      if (now < expires) break;
      this.#used.delete(used);
    }
  }
}

function endOf(challenge: Uint8Array): number {
  return Number(new DataView(challenge.buffer, challenge.byteOffset).getBigUint64(0));
}
