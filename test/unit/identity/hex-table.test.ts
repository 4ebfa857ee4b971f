/** 32 bytes as digits: the table may forget, it never mistakes one hash for another. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { expect, it } from 'vitest';
import { hexOf32 } from '../../../protocol/identity/hex-table.ts';

it('reads any hash, however many push each other out of the table', () => {
  const hashes = Array.from({ length: 10_000 }, (_, i) => sha256(Uint8Array.of(i, i >> 8)));
  for (const hash of [...hashes, ...hashes]) expect(hexOf32(hash)).toBe(bytesToHex(hash));
});

it('tells hashes apart that share a place in the table', () => {
  const one = new Uint8Array(32).fill(7);
  const other = one.slice();
  other[31] = 8;
  for (const hash of [one, other, one]) expect(hexOf32(hash)).toBe(bytesToHex(hash));
  one[31] = 9;
  expect(hexOf32(one)).toBe(bytesToHex(one));
});
