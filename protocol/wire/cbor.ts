/**
 * Deterministic CBOR (RFC 8949 section 4.2.1): one byte string for each value, in both directions
 * (docs/PROTOCOL.md, "Signed bytes"). cborg writes; the strict reader is `cbor-reader.ts`.
 *
 * Values are those that a message needs: integers of 64 bits, text, bytes, arrays, maps with text
 * keys, true, false and null. No floats, no tags, no undefined.
 */
import { encode as cborgEncode } from 'cborg';
import { CBOR_DEPTH_MAX } from '../limits.ts';
import { CborReader } from './cbor-reader.ts';
import { CBOR_KEY_REFUSED, type CborFault, type CborValue, cborError } from './cbor-value.ts';

export type { CborMap, CborValue } from './cbor-value.ts';

export const CBOR_INTEGER_MIN = -(2n ** 63n);
export const CBOR_INTEGER_MAX = 2n ** 64n - 1n;

/**
 * The one byte string of a value. A bigint and a number of the same size are the same value.
 * @throws GeoError E009 `bad_cbor`, with `details.reason`, if the value has no form that
 *   {@link decode} would read back
 */
export function encode(value: CborValue): Uint8Array {
  const reason = whyNotEncodable(value, 0);
  if (reason !== undefined) throw cborError(reason);
  // cborg hands out a Buffer or a view on a pool, as it comes; a copy is of one kind and keeps no pool.
  return new Uint8Array(cborgEncode(value));
}

/**
 * Reads a value that fills `bytes` exactly. Integers come back as numbers while those are exact
 * (at most 2^53 - 1 either side of zero), as bigint beyond. Byte strings are copies.
 * @throws GeoError E009 `bad_cbor`, with `details.reason` and the place `details.at`
 */
export function decode(bytes: Uint8Array): CborValue {
  return new CborReader(bytes).readWhole();
}

/** cborg would write floats, tags and replacement characters rather than refuse; so look first. */
function whyNotEncodable(value: unknown, depth: number): CborFault | undefined {
  switch (typeof value) {
    case 'boolean':
      return undefined;
    case 'number':
      if (!Number.isInteger(value)) return 'float';
      return Number.isSafeInteger(value) ? undefined : 'integer_out_of_range';
    case 'bigint':
      return value >= CBOR_INTEGER_MIN && value <= CBOR_INTEGER_MAX
        ? undefined
        : 'integer_out_of_range';
    case 'string':
      return value.isWellFormed() ? undefined : 'bad_utf8';
    case 'object':
      return whyObjectNotEncodable(value, depth);
    default:
      return 'unsupported_type';
  }
}

function whyObjectNotEncodable(value: object | null, depth: number): CborFault | undefined {
  if (value === null || value instanceof Uint8Array) return undefined;
  if (depth >= CBOR_DEPTH_MAX) return 'too_deep';
  if (Array.isArray(value)) {
    // By index, so that a hole is met as `undefined`.
    for (let i = 0; i < value.length; i++) {
      const reason = whyNotEncodable(value[i], depth + 1);
      if (reason !== undefined) return reason;
    }
    return undefined;
  }
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return 'unsupported_type';
  // The prototype has nothing enumerable, so these are the object's own keys.
  for (const key in value) {
    if (key === CBOR_KEY_REFUSED) return 'key_not_allowed';
    if (!key.isWellFormed()) return 'bad_utf8';
    const reason = whyNotEncodable((value as Record<string, unknown>)[key], depth + 1);
    if (reason !== undefined) return reason;
  }
  return undefined;
}
