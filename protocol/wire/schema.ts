/**
 * The schema language of the wire: each value says at once how it is read, how it is written and
 * how it is spelled in CDDL (RFC 8610), so that `protocol/geo.cddl` cannot drift from the code.
 *
 * JSON at the other doors (HTTP, configuration) is described with zod; why the wire is not, is told
 * in docs/decisions/0001-wire-schema.md.
 */
import { GeoError } from '../errors.ts';
import {
  type Hash,
  hashFromBytes,
  type Pid,
  type PublicKey,
  pidFromHash,
  pidToHex,
  publicKeyFromBytes,
} from '../identity/pid.ts';
import { AMOUNT_MAX } from '../limits.ts';
import type { EquivalentCode } from '../money/equivalent.ts';
import { type CborValue, encode } from './cbor.ts';
import { CborWriter, compareAscii } from './cbor-writer.ts';

const utf8 = new TextEncoder();
/** Largest signed thing inside a message, bytes; an order that avoids 32 participants needs under 2 KiB. */
const SIGNED_BYTES_MAX = 16 * 1024;

export interface Schema<T> {
  /** The CDDL type expression, or the name of a rule. */
  readonly cddl: string;
  /** @throws GeoError E009 `bad_message`, with the place of the fault in `details.at` */
  read(value: CborValue): T;
  write(value: T, to: CborWriter): void;
}

export type Infer<S> = S extends Schema<infer T> ? T : never;

/** Inner fault; the place is put together while it travels up through the maps and arrays. */
class Fault extends Error {
  readonly path: string[] = [];
}

function fail(expected: string): never {
  throw new Fault(expected);
}

/** Reads the part of a value that stands at `place`. */
function readAt<T>(place: string | number, schema: Schema<T>, value: CborValue): T {
  try {
    return schema.read(value);
  } catch (error) {
    if (error instanceof Fault) error.path.unshift(String(place));
    throw error;
  }
}

/**
 * Reads a decoded value whole.
 * @throws GeoError E009 `bad_message`
 */
export function readWith<T>(schema: Schema<T>, value: CborValue, what: string): T {
  try {
    return schema.read(value);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const at = error.path.join('.');
    const place = at === '' ? what : `${what} at ${at}`;
    throw new GeoError('E009', `${place}: ${error.message}. The sender's software is at fault.`, {
      fault: 'bad_message',
      at,
      what,
    });
  }
}

const writer = new CborWriter();

/** The bytes of a value. @throws GeoError E009 `bad_cbor`: it has no form that a reader would take */
export function encodeWith<T>(schema: Schema<T>, value: T): Uint8Array {
  writer.begin();
  schema.write(value, writer);
  return writer.finish();
}

/** For what CBOR has a form of: the value is written as it is. */
function writePlain(value: CborValue, to: CborWriter): void {
  to.value(value);
}

/** Exactly `size` bytes. */
export function bytes(size: number): Schema<Uint8Array> {
  return {
    cddl: `bstr .size ${size}`,
    read: (v) =>
      v instanceof Uint8Array && v.length === size ? v : fail(`${size} bytes expected`),
    write: writePlain,
  };
}

/** At most `max` bytes. */
export function bytesUpTo(max: number): Schema<Uint8Array> {
  return {
    cddl: `bstr .size (0..${max})`,
    read: (v) =>
      v instanceof Uint8Array && v.length <= max ? v : fail(`at most ${max} bytes expected`),
    write: writePlain,
  };
}

/** Text of at most `max` bytes of UTF-8. */
export function text(max: number): Schema<string> {
  return {
    cddl: `tstr .size (0..${max})`,
    // `.size` counts UTF-8 bytes; a character has at most three per UTF-16 unit.
    read: (v) =>
      typeof v === 'string' && (v.length * 3 <= max || utf8.encode(v).length <= max)
        ? v
        : fail(`text of at most ${max} bytes expected`),
    write: writePlain,
  };
}

/** A whole number from 0 to `max`, which must be exact as a JavaScript number. */
export function uint(max: number): Schema<number> {
  return {
    cddl: `0..${max}`,
    read: (v) =>
      typeof v === 'number' && v >= 0 && v <= max
        ? v
        : fail(`a whole number up to ${max} expected`),
    write: writePlain,
  };
}

export const bool: Schema<boolean> = {
  cddl: 'bool',
  read: (v) => (typeof v === 'boolean' ? v : fail('true or false expected')),
  write: writePlain,
};

/** One of a few words. */
export function oneOf<const T extends string>(...values: readonly T[]): Schema<T> {
  return {
    cddl: values.map((v) => JSON.stringify(v)).join(' / '),
    read: (v) =>
      (values as readonly unknown[]).includes(v)
        ? (v as T)
        : fail(`one of ${values.join(', ')} expected`),
    write: writePlain,
  };
}

/** Whole amounts of the smallest unit, zero allowed: limits and capacities. */
export const limit: Schema<bigint> = {
  cddl: 'limit',
  read(v) {
    const units = typeof v === 'number' ? BigInt(v) : v;
    return typeof units === 'bigint' && units >= 0n && units <= AMOUNT_MAX
      ? units
      : fail('an amount from 0 to 2^63 - 1 expected');
  },
  write: writePlain,
};

/** Whole amounts of the smallest unit, `0 < amount < 2^63`. */
export const amount: Schema<bigint> = {
  cddl: 'amount',
  read(v) {
    const units = limit.read(v);
    return units > 0n ? units : fail('an amount greater than zero expected');
  },
  write: writePlain,
};

/** A signed sum of the smallest unit: balances. */
export const signedAmount: Schema<bigint> = {
  cddl: 'signed-amount',
  read(v) {
    const units = typeof v === 'number' ? BigInt(v) : v;
    return typeof units === 'bigint' && units >= -AMOUNT_MAX && units <= AMOUNT_MAX
      ? units
      : fail('an amount between -2^63 and 2^63 expected');
  },
  write: writePlain,
};

/** Milliseconds since 1970-01-01 UTC. */
export const time: Schema<number> = { ...uint(Number.MAX_SAFE_INTEGER), cddl: 'time-ms' };

function bytes32<T>(name: string, from: (b: Uint8Array) => T, hexOf: (v: T) => string): Schema<T> {
  return {
    cddl: name,
    read: (v) =>
      v instanceof Uint8Array && v.length === 32 ? from(v) : fail(`${name}: 32 bytes expected`),
    write: (v, to) => to.hex(hexOf(v)),
  };
}

export const pid: Schema<Pid> = bytes32('pid', pidFromHash, pidToHex);
export const hash: Schema<Hash> = bytes32('hash', hashFromBytes, (digits) => digits);
export const publicKey: Schema<PublicKey> = bytes32(
  'public-key',
  publicKeyFromBytes,
  (digits) => digits,
);

const CODE = /^[A-Z0-9_]{1,16}$/;
export const equivalentCode: Schema<EquivalentCode> = {
  cddl: 'equivalent-code',
  read: (v) =>
    typeof v === 'string' && CODE.test(v)
      ? (v as EquivalentCode)
      : fail('an equivalent code (A-Z, 0-9, _; at most 16) expected'),
  write: writePlain,
};

/**
 * A signed thing inside a message: the bytes of its COSE_Sign1, kept as they came.
 * @param rule of what was signed; the CDDL has `signed-…` for each such rule (`protocol/cddl.ts`)
 */
export function signed(rule: string): Schema<Uint8Array> {
  return { ...bytesUpTo(SIGNED_BYTES_MAX), cddl: `signed-${rule}` };
}

/** From `min` to `max` items of one kind. */
export function list<T>(item: Schema<T>, max: number, min = 0): Schema<readonly T[]> {
  return {
    cddl: `[${min}*${max} ${inArray(item.cddl)}]`,
    read(v) {
      if (!Array.isArray(v) || v.length < min || v.length > max) {
        return fail(`a list of ${min} to ${max} items expected`);
      }
      return v.map((each, i) => readAt(i, item, each));
    },
    write(v, to) {
      to.array(v.length);
      for (const each of v) item.write(each, to);
    },
  };
}

type Tuple<S extends readonly Schema<unknown>[]> = { readonly [K in keyof S]: Infer<S[K]> };

/** Exactly these items in this order. */
export function tuple<const S extends readonly Schema<unknown>[]>(...items: S): Schema<Tuple<S>> {
  return {
    cddl: `[${items.map((item) => inArray(item.cddl)).join(', ')}]`,
    read(v) {
      if (!Array.isArray(v) || v.length !== items.length) {
        return fail(`a list of exactly ${items.length} items expected`);
      }
      return items.map((item, i) => readAt(i, item, v[i]!)) as unknown as Tuple<S>;
    },
    write(v, to) {
      to.array(items.length);
      for (let i = 0; i < items.length; i++) items[i]!.write(v[i], to);
    },
  };
}

/** Marks a map entry that may be absent. */
export interface Optional<T> {
  readonly optional: Schema<T>;
}
/** A key of a map that may be absent. There is no null on the wire. */
export function optional<T>(schema: Schema<T>): Optional<T> {
  return { optional: schema };
}

type Fields = Readonly<Record<string, Schema<unknown> | Optional<unknown>>>;
type FieldType<F> = F extends Optional<infer T> ? T : Infer<F>;
type RequiredKeys<F> = { [K in keyof F]: F[K] extends Optional<unknown> ? never : K }[keyof F];
type OptionalKeys<F> = { [K in keyof F]: F[K] extends Optional<unknown> ? K : never }[keyof F];
export type MapType<F> = { readonly [K in RequiredKeys<F>]: FieldType<F[K]> } & {
  readonly [K in OptionalKeys<F>]?: FieldType<F[K]>;
};

/** Of so many entries the head of a map is one byte. */
const SHORT_MAP_MAX = 23;

/** A map with text keys; unknown keys are refused, so that nothing unsigned-for slips in unseen. */
export function map<const F extends Fields>(fields: F): Schema<MapType<F>> {
  const entries = Object.entries(fields).map(([name, field]) => ({
    name,
    key: encode(name),
    schema: ('optional' in field ? field.optional : field) as Schema<unknown>,
    required: !('optional' in field),
  }));
  if (entries.length > SHORT_MAP_MAX) throw new Error(`a map of ${entries.length} entries`);
  // In the order of the encoded keys.
  const written = entries.toSorted((a, b) => compareAscii(a.name, b.name));
  const known = new Set(entries.map((entry) => entry.name));
  const lines = entries.map(
    ({ name, schema, required }) => `  ${required ? '' : '? '}${name}: ${schema.cddl},`,
  );
  return {
    cddl: `{\n${lines.join('\n')}\n}`,
    read(v) {
      if (v === null || typeof v !== 'object' || Array.isArray(v) || v instanceof Uint8Array) {
        return fail('a map expected');
      }
      const source = v as Record<string, CborValue>;
      const result: Record<string, unknown> = {};
      let read = 0;
      for (const { name, schema, required } of entries) {
        const value = source[name];
        if (value !== undefined) {
          result[name] = readAt(name, schema, value);
          read++;
        } else if (required) {
          fail(`"${name}" is missing`);
        }
      }
      const names = Object.keys(source);
      if (names.length > read) fail(`"${names.find((name) => !known.has(name))}" is not known`);
      return result as MapType<F>;
    },
    write(v, to) {
      const place = to.openMap();
      let count = 0;
      for (const { name, key, schema } of written) {
        const value = (v as Record<string, unknown>)[name];
        if (value === undefined) continue;
        to.encoded(key);
        schema.write(value, to);
        count++;
      }
      to.closeMap(place, count);
    },
  };
}

/** Gives a schema a rule name of its own in the CDDL. */
export function named<T>(name: string, schema: Schema<T>): Schema<T> & { readonly rule: string } {
  return { ...schema, cddl: name, rule: `${name} = ${schema.cddl}` };
}

/** A range or a choice stands in parentheses inside an array: `[2*11 0..255]` would not parse. */
function inArray(cddl: string): string {
  return /^[^[{(]*(\.\.| \/)/.test(cddl) ? `(${cddl})` : cddl;
}
