/**
 * The schema language of the wire: each value says at once how it is read, how it is written and
 * how it is spelled in CDDL (RFC 8610), so that `protocol/geo.cddl` cannot drift from the code.
 *
 * JSON at the other doors (HTTP, configuration) is described with zod; why the wire is not, is told
 * in docs/decisions/0001-wire-schema.md.
 */
import { hexOf32 } from '../identity/hex-table.ts';
import { type Hash, type Pid, type PublicKey, pidFromHex, pidToHex } from '../identity/pid.ts';
import { AMOUNT_MAX } from '../limits.ts';
import type { EquivalentCode } from '../money/equivalent.ts';
import { type CborValue, encode } from './cbor.ts';
import { type CborWriter, compareAscii } from './cbor-writer.ts';
import { fail, type Infer, OTHERWISE, readAt, type Schema, simple } from './schema-coding.ts';

export {
  decodeWith,
  encodeWith,
  type Infer,
  readWith,
  type Schema,
  simple,
} from './schema-coding.ts';

const utf8 = new TextEncoder();
/** Largest signed thing inside a message, bytes; an order that avoids 32 participants needs under 2 KiB. */
const SIGNED_BYTES_MAX = 16 * 1024;

/** For what CBOR has a form of: the value is written as it is. */
function writePlain(value: CborValue, to: CborWriter): void {
  to.value(value);
}

/** Exactly `size` bytes. */
export function bytes(size: number): Schema<Uint8Array> {
  return simple<Uint8Array>({
    cddl: `bstr .size ${size}`,
    read: (v) =>
      v instanceof Uint8Array && v.length === size ? v : fail(`${size} bytes expected`),
    write: writePlain,
  });
}

/** At most `max` bytes. */
export function bytesUpTo(max: number): Schema<Uint8Array> {
  return simple<Uint8Array>({
    cddl: `bstr .size (0..${max})`,
    read: (v) =>
      v instanceof Uint8Array && v.length <= max ? v : fail(`at most ${max} bytes expected`),
    write: writePlain,
  });
}

/** Text of at most `max` bytes of UTF-8. */
export function text(max: number): Schema<string> {
  return simple<string>({
    cddl: `tstr .size (0..${max})`,
    // `.size` counts UTF-8 bytes; a character has at most three per UTF-16 unit.
    read: (v) =>
      typeof v === 'string' && (v.length * 3 <= max || utf8.encode(v).length <= max)
        ? v
        : fail(`text of at most ${max} bytes expected`),
    write: writePlain,
  });
}

/** A whole number from 0 to `max`, which must be exact as a JavaScript number. */
export function uint(max: number): Schema<number> {
  return simple<number>({
    cddl: `0..${max}`,
    read: (v) =>
      typeof v === 'number' && v >= 0 && v <= max
        ? v
        : fail(`a whole number up to ${max} expected`),
    write: writePlain,
  });
}

export const bool = simple<boolean>({
  cddl: 'bool',
  read: (v) => (typeof v === 'boolean' ? v : fail('true or false expected')),
  write: writePlain,
});

/** One of a few words. */
export function oneOf<const T extends string>(...values: readonly T[]): Schema<T> {
  return simple<T>({
    cddl: values.map((v) => JSON.stringify(v)).join(' / '),
    read: (v) =>
      (values as readonly unknown[]).includes(v)
        ? (v as T)
        : fail(`one of ${values.join(', ')} expected`),
    write: writePlain,
  });
}

/** Whole amounts of the smallest unit, zero allowed: limits and capacities. */
export const limit = simple<bigint>({
  cddl: 'limit',
  read(v) {
    const units = typeof v === 'number' ? BigInt(v) : v;
    return typeof units === 'bigint' && units >= 0n && units <= AMOUNT_MAX
      ? units
      : fail('an amount from 0 to 2^63 - 1 expected');
  },
  write: writePlain,
});

/** Whole amounts of the smallest unit, `0 < amount < 2^63`. */
export const amount = simple<bigint>({
  cddl: 'amount',
  read(v) {
    const units = limit.read(v);
    return units > 0n ? units : fail('an amount greater than zero expected');
  },
  write: writePlain,
});

/** A signed sum of the smallest unit: balances. */
export const signedAmount = simple<bigint>({
  cddl: 'signed-amount',
  read(v) {
    const units = typeof v === 'number' ? BigInt(v) : v;
    return typeof units === 'bigint' && units >= -AMOUNT_MAX && units <= AMOUNT_MAX
      ? units
      : fail('an amount between -2^63 and 2^63 expected');
  },
  write: writePlain,
});

/** Milliseconds since 1970-01-01 UTC. */
export const time: Schema<number> = { ...uint(Number.MAX_SAFE_INTEGER), cddl: 'time-ms' };

/** Keys and hashes: in memory as text, of which hexadecimal digits are one form. */
function bytes32<T>(name: string, ofHex: (hex: string) => T, hexOf: (v: T) => string): Schema<T> {
  return {
    cddl: name,
    read: (v) =>
      v instanceof Uint8Array && v.length === 32
        ? ofHex(hexOf32(v))
        : fail(`${name}: 32 bytes expected`),
    take(from) {
      const hex = from.hex32();
      if (hex === undefined) throw OTHERWISE;
      return ofHex(hex);
    },
    write: (v, to) => to.hex(hexOf(v)),
  };
}

export const pid: Schema<Pid> = bytes32('pid', pidFromHex, pidToHex);
export const hash: Schema<Hash> = bytes32(
  'hash',
  (hex) => hex as Hash,
  (hex) => hex,
);
export const publicKey: Schema<PublicKey> = bytes32(
  'public-key',
  (hex) => hex as PublicKey,
  (hex) => hex,
);

const CODE = /^[A-Z0-9_]{1,16}$/;
export const equivalentCode = simple<EquivalentCode>({
  cddl: 'equivalent-code',
  read: (v) =>
    typeof v === 'string' && CODE.test(v)
      ? (v as EquivalentCode)
      : fail('an equivalent code (A-Z, 0-9, _; at most 16) expected'),
  write: writePlain,
});

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
    take(from) {
      const items = from.arrayLength();
      if (items < min || items > max) throw OTHERWISE;
      const taken: T[] = [];
      for (let i = 0; i < items; i++) taken.push(item.take(from));
      return taken;
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
    take(from) {
      if (from.arrayLength() !== items.length) throw OTHERWISE;
      return items.map((item) => item.take(from)) as unknown as Tuple<S>;
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
  const entries = Object.entries(fields).map(([name, field], at) => ({
    name,
    at,
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
    take(from) {
      const values = new Array<unknown>(entries.length).fill(undefined);
      let left = from.shortMap();
      // Entries come in the order of their keys, or this is not the one spelling of the map.
      for (const { at, key, schema, required } of written) {
        if (left > 0 && from.skips(key)) {
          values[at] = schema.take(from);
          left--;
        } else if (required) throw OTHERWISE;
      }
      if (left !== 0) throw OTHERWISE;
      const result: Record<string, unknown> = {};
      for (let i = 0; i < entries.length; i++) {
        if (values[i] !== undefined) result[entries[i]!.name] = values[i];
      }
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
