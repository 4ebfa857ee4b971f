/** Signing in by HTTP, and what whoever has signed in may ask for. */
import { hexToBytes } from '@noble/hashes/utils.js';
import { GeoError, invalid } from '../../protocol/errors.ts';
import { type Hash, type Pid, type PublicKey, parsePid } from '../../protocol/identity/pid.ts';
import { counterparty, edgeId } from '../../protocol/ledger/edge.ts';
import { parseEquivalentCode } from '../../protocol/money/equivalent.ts';
import { ROUTE_LIST } from '../api/routes.ts';
import { resolveAmong } from '../peers/names.ts';
import type { Tokens } from '../sessions/sessions.ts';
import type { SessionRecord } from '../store/session-records.ts';
import { edgeView, requireEdge } from './books.ts';
import type { NodeService, Reception, SessionOperations, SignedIn, Visitor } from './contract.ts';
import { ownReader, visitorReader } from './event-view.ts';
import { eventOperations, visitorSource } from './events.ts';
import { hubOperations } from './hub.ts';
import { ownBooks } from './own-books.ts';
import { routeSearch } from './payments.ts';
import type { Rooms } from './rooms.ts';
import type * as shapes from './shapes.ts';
import { isoTime, Views } from './views.ts';

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

/** What the HTTP door asks about those who do not hold the token of the home. */
export function receptionOf(rooms: Rooms, service: NodeService): Reception {
  const { sessions, community, settings } = rooms;
  const views = new Views(rooms.hall.state, rooms.me);
  const roleOf = (participant: Pid) => {
    const role = community.operators.roleOf(participant) ?? null;
    return role === null || settings.sessions.acts ? role : 'auditor';
  };
  const readerFor = ({ participant, role }: SignedIn) =>
    participant === rooms.me ? ownReader : visitorReader(participant as Pid, role !== null);
  const auditing = communityReads(service);
  return {
    holderOf: (token) => {
      const { session, participant, byLink } = sessions.holderOf(token);
      return { session, participant, role: byLink ? null : roleOf(participant) };
    },
    isInForce: ({ session, participant, role }) =>
      sessions.isOpen(session as Hash) && (role === null || roleOf(participant as Pid) === role),
    liveFor: (signedIn) => visitorSource(rooms.news, readerFor(signedIn), signedIn.role !== null),
    serviceFor: (visitor) => {
      const { signedIn } = visitor;
      const { links: _others, ...signing } = sessionOperations(rooms, visitor);
      if (signedIn === undefined) return signing;
      const participant = signedIn.participant as Pid;
      const { identity, equivalents, offeredEquivalents, participants } = service;
      const books = {
        ...ownBooks(rooms, participant),
        ...eventOperations(rooms, readerFor(signedIn)),
      };
      const routes = routeSearch(rooms, participant, (text) =>
        participantIn(rooms, participant, text),
      );
      const own = {
        ...signing,
        ...books,
        identity,
        equivalents,
        offeredEquivalents,
        participants,
        edge: ({ peer, equivalent }: shapes.EdgeRef) => {
          const other = participantIn(rooms, participant, peer);
          const edge = requireEdge(
            rooms,
            edgeId(participant, other, parseEquivalentCode(equivalent)),
          );
          const theirs = new Views(rooms.hall.state, participant, false);
          return edgeView({ ...rooms, me: participant }, theirs, edge);
        },
        routes: async (request: shapes.RoutesRequest) => {
          rooms.agents.requireServed(participant);
          // A search costs more than the request: it is bounded as signatures of strangers are.
          rooms.door.requireRoom();
          return routes(request);
        },
      };
      if (signedIn.role === null) return own;
      if (signedIn.role === 'auditor') return { ...own, ...auditing };
      // What the role does not allow is refused a second time, by the turn that would do it.
      return { ...own, ...auditing, ...hubOperations(rooms, views, { pid: participant }) };
    },
  };
}

/** What tells of the community and changes nothing. */
function communityReads(service: NodeService): Partial<NodeService> {
  const rows = ROUTE_LIST.filter(({ access }) => access === 'auditor');
  return Object.fromEntries(rows.map(({ name }) => [name, service[name]]));
}

/** A PID, or the beginning of one: of a member, or of somebody with whom the caller has a line. */
function participantIn({ hall, community }: Rooms, caller: Pid, text: string): Pid {
  if (text.length >= 43) return parsePid(text);
  const known = new Set(community.membership.all().keys()) as Set<Pid>;
  for (const edge of hall.state.edgesOf(caller)) known.add(counterparty(edge, caller));
  return resolveAmong([...known], text, 'member');
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
