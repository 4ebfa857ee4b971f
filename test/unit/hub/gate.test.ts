/** What a member's status lets through at a hub's votes. */
import { describe, expect, it } from 'vitest';
import { MemberRecord } from '../../../node/store/hub-records.ts';
import { keys } from '../../../node/store/keys.ts';
import { encodeRecord } from '../../../node/store/records.ts';
import type { MemberStatus } from '../../../protocol/machines/membership.ts';
import { Village } from '../engine/harness.ts';
import { faultsOf } from '../engine/village-audit.ts';

/** Anna and Boris with lines to the hub and back; Boris owes the hub 4 and is then given a status. */
async function community(status: MemberStatus, hosted = false): Promise<Village> {
  const village = await Village.open({
    people: ['anna', 'hub', 'boris'],
    lines: ['hub>boris 10', 'boris>hub 10', 'anna>hub 10', 'hub>anna 10'],
    acquainted: true,
    settings: { hub: { enabled: true } },
  });
  await village.pay('boris', 'anna', '4');
  await village.calm();
  await village.kill('hub');
  const { pid, signer } = village.person('boris');
  const member: MemberRecord = {
    key: signer.publicKey,
    profile: { kind: 'person', name: 'Boris', about: '' },
    hosted,
    status,
    reason: '',
    sequence: 1,
    heard: 0,
    asked: 0,
    since: 0,
  };
  const value = encodeRecord(MemberRecord, member);
  await village.disk('hub').write([{ type: 'put', key: keys.shelf('member', pid), value }]);
  await village.start('hub');
  await village.calm();
  return village;
}

const outcomeOf = async (village: Village, from: string, to: string, amount: string) => {
  const { state, reason } = await village.pay(from, to, amount);
  return state === 'COMMITTED' ? state : reason?.details.fault;
};

describe('a member who is', () => {
  it.each<[MemberStatus, boolean, string]>([
    ['active', false, 'COMMITTED'],
    ['suspended', false, 'not_active_member'],
    ['suspended', true, 'not_active_member'],
    ['left', false, 'COMMITTED'],
    ['left', true, 'not_active_member'],
    ['deleted', false, 'not_active_member'],
  ])('%s (hosted: %s) starts a payment: %s', async (status, hosted, expected) => {
    const village = await community(status, hosted);
    expect(await outcomeOf(village, 'boris', 'anna', '1')).toBe(expected);
    await village.calm();
    expect(await faultsOf(village)).toEqual([]);
  });

  it('suspended has its debts repaid, and is owed nothing new', async () => {
    const village = await community('suspended');
    expect(await outcomeOf(village, 'anna', 'boris', '3')).toBe('COMMITTED');
    expect(await outcomeOf(village, 'anna', 'boris', '2')).toBe('not_active_member');
    expect(village.owes('boris', 'hub')).toBe(1);
    await village.calm();
    expect(await faultsOf(village)).toEqual([]);
  });
});
