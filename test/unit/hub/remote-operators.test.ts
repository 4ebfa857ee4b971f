/** Operators who act from nodes of their own: by their roles, signed, once. */
import { describe, expect, it } from 'vitest';
import type { Village } from '../engine/harness.ts';
import { faultOf, join, membersOf, openHub } from './hub-village.ts';

/** Olga has a role at the hub; Anna is a member. */
async function withRole(role: 'admin' | 'operator' | 'auditor'): Promise<Village> {
  const village = await openHub({}, ['anna', 'olga']);
  await join(village, 'anna');
  await village.introduce('olga', 'hub');
  const request = { operator: village.pid('olga'), role, reason: 'elected' };
  await village.run(village.service('hub').appointOperator(request));
  return village;
}

const ask = (village: Village, from: string, method: string, argument?: unknown) =>
  village.run(
    village.service(from).operateAt({ hub: village.pid('hub'), method, argument }),
    30_000,
  );

const suspend = (village: Village, from = 'olga') =>
  ask(village, from, 'changeMember', {
    member: village.pid('anna'),
    act: 'suspend',
    reason: 'a dispute',
  });

describe('an operator with a node of its own', () => {
  it('suspends a member, and its signed request stands in the journal', async () => {
    const village = await withRole('operator');
    expect(await suspend(village)).toMatchObject({ result: { status: 'suspended' } });
    expect(membersOf(village)).toEqual({ anna: 'suspended' });
    const acts = await village.run(village.service('hub').hubActs({}));
    expect(acts.at(-1)).toMatchObject({
      act: 'suspend',
      actor: village.pid('olga'),
      role: 'operator',
      signed: true,
    });
    expect(await village.run(village.service('hub').checkJournal({}))).toMatchObject({
      held: true,
    });
  });

  it('sees members and journal', async () => {
    const village = await withRole('auditor');
    expect(await ask(village, 'olga', 'hubMembers', { status: 'active' })).toMatchObject({
      result: [{ name: 'anna' }],
    });
    expect(await ask(village, 'olga', 'checkJournal', {})).toMatchObject({
      result: { held: true },
    });
    expect(await ask(village, 'olga', 'hubStats')).toMatchObject({ result: { acts: 3 } });
  });

  it.each<['auditor' | 'operator', string, unknown]>([
    ['auditor', 'changeMember', { member: 'anna', act: 'suspend', reason: 'x' }],
    ['auditor', 'invite', { uses: 1 }],
    ['operator', 'offerEquivalent', { code: 'HOUR', precision: 1 }],
    ['operator', 'appointOperator', { operator: 'anna', role: 'admin' }],
    ['operator', 'confirmMembers', { reason: 'x' }],
  ])('as %s may not %s', async (role, method, argument) => {
    const village = await withRole(role);
    const given = JSON.parse(JSON.stringify(argument).replace('anna', village.pid('anna')));
    expect(await faultOf(ask(village, 'olga', method, given))).toBe('not_an_operator');
    expect(village.service('hub').hubStats().acts).toBe(3);
  });

  it('whose role was taken, or who never had one, is refused', async () => {
    const village = await withRole('operator');
    expect(await faultOf(suspend(village, 'anna'))).toBe('not_an_operator');
    const none = { operator: village.pid('olga'), role: null, reason: 'gone' };
    await village.run(village.service('hub').appointOperator(none));
    expect(await faultOf(suspend(village))).toBe('not_an_operator');
    expect(membersOf(village)).toEqual({ anna: 'active' });
  });

  it('is told what is wrong with what it asks', async () => {
    const village = await withRole('admin');
    expect(await faultOf(ask(village, 'olga', 'selfDestruct'))).toBe('no_such_operation');
    expect(await faultOf(ask(village, 'olga', 'toString'))).toBe('no_such_operation');
    expect(await faultOf(ask(village, 'olga', 'changeMember', { member: 1 }))).toBe('bad_request');
  });
});

describe('a request', () => {
  it('that comes again, or late, or from another, is not done again', async () => {
    const village = await withRole('operator');
    await ask(village, 'olga', 'invite', { uses: 1 });
    const { frame } = village.sent.find(({ type }) => type === 'OPERATOR_REQUEST')!;
    village.inject('olga', 'hub', frame);
    await village.introduce('anna', 'hub');
    village.inject('anna', 'hub', frame);
    await village.pass(121_000);
    village.inject('olga', 'hub', frame);
    await village.pass(100);
    expect(village.service('hub').invitations()).toHaveLength(1);
    const faults = village.log
      .filter(({ node, level }) => node === 'hub' && level === 'warn')
      .map(({ fields }) => fields.fault);
    expect(faults).toEqual(['request_repeated', 'wrong_sender', 'clock_off']);
  });

  it('whose answer is lost is not asked for again by itself', async () => {
    const village = await withRole('operator');
    village.fate = ({ type }) => (type === 'OPERATOR_REPLY' ? 'drop' : 'deliver');
    expect(await faultOf(suspend(village))).toBe('hub_silent');
    expect(membersOf(village)).toEqual({ anna: 'suspended' });
  });
});
