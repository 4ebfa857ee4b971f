/** Notes sealed to a payee, and bytes that no payee opens. */
import { bytesToHex, hexToBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { publicKeyFromSeed } from '../../protocol/identity/keys.ts';
import { NOTE_TEXT_BYTES_MAX, sealNote } from '../../protocol/identity/sealed-note.ts';

export interface NoteCase {
  readonly name: string;
  readonly payee_seed: string;
  readonly payee_public_key: string;
  readonly aad: string;
  readonly sealed: string;
  readonly valid: boolean;
  /** Empty if valid. */
  readonly reason: '' | 'bad_note';
  /** Present if valid: what was sealed, and the ephemeral seed that it was sealed with. */
  readonly text?: string;
  readonly ephemeral_seed?: string;
}

const SEED = new Uint8Array(32).fill(0x55);
const KEY = publicKeyFromSeed(SEED);
const AAD = utf8ToBytes('what the note belongs to');

const TEXTS: readonly (readonly [name: string, text: string])[] = [
  ['no text', ''],
  ['short text', 'two jars of honey'],
  ['Cyrillic text', 'за сіно, дякую'],
  ['last text of the first size', 'x'.repeat(78)],
  ['first text of the second size', 'x'.repeat(79)],
  ['longest text', 'y'.repeat(NOTE_TEXT_BYTES_MAX)],
];

export function noteCases(): NoteCase[] {
  const base = { payee_seed: bytesToHex(SEED), payee_public_key: KEY, aad: bytesToHex(AAD) };
  const good = TEXTS.map(([name, text], i): NoteCase => {
    const ephemeral = new Uint8Array(32).fill(0x60 + i);
    const sealed = bytesToHex(sealNote(text, KEY, ephemeral, AAD));
    const made = { text, ephemeral_seed: bytesToHex(ephemeral) };
    return { ...base, name, sealed, valid: true, reason: '', ...made };
  });
  const sealed = good[1]!.sealed;
  const unreadable = (name: string, change: Partial<NoteCase>): NoteCase => {
    return { ...base, name, sealed, valid: false, reason: 'bad_note', ...change };
  };
  const flip = (at: number): string => {
    const bytes = hexToBytes(sealed);
    bytes[at]! ^= 1;
    return bytesToHex(bytes);
  };
  const other = new Uint8Array(32).fill(0x56);
  return [
    ...good,
    unreadable('sealed for another payment', { aad: bytesToHex(utf8ToBytes('another')) }),
    unreadable('sealed for another payee', {
      payee_seed: bytesToHex(other),
      payee_public_key: publicKeyFromSeed(other),
    }),
    unreadable('encapsulated key altered', { sealed: flip(0) }),
    unreadable('ciphertext altered', { sealed: flip(40) }),
    unreadable('tag altered', { sealed: flip(127) }),
    unreadable('encapsulated key of small order', {
      sealed: `${'00'.repeat(32)}${sealed.slice(64)}`,
    }),
    unreadable('cut', { sealed: sealed.slice(0, -2) }),
    unreadable('nothing', { sealed: '' }),
  ];
}
