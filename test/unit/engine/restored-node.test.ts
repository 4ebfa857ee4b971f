/**
 * A node that comes back with old books: it finds out before it votes, catches up from its peers'
 * certificates, denies nothing that it has signed, and says what it recovered.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import type { StoreImage } from '../../../node/store/memory.ts';
import type { Hash } from '../../../protocol/identity/pid.ts';
import { CLOCK_SKEW_MS_MAX } from '../../../protocol/limits.ts';
import { encodeManifest, openManifest } from '../../../protocol/machines/manifest.ts';
import { bareFrame, openFrame, seal } from '../../../protocol/wire/envelope.ts';
import type { StatusQuery } from '../../../protocol/wire/messages/payment.ts';
import { manifestOf, NOW, orderOf } from '../machines/sample-payment.ts';
import { Village } from './harness.ts';
import { attemptOf, comeBackWith } from './old-books.ts';
import { faultsOf } from './village-audit.ts';

const PEOPLE = ['anna', 'boris', 'cyril', 'dora'];
/** Money can go from anna to dora and back. */
const LINES = [
  'boris>anna 100',
  'cyril>boris 100',
  'dora>cyril 100',
  'anna>boris 100',
  'boris>cyril 100',
  'cyril>dora 100',
];

let village: Village;

async function expectSound(): Promise<void> {
  expect(await village.calm()).toBe(true);
  expect(await faultsOf(village)).toEqual([]);
}

const statusOf = (name: string) => village.service(name).status();
const saidBy = (name: string, ...types: string[]) =>
  village.sent.filter(({ from, type }) => from === name && types.includes(type));

beforeEach(async () => {
  village = await Village.open({ people: PEOPLE, lines: LINES, acquainted: true });
});

describe('old books catch up', () => {
  /** A day's payments in which boris pays, carries and is paid, after the returned copy was made. */
  async function dayAfterBackup(): Promise<StoreImage> {
    await village.pay('anna', 'dora', '10');
    await village.calm();
    const image = village.disk('boris').snapshot();
    await village.pay('boris', 'dora', '3');
    await village.pay('anna', 'dora', '7');
    await village.pay('dora', 'boris', '2');
    await village.calm();
    await village.pass(24 * 3_600_000);
    return image;
  }

  it('as payer, as intermediary and as payee, and end equal at both ends of every edge', async () => {
    const books = async () => PEOPLE.map((name) => village.service(name).books());
    const image = await dayAfterBackup();
    const before = await books();
    await comeBackWith(village, 'boris', image);
    await village.pass(30_000);
    expect(await books()).toEqual(before);
    expect(statusOf('boris')).toMatchObject({
      recovered: 3,
      edges_not_compared: 0,
      edges_disputed: 0,
      restored: expect.stringContaining('T'),
    });
    await expectSound();
    const payments = await village.service('boris').history({ type: 'payment' });
    expect(payments.map(({ text }) => text)).toEqual(
      expect.arrayContaining(['paid', 'carried for others', 'received']),
    );
    const told = payments.filter(({ text }) => text.includes('recovered'));
    expect(told.length).toBeGreaterThan(0);
    for (const { tx_id: tx } of payments) {
      if (tx === null) continue;
      const seen = await village.service('boris').transaction(tx);
      expect(seen).toMatchObject({ state: 'COMMITTED' });
      expect(seen.certificate).not.toBeNull();
    }
    expect(await village.pay('boris', 'dora', '1')).toMatchObject({ state: 'COMMITTED' });
    await village.pass(CLOCK_SKEW_MS_MAX);
    expect(await village.pay('anna', 'dora', '1')).toMatchObject({ state: 'COMMITTED' });
    expect(await village.pay('dora', 'boris', '1')).toMatchObject({ state: 'COMMITTED' });
    await expectSound();
  });

  it('from nothing but the key: edges and lines too', async () => {
    await dayAfterBackup();
    const books = () => village.service('boris').books();
    const before = books();
    await comeBackWith(village, 'boris', []);
    // The others greet their neighbours when they come to think of them.
    for (const name of ['anna', 'cyril']) await village.introduce(name, 'boris');
    await village.pass(60_000);
    const byPeer = (rows: typeof before) => rows.toSorted((a, b) => (a.peer < b.peer ? -1 : 1));
    expect(byPeer(books())).toEqual(byPeer(before));
    expect(village.service('boris').equivalents()).toMatchObject([{ code: 'UAH', precision: 2 }]);
    await expectSound();
  });

  it('one edge although the neighbour on the other has gone for good', async () => {
    const image = await dayAfterBackup();
    await village.kill('cyril');
    await comeBackWith(village, 'boris', image);
    await village.pass(30_000);
    expect(village.book('boris', 'anna')).toMatchObject({ balance: '17.00' });
    expect(statusOf('boris').edges_not_compared).toBe(1);
    expect(await village.pay('boris', 'anna', '1')).toMatchObject({ state: 'COMMITTED' });
    await village.start('cyril');
    await expectSound();
    expect(village.book('boris', 'cyril')).toMatchObject({ balance: '-18.00' });
  });

  it('on the lines that it has given itself: the newer version that the peer holds', async () => {
    const image = village.disk('boris').snapshot();
    await village.trust('boris>anna 40');
    await village.trust('boris>anna 30');
    await village.calm();
    await comeBackWith(village, 'boris', image);
    const [given] = village
      .service('boris')
      .trustLines()
      .filter((line) => line.direction === 'given' && line.peer === village.pid('anna'));
    expect(given).toMatchObject({ limit: '30.00', sequence: 3, state: 'COMMITTED' });
    await village.trust('boris>anna 20');
    await expectSound();
    expect(village.book('anna', 'boris').limit_received).toBe('20.00');
  });

  it('and repeat nothing that was waiting for delivery and is out of date', async () => {
    village.fate = ({ type }) => (type === 'TRUST_LINE_ACK' ? 'drop' : 'deliver');
    await village.trust('boris>anna 40');
    const image = village.disk('boris').snapshot();
    village.fate = () => 'deliver';
    await village.trust('boris>anna 30');
    await village.calm();
    await comeBackWith(village, 'boris', image);
    expect(await village.calm(60_000)).toBe(true);
    expect(village.book('boris', 'anna').limit_given).toBe('30.00');
  });
});

describe('before it has compared', () => {
  it('it votes on nothing that uses the edge', async () => {
    await village.pay('anna', 'boris', '60');
    const image = village.disk('boris').snapshot();
    await village.pay('anna', 'boris', '30');
    await village.calm();
    village.fate = ({ type }) => (type.startsWith('EDGE_') ? 'drop' : 'deliver');
    await comeBackWith(village, 'boris', image);
    await village.pass(CLOCK_SKEW_MS_MAX);
    village.sent.length = 0;
    // By boris' old books there would be room for it.
    expect(await village.pay('anna', 'boris', '40')).toMatchObject({ state: 'ABORTED' });
    for (const { frame } of saidBy('boris', 'PAYMENT_PREPARE_ACK')) {
      const vote = openFrame(frame);
      expect(vote.type === 'PAYMENT_PREPARE_ACK' && vote.body.yes).toBe(false);
    }
    expect(await village.pay('boris', 'anna', '1')).toMatchObject({ state: 'ABORTED' });
    village.fate = () => 'deliver';
    await village.pass(20_000);
    expect(village.book('boris', 'anna').balance).toBe('90.00');
    await expectSound();
  });

  it('it does not change a line whose newest version it may have forgotten', async () => {
    const image = village.disk('boris').snapshot();
    await village.trust('boris>anna 40');
    await village.calm();
    village.fate = ({ type }) => (type.startsWith('EDGE_') ? 'drop' : 'deliver');
    await comeBackWith(village, 'boris', image);
    const change = village.service('boris').setTrustLine({
      peer: village.pid('anna'),
      equivalent: 'UAH',
      limit: '20',
    });
    await expect(village.run(change)).rejects.toMatchObject({
      code: 'E008',
      details: { fault: 'edge_not_compared' },
    });
  });
});

describe('what it may have signed', () => {
  /** A payment over boris that is stuck with everyone in doubt, and boris without his record of it. */
  async function forgottenVote(): Promise<Hash> {
    const image = village.disk('boris').snapshot();
    // Nobody learns that anna has decided.
    village.fate = ({ from, type }) =>
      (from === 'anna' && type === 'PAYMENT_COMMIT') || type === 'STATUS_QUERY'
        ? 'drop'
        : 'deliver';
    village.begin('anna', 'cyril', '5').catch(() => undefined);
    await village.pass(500);
    await village.kill('anna');
    const [prepare] = saidBy('anna', 'PAYMENT_PREPARE');
    const body = openFrame(prepare!.frame);
    if (body.type !== 'PAYMENT_PREPARE') throw new Error('no PREPARE was sent');
    await comeBackWith(village, 'boris', image);
    village.sent.length = 0;
    return openManifest(body.body.manifest).hash;
  }

  it('is not denied: its own YES, shown to it, puts it in doubt again, with the holds', async () => {
    const hash = await forgottenVote();
    expect(attemptOf(village, 'boris', hash)).toBeUndefined();
    // Anna, who holds all the votes, comes back and says COMMIT again.
    village.fate = ({ from, type }) =>
      from === 'cyril' && type === 'PAYMENT_COMMIT_ACK' ? 'drop' : 'deliver';
    await village.start('anna');
    await village.pass(1_500);
    expect(attemptOf(village, 'boris', hash)).toBeDefined();
    expect(saidBy('boris', 'PAYMENT_ABORT')).toEqual([]);
    village.fate = () => 'deliver';
    await expectSound();
    expect(village.owes('anna', 'boris')).toBe(village.owes('boris', 'cyril'));
    expect(village.owes('anna', 'boris')).toBe(5);
    for (const name of PEOPLE) {
      expect(await village.service(name).history({ type: 'alert' })).toEqual([]);
    }
  });

  it('is not denied when another voter shows it in a STATUS_QUERY', async () => {
    const hash = await forgottenVote();
    const manifest = await manifestFrom('cyril', hash);
    const yes = seal(
      'PAYMENT_PREPARE_ACK',
      { tx: openManifest(manifest).tx, attempt: 1, manifest: hash, yes: true },
      village.person('boris').signer.publicKey,
      (message) => village.person('boris').signer.sign(message),
    );
    village.fate = ({ from, to }) => (from === 'cyril' && to === 'boris' ? 'deliver' : 'drop');
    const query: StatusQuery = {
      manifest,
      round: 1,
      evidence: { votes: [yes], withdrawals: [], applied: [] },
    };
    village.inject('cyril', 'boris', bareFrame('STATUS_QUERY', query));
    await village.pass(50);
    const record = attemptOf(village, 'boris', hash);
    expect(record?.evidence).toMatchObject({ no: 0n });
    expect(['DOUBT', 'WITHDRAWN']).toContain(record?.phase);
    expect(village.book('boris', 'anna').held_in).toBe('5.00');
    expect(village.book('boris', 'cyril').held_out).toBe('5.00');
  });

  it('and that it has not voted on an order of before is not said either', async () => {
    const image = village.disk('boris').snapshot();
    await village.pass(60_000);
    await comeBackWith(village, 'boris', image);
    village.sent.length = 0;
    const old = encodeManifest(manifestOf({}, orderOf({ created: NOW, expires: NOW + 3_600_000 })));
    const query: StatusQuery = {
      manifest: old,
      round: 1,
      evidence: { votes: [], withdrawals: [], applied: [] },
    };
    village.inject('dora', 'boris', bareFrame('STATUS_QUERY', query));
    await village.pass(1_000);
    expect(saidBy('boris', 'STATUS_REPLY', 'PAYMENT_PREPARE_ACK')).toEqual([]);
    expect(attemptOf(village, 'boris', openManifest(old).hash)).toBeUndefined();

    // A node whose books are its own knows, and says NO there and then.
    village.inject('dora', 'cyril', bareFrame('STATUS_QUERY', query));
    await village.pass(1_000);
    expect(saidBy('cyril', 'STATUS_REPLY')).toHaveLength(1);
    expect(attemptOf(village, 'cyril', openManifest(old).hash)).toMatchObject({ phase: 'ABORTED' });
  });

  it('orders of after the restoration are voted on again', async () => {
    const image = village.disk('boris').snapshot();
    await comeBackWith(village, 'boris', image);
    await village.pass(CLOCK_SKEW_MS_MAX + 1_000);
    expect(await village.pay('anna', 'cyril', '5')).toMatchObject({ state: 'COMMITTED' });
    await expectSound();
  });

  async function manifestFrom(name: string, hash: Hash): Promise<Uint8Array> {
    const bytes = village.disk(name).get(`manifest/${hash}`);
    if (bytes === undefined) throw new Error(`${name} has no such manifest`);
    return bytes;
  }
});

describe('a backup made in the middle of a payment', () => {
  const alerts = async () =>
    (
      await Promise.all(PEOPLE.map((name) => village.service(name).history({ type: 'alert' })))
    ).flat();

  /** The store of `name` at the moment when it has just written its part of anna's payment to cyril. */
  async function midPayment(name: string, phase: string): Promise<StoreImage> {
    let image: StoreImage | undefined;
    village.begin('anna', 'cyril', '5').catch(() => undefined);
    const found = await village.clock.until(() => {
      const snapshot = village.disk(name).snapshot();
      const live = snapshot.find(([key]) => key.startsWith('live/'))?.[0].slice('live/'.length);
      const record = live && attemptOf(village, name, live as Hash);
      if (record && record.phase === phase) image = snapshot;
      return image !== undefined;
    }, 5_000);
    expect(found).toBe(true);
    return image!;
  }

  it.each([
    ['anna', 'COLLECT'],
    ['anna', 'DECIDED'],
    ['boris', 'DOUBT'],
    ['cyril', 'DOUBT'],
  ])('brings %s back from %s to what has been paid, with nobody accused', async (name, phase) => {
    const image = await midPayment(name, phase);
    await village.calm();
    expect(village.owes('boris', 'cyril')).toBe(5);
    await comeBackWith(village, name, image);
    await village.pass(30_000);
    await expectSound();
    expect(village.owes('anna', 'boris')).toBe(5);
    expect(village.owes('boris', 'cyril')).toBe(5);
    expect(await alerts()).toEqual([]);
    expect(await village.pay(name, 'dora', '1')).toMatchObject({ state: 'COMMITTED' });
  });

  it('does not let a voter commit what it has withdrawn since', async () => {
    const image = await midPayment('boris', 'DOUBT');
    // Anna decides, tells nobody, and is away until the others have given it up.
    village.fate = ({ from, type }) =>
      from === 'anna' && type === 'PAYMENT_COMMIT' ? 'drop' : 'deliver';
    await village.pass(500);
    await village.kill('anna');
    village.fate = () => 'deliver';
    expect(await village.calm()).toBe(true);
    expect(village.book('cyril', 'boris')).toMatchObject({ count: 0, held: '0.00' });
    await comeBackWith(village, 'boris', image);
    await village.start('anna');
    await expectSound();
    expect(village.owes('boris', 'cyril')).toBe(0);
    expect(await alerts()).toEqual([]);
  });

  it('that nobody has decided since is decided with it', async () => {
    const image = await midPayment('boris', 'DOUBT');
    village.fate = ({ from }) => (from === 'boris' ? 'drop' : 'deliver');
    await village.pass(2);
    await comeBackWith(village, 'boris', image);
    village.fate = () => 'deliver';
    await expectSound();
    expect(await alerts()).toEqual([]);
  });

  it('between two: the one that is left waiting is told by the one that came back', async () => {
    const image = village.disk('boris').snapshot();
    // Boris votes, and is gone with his disk before he hears of the outcome.
    village.fate = ({ from, type }) =>
      from === 'anna' && type === 'PAYMENT_COMMIT' ? 'drop' : 'deliver';
    village.begin('anna', 'boris', '5').catch(() => undefined);
    await village.pass(50);
    expect(statusOf('anna').attempts_in_doubt).toBe(1);
    await comeBackWith(village, 'boris', image);
    village.fate = () => 'deliver';
    await expectSound();
    expect(village.owes('anna', 'boris')).toBe(5);
    expect(await alerts()).toEqual([]);
  });
});
