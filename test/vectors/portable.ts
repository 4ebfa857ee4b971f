/**
 * The form of a CBOR value in the vector files, where JSON alone would lose something:
 *
 *     {"int": "-5"}  {"text": "a"}  {"bytes": "00ff"}  {"array": [...]}  {"map": [["key", value], ...]}
 *     true  false  null
 */
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import type { CborValue } from '../../protocol/wire/cbor.ts';

export type Portable =
  | null
  | boolean
  | { readonly int: string }
  | { readonly text: string }
  | { readonly bytes: string }
  | { readonly array: readonly Portable[] }
  | { readonly map: readonly (readonly [string, Portable])[] };

export function toPortable(value: CborValue): Portable {
  if (value === null || typeof value === 'boolean') return value;
  if (typeof value === 'number' || typeof value === 'bigint') return { int: value.toString() };
  if (typeof value === 'string') return { text: value };
  if (value instanceof Uint8Array) return { bytes: bytesToHex(value) };
  if (isList(value)) return { array: value.map(toPortable) };
  return { map: Object.entries(value).map(([key, inner]) => [key, toPortable(inner)]) };
}

export function fromPortable(form: Portable): CborValue {
  if (form === null || typeof form === 'boolean') return form;
  if ('int' in form) {
    const number = Number(form.int);
    return Number.isSafeInteger(number) ? number : BigInt(form.int);
  }
  if ('text' in form) return form.text;
  if ('bytes' in form) return hexToBytes(form.bytes);
  if ('array' in form) return form.array.map(fromPortable);
  return Object.fromEntries(form.map.map(([key, inner]) => [key, fromPortable(inner)]));
}

function isList(value: object): value is readonly CborValue[] {
  return Array.isArray(value);
}
