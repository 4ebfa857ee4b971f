import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { deriveKeyPair, openBase, sealBase } from '../../../protocol/identity/hpke.ts';
import { publicKeyFromSeed } from '../../../protocol/identity/keys.ts';
import type { PublicKey } from '../../../protocol/identity/pid.ts';
import {
  NOTE_TEXT_BYTES_MAX,
  openNote,
  SEALED_NOTE_SIZES,
  sealNote,
} from '../../../protocol/identity/sealed-note.ts';
import { NOTE_BYTES_MAX } from '../../../protocol/limits.ts';
import type { NoteCase } from '../../vectors/note-cases.ts';
import { readVectors } from '../../vectors/read.ts';

const fault = (name: string) =>
  expect.objectContaining({ details: expect.objectContaining({ fault: name }) });
const seed = new Uint8Array(32).fill(1);
const key = publicKeyFromSeed(seed);
const ephemeral = new Uint8Array(32).fill(2);
const aad = utf8ToBytes('aad');

describe('HPKE', () => {
  // RFC 9180 appendix A.2.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, ChaCha20Poly1305, base mode.
  const rfc = {
    info: '4f6465206f6e2061204772656369616e2055726e',
    ikmE: '909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b',
    pkEm: '1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a',
    skEm: 'f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600',
    ikmR: '1ac01f181fdf9f352797655161c58b75c656a6cc2716dcb66372da835542e1df',
    pkRm: '4310ee97d88cc1f088a5576c77ab0cf5c3ac797f3d95139c6c84b5429c59662a',
    skRm: '8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb',
    pt: '4265617574792069732074727574682c20747275746820626561757479',
    aad: '436f756e742d30',
    ct: '1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28',
  };

  it('derives the key pairs of RFC 9180 A.2.1', () => {
    for (const [ikm, sk, pk] of [
      [rfc.ikmE, rfc.skEm, rfc.pkEm],
      [rfc.ikmR, rfc.skRm, rfc.pkRm],
    ] as const) {
      const pair = deriveKeyPair(hexToBytes(ikm));
      expect(bytesToHex(pair.secretKey)).toBe(sk);
      expect(bytesToHex(pair.publicKey)).toBe(pk);
    }
  });

  it('seals and opens the first message of RFC 9180 A.2.1', () => {
    const [info, extra, text] = [hexToBytes(rfc.info), hexToBytes(rfc.aad), hexToBytes(rfc.pt)];
    const sender = deriveKeyPair(hexToBytes(rfc.ikmE));
    const recipient = deriveKeyPair(hexToBytes(rfc.ikmR));
    const { encapsulated, ciphertext } = sealBase(recipient.publicKey, sender, info, extra, text);
    expect(bytesToHex(encapsulated)).toBe(rfc.pkEm);
    expect(bytesToHex(ciphertext)).toBe(rfc.ct);
    expect(openBase(recipient, encapsulated, info, extra, ciphertext)).toEqual(text);
  });
});

describe('sealed note', () => {
  const vectors = readVectors<NoteCase>('sealed-notes.json');

  it.each(vectors.filter((v) => v.valid).map((v) => [v.name, v] as const))(
    'vector: %s',
    (_name, v) => {
      const [sealed, extra] = [hexToBytes(v.sealed), hexToBytes(v.aad)];
      expect(openNote(sealed, hexToBytes(v.payee_seed), extra)).toBe(v.text);
      const payee = v.payee_public_key as PublicKey;
      expect(sealNote(v.text!, payee, hexToBytes(v.ephemeral_seed!), extra)).toEqual(sealed);
    },
  );

  it.each(vectors.filter((v) => !v.valid).map((v) => [v.name, v] as const))(
    'vector: %s is refused',
    (_name, v) => {
      const open = () =>
        openNote(hexToBytes(v.sealed), hexToBytes(v.payee_seed), hexToBytes(v.aad));
      expect(open).toThrow(fault(v.reason));
    },
  );

  it('opens to the text that was sealed, and is never larger than the bound', () => {
    const run = fc.property(fc.string({ unit: 'binary', maxLength: 240 }), (text) => {
      const sealed = sealNote(text, key, ephemeral, aad);
      expect(openNote(sealed, seed, aad)).toBe(text);
      expect(sealed.length).toBeLessThanOrEqual(NOTE_BYTES_MAX);
    });
    fc.assert(run, { numRuns: 25 });
  });

  it('has one of four sizes, so that texts of like length look alike', () => {
    const sizes = new Set<number>();
    for (let length = 0; length <= NOTE_TEXT_BYTES_MAX; length += 61) {
      sizes.add(sealNote('x'.repeat(length), key, ephemeral, aad).length);
    }
    expect([...sizes]).toEqual([...SEALED_NOTE_SIZES]);
  });

  it('refuses text that does not fit, counted in bytes', () => {
    expect(() => sealNote('x'.repeat(NOTE_TEXT_BYTES_MAX + 1), key, ephemeral, aad)).toThrow(
      fault('note_too_long'),
    );
    expect(() => sealNote('ї'.repeat(NOTE_TEXT_BYTES_MAX / 2 + 1), key, ephemeral, aad)).toThrow(
      fault('note_too_long'),
    );
  });

  it('refuses a lone surrogate, a bad key and a short ephemeral seed', () => {
    expect(() => sealNote('\ud800', key, ephemeral, aad)).toThrow(fault('bad_note'));
    const smallOrder = `01${'00'.repeat(31)}` as PublicKey;
    expect(() => sealNote('x', smallOrder, ephemeral, aad)).toThrow(fault('bad_public_key'));
    expect(() => sealNote('x', key, new Uint8Array(16), aad)).toThrow(fault('bad_seed'));
  });
});
