import { createPublicKey, verify as opensslRaw } from 'node:crypto';
import { ED25519_TORSION_SUBGROUP } from '@noble/curves/ed25519.js';
import { hashes, verify as nobleZip215 } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  nativeLibrary,
  nativeSigner,
  nativeVerify,
  opensslSigner,
  opensslVerify,
  opensslVerifyAside,
  sodiumSigner,
  sodiumVerify,
} from '../../../node/platform/native-ed25519.ts';
import type { VerifyAside, VerifySignature } from '../../../node/ports.ts';
import { GeoError } from '../../../protocol/errors.ts';
import { publicKeyFromSeed, signWithSeed } from '../../../protocol/identity/keys.ts';
import type { PublicKey } from '../../../protocol/identity/pid.ts';
import {
  isAcceptablePublicKey,
  isSignatureWellFormed,
  nobleVerify,
} from '../../../protocol/identity/signature.ts';
import { readVectors } from '../../vectors/read.ts';
import type { SignatureCase } from '../../vectors/signature-cases.ts';

hashes.sha512 = sha512;

const vectors = readVectors<SignatureCase>('signatures.json');
const implementations: readonly (readonly [string, VerifySignature])[] = [
  ['noble', nobleVerify],
  ['openssl', opensslVerify],
  ['sodium', sodiumVerify!],
];

function check<V extends VerifySignature | VerifyAside>(
  verify: V,
  vector: SignatureCase,
): ReturnType<V> {
  return verify(
    vector.public_key as PublicKey,
    hexToBytes(vector.message),
    hexToBytes(vector.signature),
  ) as ReturnType<V>;
}

describe.each([...implementations, ['openssl, on another thread,', opensslVerifyAside] as const])(
  '%s verifies by the one rule',
  (_name, verify) => {
    it.each(vectors.map((vector) => [vector.name, vector] as const))(
      '%s',
      async (_case, vector) => {
        expect(await check(verify, vector)).toBe(vector.valid);
      },
    );

    it.each([
      ['not hexadecimal', 'zz'.repeat(32)],
      ['upper case', publicKeyFromSeed(new Uint8Array(32)).toUpperCase()],
      ['31 bytes', '11'.repeat(31)],
      ['33 bytes', '11'.repeat(33)],
      ['empty', ''],
    ])('refuses a key that is %s without throwing', async (_case, key) => {
      const good = vectors[0]!;
      expect(await check(verify, { ...good, public_key: key })).toBe(false);
    });
  },
);

describe('the vectors', () => {
  it('hold real traps: a lenient verifier accepts each of them', () => {
    const traps = vectors.filter((vector) => vector.trap);
    expect(traps.length).toBeGreaterThan(40);
    for (const { name, signature, message, public_key } of traps) {
      const [s, m, key] = [hexToBytes(signature), hexToBytes(message), hexToBytes(public_key)];
      expect(nobleZip215(s, m, key), name).toBe(true);
    }
  });

  it('hold a trap for OpenSSL: without our check of the key it accepts mixed order', () => {
    const accepted = vectors.filter(({ valid, public_key, message, signature }) => {
      if (valid || signature.length !== 128) return false;
      const x = Buffer.from(public_key, 'hex').toString('base64url');
      const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
      return opensslRaw(null, hexToBytes(message), key, hexToBytes(signature));
    });
    expect(new Set(accepted.map((vector) => vector.reason))).toEqual(new Set(['mixed_order_key']));
  });

  it('name a reason for each refusal', () => {
    for (const { valid, reason } of vectors) expect(reason === '').toBe(valid);
  });
});

describe('signing', () => {
  const signers = [
    ['noble', (seed: Uint8Array, message: Uint8Array) => signWithSeed(seed, message)],
    ['openssl', (seed: Uint8Array, message: Uint8Array) => opensslSigner(seed).sign(message)],
    ['native', (seed: Uint8Array, message: Uint8Array) => nativeSigner(seed).sign(message)],
  ] as const;

  it.each(signers)('%s makes the very bytes of the vectors', (_name, sign) => {
    for (const { seed, message, signature } of vectors) {
      if (seed === undefined) continue;
      expect(bytesToHex(sign(hexToBytes(seed), hexToBytes(message)))).toBe(signature);
    }
  });

  it('every signer names the same public key', () => {
    for (const { seed, public_key } of vectors) {
      if (seed === undefined) continue;
      const bytes = hexToBytes(seed);
      expect(publicKeyFromSeed(bytes)).toBe(public_key);
      expect(opensslSigner(bytes).publicKey).toBe(public_key);
      expect(nativeSigner(bytes).publicKey).toBe(public_key);
    }
  });

  it('a seed of another length is refused', () => {
    for (const make of [opensslSigner, nativeSigner, publicKeyFromSeed]) {
      expect(() => make(new Uint8Array(31))).toThrow(GeoError);
    }
  });

  it('a native signer outlives the seed that it was made from', () => {
    const seed = new Uint8Array(32).fill(5);
    const expected = signWithSeed(seed, seed);
    const message = seed.slice();
    for (const make of [opensslSigner, nativeSigner]) {
      const own = seed.slice();
      const signer = make(own);
      own.fill(0);
      expect(signer.sign(message)).toEqual(expected);
    }
  });
});

describe('all implementations agree', () => {
  const seeds = fc.uint8Array({ minLength: 32, maxLength: 32 });

  it('on what one of them signed, and on the same with one bit changed', () => {
    const run = fc.property(
      seeds,
      fc.uint8Array({ maxLength: 200 }),
      fc.nat(511),
      (seed, message, bit) => {
        const { publicKey, sign } = nativeSigner(seed);
        const signature = sign(message);
        const spoiled = signature.slice();
        spoiled[bit >> 3]! ^= 1 << (bit & 7);
        for (const [, verify] of implementations) {
          expect(verify(publicKey, message, signature)).toBe(true);
          expect(verify(publicKey, message, spoiled)).toBe(false);
        }
      },
    );
    fc.assert(run, { numRuns: 40 });
  });

  it('on arbitrary bytes', () => {
    const run = fc.property(
      seeds,
      fc.uint8Array({ minLength: 64, maxLength: 64 }),
      (key, signature) => {
        const verdicts = implementations.map(([, verify]) =>
          verify(bytesToHex(key) as PublicKey, key, signature),
        );
        expect(new Set(verdicts)).toEqual(new Set([false]));
      },
    );
    fc.assert(run, { numRuns: 60 });
  });
});

describe('keys', () => {
  it('of small order are refused in every spelling', () => {
    for (const hex of ED25519_TORSION_SUBGROUP) {
      expect(isAcceptablePublicKey(hex as PublicKey)).toBe(false);
      const otherSign = hexToBytes(hex);
      otherSign[31]! ^= 0x80;
      expect(isAcceptablePublicKey(bytesToHex(otherSign) as PublicKey)).toBe(false);
      expect(isSignatureWellFormed(hexToBytes(`${hex}${'01'.repeat(31)}00`))).toBe(false);
    }
  });

  it('from seeds are accepted', () => {
    for (let i = 0; i < 5; i++) {
      expect(isAcceptablePublicKey(publicKeyFromSeed(new Uint8Array(32).fill(i)))).toBe(true);
    }
  });
});

describe('the native library', () => {
  it('is libsodium where its binding loads, OpenSSL elsewhere', () => {
    expect(nativeVerify).toBe(sodiumVerify ?? opensslVerify);
    expect(nativeSigner).toBe(sodiumSigner ?? opensslSigner);
    expect(nativeLibrary).toBe(sodiumVerify ? 'libsodium' : 'openssl');
  });

  it('is libsodium here: its package brings bindings for every system that the project names', () => {
    expect(nativeLibrary).toBe('libsodium');
  });
});
