/** All that an operator can do, once each: who did it, in which role, to whom, why, and what it changed. */
import { expect, it } from 'vitest';
import { ROLE_ACTS } from '../../../node/hub/operators.ts';
import type { HubAct } from '../../../node/service/shapes.ts';
import type { Village } from '../engine/harness.ts';
import { comeBackWith } from '../engine/old-books.ts';
import { change, join, openHub } from './hub-village.ts';

const PEOPLE = ['anna', 'boris', 'olga'];

/** What an act changed must show in `after`; only a role that is taken leaves nothing. */
const wholeIn = (act: HubAct) => ({
  act: act.act,
  reason: act.reason !== '',
  changed: act.before !== act.after,
  actor: act.actor,
  role: act.role,
});

async function doEverything(village: Village): Promise<void> {
  const hub = village.service('hub');
  const run = <T>(work: Promise<T>) => village.run(work);
  for (const name of PEOPLE) await join(village, name);
  await change(village, 'anna', 'refuse', 'not known here');
  await change(village, 'anna', 'approve', 'known after all');
  await change(village, 'boris', 'approve', 'lives by the mill');
  await change(village, 'anna', 'suspend', 'a dispute');
  await change(village, 'anna', 'reinstate', 'it is settled');
  await change(village, 'anna', 'remove', 'moved away');
  const made = await run(hub.invite({ uses: 1, note: 'for the choir' }));
  await run(hub.revokeInvitation({ invitation: made.id, reason: 'posted in public' }));
  const hour = { code: 'HOUR', precision: 1, metadata: {}, reason: 'the meeting wants it' };
  await run(hub.offerEquivalent(hour));
  await run(hub.withdrawEquivalent({ code: 'HOUR', reason: 'nobody used it' }));
  const olga = village.pid('olga');
  await run(hub.appointOperator({ operator: olga, role: 'auditor', reason: 'elected' }));
  await comeBackWith(village, 'hub', village.disk('hub').snapshot());
  await run(village.service('hub').confirmMembers({ reason: 'compared with the list' }));
}

it('every act of an operator stands in the journal with its reason, before and after', async () => {
  const village = await openHub({ admission: 'approval' }, PEOPLE);
  await doEverything(village);
  const acts = await village.run(village.service('hub').hubActs({}));
  const operated = acts.filter(({ act, role }) => role !== 'participant' && act !== 'settings');
  const every = ROLE_ACTS.admin.filter((act) => act !== 'read');
  expect(new Set(operated.map(({ act }) => act))).toEqual(new Set(every));
  for (const act of operated) {
    expect(wholeIn(act)).toEqual({
      act: act.act,
      reason: true,
      changed: true,
      actor: village.pid('hub'),
      role: 'admin',
    });
    expect(act.subject).not.toBe('');
    // What is new has nothing before it.
    const isNew = ['invite', 'offer', 'appoint'].includes(act.act);
    if (!isNew) expect([act.act, act.before]).not.toEqual([act.act, '']);
  }
  expect(await village.run(village.service('hub').checkJournal({}))).toMatchObject({ held: true });
});

it('joining and leaving stand there too, by the participant itself', async () => {
  const village = await openHub({}, PEOPLE);
  await join(village, 'anna');
  await village.run(village.service('anna').leave({ hub: village.pid('hub') }));
  const acts = await village.run(village.service('hub').hubActs({}));
  const own = acts.filter(({ role }) => role === 'participant');
  expect(own.map(({ act, actor, before, after }) => [act, actor, before, after])).toEqual([
    ['join', village.pid('anna'), '', '{"status":"active","name":"anna","kind":"person"}'],
    [
      'leave',
      village.pid('anna'),
      '{"status":"active"}',
      '{"status":"left","name":"anna","kind":"person"}',
    ],
  ]);
});
