/**
 * Key pairs from a given seed (RFC 8032 section 5.1.5). A seed is 32 secret bytes; where they come
 * from is the caller's matter, `protocol/` knows no randomness.
 */
import { getPublicKey, hashes, sign } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { hexToBytes } from '@noble/hashes/utils.js';
import { invalid } from '../errors.ts';
import { type PublicKey, publicKeyFromBytes } from './pid.ts';

// noble leaves the synchronous hash to its user.
hashes.sha512 = sha512;

export const SEED_BYTES = 32;

/** @throws GeoError E009 `bad_seed` */
export function publicKeyFromSeed(seed: Uint8Array): PublicKey {
  return publicKeyFromBytes(getPublicKey(checkSeed(seed)));
}

/**
 * Ed25519 signature of 64 bytes, deterministic; the same bytes as any other implementation makes.
 * @throws GeoError E009 `bad_seed`
 */
export function signWithSeed(seed: Uint8Array, message: Uint8Array): Uint8Array {
  return sign(message, checkSeed(seed));
}

/**
 * A seed from 64 hexadecimal digits, in either case; blanks around them are dropped.
 * @throws GeoError E009 `bad_seed`; the sentence never repeats the text, which is a secret
 */
export function seedFromHex(text: string): Uint8Array {
  const digits = text.trim();
  if (!/^[0-9a-fA-F]{64}$/.test(digits)) {
    throw invalid('bad_seed', 'A seed is 64 hexadecimal digits (32 bytes).');
  }
  return hexToBytes(digits);
}

function checkSeed(seed: Uint8Array): Uint8Array {
  if (seed.length !== SEED_BYTES) throw invalid('bad_seed', 'A seed has 32 bytes.');
  return seed;
}
