/** The first half of the story: neighbours meet, agree on what to count in, and trust each other. */
import type { Policy, TrustLine } from '../../node/service/shapes.ts';
import { GeoError } from '../../protocol/errors.ts';
import type { CommunityLine } from '../community/community.ts';
import { atOnce, eventually } from '../testnet/at-once.ts';
import { toBase64 } from '../testnet/hosted-member.ts';
import { joinHub, suspend } from './joining.ts';
import type { Progress } from './progress.ts';
import type { Roster } from './roster.ts';

/** Nodes that are talked to at the same time. */
const NODES_AT_ONCE = 16;
/** How long all acknowledgements of trust lines may take, ms. */
const ACKNOWLEDGED_MS = 60_000;
const POLL_MS = 50;
const CONTACT_NAME_MAX = 60;

export async function openCommunity(roster: Roster, progress: Progress): Promise<void> {
  const { community } = roster;
  if (community.hub !== null) await joinHub(roster, community.hub, progress);
  await introduceNeighbours(roster, progress);
  if (community.hub === null) await defineEquivalents(roster, progress);
  await openTrustLines(roster, progress);
  const frozen = community.participants.filter((each) => each.participation === 'frozen');
  if (frozen.length === 0) return;
  await progress.step('participants frozen', frozen.length, async (step) => {
    for (const [index, { id }] of frozen.entries()) {
      if (roster.hosted.has(id)) await suspend(roster, id);
      else await roster.client(id).setParticipation('frozen');
      step.update(index + 1, frozen.map((each) => each.name).join(', '));
    }
  });
}

/** Everyone gets the addresses of those it shares a line with: what people would hand each other. */
async function introduceNeighbours(roster: Roster, progress: Progress): Promise<void> {
  const withNodes = roster.ids.filter((id) => !roster.hosted.has(id));
  const neighbours = new Map(withNodes.map((id) => [id, new Set<string>()]));
  for (const { from, to } of roster.community.trustLines) {
    neighbours.get(from)?.add(to);
    neighbours.get(to)?.add(from);
  }
  const total = [...neighbours.values()].reduce((sum, each) => sum + each.size, 0);
  const names = contactNames(roster.ids);
  let done = 0;
  await progress.step('addresses exchanged', total, async (step) => {
    await atOnce(NODES_AT_ONCE, neighbours, async ([id, others]) => {
      for (const other of others) {
        await introduce(roster, id, other, names.get(other)!);
        step.update(++done, `${done} neighbours told to nodes`);
      }
    });
  });
}

/** One gets to know another: an address to dial or, of who has no node, the grant that says who votes for it. */
async function introduce(roster: Roster, id: string, other: string, name: string): Promise<void> {
  const client = roster.client(id);
  const hosted = roster.hosted.get(other);
  if (hosted !== undefined) {
    await client.submitEnvelope({ frame: toBase64(hosted.grant()) });
    await client.addContact({ name, pid: hosted.pid });
    return;
  }
  const { pid, addresses } = roster.net.node(other).identity;
  const [address] = addresses;
  await client.addContact({ name, pid, ...(address && { address }) });
}

/** Ids as contact names, which may not hold spaces, @ and / and must differ. */
function contactNames(ids: readonly string[]): Map<string, string> {
  const taken = new Set<string>();
  const names = new Map<string, string>();
  for (const id of ids) {
    const plain = id.replace(/[\s@/]+/gu, '_').slice(0, CONTACT_NAME_MAX);
    let name = plain;
    for (let count = 2; taken.has(name); count++) {
      const suffix = `-${count}`;
      name = plain.slice(0, CONTACT_NAME_MAX - suffix.length) + suffix;
    }
    taken.add(name);
    names.set(id, name);
  }
  return names;
}

async function defineEquivalents(roster: Roster, progress: Progress): Promise<void> {
  const { equivalents } = roster.community;
  const note = equivalents
    .map(({ code, precision }) => `${code} (${precision} decimals)`)
    .join(', ');
  let done = 0;
  await progress.step('equivalents defined', roster.ids.length, async (step) => {
    await atOnce(NODES_AT_ONCE, roster.ids, async (id) => {
      for (const { code, precision, metadata } of equivalents) {
        await roster.client(id).defineEquivalent({ code, precision, metadata: { ...metadata } });
      }
      step.update(++done, note);
    });
  });
}

async function openTrustLines(roster: Roster, progress: Progress): Promise<void> {
  const { trustLines } = roster.community;
  const given = Map.groupBy(trustLines, (line) => line.from);
  let opened = 0;
  await progress.step('trust lines opened', trustLines.length, async (step) => {
    await atOnce(NODES_AT_ONCE, given, async ([id, lines]) => {
      for (const line of lines) {
        await roster.participant(id).setTrustLine({
          peer: roster.pid(line.to),
          equivalent: line.equivalent,
          limit: roster.text(line.limit, line.equivalent),
          policy: policyOf(line, roster),
        });
        step.update(++opened, `${opened} signed by their owners`);
      }
    });
  });
  await progress.step('lines acknowledged', trustLines.length, async (step) => {
    const expected = new Set(trustLines.flatMap((line) => sightings(line)));
    const total = expected.size;
    const settled = await eventually(ACKNOWLEDGED_MS, POLL_MS, async () => {
      const open = new Set([...expected].map((text) => readSighting(text).node));
      await atOnce(NODES_AT_ONCE, open, async (id) => {
        for (const line of await roster.participant(id).trustLines()) {
          if (line.state === 'FAILED') throw lineFailed(id, line);
          if (line.state !== 'COMMITTED') continue;
          expected.delete(sighting(id, line.direction, roster.id(line.peer), line.equivalent));
        }
      });
      step.update(Math.floor((total - expected.size) / 2), 'known and committed at both ends');
      return expected.size === 0 ? true : undefined;
    });
    if (settled === undefined) throw notAcknowledged([...expected]);
  });
}

/** As each end will come to see a line. */
function sightings({ from, to, equivalent }: CommunityLine): [string, string] {
  return [sighting(from, 'given', to, equivalent), sighting(to, 'received', from, equivalent)];
}

function sighting(
  node: string,
  direction: TrustLine['direction'],
  peer: string,
  equivalent: string,
): string {
  return JSON.stringify({ node, direction, peer, equivalent });
}

function readSighting(text: string): Record<'node' | 'direction' | 'peer' | 'equivalent', string> {
  return JSON.parse(text);
}

function policyOf({ policy, equivalent }: CommunityLine, roster: Roster): Policy {
  return {
    auto_clearing: policy.auto_clearing,
    can_be_intermediate: policy.can_be_intermediate,
    daily_limit: policy.daily_limit === null ? null : roster.text(policy.daily_limit, equivalent),
    clearing_limit: null,
    allow_shortening: false,
    blocked_participants: policy.blocked_participants.map((id) => roster.pid(id)),
  };
}

function lineFailed(id: string, line: TrustLine): GeoError {
  const { code, message } = line.failure ?? { code: 'E010' as const, message: 'no reason given' };
  return new GeoError(
    code,
    `The trust line between ${id} and ${line.peer} in ${line.equivalent} was refused: ${message}`,
    { fault: 'line_refused', node: id },
  );
}

function notAcknowledged(missing: readonly string[]): GeoError {
  const { node, direction, peer, equivalent } = readSighting(missing[0]!);
  return new GeoError(
    'E007',
    `After ${ACKNOWLEDGED_MS / 1000} s, ${missing.length} ends of trust lines do not have them as committed, for example the one that ${node} has ${direction} with ${peer} in ${equivalent}. The logs of both nodes say why.`,
    { fault: 'lines_not_acknowledged', count: missing.length },
  );
}
