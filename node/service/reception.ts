/** What the HTTP door asks about those who do not hold the token of the home, and what they may ask for. */
import { type Hash, type Pid, parsePid } from '../../protocol/identity/pid.ts';
import { counterparty, edgeId } from '../../protocol/ledger/edge.ts';
import { parseEquivalentCode } from '../../protocol/money/equivalent.ts';
import { ROUTE_LIST } from '../api/routes.ts';
import { resolveAmong } from '../peers/names.ts';
import { edgeView, requireEdge } from './books.ts';
import type { NodeService, Reception, SignedIn } from './contract.ts';
import { type EventReader, ownReader, visitorReader } from './event-view.ts';
import { eventOperations, visitorSource } from './events.ts';
import { hubOperations } from './hub.ts';
import { ownBooks } from './own-books.ts';
import { routeSearch } from './payments.ts';
import type { Rooms } from './rooms.ts';
import { sessionOperations } from './sessions.ts';
import { Views } from './views.ts';

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
      const everyones = { identity, equivalents, offeredEquivalents, participants };
      const theirs = memberOperations(rooms, participant, readerFor(signedIn));
      const own = { ...signing, ...everyones, ...theirs };
      if (signedIn.role === null) return own;
      if (signedIn.role === 'auditor') return { ...own, ...auditing };
      // What the role does not allow is refused a second time, by the turn that would do it.
      return { ...own, ...auditing, ...hubOperations(rooms, views, { pid: participant }) };
    },
  };
}

/** What the node answers about a participant to that participant. */
function memberOperations(rooms: Rooms, member: Pid, reader: EventReader): Partial<NodeService> {
  const { agents, door, hall } = rooms;
  const pidOf = (text: string) => participantIn(rooms, member, text);
  const search = routeSearch(rooms, member, pidOf);
  return {
    ...ownBooks(rooms, member),
    ...eventOperations(rooms, reader),
    edge: ({ peer, equivalent }) => {
      const id = edgeId(member, pidOf(peer), parseEquivalentCode(equivalent));
      const views = new Views(hall.state, member, false);
      return edgeView({ ...rooms, me: member }, views, requireEdge(rooms, id));
    },
    routes: async (request) => {
      agents.requireServed(member);
      // A search costs more than the request: it is bounded as signatures of strangers are.
      door.requireRoom();
      return search(request);
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
