/** Members without a node: their hub keeps their edges and votes for them, never more than they signed. */
import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY } from '../../../protocol/machines/trust-line.ts';
import { consentFrame, objectionFrame } from '../../../protocol/member.ts';
import { person } from '../machines/sample-payment.ts';
import { HostedVillage, sealBy } from './hosted.ts';

describe('within one hub', () => {
  it('members trust and pay each other: one book, one voter, no message', async () => {
    const hosted = await HostedVillage.open({
      people: ['hub'],
      hosted: { hub: ['maria', 'nina', 'oleh'] },
    });
    await hosted.trust('hub', 'nina>maria 100');
    await hosted.trust('hub', 'oleh>nina 100');
    hosted.village.sent.length = 0;
    expect(await hosted.pay('hub', 'maria', 'oleh', '30')).toBe('COMMITTED');
    expect(hosted.owes('hub', 'maria', 'nina')).toBe(30);
    expect(hosted.owes('hub', 'nina', 'oleh')).toBe(30);
    const types = hosted.village.sent.map(({ type }) => type);
    // What was ordered; nothing in between, and no answer to a courier, who is not the payer.
    expect(types).toEqual(['PAYMENT_REQUEST']);
    expect(await hosted.pay('hub', 'maria', 'oleh', '71')).toBe('ABORTED insufficient_capacity');
    expect(await hosted.faults()).toEqual([]);
  });
});

describe('between a hub and nodes', () => {
  it('members pay people with nodes, and are paid by them', async () => {
    const hosted = await HostedVillage.open({
      people: ['hub', 'anna', 'boris'],
      lines: ['anna>boris 50', 'boris>anna 50'],
      hosted: { hub: ['maria', 'nina'] },
    });
    const { village } = hosted;
    await village.introduce('hub', 'anna');
    await hosted.trust('hub', 'maria>anna 40');
    await hosted.trust('hub', 'maria>nina 40');
    await hosted.trust('hub', 'nina>maria 40');
    await hosted.trustMember('anna', 'maria', '40');
    expect(await hosted.pay('hub', 'nina', 'boris', '15')).toBe('COMMITTED');
    expect(hosted.owes('hub', 'nina', 'maria')).toBe(15);
    expect(hosted.owes('hub', 'maria', 'anna')).toBe(15);
    expect(hosted.owes('anna', 'maria', 'anna')).toBe(15);
    expect(village.owes('anna', 'boris')).toBe(15);
    expect(await hosted.payMember('boris', 'nina', '20')).toBe('COMMITTED');
    expect(hosted.owes('hub', 'maria', 'anna')).toBe(-5);
    expect(hosted.owes('anna', 'anna', 'maria')).toBe(5);
    expect(await hosted.faults()).toEqual([]);
  });

  it('two hubs compare the books of their members, and vote for all of them at once', async () => {
    const hosted = await HostedVillage.open({
      people: ['east', 'west'],
      hosted: { east: ['maria', 'nina'], west: ['oleh', 'petro'] },
    });
    await hosted.village.introduce('east', 'west');
    await hosted.tell('east', 'west', 'nina');
    await hosted.tell('west', 'east', 'oleh');
    await hosted.trust('east', 'nina>maria 60');
    await hosted.trust('west', 'oleh>nina 60');
    await hosted.trust('west', 'petro>oleh 60');
    await hosted.village.calm();
    expect(await hosted.pay('east', 'maria', 'petro', '25')).toBe('COMMITTED');
    expect(hosted.owes('east', 'nina', 'oleh')).toBe(25);
    expect(hosted.owes('west', 'nina', 'oleh')).toBe(25);
    expect(hosted.owes('west', 'oleh', 'petro')).toBe(25);
    await hosted.village.restart('west');
    await hosted.village.calm();
    expect(await hosted.pay('east', 'maria', 'petro', '10')).toBe('COMMITTED');
    expect(await hosted.faults()).toEqual([]);
  });
});

describe('what a hub may not do', () => {
  const setup = async () => {
    const hosted = await HostedVillage.open({
      people: ['hub', 'anna'],
      // Longer than a voter waits for a comparison: it says NO in time.
      settings: { payments: { prepare_ms: 5_000 } },
      hosted: { hub: ['maria', 'nina'] },
    });
    await hosted.village.introduce('hub', 'anna');
    await hosted.village.introduce('courier', 'anna');
    await hosted.trust('hub', 'maria>anna 40');
    await hosted.trust('hub', 'nina>maria 40');
    await hosted.trustMember('anna', 'maria', '40');
    await hosted.village.calm();
    return hosted;
  };

  it('pay for a member whose signature the order does not bear', async () => {
    const hosted = await setup();
    const { tx, bytes } = hosted.order('maria', 'anna', '5', 'hub');
    const forged = Uint8Array.from(bytes);
    forged[forged.length - 1]! ^= 1;
    hosted.deliver('hub', 'PAYMENT_REQUEST', forged);
    await hosted.village.calm();
    await expect(hosted.outcome('hub', tx)).rejects.toMatchObject({
      details: { fault: 'unknown_transaction' },
    });
  });

  it('vote for whoever has revoked its grant, and nobody believes it', async () => {
    const hosted = await setup();
    expect(await hosted.pay('hub', 'maria', 'anna', '5')).toBe('COMMITTED');
    const revoked = hosted.revocation('maria');
    // The other end hears of it first: the hub still believes to be the agent.
    hosted.deliver('anna', 'AGENT_REVOKE', revoked);
    await hosted.village.calm();
    expect(await hosted.pay('hub', 'maria', 'anna', '6')).toBe('ABORTED wrong_agent');
    hosted.deliver('hub', 'AGENT_REVOKE', revoked);
    await hosted.village.calm();
    expect(await hosted.pay('hub', 'nina', 'maria', '1')).toMatch(/ABORTED/);
    expect(hosted.owes('anna', 'maria', 'anna')).toBe(5);
  });

  it('be the agent of whom it has not taken in, or whose grant is over', async () => {
    const hosted = await setup();
    const { village } = hosted;
    const served = () =>
      village
        .disk('hub')
        .snapshot()
        .filter(([key]) => key.startsWith('agent/'));
    const before = served().length;
    hosted.deliver('hub', 'AGENT_GRANT', hosted.grant('stranger', 'hub'));
    hosted.deliver('hub', 'AGENT_GRANT', hosted.grant('maria', 'hub', { expires: 1 }));
    hosted.deliver('hub', 'AGENT_GRANT', hosted.grant('maria', 'hub', { sequence: 1 }));
    await village.calm();
    expect(served()).toHaveLength(before);
    const refusals = village.log.filter(
      ({ node, fields }) => node === 'hub' && fields.about === 'AGENT_GRANT',
    );
    expect(refusals.map(({ fields }) => fields.fault)).toEqual(['not_a_member', 'grant_expired']);
  });

  it('let go of a member in the middle of a payment', async () => {
    const hosted = await setup();
    const { village } = hosted;
    village.fate = ({ type }) => (type === 'PAYMENT_PREPARE_ACK' ? 'drop' : 'deliver');
    const { tx, bytes } = hosted.order('maria', 'anna', '5', 'hub');
    hosted.deliver('hub', 'PAYMENT_REQUEST', bytes);
    await village.pass(100);
    const revoked = hosted.revocation('maria');
    hosted.deliver('hub', 'AGENT_REVOKE', revoked);
    await village.pass(100);
    expect(village.log.map(({ fields }) => fields.fault)).toContain('member_busy');
    village.fate = () => 'deliver';
    await village.calm();
    expect(await hosted.outcome('hub', tx)).toMatch(/^ABORTED/);
    hosted.deliver('hub', 'AGENT_REVOKE', revoked);
    await village.calm();
    expect(await hosted.pay('hub', 'maria', 'anna', '1')).toMatch(/^ABORTED|unknown/);
  });
});

it('a member that comes back pays at once, though it was refused while it was away', async () => {
  const hosted = await HostedVillage.open({ people: ['hub'], hosted: { hub: ['maria', 'nina'] } });
  await hosted.trust('hub', 'maria>nina 40');
  hosted.deliver('hub', 'AGENT_REVOKE', hosted.revocation('nina'));
  await hosted.village.pass(100);
  const { tx, bytes } = hosted.order('nina', 'maria', '5', 'hub');
  hosted.deliver('hub', 'PAYMENT_REQUEST', bytes);
  await expect
    .poll(async () => {
      await hosted.village.pass(200);
      return hosted.outcome('hub', tx);
    })
    .toMatch(/^ABORTED/);
  hosted.deliver('hub', 'AGENT_GRANT', hosted.grant('nina', 'hub', { sequence: 3 }));
  await hosted.village.pass(100);
  expect(await hosted.pay('hub', 'nina', 'maria', '5')).toBe('COMMITTED');
});

describe('a cycle of debts among members', () => {
  const setup = async () => {
    const hosted = await HostedVillage.open({
      people: ['hub'],
      hosted: { hub: ['maria', 'nina', 'oleh'] },
    });
    const policy = { ...DEFAULT_POLICY, auto_clearing: false };
    hosted.deliver('hub', 'TRUST_LINE_CREATE', hosted.line('nina', 'maria', '50', { policy }));
    await hosted.trust('hub', 'oleh>nina 50');
    await hosted.trust('hub', 'maria>oleh 50');
    expect(await hosted.pay('hub', 'maria', 'nina', '10')).toBe('COMMITTED');
    expect(await hosted.pay('hub', 'nina', 'oleh', '10')).toBe('COMMITTED');
    // By itself the hub would find that it can repay the other two instead.
    const { bytes } = hosted.order('oleh', 'maria', '10', 'hub', { max_hops: 1 });
    hosted.deliver('hub', 'PAYMENT_REQUEST', bytes);
    await hosted.village.calm();
    const cycle = ['maria', 'nina', 'oleh'].map((name) => person(name).pid);
    const { village } = hosted;
    const service = village.service('hub');
    const clearing = await village.run(
      service.clearCycle({ equivalent: 'UAH', cycle, amount: '8' }),
    );
    const account = async (name: string) => {
      const query = sealBy(person(name), 'MEMBER_QUERY', {
        member_key: person(name).signer.publicKey,
        agent: person('hub').pid,
        created: village.clock.now(),
      });
      const text = Buffer.from(query).toString('base64');
      return village.run(service.memberAccount({ query: text }));
    };
    const say = (frame: Uint8Array) =>
      village.run(service.submitEnvelope({ frame: Buffer.from(frame).toString('base64') }));
    return { hosted, clearing, account, say };
  };

  it('is cleared with the consent of whoever wants to be asked', async () => {
    const { hosted, clearing, account, say } = await setup();
    expect(clearing).toMatchObject({ waits_for: [person('nina').pid] });
    expect((await account('maria')).clearings).toEqual([]);
    const [asked] = (await account('nina')).clearings;
    expect(asked).toMatchObject({ tx_id: clearing.tx_id, amount: '8.00' });
    const tx = clearing.tx_id as Parameters<typeof objectionFrame>[1];
    const expires = Date.parse(asked!.expires);
    await say(consentFrame(person('nina').signer, { tx, amount: 800n, expires }));
    await hosted.village.calm();
    expect(hosted.owes('hub', 'maria', 'nina')).toBe(2);
    expect(hosted.owes('hub', 'nina', 'oleh')).toBe(2);
    expect(hosted.owes('hub', 'oleh', 'maria')).toBe(2);
    expect(await hosted.faults()).toEqual([]);
  });

  it('stays as it is if that one refuses', async () => {
    const { hosted, clearing, account, say } = await setup();
    const tx = clearing.tx_id as Parameters<typeof objectionFrame>[1];
    await say(objectionFrame(person('nina').signer, tx));
    await hosted.village.calm();
    expect((await account('nina')).clearings).toEqual([]);
    expect(hosted.owes('hub', 'maria', 'nina')).toBe(10);
  });
});
