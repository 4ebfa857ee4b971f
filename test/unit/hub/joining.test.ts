/** Joining a community: every rule of admission, codes good and bad, and what is lost on the way. */
import { describe, expect, it } from 'vitest';
import { actsOf, change, faultOf, join, membershipOf, membersOf, openHub } from './hub-village.ts';

describe('a participant that asks', () => {
  it('an open hub is taken in, and counts as the community does', async () => {
    const village = await openHub();
    await village.run(
      village.service('hub').offerEquivalent({
        code: 'HOUR',
        precision: 1,
        metadata: { name: 'an hour of work' },
        reason: '',
      }),
    );
    expect(await join(village, 'anna')).toMatchObject({
      status: 'active',
      community: 'The village',
      equivalents: ['HOUR'],
      conflicts: [],
      wish: null,
    });
    expect(membersOf(village)).toEqual({ anna: 'active' });
    expect(village.service('anna').equivalents()).toContainEqual({
      code: 'HOUR',
      precision: 1,
      metadata: { name: 'an hour of work' },
    });
  });

  it('for approval waits, and is told when it has it', async () => {
    const village = await openHub({ admission: 'approval' });
    expect(await join(village, 'anna')).toMatchObject({ status: 'pending' });
    expect(membersOf(village)).toEqual({ anna: 'pending' });
    await change(village, 'anna', 'approve');
    await village.pass(50);
    expect(membershipOf(village, 'anna')).toMatchObject({ status: 'active' });
  });

  it('is told a refusal with its reason, and does not ask again', async () => {
    const village = await openHub({ admission: 'approval' });
    await join(village, 'anna');
    await change(village, 'anna', 'refuse', 'not from here');
    await village.pass(50);
    expect(membershipOf(village, 'anna')).toMatchObject({
      status: 'refused',
      reason: 'not from here',
    });
    village.sent.length = 0;
    await village.pass(600_000);
    expect(village.sent.filter(({ type }) => type === 'JOIN_REQUEST')).toEqual([]);
  });

  it('with a code is taken in as often as the code may be used', async () => {
    const village = await openHub({ admission: 'code' }, ['anna', 'boris', 'cyril']);
    const { code } = await village.run(village.service('hub').invite({ uses: 2, note: '' }));
    expect(await join(village, 'anna', { code })).toMatchObject({ status: 'active' });
    expect(await join(village, 'anna', { code })).toMatchObject({ status: 'active' });
    const typed = code.toLowerCase().replaceAll('-', ' ');
    expect(await join(village, 'boris', { code: typed })).toMatchObject({ status: 'active' });
    expect(await join(village, 'cyril', { code })).toMatchObject({
      status: 'refused',
      fault: 'code_used_up',
    });
    expect(village.service('hub').invitations()).toMatchObject([{ used: 2, status: 'used_up' }]);
    expect(membersOf(village)).toEqual({ anna: 'active', boris: 'active' });
  });

  it.each([
    ['none', undefined, 'code_needed'],
    ['one that nobody made', '0000-0000-0000-0000', 'unknown_code'],
  ])('where a code is needed, with %s, is refused', async (_, code, fault) => {
    const village = await openHub({ admission: 'code' });
    const more = code === undefined ? {} : { code };
    expect(await join(village, 'anna', more)).toMatchObject({ status: 'refused', fault });
    expect(membersOf(village)).toEqual({});
  });

  it('with a code that was revoked, or is too old, is refused', async () => {
    const village = await openHub({ admission: 'code' });
    const hub = village.service('hub');
    const one = await village.run(hub.invite({ uses: 1, note: '' }));
    await village.run(hub.revokeInvitation({ invitation: one.id.slice(0, 8), reason: 'lost' }));
    expect(await join(village, 'anna', { code: one.code })).toMatchObject({
      fault: 'code_revoked',
    });
    const two = await village.run(hub.invite({ uses: 1, note: '', life_ms: 60_000 }));
    await village.pass(61_000);
    expect(await join(village, 'anna', { code: two.code })).toMatchObject({
      fault: 'code_expired',
    });
    expect(
      await faultOf(village.run(hub.revokeInvitation({ invitation: two.id, reason: '' }))),
    ).toBe('invitation_closed');
  });

  it('with what is no code at all is told so before anything is sent', async () => {
    const village = await openHub();
    expect(await faultOf(join(village, 'anna', { code: 'hello' }))).toBe('bad_code');
    expect(village.service('anna').memberships()).toEqual([]);
  });

  it('a node that is no hub learns that', async () => {
    const village = await openHub({ enabled: false });
    expect(await join(village, 'anna')).toMatchObject({ status: null, fault: 'no_hub' });
  });

  it('more often than the hub likes has to wait', async () => {
    const village = await openHub({ joins_per_minute_per_peer: 3, admission: 'code' });
    const faults: (string | null)[] = [];
    for (let i = 0; i < 5; i++) {
      faults.push((await join(village, 'anna', { code: '0000-0000-0000-0000' })).fault);
    }
    expect(faults).toEqual([
      ...Array<string>(3).fill('unknown_code'),
      ...Array<string>(2).fill('too_many_joins'),
    ]);
  });

  it('when too many wait already, or are in, is told to come later', async () => {
    const waiting = await openHub({ admission: 'approval', pending_max: 1 });
    await join(waiting, 'anna');
    expect(await join(waiting, 'boris')).toMatchObject({ fault: 'too_many_waiting' });
    const full = await openHub({ members_max: 1 });
    await join(full, 'anna');
    expect(await join(full, 'boris')).toMatchObject({ fault: 'community_full' });
  });
});

describe('what a joined node keeps', () => {
  it('is asked for until the hub answers, whatever is lost', async () => {
    const village = await openHub();
    let lost = 0;
    village.fate = ({ type }) => (type.startsWith('JOIN') && lost++ < 8 ? 'drop' : 'deliver');
    expect(await join(village, 'anna')).toMatchObject({ status: null, wish: 'join' });
    await village.pass(10_000);
    expect(membershipOf(village, 'anna')).toMatchObject({ status: 'active', wish: null });
  });

  it('survives restarts of both', async () => {
    const village = await openHub({ admission: 'approval' });
    await join(village, 'anna');
    await village.restart('anna');
    await village.restart('hub');
    expect(membersOf(village)).toEqual({ anna: 'pending' });
    await change(village, 'anna', 'approve');
    await village.pass(5_000);
    expect(membershipOf(village, 'anna')).toMatchObject({ status: 'active' });
  });

  it('is renewed: a suspension is learned by whoever was away', async () => {
    const village = await openHub();
    await join(village, 'anna');
    await village.kill('anna');
    await change(village, 'anna', 'suspend', 'a dispute');
    await village.start('anna');
    await village.pass(5_000);
    expect(membershipOf(village, 'anna')).toMatchObject({
      status: 'suspended',
      reason: 'a dispute',
    });
  });

  it('ends when it leaves, and the hub hears of it even if it was away', async () => {
    const village = await openHub();
    await join(village, 'anna');
    await village.kill('hub');
    const hub = village.pid('hub');
    const left = await village.run(village.service('anna').leave({ hub }), 60_000);
    expect(left).toMatchObject({ wish: 'leave', status: 'active' });
    await village.start('hub');
    await village.pass(10_000);
    expect(membershipOf(village, 'anna')).toMatchObject({ status: 'left', wish: null });
    expect(membersOf(village)).toEqual({ anna: 'left' });
    expect(await actsOf(village)).toEqual([
      'settings hub →',
      'join anna →active',
      'leave anna active→left',
    ]);
  });

  it('does not follow a hub that counts otherwise', async () => {
    const village = await openHub();
    const define = (name: string, precision: number) =>
      village.run(
        village.service(name).defineEquivalent({ code: 'HOUR', precision, metadata: {} }),
      );
    await define('anna', 3);
    await join(village, 'anna');
    await village.run(
      village
        .service('hub')
        .offerEquivalent({ code: 'HOUR', precision: 1, metadata: {}, reason: '' }),
    );
    await village.pass(50);
    expect(membershipOf(village, 'anna')).toMatchObject({
      equivalents: ['HOUR'],
      conflicts: ['HOUR'],
    });
    expect(village.service('anna').equivalents()).toContainEqual({
      code: 'HOUR',
      precision: 3,
      metadata: {},
    });
  });
});
