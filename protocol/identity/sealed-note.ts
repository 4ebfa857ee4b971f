/**
 * A note that only the payee can read: HPKE (RFC 9180) to the X25519 form of the payee's Ed25519 key.
 *
 *     sealed = encapsulated key (32) ‖ ciphertext of (length (2, big endian) ‖ UTF-8 ‖ zeros) ‖ tag (16)
 *
 * The zeros fill the whole up to one of four sizes, so that its length says little about the text.
 */
import { ed25519 } from '@noble/curves/ed25519.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { invalid } from '../errors.ts';
import { NOTE_BYTES_MAX } from '../limits.ts';
import { deriveKeyPair, ENCAPSULATED_BYTES, openBase, sealBase, TAG_BYTES } from './hpke.ts';
import { publicKeyFromSeed, SEED_BYTES } from './keys.ts';
import { type PublicKey, publicKeyToBytes } from './pid.ts';
import { isAcceptablePublicKey } from './signature.ts';

/** Sizes of a sealed note, bytes. */
export const SEALED_NOTE_SIZES: readonly number[] = [128, 256, 512, NOTE_BYTES_MAX];
const LENGTH_BYTES = 2;
const OVERHEAD_BYTES = ENCAPSULATED_BYTES + TAG_BYTES + LENGTH_BYTES;
/** Longest text of a note, bytes of UTF-8. */
export const NOTE_TEXT_BYTES_MAX = NOTE_BYTES_MAX - OVERHEAD_BYTES;

const INFO = utf8ToBytes('geo/0.1/note');
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Seals a note.
 * @param ephemeralSeed 32 unpredictable bytes, fresh for each note
 * @param aad what the note belongs to; it opens only with the same
 * @throws GeoError E009 `note_too_long` | `bad_note` (text that is not Unicode) | `bad_public_key` |
 *   `bad_seed`
 */
export function sealNote(
  text: string,
  payeeKey: PublicKey,
  ephemeralSeed: Uint8Array,
  aad: Uint8Array,
): Uint8Array {
  if (ephemeralSeed.length !== SEED_BYTES) {
    throw invalid('bad_seed', 'An ephemeral seed has 32 bytes.');
  }
  if (!isAcceptablePublicKey(payeeKey)) {
    throw invalid('bad_public_key', "The payee's public key is not a valid Ed25519 key.");
  }
  const { encapsulated, ciphertext } = sealBase(
    ed25519.utils.toMontgomery(publicKeyToBytes(payeeKey)),
    deriveKeyPair(ephemeralSeed),
    INFO,
    aad,
    pad(text),
  );
  const sealed = new Uint8Array(encapsulated.length + ciphertext.length);
  sealed.set(encapsulated);
  sealed.set(ciphertext, encapsulated.length);
  return sealed;
}

/**
 * Opens a note with the payee's seed.
 * @throws GeoError E009 `bad_note`: not for this key, not for this `aad`, or damaged
 */
export function openNote(sealed: Uint8Array, seed: Uint8Array, aad: Uint8Array): string {
  if (!SEALED_NOTE_SIZES.includes(sealed.length)) throw unreadable();
  const recipient = {
    secretKey: ed25519.utils.toMontgomerySecret(seed),
    publicKey: ed25519.utils.toMontgomery(publicKeyToBytes(publicKeyFromSeed(seed))),
  };
  const encapsulated = sealed.subarray(0, ENCAPSULATED_BYTES);
  let padded: Uint8Array;
  try {
    padded = openBase(recipient, encapsulated, INFO, aad, sealed.subarray(ENCAPSULATED_BYTES));
  } catch {
    throw unreadable();
  }
  return unpad(padded);
}

function pad(text: string): Uint8Array {
  if (!text.isWellFormed()) {
    throw invalid('bad_note', 'The note holds half a character (a lone surrogate): write it anew.');
  }
  const bytes = utf8ToBytes(text);
  const size = SEALED_NOTE_SIZES.find((each) => bytes.length + OVERHEAD_BYTES <= each);
  if (size === undefined) {
    throw invalid(
      'note_too_long',
      `The note has ${bytes.length} bytes of text; at most ${NOTE_TEXT_BYTES_MAX} fit.`,
      { bytes: bytes.length, limit: NOTE_TEXT_BYTES_MAX },
    );
  }
  const padded = new Uint8Array(size - ENCAPSULATED_BYTES - TAG_BYTES);
  new DataView(padded.buffer).setUint16(0, bytes.length);
  padded.set(bytes, LENGTH_BYTES);
  return padded;
}

function unpad(padded: Uint8Array): string {
  const length = (padded[0]! << 8) | padded[1]!;
  const end = LENGTH_BYTES + length;
  if (end > padded.length || padded.subarray(end).some((byte) => byte !== 0)) throw unreadable();
  try {
    return utf8.decode(padded.subarray(LENGTH_BYTES, end));
  } catch {
    throw unreadable();
  }
}

function unreadable(): Error {
  return invalid(
    'bad_note',
    'The note cannot be opened: it was sealed for another key or payment, or it is damaged.',
  );
}
