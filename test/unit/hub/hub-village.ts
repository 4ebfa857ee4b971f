/** Villages with a hub: joining it, and what its operator and its members then see. */
import type * as shapes from '../../../node/service/shapes.ts';
import { type SettingsPatch, Village } from '../engine/harness.ts';

export const QUICK_MEMBERSHIPS = { retry_ms: 1_000, renew_ms: 60_000 };

export function openHub(
  hub: SettingsPatch['hub'] = {},
  people: readonly string[] = ['anna', 'boris'],
  sessions: SettingsPatch['sessions'] = {},
): Promise<Village> {
  return Village.open({
    people: ['hub', ...people],
    settings: {
      hub: { enabled: true, admission: 'open', name: 'The village', ...hub },
      memberships: QUICK_MEMBERSHIPS,
      sessions,
    },
  });
}

export function join(
  village: Village,
  name: string,
  more: Partial<shapes.JoinRequest> = {},
): Promise<shapes.Membership> {
  const address = village.service('hub').identity().addresses[0]!;
  const request = { address, name, about: '', kind: 'person', ...more } as const;
  return village.run(village.service(name).join(request));
}

export const membershipOf = (village: Village, name: string): shapes.Membership =>
  village.service(name).memberships()[0]!;

/** Status by name, as the hub has it. */
export const membersOf = (village: Village): Record<string, string> =>
  Object.fromEntries(
    village
      .service('hub')
      .hubMembers({})
      .map(({ name, status }) => [name, status]),
  );

export function change(
  village: Village,
  name: string,
  act: shapes.MemberChangeRequest['act'],
  reason = 'a reason',
): Promise<shapes.Member> {
  const member = village.pid(name);
  return village.run(village.service('hub').changeMember({ member, act, reason }));
}

export async function faultOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'nothing was refused',
    (error: { details?: { fault?: string } }) => error.details?.fault ?? String(error),
  );
}

export const actsOf = async (village: Village): Promise<string[]> =>
  (await village.run(village.service('hub').hubActs({}))).map(
    ({ act, subject, before, after }) =>
      `${act} ${nameOf(village, subject)} ${statusIn(before)}→${statusIn(after)}`,
  );

function nameOf(village: Village, subject: string): string {
  return village.names.find((name) => village.pid(name) === subject) ?? subject;
}

function statusIn(json: string): string {
  return json === '' ? '' : ((JSON.parse(json) as { status?: string }).status ?? '');
}
