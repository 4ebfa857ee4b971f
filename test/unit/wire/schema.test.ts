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

  it('has no more entries than the head of a map has room for', () => {
    const fields = Object.fromEntries(Array.from({ length: 24 }, (_, i) => [`f${i}`, s.bool]));
    expect(() => s.map(fields)).toThrow('24 entries');
  });
});
