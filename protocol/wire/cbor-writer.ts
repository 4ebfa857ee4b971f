/**
 * The writer behind `encode` and behind schemas: one pass that checks a value and writes its deterministic
 * bytes (RFC 8949 section 4.2.1). A schema knows its keys and their order, so it writes its values part by part.
 *
 * Written here because writing was the largest part of what a hub does for a payment beside its
 * signatures, and a library would have to be asked first whether it may write a value at all
 * (docs/decisions/0023-cbor-writer.md). Two libraries write the same bytes in the tests.
 */
import { CBOR_DEPTH_MAX } from '../limits.ts';
import { CBOR_KEY_REFUSED, type CborMap, type CborValue, cborError } from './cbor-value.ts';

// RFC 8949 section 3.1, in the upper three bits of a head.
const UINT = 0x00;
const NEGINT = 0x20;
const BYTES = 0x40;
const TEXT = 0x60;
const ARRAY = 0x80;
const MAP = 0xa0;
const FALSE = 0xf4;
const TRUE = 0xf5;
const NULL = 0xf6;

export const CBOR_INTEGER_MIN = -(2n ** 63n);
export const CBOR_INTEGER_MAX = 2n ** 64n - 1n;
/** Longest head. */
const HEAD_BYTES_MAX = 9;
const FIRST_BYTES = 64 * 1024;
/** A buffer that a large value made larger than this is not kept. */
const KEPT_BYTES_MAX = 1024 * 1024;

const utf8 = new TextEncoder();

export class CborWriter {
  #bytes = new Uint8Array(FIRST_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  /** Forgets what a value that could not be finished has left. */
  begin(): void {
    this.#at = 0;
  }

  /** The bytes since {@link begin}. */
  finish(): Uint8Array {
    const written = this.#bytes.slice(0, this.#at);
    if (this.#bytes.length > KEPT_BYTES_MAX) this.#resize(FIRST_BYTES);
    return written;
  }

  /** @throws GeoError E009 `bad_cbor`: the value has no form that a reader would take */
  value(value: CborValue): void {
    this.#value(value, 0);
  }

  /** The head of an array; its items are written next. */
  array(length: number): void {
    this.#head(ARRAY, length);
  }

  /**
   * The head of a map of fewer than 24 entries, whose number is told when they are written.
   * @returns its place, for {@link closeMap}
   */
  openMap(): number {
    this.#reserve(0);
    return this.#at++;
  }

  closeMap(place: number, entries: number): void {
    this.#bytes[place] = MAP | entries;
  }

  /** Bytes that are CBOR already: the key of a map's entry. */
  encoded(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    for (let i = 0; i < bytes.length; i++) this.#bytes[this.#at + i] = bytes[i]!;
    this.#at += bytes.length;
  }

  /** The byte string that lower-case hexadecimal digits spell. */
  hex(digits: string): void {
    const length = digits.length / 2;
    this.#head(BYTES, length);
    this.#reserve(length);
    for (let i = 0; i < digits.length; i += 2) {
      const high = nibble(digits.charCodeAt(i));
      const low = nibble(digits.charCodeAt(i + 1));
      if ((high | low) >>> 4 !== 0) throw cborError('unsupported_type');
      this.#bytes[this.#at++] = (high << 4) | low;
    }
  }

  #value(value: CborValue, depth: number): void {
    switch (typeof value) {
      case 'string':
        this.#text(value);
        return;
      case 'number':
        if (!Number.isInteger(value)) throw cborError('float');
        if (!Number.isSafeInteger(value)) throw cborError('integer_out_of_range');
        this.#integer(value);
        return;
      case 'bigint':
        this.#bigint(value);
        return;
      case 'boolean':
        this.#simple(value ? TRUE : FALSE);
        return;
      case 'object':
        this.#object(value, depth);
        return;
      default:
        throw cborError('unsupported_type');
    }
  }

  #object(value: Exclude<CborValue, string | number | bigint | boolean>, depth: number): void {
    if (value === null) {
      this.#simple(NULL);
    } else if (value instanceof Uint8Array) {
      this.#head(BYTES, value.length);
      this.#reserve(value.length);
      this.#bytes.set(value, this.#at);
      this.#at += value.length;
    } else {
      if (depth >= CBOR_DEPTH_MAX) throw cborError('too_deep');
      if (isArray(value)) {
        this.#head(ARRAY, value.length);
        // By index, so that a hole is met as `undefined`.
        for (let i = 0; i < value.length; i++) this.#value(value[i]!, depth + 1);
      } else {
        this.#map(value, depth);
      }
    }
  }

  #map(map: CborMap, depth: number): void {
    const prototype = Object.getPrototypeOf(map);
    if (prototype !== Object.prototype && prototype !== null) throw cborError('unsupported_type');
    const keys = Object.keys(map);
    // Schemas hand their keys over in order, so this is mostly one look at each.
    if (!areInOrder(keys)) {
      keys.sort(keys.some((key) => NOT_ASCII.test(key)) ? compareEncoded : compareAscii);
    }
    this.#head(MAP, keys.length);
    for (const key of keys) {
      if (key === CBOR_KEY_REFUSED) throw cborError('key_not_allowed');
      this.#text(key);
      this.#value(map[key]!, depth + 1);
    }
  }

  #text(text: string): void {
    const { length } = text;
    const start = this.#at;
    this.#reserve(length);
    this.#head(TEXT, length);
    const bytes = this.#bytes;
    let at = this.#at;
    for (let i = 0; i < length; i++) {
      const unit = text.charCodeAt(i);
      if (unit >= 0x80) {
        this.#at = start;
        this.#wideText(text);
        return;
      }
      bytes[at++] = unit;
    }
    this.#at = at;
  }

  /** Text that is not ASCII alone. */
  #wideText(text: string): void {
    if (!text.isWellFormed()) throw cborError('bad_utf8');
    const encoded = utf8.encode(text);
    this.#head(TEXT, encoded.length);
    this.#reserve(encoded.length);
    this.#bytes.set(encoded, this.#at);
    this.#at += encoded.length;
  }

  #integer(value: number): void {
    if (value >= 0) this.#head(UINT, value);
    else this.#head(NEGINT, -1 - value);
  }

  #bigint(value: bigint): void {
    if (value < CBOR_INTEGER_MIN || value > CBOR_INTEGER_MAX)
      throw cborError('integer_out_of_range');
    if (value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER) {
      this.#integer(Number(value));
      return;
    }
    this.#reserve(0);
    this.#bytes[this.#at] = (value < 0n ? NEGINT : UINT) | 27;
    this.#view.setBigUint64(this.#at + 1, value < 0n ? -1n - value : value);
    this.#at += 9;
  }

  #simple(head: number): void {
    this.#reserve(0);
    this.#bytes[this.#at++] = head;
  }

  /** The shortest head of an argument up to 2^53. */
  #head(major: number, argument: number): void {
    this.#reserve(0);
    const bytes = this.#bytes;
    const at = this.#at;
    if (argument < 24) {
      bytes[at] = major | argument;
      this.#at = at + 1;
    } else if (argument < 2 ** 8) {
      bytes[at] = major | 24;
      bytes[at + 1] = argument;
      this.#at = at + 2;
    } else if (argument < 2 ** 16) {
      bytes[at] = major | 25;
      this.#view.setUint16(at + 1, argument);
      this.#at = at + 3;
    } else if (argument < 2 ** 32) {
      bytes[at] = major | 26;
      this.#view.setUint32(at + 1, argument);
      this.#at = at + 5;
    } else {
      bytes[at] = major | 27;
      this.#view.setUint32(at + 1, argument / 2 ** 32);
      this.#view.setUint32(at + 5, argument);
      this.#at = at + 9;
    }
  }

  /** Room for `count` bytes and a head before them. */
  #reserve(count: number): void {
    const needed = this.#at + count + HEAD_BYTES_MAX;
    if (needed > this.#bytes.length) this.#resize(Math.max(needed, this.#bytes.length * 2));
  }

  #resize(length: number): void {
    const larger = new Uint8Array(length);
    larger.set(this.#bytes.subarray(0, Math.min(this.#at, length)));
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/** A lower-case hexadecimal digit's worth, by its code; something outside 0 to 15 for any other character's. */
function nibble(code: number): number {
  if (code < 0x3a) return code - 0x30;
  return code < 0x61 ? -1 : code - 0x57;
}

/** `Array.isArray` would let the elements of a read-only array become anything. */
function isArray(value: readonly CborValue[] | CborMap): value is readonly CborValue[] {
  return Array.isArray(value);
}

const NOT_ASCII = /[^\0-\x7f]/;

/** Seen at once; keys that are not ASCII alone may be in order and are sorted all the same. */
function areInOrder(keys: readonly string[]): boolean {
  for (let i = 0; i < keys.length; i++) {
    if (!isAscii(keys[i]!)) return false;
    if (i > 0 && compareAscii(keys[i - 1]!, keys[i]!) > 0) return false;
  }
  return true;
}

// The names in the schemas, some hundreds; what else may be a key is looked at each time it is written.
const ASCII_KEPT = 1_024;
const ascii = new Set<string>();

function isAscii(key: string): boolean {
  if (ascii.has(key)) return true;
  if (NOT_ASCII.test(key)) return false;
  if (ascii.size < ASCII_KEPT) ascii.add(key);
  return true;
}

/** Bytewise order of encoded keys: a head grows with the length of its text, so the shorter one comes first. */
export function compareAscii(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The same for any texts; UTF-16 sorts differently from UTF-8. */
function compareEncoded(a: string, b: string): number {
  const x = utf8.encode(a);
  const y = utf8.encode(b);
  if (x.length !== y.length) return x.length - y.length;
  const at = x.findIndex((byte, i) => byte !== y[i]);
  return at < 0 ? 0 : x[at]! - y[at]!;
}
