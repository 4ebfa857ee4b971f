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
});
export type SessionRecord = s.Infer<typeof SessionRecord>;
