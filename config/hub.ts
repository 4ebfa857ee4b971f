/** Options of a hub and of those who join one (see `config/node.ts`). */
import { z } from 'zod';
import { choice, flag, text, whole } from './option.ts';

const bytesOf = (given: string) => new TextEncoder().encode(given).length;
const DAY_MS = 24 * 3_600_000;

export const hub = z.strictObject({
  enabled: flag(
    false,
    'Be the hub of a community: take in members, keep their profiles and statuses. See docs/OPERATOR.md.',
  ),
  admission: choice(
    ['open', 'code', 'approval'],
    'approval',
    'Whom the hub takes in: everyone, those with an invitation code, or whom an operator approves. A good code is enough everywhere.',
  ),
  name: text(
    '',
    (given) => bytesOf(given) <= 80,
    'at most 80 bytes of UTF-8',
    'Name of the community, told to whoever joins.',
  ),
  description: text(
    '',
    (given) => bytesOf(given) <= 400,
    'at most 400 bytes of UTF-8',
    'What the community is about, told to whoever joins.',
  ),
  members_max: whole(
    { default: 10_000, min: 1, max: 1_000_000 },
    'Members at most. A further one is refused.',
  ),
  pending_max: whole(
    { default: 500, min: 0, max: 100_000 },
    'Participants that may wait for an operator at one time. A further one is told to ask later.',
  ),
  joins_per_minute: whole(
    { default: 600, min: 1, max: 1_000_000 },
    'Requests to join that are looked at, all peers together. Above it they are refused before a signature is checked.',
  ),
  joins_per_minute_per_peer: whole(
    { default: 12, min: 1, max: 100_000 },
    'The same of one peer; so nobody tries codes.',
  ),
  signed_per_second: whole(
    { default: 2_000, min: 1, max: 1_000_000 },
    'Signed messages and requests of members by HTTP that are looked at. Above it they are refused before a signature is checked.',
  ),
  report_life_ms: whole(
    { default: 1_800_000, min: 10_000, max: 30 * DAY_MS },
    'How long a report of a member about its edges is believed without a newer one. Longer than `memberships.report_ms` of the members.',
  ),
  report_fresh_ms: whole(
    { default: 900_000, min: 1_000, max: 30 * DAY_MS },
    'How old a report may grow before less is led over its edges: evenly less until `report_life_ms`, when it is forgotten. Longer than `memberships.report_ms` of the members.',
  ),
  report_late_ms: whole(
    { default: 60_000, min: 100, max: DAY_MS },
    'How long two ends of an edge may report different things before both reports are kept as evidence. One of them may be late.',
  ),
  report_edges_per_s_per_member: whole(
    { default: 100, min: 1, max: 1_000_000 },
    'Edges that one member may report in the long run. Reports above it are refused before a signature is checked.',
  ),
  reported_edges_max_per_member: whole(
    { default: 20_000, min: 1, max: 1_000_000 },
    'Edges of one participant that are known by reports. A report of further ones is refused. So many may come at once.',
  ),
  queries_per_s_per_member: whole(
    { default: 50, min: 1, max: 1_000_000 },
    'Questions for routes that one member may ask. Further ones are refused.',
  ),
  invitation_life_ms: whole(
    { default: 14 * DAY_MS, min: 60_000, max: 400 * DAY_MS },
    'How long an invitation code is good, unless the operator says otherwise.',
  ),
});

export const memberships = z.strictObject({
  renew_ms: whole(
    { default: DAY_MS / 2, min: 1_000, max: 30 * DAY_MS },
    'How often a joined hub is asked whether the membership still stands. It is asked at each start as well.',
  ),
  report_ms: whole(
    { default: 600_000, min: 1_000, max: DAY_MS },
    'How often all edges are reported to the hubs. Changes are reported as they come.',
  ),
  report_delay_ms: whole(
    { default: 500, min: 0, max: 60_000 },
    'How long changes of edges are collected before they are reported to the hubs.',
  ),
  retry_ms: whole(
    { default: 60_000, min: 100, max: DAY_MS },
    'How soon a hub that has not answered, or has not decided yet, is asked again.',
  ),
});
