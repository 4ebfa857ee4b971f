/** Members without a node: how they join, and what their status lets them do through the hub. */
import { describe, expect, it } from 'vitest';
import { HostedVillage } from '../engine/hosted.ts';
import { faultsOf } from '../engine/village-audit.ts';
import { person } from '../machines/sample-payment.ts';

async function open(): Promise<HostedVillage> {
  const hosted = await HostedVillage.open({
    people: ['hub'],
    hosted: { hub: ['maria', 'nina'] },
  });
  await hosted.trust('hub', 'maria>nina 10');
  await hosted.trust('hub', 'nina>maria 10');
  await hosted.pay('hub', 'nina', 'maria', '4');
  return hosted;
}

const change = ({ village }: HostedVillage, act: 'suspend' | 'reinstate' | 'remove') =>
  village.run(
    village.service('hub').changeMember({ member: person('nina').pid, act, reason: 'a reason' }),
  );

const faults = ({ village }: HostedVillage) =>
  village.log
    .filter(({ node, level }) => node === 'hub' && level === 'warn')
    .map(({ fields }) => fields.fault);

describe('a hosted member that is suspended', () => {
  it('neither pays nor is paid, has its debt repaid, and may be active again', async () => {
    const hosted = await open();
    await change(hosted, 'suspend');
    expect(await hosted.pay('hub', 'nina', 'maria', '1')).toBe('ABORTED not_active_member');
    expect(await hosted.pay('hub', 'maria', 'nina', '3')).toBe('COMMITTED');
    expect(await hosted.pay('hub', 'maria', 'nina', '2')).toBe('ABORTED not_active_member');
    await change(hosted, 'reinstate');
    // What was learned from the refusal is believed for a few seconds.
    await hosted.village.pass(5_000);
    expect(await hosted.pay('hub', 'maria', 'nina', '2')).toBe('COMMITTED');
    expect(await faultsOf(hosted.village)).toEqual([]);
  });

  it('makes its lines narrower, and no wider', async () => {
    const hosted = await open();
    await change(hosted, 'suspend');
    await hosted.trust('hub', 'nina>maria 11');
    expect(faults(hosted)).toContain('not_active_member');
    hosted.village.log.length = 0;
    const line = hosted.line('nina', 'maria', '5', { sequence: 2 });
    hosted.deliver('hub', 'TRUST_LINE_CREATE', line);
    await hosted.village.pass(50);
    expect(faults(hosted)).toEqual([]);
  });

  it('is not removed while it owes', async () => {
    const hosted = await open();
    await expect(change(hosted, 'remove')).rejects.toMatchObject({
      details: { fault: 'member_owes' },
    });
    await hosted.pay('hub', 'maria', 'nina', '4');
    expect(await change(hosted, 'remove')).toMatchObject({ status: 'deleted', hosted: true });
  });
});
