/** A participant moves between its hub and a node of its own: no debt is touched, and nobody is asked to believe anything. */
import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keys } from '../../../node/store/keys.ts';
import { AgentRecord, decodeRecord } from '../../../node/store/records.ts';
import { encodeManifest, openManifest } from '../../../protocol/machines/manifest.ts';
import { bareFrame } from '../../../protocol/wire/envelope.ts';
import { person } from '../machines/sample-payment.ts';
import { HostedVillage, sealBy } from './hosted.ts';

const fileIn = async (name: string) => join(await mkdtemp(join(tmpdir(), 'geo-move-')), name);

/** Maria is served by the hub; her own node stands beside, without books. */
async function setup(others: readonly string[] = []): Promise<HostedVillage> {
  const hosted = await HostedVillage.open({
    people: ['hub', 'anna', 'maria', ...others],
    hosted: { hub: ['maria', 'nina'] },
    acquainted: true,
  });
  await hosted.trust('hub', 'maria>nina 50');
  await hosted.trust('hub', 'nina>maria 50');
  await hosted.trust('hub', 'maria>anna 50');
  await hosted.trustMember('anna', 'maria', '50');
  await hosted.village.calm();
  expect(await hosted.pay('hub', 'nina', 'anna', '12')).toBe('COMMITTED');
  expect(await hosted.pay('hub', 'maria', 'anna', '3')).toBe('COMMITTED');
  expect(await hosted.pay('hub', 'nina', 'maria', '5')).toBe('COMMITTED');
  return hosted;
}

async function leave(
  hosted: HostedVillage,
  brings = { edges: 2, applied: 3 },
  name = 'maria',
): Promise<void> {
  const { village } = hosted;
  const { signer, pid } = person(name);
  hosted.deliver('hub', 'AGENT_REVOKE', hosted.revocation(name));
  await village.calm();
  const query = sealBy(person(name), 'MEMBER_QUERY', {
    member_key: signer.publicKey,
    agent: person('hub').pid,
    created: village.clock.now(),
  });
  const answer = await village.run(
    village.service('hub').memberExport({ query: Buffer.from(query).toString('base64') }),
  );
  const file = await fileIn(`${name}.geo`);
  await writeFile(file, Buffer.from(answer.file, 'base64'));
  const imported = await hosted.withFiles(village.service(name).importBooks({ file }));
  expect(imported).toEqual({ member: pid, ...brings });
  await village.calm();
}

describe('from the hub to a node of its own', () => {
  it('with a file: the same books, at once of use', async () => {
    const hosted = await setup();
    const { village } = hosted;
    const before = hosted.edge('hub', 'maria', 'anna')!;
    await leave(hosted);
    expect(hosted.edge('maria', 'maria', 'anna')).toMatchObject({
      balance: before.balance,
      count: before.count,
      digest: before.digest,
    });
    expect(hosted.owes('maria', 'nina', 'maria')).toBe(17);
    expect((await village.pay('maria', 'anna', '4')).state).toBe('COMMITTED');
    expect(await hosted.pay('hub', 'nina', 'anna', '6')).toBe('COMMITTED');
    await village.calm();
    expect(hosted.owes('anna', 'maria', 'anna')).toBe(25);
    expect(hosted.owes('maria', 'maria', 'anna')).toBe(25);
    expect(hosted.owes('maria', 'nina', 'maria')).toBe(23);
    expect(hosted.owes('hub', 'nina', 'maria')).toBe(23);
    for (const audited of [
      await village.service('maria').audit(),
      await village.service('hub').audit(),
    ]) {
      expect(audited.filter(({ held }) => !held)).toEqual([]);
    }
  });

  it('and back again, bringing what was paid in between', async () => {
    const hosted = await setup();
    const { village } = hosted;
    await leave(hosted);
    expect((await village.pay('maria', 'anna', '4')).state).toBe('COMMITTED');
    await village.calm();
    await village.run(village.service('maria').grantAgent({ peer: village.pid('hub'), days: 30 }));
    const file = await fileIn('back.geo');
    await hosted.withFiles(village.service('maria').exportBooks({ file }));
    await village.calm();
    expect(await hosted.withFiles(village.service('hub').importBooks({ file }))).toMatchObject({
      edges: 2,
    });
    await village.calm();
    // Her node votes for nobody any more, but she can still order: her hub tells the way, and votes for her.
    expect((await village.pay('maria', 'anna', '1')).state).toBe('COMMITTED');
    await village.calm();
    expect(await hosted.pay('hub', 'maria', 'anna', '1')).toBe('COMMITTED');
    expect(hosted.owes('hub', 'maria', 'anna')).toBe(21);
    expect(hosted.owes('anna', 'maria', 'anna')).toBe(21);
    const audited = await village.service('hub').audit();
    expect(audited.filter(({ held }) => !held)).toEqual([]);
  });

  it('without a file: its neighbours have it all', async () => {
    const hosted = await setup();
    const { village } = hosted;
    hosted.deliver('hub', 'AGENT_REVOKE', hosted.revocation('maria'));
    await village.calm();
    await village.introduce('maria', 'anna');
    await hosted.tell('hub', 'anna', 'maria');
    await hosted.tell('hub', 'maria', 'maria');
    await village.pass(30_000);
    expect(hosted.owes('maria', 'maria', 'anna')).toBe(15);
    expect((await village.pay('maria', 'anna', '4')).state).toBe('COMMITTED');
  });
});

describe('a neighbour of which a receipt is the first that the new agent hears', () => {
  it('is told who votes for the participant, and shows the lines', async () => {
    const hosted = await HostedVillage.open({
      people: ['hub', 'anna', 'maria', 'boris'],
      hosted: { hub: ['maria'] },
      acquainted: true,
    });
    const { village } = hosted;
    await hosted.trust('hub', 'maria>anna 50');
    await hosted.trust('hub', 'maria>boris 50');
    await hosted.trustMember('boris', 'maria', '50');
    await village.calm();
    const pay = { peer: village.pid('boris'), equivalent: 'UAH', amount: '5' };
    expect((await village.run(village.service('anna').pay(pay))).state).toBe('COMMITTED');
    await village.calm();
    village.fate = ({ from, type }) =>
      from === 'hub' && type === 'AGENT_REVOKE' ? 'drop' : 'deliver';
    hosted.deliver('hub', 'AGENT_REVOKE', hosted.revocation('maria'));
    await village.pass(100);
    await village.kill('hub');
    // Boris is not told: what Anna shows Maria's node is a payment that went on to him.
    await hosted.tell('hub', 'maria', 'maria');
    await hosted.tell('hub', 'anna', 'maria');
    await village.pass(20_000);
    expect(hosted.owes('maria', 'maria', 'boris')).toBe(5);
    expect(village.book('maria', 'boris')).toMatchObject({
      limit_given: '50.00',
      limit_received: '50.00',
    });
    expect((await village.pay('maria', 'boris', '4')).state).toBe('COMMITTED');
  });
});

describe('two neighbours that leave the same hub', () => {
  it('find each other, though each took the other for still there', async () => {
    const hosted = await setup(['nina']);
    const { village } = hosted;
    await hosted.tell('hub', 'maria', 'nina');
    await hosted.tell('hub', 'nina', 'maria');
    // The hub, which kept the edge for Nina, has given Maria's node its receipts by then.
    await leave(hosted, { edges: 2, applied: 1 });
    await leave(hosted, { edges: 1, applied: 2 }, 'nina');
    await village.pass(30_000);
    const from = { peer: person('nina').pid, equivalent: 'UAH', amount: '2' };
    const { state } = await village.run(village.service('maria').pay(from));
    expect(state).toBe('COMMITTED');
    await village.calm();
    expect(hosted.owes('maria', 'nina', 'maria')).toBe(15);
    expect(hosted.owes('nina', 'nina', 'maria')).toBe(15);
  });
});

describe('whoever a participant has left', () => {
  it('delivers its lines no more', async () => {
    const hosted = await setup();
    const { village } = hosted;
    village.fate = ({ type }) => (type === 'TRUST_LINE_ACK' ? 'drop' : 'deliver');
    await hosted.trust('hub', 'maria>anna 60');
    await leave(hosted);
    village.fate = () => 'deliver';
    await village.calm();
    const waiting = village
      .disk('hub')
      .snapshot()
      .filter(([key]) => key.startsWith('outbox/'));
    expect(waiting.map(([key]) => key)).toEqual([]);
    expect(village.book('anna', 'maria').limit_received).toBe('60.00');
  });

  it('votes for it no more, though its neighbours have not heard of it yet', async () => {
    const hosted = await HostedVillage.open({
      people: ['hub', 'anna', 'boris'],
      hosted: { hub: ['maria'] },
      acquainted: true,
    });
    const { village } = hosted;
    await hosted.trust('hub', 'maria>anna 40');
    await hosted.trustMember('anna', 'maria', '40');
    await hosted.trustMember('boris', 'maria', '40');
    await hosted.trust('hub', 'maria>boris 40');
    await village.calm();
    const pay = { peer: village.pid('boris'), equivalent: 'UAH', amount: '5' };
    expect((await village.run(village.service('anna').pay(pay))).state).toBe('COMMITTED');
    await village.calm();
    village.fate = ({ from, type }) =>
      type === 'AGENT_REVOKE' && from !== 'courier' ? 'drop' : 'deliver';
    hosted.deliver('hub', 'AGENT_REVOKE', hosted.revocation('maria'));
    await village.pass(100);
    const { state, reason } = await village.run(village.service('anna').pay(pay));
    expect(state).toBe('ABORTED');
    expect(reason?.details.fault).toBe('wrong_agent');
    await village.calm();
    expect(hosted.owes('anna', 'anna', 'maria')).toBe(5);
    expect(hosted.owes('boris', 'maria', 'boris')).toBe(5);
  });
});

describe('a payment of the moment before', () => {
  it('keeps nobody back once it is decided, though its coordinator never answers', async () => {
    const hosted = await setup(['boris']);
    const { village } = hosted;
    await village.trust('anna>boris 10');
    await village.calm();
    village.fate = ({ to, type }) =>
      to === 'boris' && /^PAYMENT_COMMIT/.test(type) ? 'drop' : 'deliver';
    const { pid } = person('maria');
    void village.service('boris').pay({ peer: pid, equivalent: 'UAH', amount: '2' });
    await village.pass(400);
    await village.kill('boris');
    expect(hosted.owes('hub', 'maria', 'anna')).toBe(13);
    hosted.deliver('hub', 'AGENT_REVOKE', hosted.revocation('maria'));
    await village.pass(100);
    expect(village.service('hub').status().attempts_live).toBe(1);
    const word = village.disk('hub').get(keys.agent(pid))!;
    expect(decodeRecord(AgentRecord, word).type).toBe('AGENT_REVOKE');
  });

  it('is taken over, though the clock of its payer is ahead', async () => {
    const hosted = await setup();
    const { village } = hosted;
    village.setClock('anna', 20_000);
    const pay = { peer: person('maria').pid, equivalent: 'UAH', amount: '2' };
    expect((await village.run(village.service('anna').pay(pay))).state).toBe('COMMITTED');
    await village.calm();
    expect(hosted.owes('hub', 'maria', 'anna')).toBe(13);
    await leave(hosted, { edges: 2, applied: 4 });
    expect(hosted.owes('maria', 'maria', 'anna')).toBe(13);
    expect((await village.pay('maria', 'anna', '4')).state).toBe('COMMITTED');
  });
});

describe('an attempt that was aborted before the move and is proved committed after it (R8)', () => {
  const EMPTY = { votes: [], withdrawals: [], applied: [] };

  /** Mallory pays Maria over Dora and Anna; Mallory and Dora have no rules, and their nodes no part in it. */
  function plot(hosted: HostedVillage) {
    const { village } = hosted;
    const voters = ['dora', 'anna', 'hub', 'mallory'].map((name) => person(name).signer.publicKey);
    const { bytes: order } = hosted.order('mallory', 'maria', '2', 'mallory');
    const grant = village.disk('hub').get(keys.agent(person('maria').pid))!;
    const bytes = encodeManifest({
      kind: 'payment',
      order,
      attempt: 1,
      participants: ['mallory', 'dora', 'anna', 'maria'].map((name) => person(name).pid),
      agents: [3, 0, 1, 2],
      routes: [{ path: [0, 1, 2, 3], amount: 200n }],
      voters,
      grants: [decodeRecord(AgentRecord, grant).envelope],
      prepare_by: village.clock.now() + 1_000,
    });
    const { tx, hash } = openManifest(bytes);
    return { bytes, about: { tx, attempt: 1, manifest: hash } };
  }

  it('reaches the new agent too', async () => {
    const hosted = await setup(['dora', 'mallory']);
    const { village } = hosted;
    await village.trust('anna>dora 10');
    await village.calm();
    const { bytes, about } = plot(hosted);
    village.fate = ({ to, type }) =>
      (to === 'mallory' || to === 'dora') && type !== 'EDGE_DIGEST' ? 'drop' : 'deliver';
    for (const to of ['anna', 'hub']) {
      const prepare = { manifest: bytes, contacts: [] };
      village.inject('mallory', to, bareFrame('PAYMENT_PREPARE', prepare));
    }
    await village.pass(100);
    const vote = (who: string, yes: boolean) =>
      sealBy(person(who), 'PAYMENT_PREPARE_ACK', { ...about, yes });
    for (const to of ['anna', 'hub']) {
      const evidence = { ...EMPTY, votes: [vote('mallory', false)] };
      village.inject('mallory', to, bareFrame('PAYMENT_ABORT', { ...about, evidence }));
    }
    await village.calm();
    expect(await hosted.outcome('anna', about.tx)).toMatch(/^ABORTED/);
    await leave(hosted);
    expect(hosted.owes('maria', 'anna', 'maria')).toBe(-15);

    const votes = ['dora', 'anna', 'hub', 'mallory'].map((who) => vote(who, true));
    const applied = sealBy(person('dora'), 'PAYMENT_COMMIT_ACK', { ...about, first_hand: true });
    const evidence = { ...EMPTY, votes, applied: [applied] };
    village.inject('mallory', 'anna', bareFrame('PAYMENT_COMMIT', { ...about, evidence }));
    await village.pass(2_000);
    expect(await hosted.outcome('anna', about.tx)).toBe('COMMITTED');
    expect(hosted.owes('anna', 'anna', 'maria')).toBe(-13);
    expect(hosted.owes('maria', 'anna', 'maria')).toBe(-13);
    expect(await village.service('anna').history({ type: 'alert' })).not.toEqual([]);
  });
});
