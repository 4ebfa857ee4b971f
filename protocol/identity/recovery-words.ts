/**
 * A seed as 24 words that a person can write down: BIP39, English list. The words *are* the 32 bytes
 * of the seed (BIP39 "entropy") and 8 bits of checksum; no passphrase and no derivation is involved,
 * so the way back gives the very same key.
 */
import { entropyToMnemonic, mnemonicToEntropy } from '@scure/bip39';
import { wordlist } from '@scure/bip39/wordlists/english.js';
import { invalid } from '../errors.ts';
import { SEED_BYTES } from './keys.ts';

export const RECOVERY_WORDS = 24;

const known = new Set(wordlist);

/**
 * The 24 words, separated by single blanks.
 * @throws GeoError E009 `bad_seed`
 */
export function wordsFromSeed(seed: Uint8Array): string {
  if (seed.length !== SEED_BYTES) throw invalid('bad_seed', 'A seed has 32 bytes.');
  return entropyToMnemonic(seed, wordlist);
}

/**
 * The seed behind 24 words, whatever their case and the blanks or line breaks between them.
 * @throws GeoError E009 `bad_recovery_words`: how many words there are, which one (by its place) is
 *   not in the list, or that the checksum is wrong. The words themselves are never repeated.
 */
export function seedFromWords(text: string): Uint8Array {
  const words = text
    .normalize('NFKD')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length !== RECOVERY_WORDS) {
    throw invalid(
      'bad_recovery_words',
      `${RECOVERY_WORDS} recovery words are expected, ${words.length} were given.`,
      { words: words.length },
    );
  }
  const unknown = words.findIndex((word) => !known.has(word));
  if (unknown >= 0) {
    throw invalid(
      'bad_recovery_words',
      `Recovery word ${unknown + 1} is not in the English BIP39 list: check its spelling.`,
      { place: unknown + 1 },
    );
  }
  try {
    return mnemonicToEntropy(words.join(' '), wordlist);
  } catch {
    throw invalid(
      'bad_recovery_words',
      'The recovery words do not fit together: one is wrong, or two have changed places.',
    );
  }
}
