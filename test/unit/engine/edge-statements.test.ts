/** Account statements: signed by both ends or not in force, whatever crosses or is lost on the way. */
import { beforeEach, describe, expect, it } from 'vitest';
import { nativeVerify } from '../../../node/platform/native-ed25519.ts';
import { keys } from '../../../node/store/keys.ts';
import { encodeStatement, readStatement, verifyStatement } from '../../../protocol/statement.ts';
import { seal, signedFrame } from '../../../protocol/wire/envelope.ts';
import { Village } from './harness.ts';
import { comeBackWith, digestOf, edgeBetween, tamper } from './old-books.ts';
import { faultsOf } from './village-audit.ts';

const PAIR = { people: ['anna', 'boris'], lines: ['boris>anna 100'] };

let village: Village;

beforeEach(async () => {
  village = await Village.open(PAIR);
  await village.pay('anna', 'boris', '5');
  await village.calm();
  village.sent.length = 0;
});

function statement(name: string, peer: string) {
  return village.service(name).statement({ peer: village.pid(peer), equivalent: 'UAH' });
}

function newest(name: string, peer: string) {
  return village.service(name).edge({ peer: village.pid(peer), equivalent: 'UAH' }).statement;
}

function verified(file: string) {
  return verifyStatement(Buffer.from(file, 'hex'), nativeVerify);
}

const exchanged = () => village.sent.filter(({ type }) => type === 'EDGE_STATEMENT').length;

describe('a statement', () => {
  it.each([
    ['anna', 'boris', '-5.00'],
    ['boris', 'anna', '5.00'],
  ])('asked for by %s is signed by both, and proves itself', async (name, peer, balance) => {
    const made = await village.run(statement(name, peer));
    expect(made).toMatchObject({ balance, count: 1, digest: village.book(name, peer).digest });
    expect(verified(made.file)).toMatchObject({
      ok: true,
      problems: [],
      debt: { debtor: village.pid('anna'), creditor: village.pid('boris'), amount: '5.00' },
      count: 1,
    });
    for (const [one, other] of [
      ['anna', 'boris'],
      ['boris', 'anna'],
    ] as const) {
      expect(newest(one, other)).toMatchObject({ count: 1, current: true });
    }
    expect(exchanged()).toBe(2);
  });

  it('that is current is not signed again', async () => {
    const first = await village.run(statement('anna', 'boris'));
    expect(await village.run(statement('anna', 'boris'))).toEqual(first);
    expect((await village.run(statement('boris', 'anna'))).file).toBe(first.file);
    expect(exchanged()).toBe(2);
  });

  it('is made anew after a payment, and after a change of a line', async () => {
    await village.run(statement('anna', 'boris'));
    await village.pay('anna', 'boris', '1');
    await village.calm();
    expect(newest('anna', 'boris')).toMatchObject({ count: 1, current: false });
    expect(await village.run(statement('anna', 'boris'))).toMatchObject({ count: 2 });
    await village.trust('boris>anna 50');
    const again = await village.run(statement('boris', 'anna'));
    expect(verified(again.file)).toMatchObject({ ok: true, count: 2 });
    const sequences = verified(again.file);
    expect(Math.max(sequences.lowSequence, sequences.highSequence)).toBe(2);
  });

  it('of an edge on which nothing was ever paid says so', async () => {
    const young = await Village.open(PAIR);
    const request = { peer: young.pid('boris'), equivalent: 'UAH' };
    const made = await young.run(young.service('anna').statement(request));
    expect(verified(made.file)).toMatchObject({ ok: true, debt: null, count: 0 });
  });

  it('is proposed by itself after enough payments', async () => {
    const busy = await Village.open({ ...PAIR, settings: { edges: { statement_every: 3 } } });
    for (let i = 0; i < 4; i++) await busy.pay('anna', 'boris', '1');
    await busy.calm();
    await busy.pass(310_000);
    const request = { peer: busy.pid('boris'), equivalent: 'UAH' };
    expect(busy.service('anna').edge(request).statement).toMatchObject({ count: 4 });
    expect(await faultsOf(busy)).toEqual([]);
  });

  it('is not signed by who is away, and the asker is told', async () => {
    await village.kill('boris');
    await expect(village.run(statement('anna', 'boris'))).rejects.toMatchObject({
      code: 'E007',
      details: { fault: 'statement_not_signed' },
    });
    await expect(
      village.service('anna').statement({ peer: village.pid('anna'), equivalent: 'UAH' }),
    ).rejects.toMatchObject({ details: { fault: expect.stringMatching(/self|no_edge/) } });
  });
});

describe('proposals that cross', () => {
  it('end in one statement at both ends', async () => {
    const both = await village.run(
      Promise.all([statement('anna', 'boris'), statement('boris', 'anna')]),
    );
    for (const { file } of both) expect(verified(file).ok).toBe(true);
    await village.pass(5_000);
    expect(newest('anna', 'boris')?.made).toBe(newest('boris', 'anna')?.made);
    expect(exchanged()).toBeLessThanOrEqual(4);
  });

  it('end alike although the clocks differ and answers are lost', async () => {
    village.setClock('boris', 45_000);
    let lost = 0;
    village.fate = ({ type }) => (type === 'EDGE_STATEMENT' && lost++ < 3 ? 'drop' : 'deliver');
    await village.run(Promise.all([statement('anna', 'boris'), statement('boris', 'anna')]));
    await village.pass(5_000);
    expect(newest('anna', 'boris')).toMatchObject({ count: 1, current: true });
    expect(newest('anna', 'boris')?.made).toBe(newest('boris', 'anna')?.made);
    const before = exchanged();
    await village.pass(60_000);
    expect(exchanged()).toBe(before);
  });
});

describe('after a restart', () => {
  it('an answer to a proposal of the life before is still taken', async () => {
    const held: (() => void)[] = [];
    village.fate = (passing) => {
      if (passing.type !== 'EDGE_STATEMENT' || passing.from !== 'boris') return 'deliver';
      held.push(() => village.inject('boris', 'anna', passing.frame));
      return 'drop';
    };
    const asked = statement('anna', 'boris').catch(() => undefined);
    await village.pass(100);
    await village.restart('anna');
    await village.pass(100);
    village.fate = () => 'deliver';
    for (const deliver of held) deliver();
    await village.pass(100);
    void asked;
    expect(newest('anna', 'boris')).toMatchObject({ count: 1, current: true });
    expect(newest('anna', 'boris')?.made).toBe(newest('boris', 'anna')?.made);
  });

  it('a statement in force is still there', async () => {
    const made = await village.run(statement('anna', 'boris'));
    await village.restart('anna');
    expect(newest('anna', 'boris')).toMatchObject({ made: made.made, current: true });
  });

  it('with books of before the statement, a new one comes about', async () => {
    const before = village.disk('anna').snapshot();
    await village.run(statement('anna', 'boris'));
    await comeBackWith(village, 'anna', before);
    expect(newest('anna', 'boris')).toBeNull();
    village.setClock('anna', -30_000);
    const again = await village.run(statement('anna', 'boris'));
    expect(verified(again.file)).toMatchObject({ ok: true, count: 1 });
    expect(newest('anna', 'boris')?.made).toBe(newest('boris', 'anna')?.made);
  });
});

describe('nobody signs', () => {
  it('what its own book does not say; the books are compared instead', async () => {
    await village.kill('boris');
    await tamper(village, 'boris', 'anna', (edge) => ({ ...edge, balance: edge.balance * 2n }));
    await village.start('boris');
    await village.pass(60_000);
    await expect(village.run(statement('anna', 'boris'))).rejects.toMatchObject({
      code: 'E004',
      details: { fault: 'edge_disputed' },
    });
    expect(newest('boris', 'anna')).toBeNull();
  });

  it('an invented statement, nor takes one that is signed by somebody else', async () => {
    const { base: _, answer: __, ...state } = digestOf(village, 'anna', 'boris');
    const anna = village.person('anna').signer;
    const propose = (change: object, signer = anna) => {
      const body = { ...state, made: village.clock.now(), ...change };
      const envelope = seal('EDGE_STATEMENT', body, anna.publicKey, (m) => signer.sign(m));
      village.inject('anna', 'boris', signedFrame('EDGE_STATEMENT', envelope));
    };
    propose({ balance: 0n });
    propose({ count: 2 });
    propose({}, village.person('boris').signer);
    await village.pass(1_000);
    expect(newest('boris', 'anna')).toBeNull();
    expect(village.disk('boris').get(keys.proposal(edgeBetween(village, 'anna', 'boris')))).toBe(
      undefined,
    );
    expect(village.log.map(({ fields }) => fields.fault)).toContain('bad_signature');
  });
});

describe('a statement file', () => {
  it('proves nothing once anything in it is changed', async () => {
    const { file } = await village.run(statement('anna', 'boris'));
    const bytes = Buffer.from(file, 'hex');
    const parts = readStatement(bytes);
    const other = await Village.open(PAIR);
    const theirs = await other.run(
      other.service('anna').statement({ peer: other.pid('boris'), equivalent: 'UAH' }),
    );
    const spoilt = [
      { ...parts, by_high: parts.by_low },
      { ...parts, low_key: parts.high_key },
      { ...parts, by_low: parts.by_low.with(-1, parts.by_low.at(-1)! ^ 1) },
      { ...parts, by_low: readStatement(Buffer.from(theirs.file, 'hex')).by_low },
    ];
    for (const each of spoilt) {
      const { ok, problems } = verifyStatement(encodeStatement(each), nativeVerify);
      expect(ok).toBe(false);
      expect(problems.length).toBeGreaterThan(0);
    }
  });
});
