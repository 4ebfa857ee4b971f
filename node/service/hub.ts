/** The hub of a community, for its operators. */
import { GeoError } from '../../protocol/errors.ts';
import type { Hash, Pid } from '../../protocol/identity/pid.ts';
import { formatAmount } from '../../protocol/money/amount.ts';
import {
  checkPrecision,
  type EquivalentCode,
  parseEquivalentCode,
} from '../../protocol/money/equivalent.ts';
import type { EquivalentGraph } from '../hub/equivalent-graph.ts';
import { isOpen } from '../hub/invitations.ts';
import type { Actor } from '../hub/operators.ts';
import { resolveAmong } from '../peers/names.ts';
import type { InvitationRecord, MemberRecord } from '../store/hub-records.ts';
import { peerIn } from './asking.ts';
import type { HubOperations } from './contract.ts';
import { disagreementViews, evidenceView } from './disagreements.ts';
import type { Rooms } from './rooms.ts';
import type * as shapes from './shapes.ts';
import { isoTime, type Views } from './views.ts';

/** Entries of the journal that are shown unless more are asked for. */
const ACTS_SHOWN = 100;

/** @param by who asks; whoever holds the token of the local API acts as the hub itself */
export function hubOperations(
  rooms: Rooms,
  views: Views,
  by: Actor = { pid: rooms.me },
): HubOperations {
  const { ports, hall, me } = rooms;
  const community = () => {
    if (rooms.community.settings.enabled) return rooms.community;
    throw noHub();
  };
  const isThere = ({ key }: MemberRecord) =>
    ports.transport.peers().some((peer) => peer.publicKey === key && peer.connected);

  const member = (pid: Pid, record: MemberRecord): shapes.Member => ({
    pid,
    name: record.profile.name,
    about: record.profile.about,
    kind: record.profile.kind,
    hosted: record.hosted,
    status: record.status,
    reason: record.reason,
    asked: isoTime(record.asked),
    joined: record.joined === undefined ? null : isoTime(record.joined),
    since: isoTime(record.since),
    invitation: record.invitation ?? null,
    connected: isThere(record),
    disagreements: rooms.desk.disagreements.standingOf(pid),
  });

  const operations: HubOperations = {
    hubStats: () => {
      const { settings, membership, invitations, operators, journal, replies } = community();
      const members = [...membership.all().values()];
      const count = (status: MemberRecord['status']) =>
        members.filter((each) => each.status === status).length;
      const now = ports.clock.now();
      return {
        community: settings.name,
        about: settings.description,
        admission: settings.admission,
        members: {
          pending: count('pending'),
          refused: count('refused'),
          active: count('active'),
          suspended: count('suspended'),
          left: count('left'),
          deleted: count('deleted'),
        },
        hosted: members.filter((each) => each.hosted && each.status !== 'deleted').length,
        connected: members.filter((each) => each.status === 'active' && isThere(each)).length,
        invitations_open: [...invitations.all().values()].filter((each) => isOpen(each, now))
          .length,
        operators: operators.all().size,
        equivalents: replies.definitions().map(({ code }) => code),
        acts: journal.head?.number ?? 0,
        head: journal.head?.hash ?? null,
        index: rooms.desk.sizes().map(({ bytes: _, ...size }) => size),
        disagreements: disagreementViews(rooms.desk.disagreements, true).length,
        reports_refused: { ...rooms.desk.refusedReports },
        unconfirmed: membership.isUnconfirmed,
      };
    },

    hubMembers: (query) =>
      pageOf(community().membership.all(), query).map(([pid, record]) => member(pid, record)),

    changeMember: async ({ member: text, act, reason }) => {
      const { members, membership } = community();
      const pid = resolveAmong([...membership.all().keys()] as Pid[], text, 'member');
      const record = await hall.turn((turn) => members.change(turn, by, pid, act, reason));
      return member(pid, record);
    },

    confirmMembers: async ({ reason }) => {
      await hall.turn((turn) => community().confirm(turn, by, reason));
      return operations.hubStats();
    },

    invitations: () =>
      [...community().invitations.all()].map(([id, record]) =>
        invitationView(id, record, ports.clock.now()),
      ),

    invite: async ({ uses, life_ms, note }) => {
      const { settings, invitations } = community();
      const lifeMs = life_ms ?? settings.invitation_life_ms;
      const { id, code } = await hall.turn((turn) =>
        community().invite(turn, by, { uses, lifeMs, note }),
      );
      return { ...invitationView(id, invitations.all().get(id)!, ports.clock.now()), code };
    },

    revokeInvitation: async ({ invitation, reason }) => {
      const { invitations } = community();
      const id = await hall.turn((turn) => community().revoke(turn, by, invitation, reason));
      return invitationView(id, invitations.all().get(id)!, ports.clock.now());
    },

    offeredEquivalents: () =>
      community()
        .replies.definitions()
        .map(({ code, precision, metadata }) => ({
          code,
          precision,
          metadata: Object.fromEntries(metadata),
        })),

    offerEquivalent: async ({ code: text, precision: given, metadata, reason }) => {
      const code = parseEquivalentCode(text);
      const precision = checkPrecision(given);
      const definition = { code, precision, metadata: Object.entries(metadata) };
      await hall.turn((turn) => community().offer(turn, by, definition, reason));
      return { code, precision, metadata };
    },

    withdrawEquivalent: async ({ code, reason }) => {
      const withdrawn = parseEquivalentCode(code);
      await hall.turn((turn) => community().withdraw(turn, by, withdrawn, reason));
      return operations.offeredEquivalents();
    },

    operators: () => [
      { pid: me, name: views.nameOf(me), role: 'admin', since: null },
      ...[...community().operators.all()].map(([pid, { role, since }]) => ({
        pid,
        name: views.nameOf(pid as Pid),
        role,
        since: isoTime(since),
      })),
    ],

    appointOperator: async ({ operator, role, reason }) => {
      const pid = peerIn(rooms, operator);
      await hall.turn((turn) => community().appoint(turn, by, pid, role ?? undefined, reason));
      return operations.operators();
    },

    hubActs: async ({ after, limit = ACTS_SHOWN }) => {
      const { journal } = community();
      // Without a place to begin at, the newest are meant.
      const from = after ?? Math.max(0, (journal.head?.number ?? 0) - limit);
      const acts = await journal.since(from, limit);
      return acts.map(({ request, ...act }) => ({
        ...act,
        time: isoTime(act.time),
        signed: request !== undefined,
      }));
    },

    checkJournal: async ({ head }) => {
      const check = await community().journal.verify(head as Hash | undefined);
      return { ...check, head: check.head ?? null };
    },

    hubDisagreements: ({ standing }) => {
      community();
      return disagreementViews(rooms.desk.disagreements, standing);
    },

    hubEvidence: (query) => {
      community();
      return evidenceView(rooms.desk.disagreements, query);
    },

    hubEdges: ({ equivalent }) => {
      community();
      return rooms.desk
        .sizes()
        .filter((size) => equivalent === undefined || size.equivalent === equivalent)
        .flatMap((size) => edgeViews(size.equivalent, rooms.desk.books(size.equivalent)));
    },
  };
  return operations;
}

/** Members that fit a query, in the order of their PIDs. */
function pageOf(
  members: ReadonlyMap<string, MemberRecord>,
  { status, kind, hosted, name, after = '', limit }: shapes.MembersQuery,
): [Pid, MemberRecord][] {
  const part = name?.toLocaleLowerCase();
  const fits = (pid: string, { profile, ...record }: MemberRecord) =>
    pid > after &&
    (status === undefined || record.status === status) &&
    (kind === undefined || profile.kind === kind) &&
    (hosted === undefined || record.hosted === hosted) &&
    (part === undefined || profile.name.toLocaleLowerCase().includes(part));
  return ([...members] as [Pid, MemberRecord][])
    .filter(([pid, record]) => fits(pid, record))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .slice(0, limit);
}

/** What is held for a moment counts as not lent: the index knows what a line carries, not its limit. */
function edgeViews(
  equivalent: EquivalentCode,
  graph: EquivalentGraph | undefined,
): shapes.HubEdge[] {
  if (graph === undefined) return [];
  const text = (units: bigint) => formatAmount(units > 0n ? units : 0n, graph.precision);
  return [...graph.known()].map(([low, high, { balance, up, down }]) => ({
    equivalent,
    low,
    high,
    balance: formatAmount(balance, graph.precision),
    low_gives: text(up + balance),
    high_gives: text(down - balance),
  }));
}

function invitationView(id: string, record: InvitationRecord, now: number): shapes.Invitation {
  const { uses, used, made, expires, revoked, by, note } = record;
  const ended = revoked ? 'revoked' : used >= uses ? 'used_up' : 'expired';
  return {
    id,
    status: isOpen(record, now) ? 'open' : ended,
    uses,
    used,
    made: isoTime(made),
    expires: isoTime(expires),
    by,
    note,
  };
}

export function noHub(): GeoError {
  const text = 'This node is no hub. Make it one with `geo hub init`, and start it again.';
  return new GeoError('E006', text, { fault: 'no_hub' });
}
