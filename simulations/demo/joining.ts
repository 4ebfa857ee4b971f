/** How a community with a hub begins: the hub says what it counts in, and everyone joins with a code. */
import { GeoError } from '../../protocol/errors.ts';
import type { MemberKind } from '../../protocol/wire/messages/membership.ts';
import type { CommunityHub } from '../community/community.ts';
import { atOnce } from '../testnet/at-once.ts';
import type { Progress } from './progress.ts';
import type { Roster } from './roster.ts';

const MEMBERS_AT_ONCE = 8;
const NAME_BYTES_MAX = 80;

export async function joinHub(
  roster: Roster,
  hub: CommunityHub,
  progress: Progress,
): Promise<void> {
  const { equivalents, participants } = roster.community;
  const client = roster.client(hub.id);
  await progress.step('equivalents of the hub', equivalents.length, async (step) => {
    for (const [index, { code, precision, metadata }] of equivalents.entries()) {
      await client.offerEquivalent({ code, precision, metadata: { ...metadata }, reason: '' });
      step.update(index + 1, equivalents.map((each) => each.code).join(', '));
    }
  });
  const { code } = await client.invite({ uses: participants.length, note: 'the opening' });
  const [address] = roster.net.node(hub.id).identity.addresses;
  let joined = 0;
  let hosted = 0;
  await progress.step('members joined', participants.length, async (step) => {
    await atOnce(MEMBERS_AT_ONCE, participants, async ({ id, name, type }) => {
      const profile = { kind: kindOf(type), name: withinBytes(name), about: '' };
      const member = roster.hosted.get(id);
      const status =
        member === undefined
          ? (await roster.client(id).join({ ...profile, address: address!, code })).status
          : await member.join(profile, code);
      if (status !== 'active') throw notTakenIn(id, status);
      if (member !== undefined) hosted++;
      step.update(++joined, `${hosted} without a node, ${joined - hosted} with one`);
    });
  });
}

/** Whom the file calls frozen and who has no node: its hub lets it take on nothing new. */
export async function suspend(roster: Roster, id: string): Promise<void> {
  const { hub } = roster.community;
  const member = roster.pid(id);
  await roster.client(hub!.id).changeMember({ member, act: 'suspend', reason: 'as the file says' });
}

function kindOf(type: string): MemberKind {
  return type === 'organization' || type === 'hub' ? type : 'person';
}

/** As much of a name as a profile takes. */
function withinBytes(name: string): string {
  let kept = name;
  while (new TextEncoder().encode(kept).length > NAME_BYTES_MAX) kept = kept.slice(0, -1);
  return kept;
}

function notTakenIn(id: string, status: string | null): GeoError {
  return new GeoError(
    'E008',
    `The hub has not taken in ${id}: ${status ?? 'no answer'}. The log of the hub says why.`,
    { fault: 'not_taken_in', participant: id },
  );
}
