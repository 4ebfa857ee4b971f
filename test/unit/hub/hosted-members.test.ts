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

describe('an equivalent that the community has withdrawn', () => {
  it('gets no wider lines; what is owed in it is repaid, and it can be offered again', async () => {
    const hosted = await open();
    const hub = hosted.village.service('hub');
    const run = <T>(work: Promise<T>) => hosted.village.run(work);
    const offer = { code: 'UAH', precision: 2, metadata: {}, reason: 'for all' };
    await run(hub.offerEquivalent(offer));
    expect(await run(hub.withdrawEquivalent({ code: 'UAH', reason: 'hours only' }))).toEqual([]);
    await hosted.trust('hub', 'nina>maria 11');
    expect(faults(hosted)).toContain('equivalent_withdrawn');
    expect(await hosted.pay('hub', 'maria', 'nina', '4')).toBe('COMMITTED');
    expect(hosted.owes('hub', 'maria', 'nina')).toBe(0);
    hosted.village.log.length = 0;
    const lower = hosted.line('nina', 'maria', '5', { sequence: 2 });
    hosted.deliver('hub', 'TRUST_LINE_CREATE', lower);
    await hosted.village.pass(50);
    expect(faults(hosted)).toEqual([]);
    await run(hub.offerEquivalent(offer));
    const wider = hosted.line('nina', 'maria', '50', { sequence: 3 });
    hosted.deliver('hub', 'TRUST_LINE_CREATE', wider);
    await hosted.village.pass(50);
    expect(faults(hosted)).toEqual([]);
  });

  it('is withdrawn once, and with a reason', async () => {
    const { village } = await open();
    const hub = village.service('hub');
    const withdraw = (code: string, reason: string) =>
      expect(village.run(hub.withdrawEquivalent({ code, reason }))).rejects;
    await withdraw('HOUR', 'never offered').toMatchObject({ details: { fault: 'not_offered' } });
    const offer = { code: 'HOUR', precision: 1, metadata: {}, reason: '' };
    await village.run(hub.offerEquivalent(offer));
    await withdraw('HOUR', '').toMatchObject({ details: { fault: 'reason_missing' } });
    await village.run(hub.withdrawEquivalent({ code: 'HOUR', reason: 'unused' }));
    await withdraw('HOUR', 'again').toMatchObject({ details: { fault: 'not_offered' } });
  });
});
