/**
 * What a schema is, and how values are read and written by one (the schemas themselves: `schema.ts`).
 *
 * Bytes are read twice over if need be: at once, as the schema expects them, and if they are not so, as a
 * plain value that is then looked at, which says what is wrong and where.
 */
import { GeoError } from '../errors.ts';
import { type CborValue, decode } from './cbor.ts';
import { CborReader } from './cbor-reader.ts';
import { CborWriter } from './cbor-writer.ts';

export interface Schema<T> {
  /** The CDDL type expression, or the name of a rule. */
  readonly cddl: string;
  /** @throws GeoError E009 `bad_message`, with the place of the fault in `details.at` */
  read(value: CborValue): T;
  /**
   * Reads the value that comes next as `read` would, without a plain value in between.
   * @throws anything: what does not come as expected has to be read again for the reason why
   */
  take(from: CborReader): T;
  write(value: T, to: CborWriter): void;
}

export type Infer<S> = S extends Schema<infer T> ? T : never;

/** Inner fault; the place is put together while it travels up through the maps and arrays. */
class Fault extends Error {
  readonly path: string[] = [];
}

/** Refuses a value. @param expected what should have stood in its place */
export function fail(expected: string): never {
  throw new Fault(expected);
}

/** Reads the part of a value that stands at `place`. */
export function readAt<T>(place: string | number, schema: Schema<T>, value: CborValue): T {
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

/** Thrown by `take`: what comes is not what was expected. Never leaves {@link decodeWith}. */
export const OTHERWISE = new Error('not as a schema expects it');

/**
 * Reads bytes that are one value whole.
 * @throws GeoError E009 `bad_cbor` | `bad_message`
 */
export function decodeWith<T>(schema: Schema<T>, bytes: Uint8Array, what: string): T {
  const reader = new CborReader(bytes);
  try {
    const value = schema.take(reader);
    if (reader.isAtEnd) return value;
  } catch {
    // The slow way tells what is wrong, and where.
  }
  return readWith(schema, decode(bytes), what);
}

/** A schema of values that are read first and looked at then. */
export function simple<T>(schema: Pick<Schema<T>, 'cddl' | 'read' | 'write'>): Schema<T> {
  const { cddl, read, write } = schema;
  return { cddl, read, take: (from) => read(from.value()), write };
}

const writer = new CborWriter();

/** The bytes of a value. @throws GeoError E009 `bad_cbor`: it has no form that a reader would take */
export function encodeWith<T>(schema: Schema<T>, value: T): Uint8Array {
  writer.begin();
  schema.write(value, writer);
  return writer.finish();
}
