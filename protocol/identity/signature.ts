/**
 * The one rule by which a signature is valid (docs/PROTOCOL.md, "Signed bytes"; why:
 * docs/decisions/0002-signatures.md). Ed25519 (RFC 8032) with every choice of that text made:
 *
 * - `S < L`; the encodings of key and `R` are canonical; neither has small order;
 * - the key lies in the prime-order subgroup (checked once for each key);
 * - `[S]B = R + [k]A`, without the cofactor.
 *
 * Whoever verifies with another library calls {@link isSignatureWellFormed} and
 * {@link isAcceptablePublicKey} first; what remains is where all of them agree.
 */
import { Point } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { hexToBytes } from '@noble/hashes/utils.js';
import type { PublicKey } from './pid.ts';

export const PUBLIC_KEY_BYTES = 32;
export const SIGNATURE_BYTES = 64;

/** Order `L` of the prime-order subgroup. */
const ORDER = Point.CURVE().n;
/** Field prime `p = 2^255 - 19`, little endian. */
const PRIME = littleEndian(Point.CURVE().p);
const ORDER_BYTES = littleEndian(ORDER);

/**
 * The y coordinates of the eight points of small order, little endian: 0, 1, p - 1 and the two of
 * order 8. With both signs they also cover `x = 0` with the sign bit set (y = 1 and y = p - 1).
 */
const SMALL_ORDER_Y: readonly Uint8Array[] = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
].map((hex) => hexToBytes(hex));

// Decompressing a key and multiplying it by L costs about a millisecond; a node meets few keys, over
// and over. Bounded so that strangers cannot grow it.
const KEY_MEMO_MAX = 10_000;
const pointByKey = new Map<PublicKey, Point | undefined>();
const KEY_PATTERN = /^[0-9a-f]{64}$/;

/** The key's point, or undefined if the rule refuses the key. */
function acceptablePoint(key: PublicKey): Point | undefined {
  const known = pointByKey.get(key);
  if (known !== undefined || pointByKey.has(key)) return known;
  if (pointByKey.size >= KEY_MEMO_MAX) pointByKey.clear();
  const point = KEY_PATTERN.test(key) ? decodeAcceptable(hexToBytes(key)) : undefined;
  pointByKey.set(key, point);
  return point;
}

function decodeAcceptable(encoded: Uint8Array): Point | undefined {
  if (!isCanonicalPoint(encoded)) return undefined;
  try {
    const point = Point.fromBytes(encoded);
    return point.isTorsionFree() ? point : undefined;
  } catch {
    return undefined; // not on the curve
  }
}

/** Whether signatures of this key may count: canonical, on the curve, in the prime-order subgroup. */
export function isAcceptablePublicKey(key: PublicKey): boolean {
  return acceptablePoint(key) !== undefined;
}

/** Whether the bytes may be a signature at all: 64 of them, `S < L`, `R` canonical, not of small order. */
export function isSignatureWellFormed(signature: Uint8Array): boolean {
  return (
    signature.length === SIGNATURE_BYTES &&
    isBelow(signature, 32, ORDER_BYTES, 0xff) &&
    isCanonicalPoint(signature)
  );
}

/**
 * Checks a signature in pure JavaScript (1 to 2 ms). Never throws.
 *
 * The equation is computed here rather than by noble's own `verify`, which multiplies by the
 * cofactor and so accepts an `R` with a part of small order.
 */
export function nobleVerify(
  publicKey: PublicKey,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (!isSignatureWellFormed(signature)) return false;
  const keyPoint = acceptablePoint(publicKey);
  if (keyPoint === undefined) return false;
  const r = signature.subarray(0, 32);
  const s = fromLittleEndian(signature.subarray(32));
  const digest = sha512.create().update(r).update(hexToBytes(publicKey)).update(message).digest();
  const k = fromLittleEndian(digest) % ORDER;
  // Verification handles public values only, so the faster, variable-time multiplication will do.
  const expected = Point.BASE.multiplyUnsafe(s).subtract(keyPoint.multiplyUnsafe(k));
  return equalBytes(expected.toBytes(), r);
}

/** RFC 8032 section 5.1.3 without the square root: `y < p`, and none of the small-order points. */
function isCanonicalPoint(encoded: Uint8Array): boolean {
  return isBelow(encoded, 0, PRIME, 0x7f) && !SMALL_ORDER_Y.some((y) => hasCoordinate(encoded, y));
}

function hasCoordinate(encoded: Uint8Array, y: Uint8Array): boolean {
  for (let i = 0; i < 31; i++) if (encoded[i] !== y[i]) return false;
  return (encoded[31]! & 0x7f) === y[31];
}

/** Compares 32 little-endian bytes from `at` with `bound`; `topMask` leaves out the sign bit. */
function isBelow(bytes: Uint8Array, at: number, bound: Uint8Array, topMask: number): boolean {
  for (let i = 31; i >= 0; i--) {
    const byte = i === 31 ? bytes[at + i]! & topMask : bytes[at + i]!;
    if (byte !== bound[i]) return byte < bound[i]!;
  }
  return false;
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function littleEndian(value: bigint): Uint8Array {
  return hexToBytes(value.toString(16).padStart(64, '0')).reverse();
}

function fromLittleEndian(bytes: Uint8Array): bigint {
  let value = 0n;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = bytes.length - 8; at >= 0; at -= 8) {
    value = (value << 64n) | view.getBigUint64(at, true);
  }
  return value;
}
