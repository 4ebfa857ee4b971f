/** What operators do about members, and the journal that keeps it. */
import { describe, expect, it } from 'vitest';
import { State } from '../../../node/engine/state.ts';
import { Turn } from '../../../node/engine/turn.ts';
import { Journal } from '../../../node/hub/journal.ts';
import { Operators, ROLE_ACTS } from '../../../node/hub/operators.ts';
import { nativeVerify } from '../../../node/platform/native-ed25519.ts';
import { keys } from '../../../node/store/keys.ts';
import { createMemoryStore } from '../../../node/store/memory.ts';
import type { Village } from '../engine/harness.ts';
import { person } from '../machines/sample-payment.ts';
import { actsOf, change, faultOf, join, membershipOf, membersOf, openHub } from './hub-village.ts';

const check = (village: Village, head?: string) =>
  village.run(village.service('hub').checkJournal(head === undefined ? {} : { head }));

describe('an operator', () => {
  it('suspends and reinstates; the member hears of it, and everything is in the journal', async () => {
    const village = await openHub();
    await join(village, 'anna');
    await change(village, 'anna', 'suspend', 'a dispute');
    await village.pass(50);
    expect(membershipOf(village, 'anna')).toMatchObject({
      status: 'suspended',
      reason: 'a dispute',
    });
    await change(village, 'anna', 'reinstate', '');
    await village.pass(50);
    expect(membershipOf(village, 'anna')).toMatchObject({ status: 'active', reason: '' });
    expect(await actsOf(village)).toEqual([
      'settings hub →',
      'join anna →active',
      'suspend anna active→suspended',
      'reinstate anna suspended→active',
    ]);
    expect(await check(village)).toMatchObject({ held: true, acts: 4, problem: '' });
  });

  it.each(['refuse', 'suspend', 'remove'] as const)('has to say why to %s', async (act) => {
    const village = await openHub({ admission: act === 'refuse' ? 'approval' : 'open' });
    await join(village, 'anna');
    expect(await faultOf(change(village, 'anna', act, ''))).toBe('reason_missing');
  });

  it('removes nobody who owes or is owed', async () => {
    const village = await openHub();
    await join(village, 'anna');
    await village.trust('hub>anna 10');
    await village.pay('anna', 'hub', '4');
    await village.calm();
    expect(await faultOf(change(village, 'anna', 'remove'))).toBe('member_owes');
    await village.trust('anna>hub 10');
    await village.pay('hub', 'anna', '4');
    await village.calm();
    expect(await change(village, 'anna', 'remove')).toMatchObject({
      status: 'deleted',
      name: '',
      about: '',
    });
  });

  it('has the last word about whom it has removed', async () => {
    const village = await openHub();
    await join(village, 'anna');
    await change(village, 'anna', 'remove');
    const { code } = await village.run(village.service('hub').invite({ uses: 1, note: '' }));
    expect(await join(village, 'anna', { code })).toMatchObject({ status: 'pending' });
    expect(village.service('hub').invitations()).toMatchObject([{ used: 0 }]);
    await change(village, 'anna', 'approve');
    expect(membersOf(village)).toEqual({ anna: 'active' });
  });

  it('cannot be talked out of a suspension by leaving', async () => {
    const village = await openHub();
    await join(village, 'anna');
    await change(village, 'anna', 'suspend');
    await village.pass(50);
    const hub = village.pid('hub');
    expect(await village.run(village.service('anna').leave({ hub }))).toMatchObject({
      status: 'suspended',
      fault: 'wrong_status',
    });
    expect(membersOf(village)).toEqual({ anna: 'suspended' });
    expect(await join(village, 'anna')).toMatchObject({ status: 'suspended' });
  });

  it('is told which members and invitations there are not', async () => {
    const village = await openHub();
    const hub = village.service('hub');
    expect(await faultOf(change(village, 'anna', 'approve'))).toBe('unknown_member');
    const revoke = hub.revokeInvitation({ invitation: 'abcdef', reason: '' });
    expect(await faultOf(village.run(revoke))).toBe('unknown_invitation');
  });

  it('does nothing on a node that is no hub', async () => {
    const village = await openHub();
    const anna = village.service('anna');
    expect(() => anna.hubStats()).not.toThrow();
    const other = await openHub({ enabled: false });
    expect(() => other.service('hub').hubStats()).toThrow(/hub init/);
    expect(await faultOf(change(other, 'anna', 'approve'))).toBe('no_hub');
  });
});

describe('a role', () => {
  const { pid } = person('operator');
  it.each(['auditor', 'operator', 'admin'] as const)('%s allows its acts and no others', (role) => {
    const state = new State(createMemoryStore());
    const operators = new Operators(state, person('hub').pid);
    const all = ROLE_ACTS.admin;
    for (const act of all) expect(() => operators.require({ pid }, act)).toThrow(/role/);
    const turn = new Turn(state, 0, () => 0);
    operators.appoint(turn, pid, role);
    turn.finish().merge();
    for (const act of all) {
      const may = () => operators.require({ pid }, act);
      if (ROLE_ACTS[role].includes(act)) expect(may()).toBe(role);
      else expect(may).toThrow(/this participant is/);
    }
  });

  it('is given and taken by an admin, and stands in the journal', async () => {
    const village = await openHub();
    const hub = village.service('hub');
    const operator = village.pid('anna');
    await village.run(hub.appointOperator({ operator, role: 'auditor', reason: 'elected' }));
    expect(hub.operators()).toMatchObject([{ role: 'admin' }, { pid: operator, role: 'auditor' }]);
    await village.run(hub.appointOperator({ operator, role: null, reason: 'moved away' }));
    expect(hub.operators()).toHaveLength(1);
    const acts = await village.run(hub.hubActs({}));
    expect(acts.slice(1)).toMatchObject([
      { act: 'appoint', after: '{"role":"auditor"}', reason: 'elected' },
      { act: 'appoint', before: '{"role":"auditor"}', after: '', reason: 'moved away' },
    ]);
    const me = village.pid('hub');
    const self = hub.appointOperator({ operator: me, role: null, reason: '' });
    expect(await faultOf(village.run(self))).toBe('hub_is_admin');
  });
});

describe('the journal', () => {
  async function withActs(): Promise<Village> {
    const village = await openHub();
    await join(village, 'anna');
    await join(village, 'boris');
    await change(village, 'anna', 'suspend', 'a dispute');
    await change(village, 'anna', 'reinstate', '');
    return village;
  }

  const verify = async (village: Village, noted?: string) => {
    const disk = createMemoryStore(village.disk('hub').snapshot());
    const state = new State(disk);
    await state.load();
    return new Journal(state, disk, nativeVerify).verify(noted as never);
  };

  it('passes through every hash that was once its newest', async () => {
    const village = await openHub();
    const first = village.service('hub').hubStats().head!;
    await join(village, 'anna');
    await change(village, 'anna', 'suspend');
    expect(await check(village, first)).toMatchObject({ held: true, acts: 3 });
    expect(await check(village, 'ab'.repeat(32))).toMatchObject({ held: false });
  });

  it('survives a restart, and goes on', async () => {
    const village = await withActs();
    const { head } = village.service('hub').hubStats();
    await village.restart('hub');
    expect(village.service('hub').hubStats()).toMatchObject({ acts: 5, head });
    await change(village, 'boris', 'suspend');
    expect(await check(village, head!)).toMatchObject({ held: true, acts: 6 });
  });

  it.each<[string, (acts: Uint8Array[]) => ['put' | 'del', number, Uint8Array?]]>([
    ['an act altered', (acts) => ['put', 4, altered(acts[3]!)]],
    ['the newest act altered', (acts) => ['put', 5, altered(acts[4]!)]],
    ['an act taken out', () => ['del', 3]],
    ['the newest act taken out', () => ['del', 5]],
    ['an act put in twice', (acts) => ['put', 6, acts[4]!]],
  ])('shows %s', async (_, change) => {
    const village = await withActs();
    const disk = village.disk('hub');
    const acts = [1, 2, 3, 4, 5].map((number) => disk.get(keys.act(number))!);
    expect(await verify(village)).toMatchObject({ held: true, acts: 5 });
    const [type, number, value] = change(acts);
    const key = keys.act(number);
    await disk.write([type === 'del' ? { type, key } : { type, key, value: value! }]);
    expect(await verify(village)).toMatchObject({ held: false });
  });

  function altered(act: Uint8Array): Uint8Array {
    const text = new TextDecoder('latin1').decode(act);
    const at = text.indexOf('status');
    const bytes = act.slice();
    bytes[at + 10]! ^= 1;
    return bytes;
  }
});

describe('options', () => {
  it('that govern who comes in are in the journal when they change', async () => {
    const village = await openHub({ admission: 'code' });
    const acts = await village.run(village.service('hub').hubActs({}));
    expect(acts).toMatchObject([{ act: 'settings', before: '' }]);
    expect(JSON.parse(acts[0]!.after)).toMatchObject({ enabled: true, admission: 'code' });
    await village.restart('hub');
    expect(village.service('hub').hubStats().acts).toBe(1);
  });
});
