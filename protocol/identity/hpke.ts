/**
 * HPKE (RFC 9180), the part that a note needs: base mode, one message, the suite
 * DHKEM(X25519, HKDF-SHA256) / HKDF-SHA256 / ChaCha20-Poly1305. Function names are those of the RFC.
 */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { x25519 } from '@noble/curves/ed25519.js';
import { expand, extract } from '@noble/hashes/hkdf.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';

/** Bytes of the encapsulated key that goes before a ciphertext. */
export const ENCAPSULATED_BYTES = 32;
/** Bytes by which a ciphertext is longer than its plaintext. */
export const TAG_BYTES = 16;

const VERSION = utf8ToBytes('HPKE-v1');
// RFC 9180 section 7: KEM 0x0020, KDF 0x0001, AEAD 0x0003.
const KEM_SUITE = concatBytes(utf8ToBytes('KEM'), Uint8Array.of(0x00, 0x20));
const HPKE_SUITE = concatBytes(utf8ToBytes('HPKE'), Uint8Array.of(0, 0x20, 0, 0x01, 0, 0x03));
const MODE_BASE = Uint8Array.of(0);
const EMPTY = new Uint8Array(0);
const SECRET_BYTES = 32;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;

export interface KemKeyPair {
  readonly secretKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** Section 7.1.3, for X25519. */
export function deriveKeyPair(keyMaterial: Uint8Array): KemKeyPair {
  const prk = labeledExtract(KEM_SUITE, EMPTY, 'dkp_prk', keyMaterial);
  const secretKey = labeledExpand(KEM_SUITE, prk, 'sk', EMPTY, SECRET_BYTES);
  return { secretKey, publicKey: x25519.getPublicKey(secretKey) };
}

/**
 * Section 6.1, `SealBase` with the ephemeral key given instead of drawn: it must serve once only.
 * @throws Error if `recipient` is a point of small order
 */
export function sealBase(
  recipient: Uint8Array,
  ephemeral: KemKeyPair,
  info: Uint8Array,
  aad: Uint8Array,
  plaintext: Uint8Array,
): { readonly encapsulated: Uint8Array; readonly ciphertext: Uint8Array } {
  const dh = x25519.getSharedSecret(ephemeral.secretKey, recipient);
  const secret = extractAndExpand(dh, concatBytes(ephemeral.publicKey, recipient));
  const { key, nonce } = keySchedule(secret, info);
  return {
    encapsulated: ephemeral.publicKey,
    ciphertext: chacha20poly1305(key, nonce, aad).encrypt(plaintext),
  };
}

/**
 * Section 6.1, `OpenBase`.
 * @throws Error if the ciphertext was not made for this recipient, `info` and `aad`
 */
export function openBase(
  recipient: KemKeyPair,
  encapsulated: Uint8Array,
  info: Uint8Array,
  aad: Uint8Array,
  ciphertext: Uint8Array,
): Uint8Array {
  const dh = x25519.getSharedSecret(recipient.secretKey, encapsulated);
  const secret = extractAndExpand(dh, concatBytes(encapsulated, recipient.publicKey));
  const { key, nonce } = keySchedule(secret, info);
  return chacha20poly1305(key, nonce, aad).decrypt(ciphertext);
}

/** Section 4.1. */
function extractAndExpand(dh: Uint8Array, kemContext: Uint8Array): Uint8Array {
  const prk = labeledExtract(KEM_SUITE, EMPTY, 'eae_prk', dh);
  return labeledExpand(KEM_SUITE, prk, 'shared_secret', kemContext, SECRET_BYTES);
}

/** Section 5.1 in base mode (no pre-shared key). The first message's nonce is the base nonce. */
function keySchedule(
  secret: Uint8Array,
  info: Uint8Array,
): { readonly key: Uint8Array; readonly nonce: Uint8Array } {
  const context = concatBytes(
    MODE_BASE,
    labeledExtract(HPKE_SUITE, EMPTY, 'psk_id_hash', EMPTY),
    labeledExtract(HPKE_SUITE, EMPTY, 'info_hash', info),
  );
  const prk = labeledExtract(HPKE_SUITE, secret, 'secret', EMPTY);
  return {
    key: labeledExpand(HPKE_SUITE, prk, 'key', context, KEY_BYTES),
    nonce: labeledExpand(HPKE_SUITE, prk, 'base_nonce', context, NONCE_BYTES),
  };
}

/** Section 4. */
function labeledExtract(
  suite: Uint8Array,
  salt: Uint8Array,
  label: string,
  keyMaterial: Uint8Array,
): Uint8Array {
  return extract(sha256, concatBytes(VERSION, suite, utf8ToBytes(label), keyMaterial), salt);
}

/** Section 4. */
function labeledExpand(
  suite: Uint8Array,
  prk: Uint8Array,
  label: string,
  info: Uint8Array,
  length: number,
): Uint8Array {
  const head = Uint8Array.of(length >> 8, length);
  return expand(sha256, prk, concatBytes(head, VERSION, suite, utf8ToBytes(label), info), length);
}
