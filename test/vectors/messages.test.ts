/**
 * Every message, in and out, against `messages.json` and `messages-refused.json`: by this project's
 * codec, and by a COSE, a CBOR and a CDDL implementation that it did not write.
 */
import { createPublicKey } from 'node:crypto';
import { Sign1 } from '@auth0/cose';
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { decode as cbor2Decode, Tag } from 'cbor2';
import { describe, expect, it } from 'vitest';
import { nativeVerify } from '../../node/platform/native-ed25519.ts';
import { signWithSeed } from '../../protocol/identity/keys.ts';
import type { PublicKey } from '../../protocol/identity/pid.ts';
import { nobleVerify } from '../../protocol/identity/signature.ts';
import { FRAME_BYTES_MAX } from '../../protocol/limits.ts';
import type { CborValue } from '../../protocol/wire/cbor.ts';
import { encode } from '../../protocol/wire/cbor.ts';
import {
  bareFrame,
  encodeBody,
  isSignedBy,
  openFrame,
  seal,
  signedFrame,
} from '../../protocol/wire/envelope.ts';
import {
  MESSAGES,
  type MessageBody,
  type MessageName,
  schemaOf,
} from '../../protocol/wire/message-types.ts';
import { readCddl, validateAgainstCddl } from './cddl-check.ts';
import type { MessageCase } from './messages-cases.ts';
import { fromPortable, toPortable } from './portable.ts';
import { readVectors } from './read.ts';
import { CDDL_FILE } from './write-cddl.ts';

const rules = readCddl(CDDL_FILE);
const named = (cases: readonly MessageCase[]) => cases.map((v) => [v.name, v] as const);
const valid = named(readVectors<MessageCase>('messages.json'));
const refused = named(readVectors<MessageCase>('messages-refused.json'));
const signed = valid.filter(([, v]) => v.envelope !== undefined);
const forged = refused.filter(([, v]) => v.reason === 'bad_signature');
const unread = refused.filter(([, v]) => v.reason !== 'bad_signature');
/** What a schema can tell; the others are faults of bytes below it. */
const seenByCddl = refused.filter(([, { reason }]) =>
  ['bad_frame', 'unknown_message', 'bad_message'].includes(reason),
);

function faultOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return (error as { details?: { fault: string } }).details?.fault ?? String(error);
  }
  return '';
}

describe('valid messages', () => {
  it.each(valid)('%s: read', (_name, v) => {
    const frame = openFrame(hexToBytes(v.frame));
    expect(frame.type).toBe(v.type);
    expect(MESSAGES[frame.type].number).toBe(v.number);
    const payload = encodeBody(v.type, frame.body as MessageBody<MessageName>);
    expect(bytesToHex(payload)).toBe(v.payload);
    expect(frame.signed === undefined).toBe(v.envelope === undefined);
  });

  it.each(valid)('%s: written from what it says', (_name, v) => {
    const body = schemaOf(v.type).read(fromPortable(v.message!) as CborValue);
    if (v.envelope === undefined) {
      expect(bytesToHex(bareFrame(v.type, body))).toBe(v.frame);
      return;
    }
    const sign = (message: Uint8Array) => signWithSeed(hexToBytes(v.seed!), message);
    const envelope = seal(v.type, body, v.public_key as PublicKey, sign);
    expect(bytesToHex(envelope)).toBe(v.envelope);
    expect(bytesToHex(signedFrame(v.type, envelope))).toBe(v.frame);
  });

  it.each(signed)('%s: signed by whom it says', (_name, v) => {
    const thing = openFrame(hexToBytes(v.frame)).signed!;
    expect(isSignedBy(thing, v.public_key as PublicKey, nobleVerify)).toBe(true);
    expect(isSignedBy(thing, v.public_key as PublicKey, nativeVerify)).toBe(true);
  });

  it.each(signed)('%s: verified by @auth0/cose', async (_name, v) => {
    const x = Buffer.from(v.public_key!, 'hex').toString('base64url');
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' });
    const options = { externalAAD: utf8ToBytes(`geo/0.1/${v.type}`) };
    await expect(
      Sign1.decode(hexToBytes(v.envelope!)).verify(key, options),
    ).resolves.toBeUndefined();
  });

  it.each(valid)('%s: read alike by cbor2', (_name, v) => {
    const [number, body] = cbor2Decode(hexToBytes(v.frame)) as [number, Uint8Array];
    expect(number).toBe(v.number);
    expect(bytesToHex(body)).toBe(v.envelope ?? v.payload);
    const inner = cbor2Decode(body);
    const payload = inner instanceof Tag ? (inner.contents as Uint8Array[])[2]! : body;
    expect(toPortable(cbor2Decode(payload) as CborValue)).toEqual(v.message);
  });

  it.each(valid)('%s: fits geo.cddl', (_name, v) => {
    const frame = cbor2Decode(hexToBytes(v.frame));
    expect(validateAgainstCddl(rules, v.type, frame)).toEqual([]);
    expect(validateAgainstCddl(rules, 'frame', frame)).toEqual([]);
  });

  it('are there for every type', () => {
    expect(new Set(valid.map(([, v]) => v.type))).toEqual(new Set(Object.keys(MESSAGES)));
  });
});

describe('refused messages', () => {
  it.each(unread)('%s', (_name, v) => {
    expect(faultOf(() => openFrame(hexToBytes(v.frame)))).toBe(v.reason);
  });

  it.each(forged)('%s: no signature of the one that is expected', (_name, v) => {
    const thing = openFrame(hexToBytes(v.frame)).signed!;
    expect(isSignedBy(thing, v.public_key as PublicKey, nobleVerify)).toBe(false);
    expect(isSignedBy(thing, v.public_key as PublicKey, nativeVerify)).toBe(false);
  });

  it.each(seenByCddl)('%s: does not fit geo.cddl', (_name, v) => {
    const frame = cbor2Decode(hexToBytes(v.frame));
    expect(validateAgainstCddl(rules, 'frame', frame)).not.toEqual([]);
  });

  it('are there for every type', () => {
    expect(new Set(refused.map(([, v]) => v.type))).toEqual(new Set(Object.keys(MESSAGES)));
  });

  it('are refused for their size alone, whatever they hold', () => {
    const zeros = (count: number) => encode([MESSAGES.PING.number, new Uint8Array(count)]);
    const head = zeros(FRAME_BYTES_MAX - 100).length - (FRAME_BYTES_MAX - 100);
    const fits = zeros(FRAME_BYTES_MAX - head);
    expect(fits.length).toBe(FRAME_BYTES_MAX);
    expect(faultOf(() => openFrame(fits))).toBe('bad_cbor');
    expect(faultOf(() => openFrame(zeros(FRAME_BYTES_MAX - head + 1)))).toBe('frame_too_large');
  });
});
