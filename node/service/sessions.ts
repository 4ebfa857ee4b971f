/** Signing in by HTTP, and who has. */
import { hexToBytes } from '@noble/hashes/utils.js';
import { GeoError, invalid } from '../../protocol/errors.ts';
import type { Hash, Pid, PublicKey } from '../../protocol/identity/pid.ts';
import type { Tokens } from '../sessions/sessions.ts';
import type { SessionRecord } from '../store/session-records.ts';
import type { SessionOperations, Visitor } from './contract.ts';
import type { Rooms } from './rooms.ts';
import type * as shapes from './shapes.ts';
import { isoTime } from './views.ts';

/** @param visitor who asks; without one, the owner of the node */
export function sessionOperations(
  { me, settings, sessions, links, signIn }: Rooms,
  visitor?: Visitor,
): SessionOperations {
  const caller = visitor?.signedIn;
  const view = (session: Hash, record: SessionRecord): shapes.Session => ({
    session,
    participant: record.participant,
    label: record.label,
    begun: isoTime(record.begun),
    rotated: isoTime(record.rotated),
    expires: isoTime(record.refresh_expires),
    current: session === caller?.session,
  });
  const proven = (envelope: string) =>
    signIn.prove({
      envelope: new Uint8Array(Buffer.from(envelope, 'base64')),
      address: visitor?.address ?? '',
    });
  const requireLinks = () => {
    if (settings.sessions.links) return;
    throw new GeoError(
      'E006',
      'This hub knows its members by their keys alone. Sign in with yours.',
      {
        fault: 'no_links',
      },
    );
  };
  const listed = () => sessions.list(caller?.participant as Pid | undefined);

  return {
    challenge: ({ public_key: key }) => {
      const { challenge, expires } = signIn.challenge(key as PublicKey);
      return {
        challenge: Buffer.from(challenge).toString('base64'),
        node: me,
        expires: isoTime(expires),
      };
    },

    signIn: async ({ envelope, label }) =>
      tokensView(
        await signIn.enter({
          envelope: new Uint8Array(Buffer.from(envelope, 'base64')),
          label,
          address: visitor?.address ?? '',
        }),
      ),

    exchangeTokens: async ({ refresh_token: token, nonce }) =>
      tokensView(await sessions.exchange(token, hexToBytes(nonce))),

    makeLink: async ({ envelope, ...given }) => {
      requireLinks();
      return links.make(proven(envelope), given);
    },

    endLink: async ({ envelope }) => {
      requireLinks();
      const participant = proven(envelope);
      await links.end(participant);
      return { participant };
    },

    signInByLink: async (request) => {
      requireLinks();
      const address = visitor?.address ?? '';
      return tokensView(await signIn.enterByLink({ ...request, address }));
    },

    links: () =>
      links.all().map(([participant, { name, made }]) => ({
        participant,
        name,
        made: isoTime(made),
      })),

    sessions: () => listed().map(([name, record]) => view(name, record)),

    endSession: async (text) => {
      const found = listed().filter(([name]) => name.startsWith(text));
      if (found.length !== 1) {
        throw invalid(
          'unknown_session',
          found.length === 0
            ? 'There is no such session, or it has ended.'
            : 'That is the beginning of several sessions; write more of it.',
        );
      }
      const [name, record] = found[0]!;
      await sessions.end(name);
      return view(name, record);
    },
  };
}

function tokensView({ session, record, access, refresh }: Tokens): shapes.Tokens {
  return {
    session,
    participant: record.participant,
    access_token: access,
    access_expires: isoTime(record.access_expires),
    refresh_token: refresh,
    refresh_expires: isoTime(record.refresh_expires),
  };
}
