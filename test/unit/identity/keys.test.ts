import { bytesToHex } from '@noble/hashes/utils.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { publicKeyFromSeed, seedFromHex } from '../../../protocol/identity/keys.ts';
import { seedFromWords, wordsFromSeed } from '../../../protocol/identity/recovery-words.ts';

const fault = (name: string) =>
  expect.objectContaining({ details: expect.objectContaining({ fault: name }) });

describe('seedFromHex', () => {
  it('reads 64 digits in either case, blanks around them dropped', () => {
    const expected = new Uint8Array(32).fill(0xab);
    expect(seedFromHex('ab'.repeat(32))).toEqual(expected);
    expect(seedFromHex(` ${'AB'.repeat(32)}\n`)).toEqual(expected);
  });

  it.each(['', 'ab', 'ab'.repeat(31), 'ab'.repeat(33), 'zz'.repeat(32), `0x${'ab'.repeat(31)}`])(
    'refuses "%s" and does not repeat it',
    (text) => {
      expect(() => seedFromHex(text)).toThrow(fault('bad_seed'));
      if (text === '') return;
      expect(() => seedFromHex(text)).not.toThrow(
        expect.objectContaining({ message: expect.stringContaining(text) }),
      );
    },
  );
});

describe('recovery words', () => {
  it('are those of BIP39 for the same 32 bytes', () => {
    // The published BIP39 vectors for 256 bits of zeros, of 0x7f and of ones.
    expect(wordsFromSeed(new Uint8Array(32))).toBe(`${'abandon '.repeat(23)}art`);
    expect(wordsFromSeed(new Uint8Array(32).fill(0x7f))).toBe(
      `${'legal winner thank year wave sausage worth useful '.repeat(2)}legal winner thank year wave sausage worth title`,
    );
    expect(wordsFromSeed(new Uint8Array(32).fill(0xff))).toBe(`${'zoo '.repeat(23)}vote`);
  });

  it('lead back to the seed and so to the same key', () => {
    const run = fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (seed) => {
      const words = wordsFromSeed(seed);
      expect(words.split(' ')).toHaveLength(24);
      expect(bytesToHex(seedFromWords(words))).toBe(bytesToHex(seed));
    });
    fc.assert(run);
    const seed = new Uint8Array(32).fill(9);
    expect(publicKeyFromSeed(seedFromWords(wordsFromSeed(seed)))).toBe(publicKeyFromSeed(seed));
  });

  it('are read whatever their case and the blanks between them', () => {
    const words = wordsFromSeed(new Uint8Array(32).fill(3));
    const typed = `\n ${words.toUpperCase().replaceAll(' ', '\n\t ')} \n`;
    expect(seedFromWords(typed)).toEqual(new Uint8Array(32).fill(3));
  });

  it('say what is wrong with them: number, spelling by place, checksum', () => {
    const words = wordsFromSeed(new Uint8Array(32).fill(3)).split(' ');
    const without = words.slice(1).join(' ');
    expect(() => seedFromWords(without)).toThrow(/24 recovery words are expected, 23/);
    const misspelt = words.with(4, 'abandonn').join(' ');
    expect(() => seedFromWords(misspelt)).toThrow(/word 5 is not/);
    const swapped = [words[1], words[0], ...words.slice(2)].join(' ');
    expect(() => seedFromWords(swapped)).toThrow(/do not fit together/);
    for (const text of ['', without, misspelt, swapped]) {
      expect(() => seedFromWords(text)).toThrow(fault('bad_recovery_words'));
    }
  });

  it('need a seed of 32 bytes', () => {
    expect(() => wordsFromSeed(new Uint8Array(16))).toThrow(fault('bad_seed'));
  });
});
