/** Operators who have signed in: they act by their roles, and the journal says who it was. */
import { describe, expect, it } from 'vitest';
import type { NodeService } from '../../../node/service/contract.ts';
import type { Village } from '../engine/harness.ts';
import { faultOf, join, membersOf, openHub } from '../hub/hub-village.ts';
import { person } from '../machines/sample-payment.ts';
import { FROM, signInAt } from './signing-in.ts';

type Role = 'admin' | 'operator' | 'auditor';

/** Olga has signed in at the hub that has given her a role; Anna is a member of it. */
async function signedIn(role: Role, sessions: { acts?: boolean } = {}) {
  const village = await openHub({}, ['anna', 'olga'], sessions);
  await join(village, 'anna');
  await appoint(village, role);
  const tokens = await village.run(signInAt(village, 'hub', 'olga'));
  const { reception } = village.node('hub');
  const holder = () => reception.holderOf(tokens.access_token);
  const olga = () => reception.serviceFor({ ...FROM, signedIn: holder() });
  return { village, holder, olga };
}

async function appoint(village: Village, role: Role | null): Promise<void> {
  const request = { operator: person('olga').pid, role, reason: 'elected' };
  await village.run(village.service('hub').appointOperator(request));
}

const suspend = (village: Village, by: Partial<NodeService>) =>
  village.run(
    by.changeMember!({ member: village.pid('anna'), act: 'suspend', reason: 'a dispute' }),
  );

describe('an operator who has signed in', () => {
  it('suspends a member, and stands in the journal as who did it, without a signature', async () => {
    const { village, olga } = await signedIn('operator');
    expect(await suspend(village, olga())).toMatchObject({ status: 'suspended' });
    expect(membersOf(village)).toEqual({ anna: 'suspended' });
    const acts = await village.run(olga().hubActs!({}));
    const own = { act: 'suspend', actor: village.pid('olga'), role: 'operator', signed: false };
    expect(acts.at(-1)).toMatchObject({ ...own, reason: 'a dispute' });
    expect(await village.run(olga().checkJournal!({}))).toMatchObject({ held: true });
  });

  it('is refused by the turn itself what only an admin may', async () => {
    const { village, olga } = await signedIn('operator');
    const offer = { code: 'HOUR', precision: 1, metadata: {}, reason: '' };
    expect(await faultOf(village.run(olga().offerEquivalent!(offer)))).toBe('not_an_operator');
    await appoint(village, 'admin');
    expect(await village.run(olga().offerEquivalent!(offer))).toMatchObject({ code: 'HOUR' });
  });

  it('as an auditor has nothing to act with', async () => {
    const { olga } = await signedIn('auditor');
    const { changeMember, invite, hubMembers } = olga();
    expect({ changeMember, invite }).toEqual({ changeMember: undefined, invite: undefined });
    expect(hubMembers!({})).toHaveLength(1);
  });

  it('only reads where the hub wants each act signed', async () => {
    const { holder, olga } = await signedIn('admin', { acts: false });
    expect(holder().role).toBe('auditor');
    expect(olga().changeMember).toBeUndefined();
  });

  it('acts no more from the moment on that the role is taken', async () => {
    const { village, holder, olga } = await signedIn('operator');
    const before = olga();
    await appoint(village, null);
    expect(await faultOf(suspend(village, before))).toBe('not_an_operator');
    expect(await faultOf(Promise.resolve().then(holder))).toBe('bad_token');
    expect(membersOf(village)).toEqual({ anna: 'active' });
  });
});
