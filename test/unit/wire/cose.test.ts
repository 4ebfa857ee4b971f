import { createPrivateKey, createPublicKey } from 'node:crypto';
import { Algorithms, Headers, ProtectedHeaders, Sign1, UnprotectedHeaders } from '@auth0/cose';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { decode as cbor2Decode, Tag } from 'cbor2';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GeoError } from '../../../protocol/errors.ts';
import { publicKeyFromSeed, signWithSeed } from '../../../protocol/identity/keys.ts';
import {
  hashFromBytes,
  hashOf,
  hashToBytes,
  type PublicKey,
  publicKeyToBytes,
} from '../../../protocol/identity/pid.ts';
import { nobleVerify } from '../../../protocol/identity/signature.ts';
import { decode, encode } from '../../../protocol/wire/cbor.ts';
import {
  assembleSign1,
  kidOf,
  parseSign1,
  sealSign1,
  toBeSigned,
  verifySign1,
} from '../../../protocol/wire/cose.ts';
import type { CoseCase } from '../../vectors/cose-cases.ts';
import { toPortable } from '../../vectors/portable.ts';
import { readVectors } from '../../vectors/read.ts';

const vectors = readVectors<CoseCase>('cose.json');
const named = (some: readonly CoseCase[]) => some.map((v) => [v.name, v] as const);
const good = named(vectors.filter((v) => v.valid));
const unread = named(vectors.filter((v) => v.reason === 'bad_envelope'));
const unsound = named(vectors.filter((v) => v.reason === 'bad_signature'));
const badEnvelope = expect.objectContaining({
  code: 'E009',
  details: expect.objectContaining({ fault: 'bad_envelope' }),
});

const seed = new Uint8Array(32).fill(0x77);
const key = publicKeyFromSeed(seed);
const sign = (message: Uint8Array) => signWithSeed(seed, message);

function theirPublicKey(publicKey: string) {
  const x = Buffer.from(publicKey, 'hex').toString('base64url');
  return createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
}

function theirPrivateKey(ownSeed: Uint8Array) {
  const head = Buffer.from('302e020100300506032b657004220420', 'hex');
  const der = Buffer.concat([head, ownSeed]);
  return createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
}

const externalAAD = (type: string) => utf8ToBytes(`geo/0.1/${type}`);

describe('vectors', () => {
  it.each(good)('%s', (_name, v) => {
    const publicKey = v.public_key as PublicKey;
    const own = (message: Uint8Array) => signWithSeed(hexToBytes(v.seed), message);
    const sealed = sealSign1(v.type, hexToBytes(v.payload!), publicKey, own);
    expect(bytesToHex(sealed)).toBe(v.bytes);

    const envelope = parseSign1(hexToBytes(v.bytes));
    expect(envelope.kid).toBe(v.kid);
    expect(bytesToHex(envelope.payload)).toBe(v.payload);
    expect(bytesToHex(toBeSigned(v.type, envelope.kid, envelope.payload))).toBe(v.to_be_signed);
    expect(toPortable(decode(envelope.payload))).toEqual(v.message);
    expect(verifySign1(v.type, envelope, publicKey, nobleVerify)).toBe(true);
  });

  it.each(unread)('%s is refused unread', (_name, v) => {
    expect(() => parseSign1(hexToBytes(v.bytes))).toThrow(badEnvelope);
  });

  it.each(unsound)('%s does not verify', (_name, v) => {
    const envelope = parseSign1(hexToBytes(v.bytes));
    expect(verifySign1(v.type, envelope, v.public_key as PublicKey, nobleVerify)).toBe(false);
  });
});

describe('@auth0/cose, which this project did not write', () => {
  it.each(good)('verifies our envelope: %s', async (_name, v) => {
    const theirs = Sign1.decode(hexToBytes(v.bytes));
    expect(theirs.protectedHeaders.get(Headers.Algorithm)).toBe(Algorithms.EdDSA);
    const kid = theirs.protectedHeaders.get(Headers.KeyID) as Uint8Array;
    expect(bytesToHex(kid)).toBe(v.kid);
    const options = { externalAAD: externalAAD(v.type) };
    await expect(theirs.verify(theirPublicKey(v.public_key), options)).resolves.toBeUndefined();
  });

  it.each(unsound)('refuses as we do: %s', async (_name, v) => {
    const theirs = Sign1.decode(hexToBytes(v.bytes));
    const options = { externalAAD: externalAAD(v.type) };
    const signer = theirs.protectedHeaders.get(Headers.KeyID) as Uint8Array;
    // It leaves the choice of the key to its user: so the check of the kid stays ours.
    const kidFits = hashFromBytes(Uint8Array.from(signer)) === kidOf(v.public_key as PublicKey);
    const verified = theirs.verify(theirPublicKey(v.public_key), options).then(() => kidFits);
    await expect(verified.catch(() => false)).resolves.toBe(false);
  });

  it.each(good)('puts the same bytes together: %s', (_name, v) => {
    const { kid, payload, signature } = parseSign1(hexToBytes(v.bytes));
    const header = hexToBytes(`a20127045820${kid}`);
    expect(bytesToHex(new Sign1(header, new Map(), payload, signature).encode())).toBe(v.bytes);
  });

  it('signs what we read and verify, as far as it can', async () => {
    const payload = encode({ limit: 500, equivalent: 'UAH' });
    const theirs = await Sign1.sign(
      new ProtectedHeaders([
        [Headers.Algorithm, Algorithms.EdDSA],
        [Headers.KeyID, hashToBytes(kidOf(key))],
      ]),
      new UnprotectedHeaders(),
      payload,
      theirPrivateKey(seed),
    );
    const envelope = parseSign1(Uint8Array.from(theirs.encode()));
    expect(envelope.kid).toBe(kidOf(key));
    expect(envelope.payload).toEqual(payload);
    // It has no way to sign with external data: its signature is right, but for no message type.
    const signed = sigStructure(payload, new Uint8Array(0));
    expect(nobleVerify(key, signed, envelope.signature)).toBe(true);
    expect(verifySign1('TRUST_LINE_CREATE', envelope, key, nobleVerify)).toBe(false);
  });
});

/** The Sig_structure written out with the CBOR codec, as RFC 9052 section 4.4 has it. */
function sigStructure(payload: Uint8Array, aad: Uint8Array): Uint8Array {
  const header = hexToBytes(`a20127045820${kidOf(key)}`);
  return encode(['Signature1', header, aad, payload]);
}

describe('the bytes that are signed', () => {
  it('are the Sig_structure of RFC 9052, for payloads of every size of head', () => {
    for (const length of [0, 1, 23, 24, 255, 256, 65535, 65536]) {
      const payload = new Uint8Array(length).fill(0x61);
      expect(toBeSigned('PING', kidOf(key), payload)).toEqual(
        sigStructure(payload, externalAAD('PING')),
      );
    }
  });

  it('differ between types whatever their names', () => {
    const payload = encode({});
    const types = ['A', 'B', 'A_LONGER_TYPE_NAME_THAN_FITS_ONE_SHORT_HEAD'];
    const all = types.map((type) => bytesToHex(toBeSigned(type, kidOf(key), payload)));
    expect(new Set(all).size).toBe(types.length);
  });
});

describe('envelope', () => {
  it('is the CBOR that RFC 9052 asks for', () => {
    for (const length of [0, 23, 24, 255, 256, 65535, 65536]) {
      const payload = new Uint8Array(length).fill(0x61);
      const bytes = sealSign1('PING', payload, key, sign);
      const tag = cbor2Decode(bytes) as Tag;
      expect(tag).toBeInstanceOf(Tag);
      expect(tag.tag).toBe(18);
      const [header, unprotected, content, signature] = tag.contents as unknown[];
      expect(header).toEqual(hexToBytes(`a20127045820${kidOf(key)}`));
      expect(unprotected).toEqual({});
      expect(content).toEqual(payload);
      expect((signature as Uint8Array).length).toBe(64);
      expect(parseSign1(bytes).payload).toEqual(payload);
    }
  });

  it('names its signer by the hash of the key', () => {
    expect(kidOf(key)).toBe(hashOf(publicKeyToBytes(key)));
  });

  it('has one form: altered bytes are refused, or differ in what they hold', () => {
    const bytes = sealSign1('PING', encode({ nonce: 7 }), key, sign);
    const run = fc.property(
      fc.constantFrom('set', 'insert', 'remove'),
      fc.nat(bytes.length - 1),
      fc.nat(255),
      (kind, at, byte) => {
        const altered = [...bytes];
        altered.splice(at, kind === 'insert' ? 0 : 1, ...(kind === 'remove' ? [] : [byte]));
        let parsed: ReturnType<typeof parseSign1>;
        try {
          parsed = parseSign1(Uint8Array.from(altered));
        } catch (error) {
          expect(error).toBeInstanceOf(GeoError);
          return;
        }
        const again = assembleSign1(parsed.kid, parsed.payload, parsed.signature);
        expect([...again]).toEqual(altered);
      },
    );
    fc.assert(run, { numRuns: 2000 });
  });

  it('takes a signature of 64 bytes and no other', () => {
    for (const length of [0, 63, 65]) {
      expect(() => assembleSign1(kidOf(key), encode({}), new Uint8Array(length))).toThrow(
        badEnvelope,
      );
    }
  });

  it('is not verified if it names another key, without any work spent on it', () => {
    const envelope = parseSign1(sealSign1('PING', encode({}), key, sign));
    const other = publicKeyFromSeed(new Uint8Array(32));
    const verify = () => {
      throw new Error('not to be called');
    };
    expect(verifySign1('PING', envelope, other, verify)).toBe(false);
  });
});
