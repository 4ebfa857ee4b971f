import { hexToBytes as nobleBytes, bytesToHex as nobleHex } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bytesToHex, hexToBytes } from '../../../protocol/identity/hex.ts';

describe('hexadecimal digits', () => {
  it('are those of another library, both ways', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const hex = bytesToHex(bytes);
        expect(hex).toBe(nobleHex(bytes));
        expect(hexToBytes(hex)).toEqual(nobleBytes(hex));
        expect(hexToBytes(hex.toUpperCase())).toEqual(bytes);
      }),
    );
  });

  it.each(['0', 'abc', '0g', 'g0', ' 0', 'é0', '0é', '\u{1f600}', '0x'])('%j are none', (text) => {
    expect(() => hexToBytes(text)).toThrow(RangeError);
  });
});
