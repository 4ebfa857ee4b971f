/** Both books of an edge: what was lost on its way is found, fetched and proved; lies get nobody anywhere. */
import { beforeEach, describe, expect, it } from 'vitest';
import { receiptOf } from '../../../node/engine/attempts/statements.ts';
import { State } from '../../../node/engine/state.ts';
import { type Hash, hashOf } from '../../../protocol/identity/pid.ts';
import { EMPTY_DIGEST } from '../../../protocol/ledger/edge.ts';
import { DEFAULT_POLICY } from '../../../protocol/machines/trust-line.ts';
import { encodeReceipt, readReceipt } from '../../../protocol/receipt.ts';
import { bareFrame, openFrame, seal } from '../../../protocol/wire/envelope.ts';
import type { EdgeHistory } from '../../../protocol/wire/messages/edge.ts';
import type { LineState } from '../../../protocol/wire/messages/trust-line.ts';
import { NOW, UAH } from '../machines/sample-payment.ts';
import { type Passing, Village } from './harness.ts';
import { comeBackWith, compareAll, digestOf, edgeBetween, tamper } from './old-books.ts';
import { faultsOf } from './village-audit.ts';

const PAIR = { people: ['anna', 'boris'], lines: ['boris>anna 100'] };

let village: Village;
/** The frame that is being sent is a test's own, not that of Anna's node. */
let invented = false;

/** Only what the test says in Anna's name reaches Boris. */
function silenceAnna(): void {
  village.fate = ({ from }) => (from === 'anna' && !invented ? 'drop' : 'deliver');
}

function invent(frame: Uint8Array): void {
  invented = true;
  village.inject('anna', 'boris', frame);
  invented = false;
}

async function expectSound(): Promise<void> {
  expect(await village.calm()).toBe(true);
  expect(await faultsOf(village)).toEqual([]);
}

function historyOf({ frame }: Passing): EdgeHistory | undefined {
  const open = openFrame(frame);
  return open.type === 'EDGE_HISTORY' ? open.body : undefined;
}

/** Anna as her own software would never be: speaks to Boris about their edge. */
function annaSays(part: Partial<EdgeHistory>): void {
  const about = edgeBetween(village, 'anna', 'boris');
  const frame = bareFrame('EDGE_HISTORY', {
    ...about,
    base: 0,
    offset: 0,
    complete: false,
    ...part,
  });
  invent(frame);
}

function annaClaims(change: Partial<ReturnType<typeof digestOf>>): void {
  const digest = { ...digestOf(village, 'anna', 'boris'), ...change };
  invent(bareFrame('EDGE_DIGEST', digest));
}

function refusals(name: string): unknown[] {
  return village.log
    .filter(({ node, level }) => node === name && level === 'warn')
    .map(({ fields }) => fields.fault);
}

function edge(name: string, peer: string) {
  return village.service(name).edge({ peer: village.pid(peer), equivalent: 'UAH' });
}

beforeEach(async () => {
  village = await Village.open(PAIR);
});

describe('books that differ because messages were lost', () => {
  it('are equal again after the next comparison, at the end that missed the payment', async () => {
    await village.pay('anna', 'boris', '1');
    await village.calm();
    const before = village.disk('boris').snapshot();
    await village.pay('anna', 'boris', '2');
    await village.calm();
    await comeBackWith(village, 'boris', before);
    expect(village.owes('anna', 'boris')).toBe(3);
    expect(village.book('boris', 'anna')).toMatchObject({ balance: '3.00', count: 2 });
    expect(village.service('boris').status()).toMatchObject({
      recovered: 1,
      edges_not_compared: 0,
    });
    await expectSound();
  });

  it('are mended by the receipt where the outcome itself does not get through', async () => {
    const lost = ['PAYMENT_COMMIT', 'PAYMENT_COMMIT_ACK', 'STATUS_REPLY'];
    village.fate = ({ from, type }) =>
      from === 'boris' && lost.includes(type) ? 'drop' : 'deliver';
    village.begin('anna', 'boris', '1').catch(() => undefined);
    await village.pass(20_000);
    expect(village.book('boris', 'anna')).toMatchObject({ count: 1 });
    expect(village.book('anna', 'boris')).toMatchObject({ count: 0, held_out: '1.00' });
    await compareAll(village);
    expect(village.book('anna', 'boris')).toMatchObject({ count: 1, held_out: '0.00' });
    village.fate = () => 'deliver';
    await expectSound();
  });

  it('are compared at each connect and from time to time, and only where nothing is held', async () => {
    await compareAll(village);
    const digests = village.sent.filter(({ type }) => type === 'EDGE_DIGEST');
    expect(digests.length).toBeGreaterThan(0);
    village.sent.length = 0;
    await village.restart('boris');
    await village.pass(100);
    expect(village.sent.some(({ type }) => type === 'EDGE_DIGEST')).toBe(true);
    expect(edge('boris', 'anna').compared).toBe(true);
  });

  it('of a long history are fetched in portions that the one behind asks for', async () => {
    const before = village.disk('boris').snapshot();
    for (let i = 0; i < 150; i++) await village.pay('anna', 'boris', '0.01');
    await village.calm();
    village.sent.length = 0;
    await comeBackWith(village, 'boris', before);
    await village.pass(2_000);
    expect(village.book('boris', 'anna')).toMatchObject({ balance: '1.50', count: 150 });
    const wishes = village.sent.flatMap((each) => historyOf(each)?.wanted ?? []);
    expect(new Set(wishes).size).toBe(150);
    expect(wishes).toHaveLength(150);
    for (const each of village.sent) {
      expect(historyOf(each)?.wanted?.length ?? 0).toBeLessThanOrEqual(64);
    }
    await expectSound();
  });

  it('are found even if the first pages and receipts are lost', async () => {
    const before = village.disk('boris').snapshot();
    for (let i = 0; i < 3; i++) await village.pay('anna', 'boris', '1');
    await village.calm();
    let lost = 0;
    village.fate = ({ type }) => (type === 'EDGE_HISTORY' && lost++ < 4 ? 'drop' : 'deliver');
    await comeBackWith(village, 'boris', before);
    await village.pass(60_000);
    expect(lost).toBeGreaterThan(4);
    expect(village.book('boris', 'anna')).toMatchObject({ balance: '3.00', count: 3 });
    await expectSound();
  });
});

describe('a peer that lies about its book', () => {
  beforeEach(async () => {
    await village.pay('anna', 'boris', '5');
    await village.calm();
    village.log.length = 0;
  });

  it('and claims payments that it does not prove: the edge is frozen with both views', async () => {
    const made = hashOf(new Uint8Array([1]));
    silenceAnna();
    for (let i = 0; i < 8; i++) {
      annaClaims({ count: 2, balance: 0n, digest: made });
      annaSays({ applied: [made], complete: true, base: 1 });
      await village.pass(9_000);
      expect(edge('boris', 'anna').dispute === null).toBe(i < 4);
    }
    expect(edge('boris', 'anna')).toMatchObject({
      mine: { balance: '5.00', count: 1 },
      dispute: {
        reason: expect.stringContaining('the books differ'),
        mine: { balance: '5.00', count: 1 },
        theirs: { count: 2, digest: made },
        unproven: [made],
      },
    });
    expect(village.service('boris').status().edges_disputed).toBe(1);
    const alerts = await village.service('boris').history({ type: 'alert' });
    expect(alerts.at(-1)?.text).toContain('geo edge show');
  });

  it('and changes its story each time gets no history for nothing, and nobody stumbles', async () => {
    for (let i = 0; i < 300; i++) {
      annaClaims({ count: i * 7, balance: BigInt(i), base: i, answer: i % 2 === 0 });
    }
    await village.pass(60_000);
    expect(village.book('boris', 'anna')).toMatchObject({ balance: '5.00', count: 1 });
    expect(village.log.filter(({ level }) => level === 'error')).toEqual([]);
    await compareAll(village);
    expect(await village.pay('anna', 'boris', '1')).toMatchObject({ state: 'COMMITTED' });
  });

  it('cannot push receipts that were not asked for', async () => {
    annaSays({ receipts: [new Uint8Array([0xa0]), await receiptFrom('anna')] });
    await village.pass(100);
    expect(refusals('boris')).toEqual(expect.arrayContaining(['not_asked']));
    expect(village.book('boris', 'anna').count).toBe(1);
  });

  it('has forged receipts refused, and only those', async () => {
    const before = village.disk('boris').snapshot();
    for (let i = 0; i < 2; i++) await village.pay('anna', 'boris', '1');
    await village.calm();
    let forged = 0;
    village.fate = (passing) => {
      const body = passing.from === 'anna' ? historyOf(passing) : undefined;
      if (body?.receipts === undefined || forged > 0) return 'deliver';
      forged++;
      const [first, ...rest] = body.receipts;
      annaSays({ receipts: [spoilt(first!), ...rest] });
      return 'drop';
    };
    await comeBackWith(village, 'boris', before);
    expect(forged).toBe(1);
    expect(refusals('boris')).toEqual(['receipt_incomplete']);
    await village.pass(60_000);
    expect(village.book('boris', 'anna')).toMatchObject({ balance: '7.00', count: 3 });
  });

  it('that proves nothing at all keeps nobody busy', async () => {
    const before = village.disk('boris').snapshot();
    for (let i = 0; i < 2; i++) await village.pay('anna', 'boris', '1');
    await village.calm();
    village.fate = (passing) => {
      const body = passing.from === 'anna' ? historyOf(passing) : undefined;
      if (invented || body?.receipts === undefined) return 'deliver';
      annaSays({ receipts: body.receipts.map(spoilt) });
      return 'drop';
    };
    await comeBackWith(village, 'boris', before);
    village.sent.length = 0;
    await village.pass(60_000);
    // A digest, its answer and both lists, every ten seconds until the edge is in dispute.
    expect(village.sent.length).toBeLessThan(100);
  });

  it('cannot make a node remember more than a bounded list', async () => {
    const many = (page: number): Hash[] =>
      Array.from({ length: 1024 }, (_, i) => hashOf(new TextEncoder().encode(`${page} ${i}`)));
    annaClaims({ count: 100_000 });
    for (let page = 0; page < 20; page++) {
      annaSays({ applied: many(page), offset: page * 1024 });
      // Out of place: ignored.
      annaSays({ applied: many(99), offset: page * 1024 + 5 });
    }
    await village.pass(200);
    const wishes = village.sent.flatMap((each) => historyOf(each)?.wanted ?? []);
    expect(wishes.length).toBeGreaterThan(0);
    expect(wishes.length).toBeLessThanOrEqual(64);
  });

  it('may name edges that do not exist as often as it likes', async () => {
    const about = digestOf(village, 'anna', 'boris');
    for (let i = 0; i < 1_000; i++) {
      const equivalent = `X${i}` as typeof about.equivalent;
      village.inject('anna', 'boris', bareFrame('EDGE_DIGEST', { ...about, equivalent }));
    }
    await village.pass(1_000);
    expect(village.service('boris').status()).toMatchObject({ edges: 1, edges_not_compared: 0 });
    expect(village.log.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('is refused when it speaks about the edge of others, or counts differently', async () => {
    const about = digestOf(village, 'anna', 'boris');
    const high = village.person('boris').pid;
    village.inject(
      'anna',
      'boris',
      bareFrame('EDGE_DIGEST', { ...about, low: high, high, digest: EMPTY_DIGEST }),
    );
    annaClaims({ precision: 3 });
    await village.pass(100);
    expect(refusals('boris')).toEqual(['wrong_sender', 'precision_differs']);
  });
});

it('a stranger cannot bring in by way of a history what the limit of uninvited lines keeps out', async () => {
  const strict = await Village.open({
    people: ['anna', 'boris'],
    settings: { limits: { uninvited_lines: 0 } },
  });
  await strict.introduce('anna', 'boris');
  const { signer } = strict.person('anna');
  const line: LineState = {
    from_key: signer.publicKey,
    to: strict.person('boris').pid,
    equivalent: UAH,
    precision: 2,
    limit: 100n,
    status: 'active',
    policy: DEFAULT_POLICY,
    sequence: 1,
    changed: NOW,
  };
  const envelope = seal('TRUST_LINE_CREATE', line, signer.publicKey, (m) => signer.sign(m));
  const about = { ...edgeBetween(strict, 'anna', 'boris'), base: 0, offset: 0, complete: false };
  const lines: EdgeHistory['lines'] = [['TRUST_LINE_CREATE', envelope]];
  strict.inject('anna', 'boris', bareFrame('EDGE_HISTORY', { ...about, lines }));
  await strict.pass(100);
  expect(strict.service('boris').books()).toEqual([]);
});

describe('books that really differ', () => {
  it('freeze the edge at both ends with both views, and open it when they are equal again', async () => {
    await village.pay('anna', 'boris', '5');
    await village.calm();
    const honest = village.disk('boris').snapshot();
    await village.kill('boris');
    await tamper(village, 'boris', 'anna', (each) => ({ ...each, balance: each.balance * 2n }));
    await village.start('boris');
    await village.pass(60_000);
    for (const [name, peer, own, others] of [
      ['anna', 'boris', '-5.00', '-10.00'],
      ['boris', 'anna', '10.00', '5.00'],
    ] as const) {
      expect(edge(name, peer), name).toMatchObject({
        compared: name === 'anna',
        mine: { balance: own },
        theirs: { balance: others },
        dispute: { mine: { balance: own }, theirs: { balance: others }, unproven: [] },
      });
      expect(village.book(name, peer).frozen).toBe(true);
    }
    expect(await village.pay('anna', 'boris', '1')).toMatchObject({ state: 'ABORTED' });
    // A dispute outlives a restart.
    await village.restart('anna');
    expect(village.book('anna', 'boris').frozen).toBe(true);

    await village.kill('boris');
    village.disk('boris').restore(honest);
    await village.start('boris');
    await village.pass(1_000);
    expect(edge('anna', 'boris')).toMatchObject({ compared: true, dispute: null });
    const told = await village.service('anna').history({ type: 'alert' });
    expect(told.map(({ text }) => text)).toEqual([
      expect.stringContaining('frozen'),
      expect.stringContaining('open again'),
    ]);
    expect(await village.pay('anna', 'boris', '1')).toMatchObject({ state: 'COMMITTED' });
    await expectSound();
  });
});

/** The same receipt with votes that nobody has signed. */
function spoilt(bytes: Uint8Array): Uint8Array {
  const receipt = readReceipt(bytes);
  const votes = receipt.votes.map((vote) => vote.with(-1, vote.at(-1)! ^ 1));
  return encodeReceipt({ ...receipt, votes });
}

/** The receipt of the one payment so far. */
async function receiptFrom(name: string): Promise<Uint8Array> {
  const disk = village.disk(name);
  const state = new State(disk);
  await state.load();
  for await (const [key] of disk.scan({ gte: 'attempt/', lt: 'attempt0' })) {
    return receiptOf(state.readAttempt(key.slice('attempt/'.length) as Hash)!);
  }
  throw new Error(`${name} has no payment`);
}
