/**
 * What a hub is told wrongly, asked too often or comes back without, in one place: each kind of bad input
 * that a hub must take without harm, and what becomes of it. Reports that are lies have a file of their own.
 */
import { describe, expect, it } from 'vitest';
import { bareFrame } from '../../../protocol/wire/envelope.ts';
import { HostedVillage } from '../engine/hosted.ts';
import { comeBackWith } from '../engine/old-books.ts';
import { person, UAH } from '../machines/sample-payment.ts';
import { join, openHub } from './hub-village.ts';

const faultsAt = (village: HostedVillage['village'], node: string): unknown[] =>
  village.log
    .filter((line) => line.node === node && line.level === 'warn')
    .map(({ fields }) => fields.fault)
    .filter((fault) => fault !== undefined);

describe('a flood of questions', () => {
  it('of one member is refused beyond its share, and another member is still answered', async () => {
    const village = await openHub({ queries_per_s_per_member: 5 }, ['anna', 'boris']);
    for (const name of ['anna', 'boris']) await join(village, name);
    await village.trust('boris>anna 10');
    await village.pass(1_000);
    village.sent.length = 0;
    const question = (payer: string, payee: string, n: number) =>
      bareFrame('ROUTE_QUERY', {
        id: new Uint8Array(16).fill(n),
        payer: village.person(payer).pid,
        payee: village.person(payee).pid,
        equivalent: UAH,
        amount: 100n,
        hops: 6,
        max_paths: 3,
        wait_ms: 300,
        budget: 0,
        avoid: [],
      });
    for (let n = 0; n < 100; n++) village.inject('anna', 'hub', question('anna', 'boris', n));
    village.inject('boris', 'hub', question('boris', 'anna', 200));
    await village.pass(50);
    const answers = (to: string) =>
      village.sent.filter((frame) => frame.type === 'ROUTE_REPLY' && frame.to === to).length;
    // Four seconds' worth may come at once.
    expect([answers('anna'), answers('boris')]).toEqual([20, 1]);
    expect(faultsAt(village, 'hub').filter((fault) => fault === 'too_many_queries')).toHaveLength(
      80,
    );
  });
});

describe('a grant', () => {
  it('that has run out lets the hub promise nothing more, and what is owed stays', async () => {
    const hosted = await HostedVillage.open({
      people: ['hub', 'anna'],
      hosted: { hub: ['maria', 'nina'] },
    });
    const expires = hosted.village.clock.now() + 600_000;
    hosted.deliver('hub', 'AGENT_GRANT', hosted.grant('maria', 'hub', { expires }));
    await hosted.trust('hub', 'nina>maria 10');
    expect(await hosted.pay('hub', 'maria', 'nina', '4')).toBe('COMMITTED');
    await hosted.village.pass(600_000);
    expect(await hosted.pay('hub', 'maria', 'nina', '1')).toBe('ABORTED grant_not_covering');
    expect(hosted.owes('hub', 'maria', 'nina')).toBe(4);
    hosted.deliver('hub', 'AGENT_GRANT', hosted.grant('maria', 'hub'));
    await hosted.village.pass(100);
    expect(await hosted.pay('hub', 'maria', 'nina', '1')).toBe('COMMITTED');
    expect(await hosted.faults()).toEqual([]);
  });

  it('that somebody else has signed, or that names another node, changes nothing', async () => {
    const hosted = await HostedVillage.open({
      people: ['hub', 'anna'],
      hosted: { hub: ['maria'] },
    });
    const before = hosted.village.service('hub').hubMembers({});
    const maria = person('maria').signer.publicKey;
    hosted.deliver(
      'hub',
      'AGENT_GRANT',
      hosted.grant('mallory', 'hub', { member_key: maria, sequence: 9 }),
    );
    hosted.deliver('hub', 'AGENT_GRANT', hosted.grant('mallory', 'hub'));
    await hosted.village.pass(100);
    expect(faultsAt(hosted.village, 'hub')).toEqual(['bad_signature', 'not_a_member']);
    expect(hosted.village.service('hub').hubMembers({})).toEqual(before);
  });
});

describe('a hub that comes back with an old backup', () => {
  it('catches up hosted members’ edges from certificates before it votes on them', async () => {
    const hosted = await HostedVillage.open({
      people: ['hub', 'anna'],
      hosted: { hub: ['maria'] },
    });
    const { village } = hosted;
    await village.introduce('anna', 'hub');
    await hosted.tell('hub', 'anna', 'maria');
    await hosted.trustMember('anna', 'maria', '100');
    await hosted.trust('hub', 'maria>anna 100');
    await village.calm();
    expect(await hosted.payMember('anna', 'maria', '5')).toBe('COMMITTED');
    const copy = village.disk('hub').snapshot();
    expect(await hosted.payMember('anna', 'maria', '30')).toBe('COMMITTED');
    expect(await hosted.payMember('anna', 'maria', '7')).toBe('COMMITTED');
    let compared = false;
    const early: string[] = [];
    village.fate = ({ from, type }) => {
      if (from === 'anna' && type === 'EDGE_HISTORY') compared = true;
      if (from === 'hub' && type === 'PAYMENT_PREPARE_ACK' && !compared) early.push(type);
      return 'deliver';
    };
    await comeBackWith(village, 'hub', copy);
    await village.calm();
    expect(hosted.owes('hub', 'anna', 'maria')).toBe(42);
    expect(early).toEqual([]);
    await village.run(
      village.service('hub').confirmMembers({ reason: 'compared with the printed list' }),
    );
    await village.pass(150_000);
    expect(await hosted.payMember('anna', 'maria', '1')).toBe('COMMITTED');
    expect(hosted.owes('anna', 'anna', 'maria')).toBe(43);
    expect(await hosted.faults()).toEqual([]);
  });
});

describe('a member that has lost its key', () => {
  it('is replaced by the procedure of docs/OPERATOR.md', async () => {
    const hosted = await HostedVillage.open({
      people: ['hub'],
      hosted: { hub: ['maria', 'nina', 'oleh'] },
    });
    const { village } = hosted;
    const lost = person('maria').pid;
    const act = (what: 'suspend' | 'remove', reason: string) =>
      village.run(village.service('hub').changeMember({ member: lost, act: what, reason }));
    const direct = async (from: string, to: string) => {
      const { bytes } = hosted.order(from, to, '4', 'hub', { max_hops: 1 });
      hosted.deliver('hub', 'PAYMENT_REQUEST', bytes);
      await village.calm();
    };
    for (const line of ['nina>maria 10', 'oleh>nina 10', 'maria>oleh 10']) {
      await hosted.trust('hub', line);
    }
    // Maria owes Nina, and is owed by Oleh.
    await direct('maria', 'nina');
    await direct('nina', 'oleh');
    await direct('oleh', 'maria');

    await act('suspend', 'lost the key, seen in person');
    // Whoever finds the key can owe nothing more in its name.
    expect(await hosted.pay('hub', 'maria', 'nina', '1')).toBe('ABORTED not_active_member');
    await hosted.enrol('hub', ['maria2']);
    hosted.deliver('hub', 'AGENT_GRANT', hosted.grant('maria2', 'hub'));
    await hosted.trust('hub', 'nina>maria2 10');
    expect(await hosted.pay('hub', 'maria2', 'nina', '2')).toBe('COMMITTED');
    await expect(act('remove', 'replaced')).rejects.toMatchObject({
      details: { fault: 'member_owes' },
    });
    // What the old name owes and is owed can still be cleared.
    await village.run(village.service('hub').clearNow({ dry_run: false }));
    await village.calm();
    expect(hosted.owes('hub', 'maria', 'nina')).toBe(0);
    expect(await act('remove', 'replaced by maria2')).toMatchObject({ status: 'deleted' });
    expect(hosted.owes('hub', 'maria2', 'nina')).toBe(2);
    expect(await hosted.faults()).toEqual([]);
  });
});
