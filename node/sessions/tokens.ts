/**
 * Tokens of a session: `gea_` opens the API for a short while, `ger_` gets the next pair. Both are the
 * session's secret id and a secret of their own. The next secrets follow from the old one and a nonce
 * of the client, so that an answer that was lost can be given again without being stored.
 */
import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { type Hash, hashOf } from '../../protocol/identity/pid.ts';

/** How a token begins: leaked ones can be found, and neither is taken for the other. */
const PREFIXES = { access: 'gea_', refresh: 'ger_' } as const;
export type TokenKind = keyof typeof PREFIXES;

export const ID_BYTES = 16;
export const SECRET_BYTES = 32;

/** What a token says when it is read. Nothing of it has been proven. */
export interface Token {
  /** Secret as well: it is what tells a holder of some token of the session from a stranger. */
  readonly id: Uint8Array;
  readonly secret: Uint8Array;
}

export function writeToken(kind: TokenKind, { id, secret }: Token): string {
  const bytes = Buffer.from(concatBytes(id, secret));
  return PREFIXES[kind] + bytes.toString('base64url');
}

/** @returns undefined for whatever is no token of that kind */
export function readToken(kind: TokenKind, text: string): Token | undefined {
  const prefix = PREFIXES[kind];
  if (!text.startsWith(prefix)) return undefined;
  const body = text.slice(prefix.length);
  const bytes = new Uint8Array(Buffer.from(body, 'base64url'));
  if (bytes.length !== ID_BYTES + SECRET_BYTES) return undefined;
  const token = { id: bytes.slice(0, ID_BYTES), secret: bytes.slice(ID_BYTES) };
  // Of the spellings that a decoder takes, one is the token.
  return writeToken(kind, token) === text ? token : undefined;
}

/** The public name of a session, by which it is stored and listed. */
export function nameOf({ id }: Pick<Token, 'id'>): Hash {
  return hashOf(id);
}

/** The secret after `secret`, if the client exchanges it with `nonce`. */
export function nextSecret(secret: Uint8Array, nonce: Uint8Array): Uint8Array {
  return hmac(sha256, secret, concatBytes(utf8ToBytes('geo refresh'), nonce));
}

/** The secret of the access token beside a refresh token. */
export function accessSecret(refreshSecret: Uint8Array): Uint8Array {
  return hmac(sha256, refreshSecret, utf8ToBytes('geo access'));
}
