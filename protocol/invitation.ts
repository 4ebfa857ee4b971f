/**
 * Invitation codes (docs/PROTOCOL.md, "Membership"). A code is a secret that a person can type; an
 * Ed25519 key follows from it. The hub keeps the public key, and whoever joins signs its own PID with
 * the private one: neither who reads the hub's books nor who overhears a request learns anything that
 * would let somebody else in.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { invalid } from './errors.ts';
import { publicKeyFromSeed, signWithSeed } from './identity/keys.ts';
import type { Hash, Pid, PublicKey } from './identity/pid.ts';
import { kidOf, parseSign1, type Sign1, sealSign1, verifySign1 } from './wire/cose.ts';
import { InvitationUse } from './wire/messages/membership.ts';
import { decodeWith, encodeWith } from './wire/schema.ts';

/** Random bytes of a code: too many to try, few enough to type. */
export const INVITATION_BYTES = 10;

const SIGNED_AS = 'INVITATION';
/** Crockford's base32: no letter that looks like a digit, and no U. */
const LETTERS = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const CODE_LETTERS = (INVITATION_BYTES * 8) / 5;

type Verify = (publicKey: PublicKey, message: Uint8Array, signature: Uint8Array) => boolean;

/** A code as people see it: `7K3M-QX0P-…`, from {@link INVITATION_BYTES} random bytes. */
export function invitationCode(random: Uint8Array): string {
  let bits = random.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  let letters = '';
  for (let i = 0; i < CODE_LETTERS; i++) {
    letters = LETTERS[Number(bits & 31n)]! + letters;
    bits >>= 5n;
  }
  return letters.replaceAll(/(.{4})(?=.)/g, '$1-');
}

/** The public key of a code. @throws GeoError E009 `bad_code` */
export function invitationKey(code: string): PublicKey {
  return publicKeyFromSeed(seedOf(code));
}

/** The name of an invitation: the SHA-256 of its public key. */
export function invitationId(key: PublicKey): Hash {
  return kidOf(key);
}

/** What a participant shows to use a code. @throws GeoError E009 `bad_code` */
export function signInvitationUse(code: string, use: InvitationUse): Uint8Array {
  const seed = seedOf(code);
  const key = publicKeyFromSeed(seed);
  return sealSign1(SIGNED_AS, encodeWith(InvitationUse, use), key, (m) => signWithSeed(seed, m));
}

/** Reads what was shown; nothing is verified. @throws GeoError E009 `bad_envelope` | `bad_cbor` | `bad_message` */
export function readInvitationUse(bytes: Uint8Array): {
  readonly id: Hash;
  readonly use: InvitationUse;
  readonly sign1: Sign1;
} {
  const sign1 = parseSign1(bytes);
  const use = decodeWith(InvitationUse, sign1.payload, SIGNED_AS);
  return { id: sign1.kid, use, sign1 };
}

/** Whether whoever signed the use knew the code of this key. */
export function isInvitationUse(sign1: Sign1, key: PublicKey, verify: Verify): boolean {
  return verifySign1(SIGNED_AS, sign1, key, verify);
}

/** Whether the use of an invitation is this participant's, at this hub. */
export function isUseOf(use: InvitationUse, participant: Pid, hub: Pid): boolean {
  return use.participant === participant && use.hub === hub;
}

/** The seed of a code, however a person has written it: small letters, blanks, O for 0, I or L for 1. */
function seedOf(code: string): Uint8Array {
  const letters = code
    .toUpperCase()
    .replaceAll(/[\s-]/g, '')
    .replaceAll('O', '0')
    .replaceAll(/[IL]/g, '1');
  if (letters.length !== CODE_LETTERS || [...letters].some((letter) => !LETTERS.includes(letter))) {
    throw invalid(
      'bad_code',
      `An invitation code has ${CODE_LETTERS} letters and digits, like 7K3M-QX0P-2VBN-C5TA.`,
    );
  }
  return sha256(concatBytes(utf8ToBytes('geo/0.1/invitation'), utf8ToBytes(letters)));
}
