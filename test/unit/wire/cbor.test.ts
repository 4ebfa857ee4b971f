import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js';
import {
  decode as cbor2Decode,
  encode as cbor2Encode,
  cdeDecodeOptions,
  cdeEncodeOptions,
} from 'cbor2';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GeoError } from '../../../protocol/errors.ts';
import { CBOR_DEPTH_MAX } from '../../../protocol/limits.ts';
import { type CborValue, decode, encode } from '../../../protocol/wire/cbor.ts';
import type { CborCase } from '../../vectors/cbor-cases.ts';
import { fromPortable, toPortable } from '../../vectors/portable.ts';
import { readVectors } from '../../vectors/read.ts';

const vectors = readVectors<CborCase>('cbor.json');
const good = vectors.filter((v) => v.valid).map((v) => [v.name, v] as const);
const bad = vectors.filter((v) => !v.valid).map((v) => [v.name, v] as const);
const refusal = (reason: string) =>
  expect.objectContaining({
    code: 'E009',
    details: expect.objectContaining({ fault: 'bad_cbor', reason }),
  });

/** Any value that has a form, no deeper than is allowed. */
const values: fc.Arbitrary<CborValue> = fc.letrec<{ value: CborValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: CBOR_DEPTH_MAX - 1, depthIdentifier: 'cbor' },
    fc.constantFrom(null, true, false),
    fc.maxSafeInteger().map((n) => n + 0),
    fc.oneof(fc.bigInt(2n ** 53n, 2n ** 64n - 1n), fc.bigInt(-(2n ** 63n), -(2n ** 53n))),
    fc.string({ unit: 'binary' }),
    fc.uint8Array(),
    fc.array(tie('value'), { depthIdentifier: 'cbor', maxLength: 6 }),
    fc
      .dictionary(fc.string({ unit: 'binary', maxLength: 40 }), tie('value'), {
        depthIdentifier: 'cbor',
        maxKeys: 6,
      })
      .map((map) => Object.fromEntries(Object.entries(map).filter(([key]) => key !== '__proto__'))),
  ),
})).value;

describe('vectors', () => {
  it.each(good)('%s', (_name, { bytes, value }) => {
    expect(bytesToHex(encode(fromPortable(value!)))).toBe(bytes);
    expect(toPortable(decode(hexToBytes(bytes)))).toEqual(value);
  });

  it.each(bad)('%s is refused', (_name, { bytes, reason }) => {
    expect(() => decode(hexToBytes(bytes))).toThrow(refusal(reason));
  });
});

describe('cbor2, which this project did not write', () => {
  it.each(good)('reads and writes the same: %s', (_name, { bytes, value }) => {
    const theirs = cbor2Decode(hexToBytes(bytes), cdeDecodeOptions);
    expect(toPortable(theirs as CborValue)).toEqual(value);
    expect(bytesToHex(cbor2Encode(fromPortable(value!), cdeEncodeOptions))).toBe(bytes);
  });

  it('reads and writes any value as we do', () => {
    const run = fc.property(values, (value) => {
      const bytes = encode(value);
      expect(bytesToHex(cbor2Encode(value, cdeEncodeOptions))).toBe(bytesToHex(bytes));
      // Compared in the form of the vectors: cbor2 gives -2^53 as a number, we as a bigint.
      const theirs = cbor2Decode(bytes, cdeDecodeOptions) as CborValue;
      expect(toPortable(theirs)).toEqual(toPortable(decode(bytes)));
    });
    fc.assert(run, { numRuns: 300 });
  });
});

describe('the writer', () => {
  const short = { b: 1, a: [true, 'ä', -1n] };

  it('has room for values of any size, and is as before after them', () => {
    const before = encode(short);
    for (const size of [60_000, 70_000, 3_000_000]) {
      const large = { bytes: new Uint8Array(size).fill(7), text: 'ü'.repeat(size / 100), z: 1 };
      expect(decode(encode(large))).toEqual(large);
    }
    expect(encode(short)).toEqual(before);
  });

  it('is as before after a value that it refused half way', () => {
    const before = encode(short);
    expect(() => encode({ a: 'written', z: 1.5 })).toThrow(refusal('float'));
    expect(encode(short)).toEqual(before);
  });

  it('sorts keys by their bytes, however they are given', () => {
    const keys = ['b', 'aa', 'a', 'ä', 'zz', '\ufb01', '\u{1f600}', 'x'.repeat(24), ''];
    const sorted = ['', 'a', 'b', 'aa', 'zz', 'ä', '\ufb01', '\u{1f600}', 'x'.repeat(24)];
    const map = Object.fromEntries(keys.map((key) => [key, 0]));
    expect(Object.keys(decode(encode(map)) as object)).toEqual(sorted);
  });
});

describe('encode and decode', () => {
  it('are each other’s inverse', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(decode(encode(value))).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });

  it('know one byte string for a value: altered bytes are refused or mean something else', () => {
    const changes = fc.array(
      fc.record({
        kind: fc.constantFrom('set', 'insert', 'remove'),
        at: fc.nat(400),
        byte: fc.nat(255),
      }),
      { minLength: 1, maxLength: 3 },
    );
    const run = fc.property(values, changes, (value, list) => {
      const bytes = [...encode(value)];
      for (const { kind, at, byte } of list) {
        const place = at % (bytes.length + 1);
        if (kind === 'insert') bytes.splice(place, 0, byte);
        else if (place < bytes.length) bytes.splice(place, 1, ...(kind === 'set' ? [byte] : []));
      }
      expectRefusedOrOwn(Uint8Array.from(bytes));
    });
    fc.assert(run, { numRuns: 2000 });
  });

  it('know one byte string for a value: so for arbitrary bytes', () => {
    const run = fc.property(fc.uint8Array({ maxLength: 40 }), expectRefusedOrOwn);
    fc.assert(run, { numRuns: 5000 });
  });

  it('give bytes that belong to nobody else', () => {
    for (const value of [1, 'text', new Uint8Array(5), { a: new Uint8Array(300) }, nested(3)]) {
      const bytes = encode(value);
      expect(bytes.constructor).toBe(Uint8Array);
      expect(bytes.buffer.byteLength).toBe(bytes.length);
    }
  });

  it('take the order of a map’s entries from the bytes, not from the object', () => {
    expect(encode({ b: 1, aa: 2, a: 3 })).toEqual(encode({ a: 3, b: 1, aa: 2 }));
  });

  it('treat a bigint and a number of the same size alike', () => {
    expect(encode(5n)).toEqual(encode(5));
    expect(decode(encode(5n))).toBe(5);
    expect(encode(-0)).toEqual(encode(0));
  });
});

describe('decode', () => {
  it('never reads beyond a view, and gives copies', () => {
    const buffer = Buffer.from('00430102030000', 'hex');
    const view = buffer.subarray(1, 5);
    const bytes = decode(view) as Uint8Array;
    expect(bytes.constructor).toBe(Uint8Array);
    expect(bytes).toEqual(Uint8Array.of(1, 2, 3));
    buffer.fill(0xff);
    expect(bytes).toEqual(Uint8Array.of(1, 2, 3));
  });

  it('refuses nesting of a whole frame without a deep stack', () => {
    for (const head of [0x81, 0xa1]) {
      expect(() => decode(new Uint8Array(65536).fill(head))).toThrow(GeoError);
    }
  });

  it('tells where it stopped', () => {
    expect(() => decode(hexToBytes('8200f7'))).toThrow(
      expect.objectContaining({ details: { fault: 'bad_cbor', reason: 'simple_value', at: 2 } }),
    );
  });
});

describe('encode refuses what decode would not give back', () => {
  const hole: unknown[] = [1];
  hole.length = 2;
  it.each<[string, unknown, string]>([
    ['undefined', undefined, 'unsupported_type'],
    ['a hole', hole, 'unsupported_type'],
    ['undefined in a map', { a: undefined }, 'unsupported_type'],
    ['a float', 1.5, 'float'],
    ['NaN', Number.NaN, 'float'],
    ['infinity', Number.NEGATIVE_INFINITY, 'float'],
    ['an inexact number', 2 ** 53, 'integer_out_of_range'],
    ['2^64', 2n ** 64n, 'integer_out_of_range'],
    ['-2^63 - 1', -(2n ** 63n) - 1n, 'integer_out_of_range'],
    ['half a character', '\ud83c', 'bad_utf8'],
    ['half a character in a key', { '\udf3e': 1 }, 'bad_utf8'],
    ['a Map', new Map([['a', 1]]), 'unsupported_type'],
    ['a Date', new Date(0), 'unsupported_type'],
    ['words of 16 bits', Uint16Array.of(1), 'unsupported_type'],
    ['a function', () => 1, 'unsupported_type'],
    ['a symbol', Symbol('s'), 'unsupported_type'],
    ['key __proto__', JSON.parse('{"__proto__": 1}'), 'key_not_allowed'],
    ['depth 13', nested(13), 'too_deep'],
  ])('%s', (_name, value, reason) => {
    expect(() => encode(value as CborValue)).toThrow(refusal(reason));
  });

  it('a value within itself', () => {
    const loop: CborValue[] = [];
    loop.push(loop);
    expect(() => encode(loop)).toThrow(refusal('too_deep'));
  });

  it('but not depth 12', () => {
    expect(bytesToHex(encode(nested(12)))).toBe(`${'81'.repeat(11)}80`);
  });
});

function nested(depth: number): CborValue {
  return depth === 1 ? [] : [nested(depth - 1)];
}

function expectRefusedOrOwn(bytes: Uint8Array): void {
  let value: CborValue;
  try {
    value = decode(bytes);
  } catch (error) {
    expect(error).toBeInstanceOf(GeoError);
    return;
  }
  expect(bytesToHex(encode(value))).toBe(bytesToHex(bytes));
}
