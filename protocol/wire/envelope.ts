/**
 * Frames and signed things: bytes to typed messages and back (docs/PROTOCOL.md, "Signed bytes").
 *
 * A frame is the CBOR array `[number, body]`: the message's number and, as a byte string, its body:
 * a COSE_Sign1 where the author signs, the bare CBOR map where the channel speaks for the sender.
 */
import { GeoError, invalid } from '../errors.ts';
import type { Hash, PublicKey } from '../identity/pid.ts';
import { FRAME_BYTES_MAX } from '../limits.ts';
import { decode, encode } from './cbor.ts';
import { kidOf, parseSign1, type Sign1, sealSign1, toBeSigned, verifySign1 } from './cose.ts';
import {
  MESSAGES,
  type MessageBody,
  type MessageName,
  messageNameOf,
  schemaOf,
} from './message-types.ts';
import { decodeWith, encodeWith } from './schema.ts';

type SignMessage = (message: Uint8Array) => Uint8Array;
type Verify = (publicKey: PublicKey, message: Uint8Array, signature: Uint8Array) => boolean;

/** A signed thing that has been read but whose signature has not been checked yet. */
export interface Unverified<T> {
  readonly type: MessageName;
  readonly kid: Hash;
  readonly body: T;
  /** The signed CBOR message. */
  readonly payload: Uint8Array;
  /** The whole COSE_Sign1, as it came. */
  readonly bytes: Uint8Array;
  readonly sign1: Sign1;
}

/** A frame's content: a signed message (not yet verified) or a bare one. */
export type OpenFrame = {
  [N in MessageName]: {
    readonly type: N;
    readonly body: MessageBody<N>;
    /** Present for the types whose author signs. */
    readonly signed?: Unverified<MessageBody<N>>;
  };
}[MessageName];

/**
 * @throws GeoError E009 `frame_too_large` | `bad_frame` | `unknown_message` | `bad_cbor` |
 * `bad_envelope` | `bad_message`
 */
export function openFrame(bytes: Uint8Array): OpenFrame {
  if (bytes.length > FRAME_BYTES_MAX) {
    throw invalid('frame_too_large', `A frame has at most ${FRAME_BYTES_MAX} bytes.`);
  }
  const frame = decode(bytes);
  if (!Array.isArray(frame) || frame.length !== 2) throw badFrame();
  const [number, body] = frame;
  if (typeof number !== 'number' || !(body instanceof Uint8Array)) throw badFrame();
  const type = messageNameOf(number);
  if (type === undefined) {
    throw invalid(
      'unknown_message',
      `Message number ${number} is not known; a newer version may.`,
      {
        number,
      },
    );
  }
  if (MESSAGES[type].signed) {
    const signed = readSigned(type, body);
    return { type, body: signed.body, signed } as OpenFrame;
  }
  return { type, body: decodeWith(schemaOf(type), body, type) } as OpenFrame;
}

/** A frame for a message that rests on the channel. */
export function bareFrame<N extends MessageName>(type: N, body: MessageBody<N>): Uint8Array {
  return frameOf(type, encodeBody(type, body));
}

/** A frame around a message that its author has signed. */
export function signedFrame(type: MessageName, envelope: Uint8Array): Uint8Array {
  return frameOf(type, envelope);
}

/** The CBOR payload of a message, by its schema. */
export function encodeBody<N extends MessageName>(type: N, body: MessageBody<N>): Uint8Array {
  return encodeWith(schemaOf(type), body);
}

/** Signs a message: COSE_Sign1 over its CBOR, bound to its type. */
export function seal<N extends MessageName>(
  type: N,
  body: MessageBody<N>,
  publicKey: PublicKey,
  sign: SignMessage,
): Uint8Array {
  return sealSign1(type, encodeBody(type, body), publicKey, sign);
}

/**
 * Reads a signed thing without checking its signature.
 * @throws GeoError E009 `bad_envelope` | `bad_cbor` | `bad_message`
 */
export function readSigned<N extends MessageName>(
  type: N,
  bytes: Uint8Array,
): Unverified<MessageBody<N>> {
  const sign1 = parseSign1(bytes);
  const body = decodeWith(schemaOf(type), sign1.payload, type);
  return { type, kid: sign1.kid, body, payload: sign1.payload, bytes, sign1 };
}

/** Whether the key signed this very thing for this very purpose. */
export function isSignedBy(
  thing: Unverified<unknown>,
  publicKey: PublicKey,
  verify: Verify,
): boolean {
  return verifySign1(thing.type, thing.sign1, publicKey, verify);
}

/** @throws GeoError E005 `bad_signature` */
export function requireSignedBy(
  thing: Unverified<unknown>,
  publicKey: PublicKey,
  verify: Verify,
): void {
  if (!isSignedBy(thing, publicKey, verify)) throw badSignature(thing);
}

/**
 * For whoever checks a signature elsewhere: what the verifier is asked.
 * @throws GeoError E005 `bad_signature`: the thing names another key, which no verifier can help
 */
export function claimOf(thing: Unverified<unknown>, publicKey: PublicKey): Parameters<Verify> {
  const { kid, payload, signature } = thing.sign1;
  if (kid !== kidOf(publicKey)) throw badSignature(thing);
  return [publicKey, toBeSigned(thing.type, kid, payload), signature];
}

/** What is said of a signature that its signer has not made. */
export function badSignature({ type }: Unverified<unknown>): GeoError {
  return new GeoError('E005', `The signature of a ${type} does not fit its signer.`, {
    fault: 'bad_signature',
    about: type,
  });
}

function frameOf(type: MessageName, body: Uint8Array): Uint8Array {
  const frame = encode([MESSAGES[type].number, body]);
  if (frame.length > FRAME_BYTES_MAX) {
    throw new GeoError(
      'E009',
      `A ${type} would need ${frame.length} bytes; a frame has at most ${FRAME_BYTES_MAX}. Use fewer routes or hops.`,
      { fault: 'frame_too_large' },
    );
  }
  return frame;
}

function badFrame(): GeoError {
  return invalid('bad_frame', 'A frame must be a pair of message number and body.');
}
