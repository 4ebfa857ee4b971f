/** What a fake node answers to those who sign in. */
import type * as shapes from '../../../node/service/shapes.ts';

const BOB = '8opHzTAnfzRpPEx21XtnrVTX28YQuCpAjcn1PczScKh2';
const KEY = 'a'.repeat(64);
const TIME = '2026-03-01T12:00:00.000Z';

const session: shapes.Session = {
  session: KEY,
  participant: BOB,
  label: 'phone',
  begun: TIME,
  rotated: TIME,
  expires: TIME,
  current: true,
};

const tokens: shapes.Tokens = {
  session: KEY,
  participant: BOB,
  access_token: 'gea_AAAA',
  access_expires: TIME,
  refresh_token: 'ger_AAAA',
  refresh_expires: TIME,
};

export const fakeSessions = {
  challenge: { challenge: 'oGE=', node: BOB, expires: TIME } satisfies shapes.Challenge,
  signIn: tokens,
  exchangeTokens: tokens,
  makeLink: {
    name: 'bob@example.org',
    otpauth: 'otpauth://totp/GEO:bob?secret=AAAA&issuer=GEO',
    recovery: ['0123456789abcdef'],
  } satisfies shapes.NewLink,
  endLink: { participant: BOB } satisfies shapes.EndedLink,
  signInByLink: tokens,
  links: [{ participant: BOB, name: 'bob@example.org', made: TIME }] satisfies shapes.Link[],
  sessions: [session],
  endSession: session,
};
