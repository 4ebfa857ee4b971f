import fc from 'fast-check';
import { expect, it } from 'vitest';
import { decodeCount, encodeCount } from '../../../node/store/records.ts';

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

it('a count is stored as decimal text', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (count) => {
      expect(text(encodeCount(count))).toBe(String(count));
      expect(decodeCount(encodeCount(count))).toBe(count);
    }),
  );
});

it.each(['x', '1x2', '-1', '1.5', '1e3', ' 1'])('%j is none', (wrong) => {
  expect(decodeCount(new TextEncoder().encode(wrong))).toBeNaN();
});
