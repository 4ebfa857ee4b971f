/**
 * Ed25519 at native speed behind the ports of a node: libsodium if its binding loads on this machine,
 * OpenSSL (node:crypto) otherwise. It decides the speed of the whole network: a verification in pure
 * JavaScript takes twenty times longer (docs/decisions/0002-signatures.md, with figures).
 *
 * Both accept and refuse exactly what `protocol/identity/signature.ts` does: they share its checks
 * of form and key, and agree with it on the rest. `test/vectors/signatures.json` proves it.
 */
import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import type { Sodium } from 'sodium-native';
import { invalid } from '../../protocol/errors.ts';
import { publicKeyFromSeed, SEED_BYTES } from '../../protocol/identity/keys.ts';
import {
  type PublicKey,
  publicKeyFromBytes,
  publicKeyToBytes,
} from '../../protocol/identity/pid.ts';
import {
  isAcceptablePublicKey,
  isSignatureWellFormed,
  PUBLIC_KEY_BYTES,
  SIGNATURE_BYTES,
} from '../../protocol/identity/signature.ts';
import type { Signer, VerifyAside, VerifySignature } from '../ports.ts';

async function loadSodium(): Promise<Sodium | undefined> {
  try {
    return (await import('sodium-native')).default;
  } catch {
    // No prebuilt binding for this platform or C library: OpenSSL does the same, half as fast.
    return undefined;
  }
}

/** Remembers what was made of a key, refusal (undefined) included; bounded so that strangers cannot grow it. */
function memoByKey<T>(make: (key: PublicKey) => T | undefined): (key: PublicKey) => T | undefined {
  const ENTRIES_MAX = 50_000;
  const memo = new Map<PublicKey, T | undefined>();
  return (key) => {
    const known = memo.get(key);
    if (known !== undefined || memo.has(key)) return known;
    if (memo.size >= ENTRIES_MAX) memo.clear();
    const made = make(key);
    memo.set(key, made);
    return made;
  };
}

// --- libsodium ---------------------------------------------------------------------------------

const SODIUM_SECRET_KEY_BYTES = 64;
const KEY_PATTERN = /^[0-9a-f]{64}$/;

function sodiumVerifier(sodium: Sodium): VerifySignature {
  // libsodium's "valid point" is canonical, on the curve, not of small order and in the prime-order
  // subgroup: the same as isAcceptablePublicKey, thirty times faster.
  const keyBytes = memoByKey((key) => {
    if (!KEY_PATTERN.test(key)) return undefined;
    const bytes = publicKeyToBytes(key);
    return sodium.crypto_core_ed25519_is_valid_point(bytes) ? bytes : undefined;
  });
  return (publicKey, message, signature) => {
    if (!isSignatureWellFormed(signature)) return false;
    const key = keyBytes(publicKey);
    return key !== undefined && sodium.crypto_sign_verify_detached(signature, message, key);
  };
}

function sodiumSignerFactory(sodium: Sodium): (seed: Uint8Array) => Signer {
  return (seed) => {
    const publicKey = new Uint8Array(PUBLIC_KEY_BYTES);
    const secretKey = new Uint8Array(SODIUM_SECRET_KEY_BYTES);
    sodium.crypto_sign_seed_keypair(publicKey, secretKey, checkSeed(seed));
    return {
      publicKey: publicKeyFromBytes(publicKey),
      sign(message) {
        const signature = new Uint8Array(SIGNATURE_BYTES);
        sodium.crypto_sign_detached(signature, message, secretKey);
        return signature;
      },
    };
  };
}

// --- OpenSSL -----------------------------------------------------------------------------------

// RFC 8410: what stands before the 32 raw bytes in the DER forms of a public and a private key.
const SPKI_HEAD = Buffer.from('302a300506032b6570032100', 'hex');
const PKCS8_HEAD = Buffer.from('302e020100300506032b657004220420', 'hex');

const opensslKey = memoByKey((key): KeyObject | undefined =>
  isAcceptablePublicKey(key)
    ? createPublicKey({
        key: Buffer.concat([SPKI_HEAD, publicKeyToBytes(key)]),
        format: 'der',
        type: 'spki',
      })
    : undefined,
);

export const opensslVerify: VerifySignature = (publicKey, message, signature) => {
  if (!isSignatureWellFormed(signature)) return false;
  const key = opensslKey(publicKey);
  return key !== undefined && verify(null, message, key, signature);
};

/**
 * On libuv's threads, which also write the store. Twice the work of libsodium's verification, but the
 * calling thread has a sixth of it: 10 µs instead of 60.
 */
export const opensslVerifyAside: VerifyAside = (publicKey, message, signature) => {
  const key = isSignatureWellFormed(signature) ? opensslKey(publicKey) : undefined;
  if (key === undefined) return Promise.resolve(false);
  return new Promise((resolve) => {
    verify(null, message, key, signature, (error, valid) => resolve(error === null && valid));
  });
};

/** @throws GeoError E009 `bad_seed` */
export function opensslSigner(seed: Uint8Array): Signer {
  const key = createPrivateKey({
    key: Buffer.concat([PKCS8_HEAD, checkSeed(seed)]),
    format: 'der',
    type: 'pkcs8',
  });
  return {
    publicKey: publicKeyFromSeed(seed),
    sign: (message) => new Uint8Array(sign(null, message, key)),
  };
}

// --- the choice --------------------------------------------------------------------------------

const sodium = await loadSodium();

/** Undefined if libsodium's binding does not load here. */
export const sodiumVerify: VerifySignature | undefined = sodium && sodiumVerifier(sodium);
/** Undefined if libsodium's binding does not load here. */
export const sodiumSigner: ((seed: Uint8Array) => Signer) | undefined =
  sodium && sodiumSignerFactory(sodium);

/** Which library does the work in this process. */
export const nativeLibrary: 'libsodium' | 'openssl' =
  sodium === undefined ? 'openssl' : 'libsodium';

export const nativeVerify: VerifySignature = sodiumVerify ?? opensslVerify;

/**
 * A signer over a 32-byte seed. The seed may be cleared afterwards.
 * @throws GeoError E009 `bad_seed`
 */
export const nativeSigner: (seed: Uint8Array) => Signer = sodiumSigner ?? opensslSigner;

function checkSeed(seed: Uint8Array): Uint8Array {
  if (seed.length !== SEED_BYTES) throw invalid('bad_seed', 'A seed has 32 bytes.');
  return seed;
}
