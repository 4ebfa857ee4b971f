/** What deterministic CBOR can say here, and the one refusal that reader and writer share. */
import { GeoError } from '../errors.ts';

export type CborValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | Uint8Array
  | readonly CborValue[]
  | CborMap;

export interface CborMap {
  readonly [key: string]: CborValue;
}

/** The one key that a plain object cannot hold as data. */
export const CBOR_KEY_REFUSED = '__proto__';

/** Why bytes are not deterministic CBOR, or why a value has no such form. */
export type CborFault =
  | 'bad_utf8'
  | 'duplicate_key'
  | 'float'
  | 'indefinite_length'
  | 'integer_out_of_range'
  | 'key_not_allowed'
  | 'key_not_text'
  | 'keys_unsorted'
  | 'not_shortest_form'
  | 'reserved_head'
  | 'simple_value'
  | 'tag'
  | 'too_deep'
  | 'trailing_bytes'
  | 'truncated'
  | 'unsupported_type';

/** The refusal of both directions; `at` is the byte offset where reading stopped. */
export function cborError(reason: CborFault, at?: number): GeoError {
  const place = at === undefined ? '' : ` at byte ${at}`;
  return new GeoError(
    'E009',
    `Not deterministic CBOR (${reason.replaceAll('_', ' ')}${place}). The software that made it must follow RFC 8949 section 4.2.1.`,
    { fault: 'bad_cbor', reason, ...(at === undefined ? {} : { at }) },
  );
}
