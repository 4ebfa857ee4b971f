/**
 * COSE_Sign1 (RFC 9052 section 4.2, tag 18) in the one form that the protocol knows
 * (docs/PROTOCOL.md, "Signed bytes"):
 *
 *     18([ << {1: -8, 4: kid} >>, {}, payload, signature ])
 *
 * `kid` is SHA-256 of the signer's public key; the external data is `geo/0.1/` and the message type,
 * so a signature for one purpose is worth nothing for another. As all but three byte strings is
 * constant, envelopes are put together and taken apart by position, without a CBOR codec.
 */
import { concatBytes } from '@noble/hashes/utils.js';
import { GeoError } from '../errors.ts';
import { hexToBytes } from '../identity/hex.ts';
import {
  type Hash,
  hashFromBytes,
  type PublicKey,
  pidFromPublicKey,
  pidToHex,
} from '../identity/pid.ts';
import { SIGNATURE_BYTES } from '../identity/signature.ts';

export interface Sign1 {
  readonly kid: Hash;
  /** The signed message. A view on the bytes that were parsed. */
  readonly payload: Uint8Array;
  /** 64 bytes. A view on the bytes that were parsed. */
  readonly signature: Uint8Array;
}

const AAD_PREFIX = 'geo/0.1/';
const KID_BYTES = 32;

/** `{1: -8, 4: h'…'}` up to the 32 bytes of the kid: alg (1) is EdDSA (-8), kid is label 4. */
const PROTECTED_HEAD = hexToBytes('a20127045820');
const PROTECTED_BYTES = PROTECTED_HEAD.length + KID_BYTES;
/** Tag 18, array of 4, byte string of 38: what every envelope begins with. */
const ENVELOPE_HEAD = hexToBytes('d2845826');
/** The empty unprotected header. */
const EMPTY_MAP = Uint8Array.of(0xa0);
/** Head of a byte string of 64. */
const SIGNATURE_HEAD = hexToBytes('5840');
/** Array of 4, text "Signature1", byte string of 38: what every Sig_structure begins with. */
const SIG_STRUCTURE_HEAD = hexToBytes('846a5369676e6174757265315826');

const KID_AT = ENVELOPE_HEAD.length + PROTECTED_HEAD.length;
const PAYLOAD_AT = ENVELOPE_HEAD.length + PROTECTED_BYTES + EMPTY_MAP.length;
const ENVELOPE_BYTES_MIN = PAYLOAD_AT + 1 + SIGNATURE_HEAD.length + SIGNATURE_BYTES;

const utf8 = new TextEncoder();
// One entry for each message type of the protocol, never more: a type is known before it is signed.
const aadByType = new Map<string, Uint8Array>();

function externalAad(type: string): Uint8Array {
  let aad = aadByType.get(type);
  if (aad === undefined) {
    aad = byteString(utf8.encode(AAD_PREFIX + type));
    if (aadByType.size < 256) aadByType.set(type, aad);
  }
  return aad;
}

/** The key identifier of a public key: its SHA-256, the hash that its PID also names. */
export function kidOf(publicKey: PublicKey): Hash {
  return pidToHex(pidFromPublicKey(publicKey)) as Hash;
}

/** The bytes that the signature is made over: the Sig_structure of RFC 9052 section 4.4. */
export function toBeSigned(type: string, kid: Hash, payload: Uint8Array): Uint8Array {
  return concatBytes(
    SIG_STRUCTURE_HEAD,
    PROTECTED_HEAD,
    hexToBytes(kid),
    externalAad(type),
    byteStringHead(payload.length),
    payload,
  );
}

/** The envelope's bytes. `signature` has 64 bytes. */
export function assembleSign1(kid: Hash, payload: Uint8Array, signature: Uint8Array): Uint8Array {
  if (signature.length !== SIGNATURE_BYTES) throw badEnvelope('signature_length');
  return concatBytes(
    ENVELOPE_HEAD,
    PROTECTED_HEAD,
    hexToBytes(kid),
    EMPTY_MAP,
    byteStringHead(payload.length),
    payload,
    SIGNATURE_HEAD,
    signature,
  );
}

/**
 * Takes an envelope apart, in its canonical form only. Nothing is verified, and the payload is not
 * decoded.
 * @throws GeoError E009 `bad_envelope`, with `details.reason`
 */
export function parseSign1(bytes: Uint8Array): Sign1 {
  if (bytes.length < ENVELOPE_BYTES_MIN) throw badEnvelope('truncated');
  if (!hasAt(bytes, 0, ENVELOPE_HEAD)) throw badEnvelope('not_cose_sign1');
  if (!hasAt(bytes, ENVELOPE_HEAD.length, PROTECTED_HEAD)) throw badEnvelope('protected_header');
  if (!hasAt(bytes, PAYLOAD_AT - EMPTY_MAP.length, EMPTY_MAP))
    throw badEnvelope('unprotected_header');

  const signatureAt = bytes.length - SIGNATURE_BYTES;
  const payloadEnd = signatureAt - SIGNATURE_HEAD.length;
  if (!hasAt(bytes, payloadEnd, SIGNATURE_HEAD)) throw badEnvelope('signature_length');
  const payloadAt = PAYLOAD_AT + byteStringHeadBytes(bytes[PAYLOAD_AT]!);
  const payloadLength = payloadEnd - payloadAt;
  // Exactly the shortest head of what lies between may stand there.
  if (payloadLength < 0 || !hasAt(bytes, PAYLOAD_AT, byteStringHead(payloadLength))) {
    throw badEnvelope('payload_length');
  }
  return {
    kid: hashFromBytes(bytes.subarray(KID_AT, KID_AT + KID_BYTES)),
    payload: bytes.subarray(payloadAt, payloadEnd),
    signature: bytes.subarray(signatureAt),
  };
}

/** Signs `payload` as a message of `type` with the key of `publicKey`. */
export function sealSign1(
  type: string,
  payload: Uint8Array,
  publicKey: PublicKey,
  sign: (message: Uint8Array) => Uint8Array,
): Uint8Array {
  const kid = kidOf(publicKey);
  return assembleSign1(kid, payload, sign(toBeSigned(type, kid, payload)));
}

/** Whether `envelope` was signed by `publicKey` as a message of `type`. */
export function verifySign1(
  type: string,
  envelope: Sign1,
  publicKey: PublicKey,
  verify: (publicKey: PublicKey, message: Uint8Array, signature: Uint8Array) => boolean,
): boolean {
  if (envelope.kid !== kidOf(publicKey)) return false;
  const message = toBeSigned(type, envelope.kid, envelope.payload);
  return verify(publicKey, message, envelope.signature);
}

/** Head of a byte string in its shortest form (RFC 8949 section 3). */
function byteStringHead(length: number): Uint8Array {
  if (length < 24) return Uint8Array.of(0x40 | length);
  if (length < 2 ** 8) return Uint8Array.of(0x58, length);
  if (length < 2 ** 16) return Uint8Array.of(0x59, length >> 8, length);
  return Uint8Array.of(0x5a, length >> 24, length >> 16, length >> 8, length);
}

/** Bytes of a byte string's head, from its first byte; anything else counts as one and fails later. */
function byteStringHeadBytes(first: number): number {
  return first === 0x58 ? 2 : first === 0x59 ? 3 : first === 0x5a ? 5 : 1;
}

function byteString(content: Uint8Array): Uint8Array {
  return concatBytes(byteStringHead(content.length), content);
}

function hasAt(bytes: Uint8Array, at: number, expected: Uint8Array): boolean {
  for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false;
  return true;
}

function badEnvelope(reason: string): GeoError {
  return new GeoError(
    'E009',
    `Not a canonical COSE_Sign1 envelope (${reason.replaceAll('_', ' ')}). The software that made it must follow the protocol's "Signed bytes".`,
    { fault: 'bad_envelope', reason },
  );
}
