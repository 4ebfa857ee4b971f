/** The values of the store about who has signed in. Tokens themselves are nowhere, only their hashes. */
import * as s from '../../protocol/wire/schema.ts';

export const SessionRecord = s.map({
  participant: s.pid,
  /** What the client calls itself, for the list of sessions. */
  label: s.text(80),
  begun: s.time,
  /** When the tokens were last exchanged, and for how long the newest ones hold. */
  rotated: s.time,
  access_expires: s.time,
  refresh_expires: s.time,
  /** SHA-256 of the secrets of the tokens in force. */
  access: s.hash,
  refresh: s.hash,
  /** The refresh token before, and with which nonce it was exchanged: whoever has both may ask again. */
  previous: s.optional(s.map({ refresh: s.hash, nonce: s.hash })),
  /** When the books of that time had been restored, 0 for never: a backup brings no session back. */
  books: s.time,
  /** Begun with a password: it gives no role. */
  by_link: s.optional(s.bool),
});
export type SessionRecord = s.Infer<typeof SessionRecord>;

/** Codes that sign in without the app, each once. */
export const RECOVERY_CODES = 8;

/** By participant: what it may sign in with besides its key, to read. */
export const LinkRecord = s.map({
  /** An e-mail address or a phone number, in small letters. */
  name: s.text(254),
  salt: s.bytes(16),
  /** argon2id of the password (`sessions/passwords.ts`). */
  verifier: s.bytes(32),
  /** Of the one-time codes; it has to be readable. */
  secret: s.bytes(20),
  /** Of the last code that was taken. */
  step: s.uint(Number.MAX_SAFE_INTEGER),
  /** SHA-256 of the recovery codes that are left. */
  recovery: s.list(s.hash, RECOVERY_CODES),
  made: s.time,
  /** When the books of that time had been restored, 0 for never: a backup brings no link back. */
  books: s.time,
});
export type LinkRecord = s.Infer<typeof LinkRecord>;
