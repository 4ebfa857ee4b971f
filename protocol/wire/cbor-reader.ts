/**
 * The strict reader behind `decode`: one pass, refuses every byte string but the deterministic one.
 *
 * Written here because no library of the project refuses enough: cborg's strict mode lets unsorted
 * keys, bad UTF-8 and long floats through, and drops a leading U+FEFF, so that two byte strings
 * could mean one value. To decode, encode again and compare would cost three times this pass.
 */
import { hexOf32 } from '../identity/hex-table.ts';
import { CBOR_DEPTH_MAX } from '../limits.ts';
import { KEPT_KEY_MAX, keyAt } from './cbor-keys.ts';
import { CBOR_KEY_REFUSED, type CborMap, type CborValue, cborError } from './cbor-value.ts';

// RFC 8949 section 3.1
const MAJOR_UINT = 0;
const MAJOR_NEGINT = 1;
const MAJOR_BYTES = 2;
const MAJOR_TEXT = 3;
const MAJOR_ARRAY = 4;
const MAJOR_MAP = 5;
const MAJOR_TAG = 6;

/** Head of an empty text; up to 23 bytes the length is added to it. */
const SHORT_TEXT_HEAD = 0x60;
/** Head of an empty map; up to {@link SHORT_MAX} the number of entries is added to it. */
const EMPTY_MAP_HEAD = 0xa0;
const SHORT_MAX = 23;

/** Head of a byte string of 32. */
const HEAD_OF_32 = Uint8Array.of(0x58, 32);

const HEAD_FALSE = 0xf4;
const HEAD_TRUE = 0xf5;
const HEAD_NULL = 0xf6;

/** Up to here a loop over ASCII bytes beats a TextDecoder. */
const SHORT_TEXT_MAX = 32;
// `fatal` refuses bad UTF-8; `ignoreBOM` keeps a leading U+FEFF as the character that it is.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

export class CborReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  // The argument of the last head: its value, exact up to 2^53, and its two halves if 8 bytes wide.
  #argument = 0;
  #wide = false;
  #high = 0;
  #low = 0;

  constructor(bytes: Uint8Array) {
    // A subclass (Buffer) would hand out its own kind, and share memory, from `slice`.
    this.#bytes =
      bytes.constructor === Uint8Array
        ? bytes
        : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  readWhole(): CborValue {
    const value = this.#readValue(0);
    if (this.#at !== this.#bytes.length) throw cborError('trailing_bytes', this.#at);
    return value;
  }

  /** The next value, whatever it is. */
  value(): CborValue {
    return this.#readValue(0);
  }

  /** How many entries the map has that comes next; -1: no map comes, or one of 24 entries or more. */
  shortMap(): number {
    const entries = (this.#bytes[this.#at] ?? 0) - EMPTY_MAP_HEAD;
    if (entries < 0 || entries > SHORT_MAX) return -1;
    this.#at++;
    return entries;
  }

  /** The next value as hexadecimal digits; undefined: it is no byte string of 32. */
  hex32(): string | undefined {
    const start = this.#at;
    const end = start + HEAD_OF_32.length + 32;
    if (end > this.#bytes.length || !this.skips(HEAD_OF_32)) return undefined;
    this.#at = end;
    return hexOf32(this.#bytes, start + HEAD_OF_32.length);
  }

  /** How many items the array is said to have that comes next; -1: no array comes. */
  arrayLength(): number {
    return this.#readHead() >> 5 === MAJOR_ARRAY ? this.#argument : -1;
  }

  /** Moves over bytes that are expected next, the key of an entry; false: others come. */
  skips(expected: Uint8Array): boolean {
    const bytes = this.#bytes;
    const from = this.#at;
    for (let i = 0; i < expected.length; i++) if (bytes[from + i] !== expected[i]) return false;
    this.#at = from + expected.length;
    return true;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  #readValue(depth: number): CborValue {
    const start = this.#at;
    const head = this.#readHead();
    switch (head >> 5) {
      case MAJOR_UINT:
        if (this.#argument <= Number.MAX_SAFE_INTEGER) return this.#argument;
        return this.#wideArgument();
      case MAJOR_NEGINT:
        if (this.#argument < Number.MAX_SAFE_INTEGER) return -1 - this.#argument;
        if (this.#wide && this.#high >= 2 ** 31) throw cborError('integer_out_of_range', start);
        return -1n - this.#wideArgument();
      case MAJOR_BYTES: {
        const from = this.#take(this.#argument, start);
        return this.#bytes.slice(from, this.#at);
      }
      case MAJOR_TEXT:
        return this.#readText(start);
      case MAJOR_ARRAY:
        return this.#readArray(depth, start);
      case MAJOR_MAP:
        return this.#readMap(depth, start);
      case MAJOR_TAG:
        throw cborError('tag', start);
      default:
        return simpleValue(head, start);
    }
  }

  /** Reads an initial byte and its argument, and returns the initial byte. */
  #readHead(): number {
    const bytes = this.#bytes;
    const start = this.#at;
    if (start >= bytes.length) throw cborError('truncated', start);
    const head = bytes[start]!;
    const info = head & 0x1f;
    this.#wide = false;
    if (info < 24) {
      this.#argument = info;
      this.#at = start + 1;
      return head;
    }
    // Major type 7: what follows is no length but a float or a simple value, refused by its head.
    if (head >= 0xe0) return head;
    if (info === 31) throw cborError('indefinite_length', start);
    if (info > 27) throw cborError('reserved_head', start);
    const width = 1 << (info - 24);
    const end = start + 1 + width;
    if (end > bytes.length) throw cborError('truncated', start);
    let argument = 0;
    for (let i = start + 1; i < end; i++) argument = argument * 256 + bytes[i]!;
    if (width === 8) {
      this.#wide = true;
      this.#high = bigEndian32(bytes, start + 1);
      this.#low = bigEndian32(bytes, start + 5);
    }
    // 24 is the least that needs one byte, 2^8 two, 2^16 four, 2^32 eight.
    const least = width === 1 ? 24 : 2 ** (4 * width);
    if (argument < least) throw cborError('not_shortest_form', start);
    this.#argument = argument;
    this.#at = end;
    return head;
  }

  #wideArgument(): bigint {
    return (BigInt(this.#high) << 32n) | BigInt(this.#low);
  }

  /** Moves over `length` bytes and returns where they begin. A false length allocates nothing. */
  #take(length: number, start: number): number {
    const from = this.#at;
    if (length > this.#bytes.length - from) throw cborError('truncated', start);
    this.#at = from + length;
    return from;
  }

  #readText(start: number): string {
    const from = this.#take(this.#argument, start);
    const bytes = this.#bytes;
    if (this.#at - from <= SHORT_TEXT_MAX) {
      let text = '';
      let i = from;
      for (; i < this.#at && bytes[i]! < 0x80; i++) text += String.fromCharCode(bytes[i]!);
      if (i === this.#at) return text;
    }
    try {
      return utf8.decode(bytes.subarray(from, this.#at));
    } catch {
      throw cborError('bad_utf8', start);
    }
  }

  #readKey(): string {
    const start = this.#at;
    const length = this.#bytes[start]! - SHORT_TEXT_HEAD;
    const end = start + 1 + length;
    if (length >= 0 && length <= KEPT_KEY_MAX && end <= this.#bytes.length) {
      const known = keyAt(this.#bytes, start + 1, end);
      if (known !== undefined) {
        this.#at = end;
        return known;
      }
    }
    const head = this.#readHead();
    if (head >> 5 !== MAJOR_TEXT) throw cborError('key_not_text', start);
    return this.#readText(start);
  }

  #readArray(depth: number, start: number): CborValue[] {
    if (depth >= CBOR_DEPTH_MAX) throw cborError('too_deep', start);
    const count = this.#argument;
    // Each item takes a byte at least: a false count is known before anything is made for it.
    if (count > this.#bytes.length - this.#at) throw cborError('truncated', start);
    const items: CborValue[] = [];
    for (let i = 0; i < count; i++) items.push(this.#readValue(depth + 1));
    return items;
  }

  #readMap(depth: number, start: number): CborMap {
    if (depth >= CBOR_DEPTH_MAX) throw cborError('too_deep', start);
    const count = this.#argument;
    if (count > (this.#bytes.length - this.#at) / 2) throw cborError('truncated', start);
    const map: Record<string, CborValue> = {};
    let previousFrom = 0;
    let previousTo = 0;
    for (let i = 0; i < count; i++) {
      const from = this.#at;
      const key = this.#readKey();
      if (key === CBOR_KEY_REFUSED) throw cborError('key_not_allowed', from);
      const order = compareRanges(this.#bytes, previousFrom, previousTo, from, this.#at);
      if (order > 0) throw cborError('keys_unsorted', from);
      if (order === 0) throw cborError('duplicate_key', from);
      previousFrom = from;
      previousTo = this.#at;
      map[key] = this.#readValue(depth + 1);
    }
    return map;
  }
}

function simpleValue(head: number, at: number): boolean | null {
  if (head === HEAD_NULL) return null;
  if (head === HEAD_FALSE || head === HEAD_TRUE) return head === HEAD_TRUE;
  const info = head & 0x1f;
  if (info >= 25 && info <= 27) throw cborError('float', at);
  if (info === 31) throw cborError('indefinite_length', at);
  throw cborError('simple_value', at);
}

function bigEndian32(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 2 ** 24 + (bytes[at + 1]! << 16) + (bytes[at + 2]! << 8) + bytes[at + 3]!;
}

/** Bytewise order of two encoded keys; an empty first range is below everything. */
function compareRanges(
  bytes: Uint8Array,
  a: number,
  aEnd: number,
  b: number,
  bEnd: number,
): number {
  const shared = Math.min(aEnd - a, bEnd - b);
  for (let i = 0; i < shared; i++) {
    const difference = bytes[a + i]! - bytes[b + i]!;
    if (difference !== 0) return difference;
  }
  return aEnd - a - (bEnd - b);
}
