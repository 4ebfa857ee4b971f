/** Schemas write what they read, and leave nothing behind where they cannot. */
import { describe, expect, it } from 'vitest';
import type { Hash, PublicKey } from '../../../protocol/identity/pid.ts';
import { decode, encode } from '../../../protocol/wire/cbor.ts';
import * as s from '../../../protocol/wire/schema.ts';

const Thing = s.map({
  name: s.text(60),
  key: s.publicKey,
  hash: s.optional(s.hash),
  sums: s.list(s.signedAmount, 4),
  pair: s.optional(s.tuple(s.uint(9), s.bool)),
});
const key = '0f'.repeat(32) as PublicKey;
const hash = 'a9'.repeat(32) as Hash;

describe('a schema', () => {
  it.each([
    { name: 'größe', key, sums: [-1n, 2n ** 62n] },
    { name: '', key, hash, sums: [], pair: [3, true] as const },
  ])('writes the bytes that the plain value has', (thing) => {
    const plain = {
      ...thing,
      key: new Uint8Array(32).fill(0x0f),
      ...(thing.hash === undefined ? {} : { hash: new Uint8Array(32).fill(0xa9) }),
    };
    const bytes = s.encodeWith(Thing, thing);
    expect(bytes).toEqual(encode(plain));
    expect(s.readWith(Thing, decode(bytes), 'thing')).toEqual(thing);
  });

  it('writes whole values after one that has no form', () => {
    const broken = { name: 'a', key, sums: [2n ** 70n] };
    expect(() => s.encodeWith(Thing, broken)).toThrow('integer out of range');
    const bytes = s.encodeWith(Thing, { name: 'b', key, sums: [] });
    expect(s.readWith(Thing, decode(bytes), 'thing')).toEqual({ name: 'b', key, sums: [] });
  });

  it('reads at once exactly what it reads by way of a plain value, with the same refusals', () => {
    const bytes = s.encodeWith(Thing, {
      name: 'größe',
      key,
      hash,
      sums: [3n, -4n],
      pair: [3, true],
    });
    const outcome = (read: () => unknown) => {
      try {
        return read();
      } catch (error) {
        return String(error);
      }
    };
    for (let at = 0; at < bytes.length; at++) {
      for (const change of [1, 2, 0x1f, 0x20, 0x80, 0xff]) {
        const altered = bytes.slice();
        altered[at]! ^= change;
        for (const each of [altered, altered.subarray(0, at), Uint8Array.of(...altered, change)]) {
          expect(outcome(() => s.decodeWith(Thing, each, 'thing'))).toEqual(
            outcome(() => s.readWith(Thing, decode(each), 'thing')),
          );
        }
      }
    }
  });

  it('keeps its fields in the order in which they are declared', () => {
    const thing = { name: 'a', key, hash, sums: [], pair: [3, true] as const };
    const read = s.decodeWith(Thing, s.encodeWith(Thing, thing), 'thing');
    expect(Object.keys(read)).toEqual(['name', 'key', 'hash', 'sums', 'pair']);
  });

  it('has no more entries than the head of a map has room for', () => {
    const fields = Object.fromEntries(Array.from({ length: 24 }, (_, i) => [`f${i}`, s.bool]));
    expect(() => s.map(fields)).toThrow('24 entries');
  });
});
