/** Messages that serve the connection itself (docs/PROTOCOL.md, "Messages"). */
import * as s from '../schema.ts';

export const Ping = s.named('ping', s.map({ nonce: s.bytes(8) }));
export type Ping = s.Infer<typeof Ping>;

/** Tells a peer that one of its messages was refused. Never answered, so that errors cannot echo. */
export const PeerError = s.named(
  'peer-error',
  s.map({
    code: s.text(4),
    fault: s.text(40),
    text: s.text(300),
    /** Name of the refused message type, if it was readable. */
    about: s.optional(s.text(40)),
  }),
);
export type PeerError = s.Infer<typeof PeerError>;
