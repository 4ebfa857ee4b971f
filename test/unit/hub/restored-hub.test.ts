/** A hub that comes back with old books: whoever was suspended or removed since is nobody's member unseen. */
import { describe, expect, it } from 'vitest';
import type { Village } from '../engine/harness.ts';
import { comeBackWith } from '../engine/old-books.ts';
import { faultsOf } from '../engine/village-audit.ts';
import { change, faultOf, join, membershipOf, membersOf, openHub } from './hub-village.ts';

/** Anna was suspended, and Boris has joined, after the books were copied that the hub came back with. */
async function restored(): Promise<Village> {
  const village = await openHub({}, ['anna', 'boris', 'cyril']);
  await village.trust('hub>anna 10');
  await village.trust('hub>cyril 10');
  await village.trust('cyril>hub 10');
  await join(village, 'anna');
  await join(village, 'cyril');
  await village.calm();
  const copy = village.disk('hub').snapshot();
  await change(village, 'anna', 'suspend', 'a dispute');
  await join(village, 'boris');
  await village.pass(100);
  await comeBackWith(village, 'hub', copy);
  await village.calm();
  return village;
}

const outcomeOf = async (village: Village, from: string, to: string) => {
  const { state, reason } = await village.pay(from, to, '1');
  return reason?.details.fault ?? state;
};

describe('a hub restored from a backup', () => {
  it('lets no member take on anything new before an operator has looked', async () => {
    const village = await restored();
    const hub = village.service('hub');
    // About orders from before the restore it says nothing at all.
    await village.pass(150_000);
    expect(membersOf(village)).toMatchObject({ anna: 'active', cyril: 'active' });
    expect(hub.hubStats().unconfirmed).toBe(true);
    expect(await outcomeOf(village, 'anna', 'hub')).toBe('not_active_member');
    expect(await outcomeOf(village, 'cyril', 'hub')).toBe('not_active_member');

    await change(village, 'anna', 'suspend', 'as before the restore');
    await village.run(hub.confirmMembers({ reason: 'compared with the printed journal' }));
    expect(hub.hubStats().unconfirmed).toBe(false);
    expect(await outcomeOf(village, 'anna', 'hub')).toBe('not_active_member');
    expect(await outcomeOf(village, 'cyril', 'hub')).toBe('COMMITTED');
    await village.calm();
    expect(await faultsOf(village)).toEqual([]);
  });

  it('has a journal that does not pass through the hash that was noted', async () => {
    const village = await openHub();
    await join(village, 'anna');
    const copy = village.disk('hub').snapshot();
    await change(village, 'anna', 'suspend');
    const { head } = village.service('hub').hubStats();
    await comeBackWith(village, 'hub', copy);
    const check = village.service('hub').checkJournal({ head: head! });
    expect(await village.run(check)).toMatchObject({ held: false });
  });

  it('is found out by the members that know more than it', async () => {
    const village = await restored();
    await village.pass(120_000);
    const alerts = await village.run(village.service('anna').history({ type: 'alert' }));
    expect(alerts.map(({ text }) => text)).toContainEqual(expect.stringContaining('forgotten'));
    // Whoever has joined since asks anew, and is taken in by the rule of today.
    expect(membershipOf(village, 'boris')).toMatchObject({ status: 'active' });
    expect(membersOf(village)).toHaveProperty('boris', 'active');
  });

  it('asks for nothing where nothing was restored', async () => {
    const village = await openHub();
    await join(village, 'anna');
    const confirm = village.service('hub').confirmMembers({ reason: 'to be sure' });
    expect(await faultOf(village.run(confirm))).toBe('nothing_to_confirm');
  });
});
