/** Keys that were met before: the table may forget, it never mistakes one key for another. */
import { describe, expect, it } from 'vitest';
import { decode, encode } from '../../../protocol/wire/cbor.ts';
import { KEPT_KEY_MAX, keyAt } from '../../../protocol/wire/cbor-keys.ts';

const bytesOf = (text: string) => new TextEncoder().encode(text);
const read = (text: string) => keyAt(bytesOf(text), 0, bytesOf(text).length);

describe('keys of maps', () => {
  it('are read right, however many push each other out of the table', () => {
    const keys = Array.from({ length: 20_000 }, (_, i) => `key_${i * 7_919}`);
    for (const key of keys) expect(read(key)).toBe(key);
    for (const key of keys) expect(read(key)).toBe(key);
  });

  it('are read from within other bytes', () => {
    expect(keyAt(bytesOf('xamounty'), 1, 7)).toBe('amount');
    expect(read('')).toBe('');
  });

  it('that are not ASCII are left to the strict reader', () => {
    expect(read('größe')).toBeUndefined();
    const map = { größe: 1, [`a${'b'.repeat(KEPT_KEY_MAX)}`]: 2, '': 3 };
    expect(decode(encode(map))).toEqual(map);
  });

  it('of any text come back as they were written, beside each other', () => {
    const map = Object.fromEntries(
      Array.from({ length: 3_000 }, (_, i) => [i.toString(36).padStart(1 + (i % 30), '-'), i]),
    );
    expect(decode(encode(map))).toEqual(map);
  });
});
