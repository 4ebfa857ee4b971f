/**
 * Deterministic CBOR (RFC 8949 section 4.2.1): one byte string for each value, in both directions
 * (docs/PROTOCOL.md, "Signed bytes"). The strict reader is `cbor-reader.ts`, the writer
 * `cbor-writer.ts`.
 *
 * Values are those that a message needs: integers of 64 bits, text, bytes, arrays, maps with text
 * keys, true, false and null. No floats, no tags, no undefined.
 */
import { CborReader } from './cbor-reader.ts';
import type { CborValue } from './cbor-value.ts';
import { CborWriter } from './cbor-writer.ts';

export type { CborMap, CborValue } from './cbor-value.ts';
export { CBOR_INTEGER_MAX, CBOR_INTEGER_MIN } from './cbor-writer.ts';

const writer = new CborWriter();

/**
 * The one byte string of a value. A bigint and a number of the same size are the same value.
 * @throws GeoError E009 `bad_cbor`, with `details.reason`, if the value has no form that
 *   {@link decode} would read back
 */
export function encode(value: CborValue): Uint8Array {
  writer.begin();
  writer.value(value);
  return writer.finish();
}

/**
 * Reads a value that fills `bytes` exactly. Integers come back as numbers while those are exact
 * (at most 2^53 - 1 either side of zero), as bigint beyond. Byte strings are copies.
 * @throws GeoError E009 `bad_cbor`, with `details.reason` and the place `details.at`
 */
export function decode(bytes: Uint8Array): CborValue {
  return new CborReader(bytes).readWhole();
}
