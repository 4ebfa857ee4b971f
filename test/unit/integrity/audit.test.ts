/** The node's own audit: what it finds is frozen and shown, and a person releases it. */
import { beforeEach, describe, expect, it } from 'vitest';
import { keys } from '../../../node/store/keys.ts';
import { AttemptRecord, decodeRecord, encodeRecord } from '../../../node/store/records.ts';
import { Village } from '../engine/harness.ts';
import { edgeBetween, tamper } from '../engine/old-books.ts';
import { faultsOf } from '../engine/village-audit.ts';

const HOUR = 3_600_000;

let village: Village;

beforeEach(async () => {
  village = await Village.open({
    people: ['anna', 'boris', 'cyril'],
    lines: ['boris>anna 100', 'cyril>boris 100'],
  });
  await village.pay('anna', 'cyril', '30');
  await village.calm();
});

const service = (name: string) => village.service(name);
const edgeOf = (name: string, peer: string) =>
  service(name).edge({ peer: village.pid(peer), equivalent: 'UAH' });
const broken = async (name: string) =>
  (await village.run(service(name).audit())).filter(({ held }) => !held).map((row) => row.name);
const alerts = async (name: string) =>
  (await village.run(service(name).events({ after: '0-0' }))).events.filter(
    ({ topic }) => topic === 'integrity.alert',
  );

/** What is wrong in the store when the node starts. */
async function startWith(change: () => void | Promise<void>): Promise<void> {
  await village.kill('boris');
  await change();
  await village.start('boris');
}

/** Removes or replaces one entry of Boris's store while he is down. */
function replace(key: string, value?: Uint8Array): void {
  const disk = village.disk('boris');
  const others = disk.snapshot().filter(([each]) => each !== key);
  disk.restore(value === undefined ? others : [...others, [key, value]]);
}

function attemptsOfBoris(): [key: string, record: AttemptRecord][] {
  return village
    .disk('boris')
    .snapshot()
    .filter(([key]) => key.startsWith('attempt/'))
    .map(([key, value]) => [key, decodeRecord(AttemptRecord, value)]);
}

describe('an audit', () => {
  it('finds nothing in sound books, and says so in the status', async () => {
    expect(service('boris').status()).toMatchObject({ audited: null, invariants_broken: 0 });
    expect(await broken('boris')).toEqual([]);
    expect(service('boris').status().audited).not.toBeNull();
    expect(await faultsOf(village)).toEqual([]);
  });

  it('is made by itself from time to time', async () => {
    await startWith(() =>
      tamper(village, 'boris', 'anna', (edge) => ({ ...edge, balance: edge.balance / 2n })),
    );
    expect(edgeOf('boris', 'anna').finding).toBeNull();
    await village.pass(HOUR + 1_000);
    expect(edgeOf('boris', 'anna').finding?.problems).toHaveLength(1);
  });

  it('freezes the edge whose book is not what its certificates say, and no other', async () => {
    await startWith(() =>
      tamper(village, 'boris', 'anna', (edge) => ({ ...edge, balance: edge.balance / 2n })),
    );
    expect(await broken('boris')).toEqual(['debts are the sum of stored certificates']);
    const edge = edgeOf('boris', 'anna');
    expect(edge.dispute?.reason).toContain('the audit found');
    expect(edge.finding).toMatchObject({
      stored: { balance: '15.00', count: 1 },
      proven: { balance: '30.00', count: 1 },
    });
    expect(edgeOf('boris', 'cyril').dispute).toBeNull();
    expect(service('boris').status()).toMatchObject({ edges_disputed: 1, invariants_broken: 1 });
    const found = await alerts('boris');
    expect(found).toHaveLength(1);
    expect(found[0]!.text).toContain('the audit found');
    const history = await village.run(service('boris').history({ type: 'alert' }));
    expect(history.map(({ text }) => text)).toEqual([expect.stringContaining('is frozen')]);
  });

  it('tells of a debt above its limit once, and freezes nothing: what is proven is owed', async () => {
    await startWith(() =>
      tamper(village, 'boris', 'anna', (edge) => {
        const [line, limit] = [
          edge.lowLine === undefined ? 'highLine' : 'lowLine',
          1_000n,
        ] as const;
        return { ...edge, [line]: { ...edge[line], limit } };
      }),
    );
    await village.calm();
    for (let i = 0; i < 2; i++) expect(await broken('boris')).toEqual(['debts within limits']);
    expect(edgeOf('boris', 'anna')).toMatchObject({ dispute: null });
    expect((await alerts('boris')).map(({ text }) => text)).toEqual([
      expect.stringContaining('debts within limits'),
    ]);
    // The debt can be paid back, and then there is nothing left to tell.
    await village.pay('boris', 'anna', '30');
    await village.calm();
    expect(await broken('boris')).toEqual([]);
  });

  it('says the same thing once', async () => {
    await startWith(() =>
      tamper(village, 'boris', 'anna', (edge) => ({ ...edge, balance: edge.balance / 2n })),
    );
    for (let round = 0; round < 3; round++) await broken('boris');
    expect(await alerts('boris')).toHaveLength(1);
  });

  it.each([
    [
      'a receipt that is gone',
      'debts are the sum of stored certificates',
      () => replace(attemptsOfBoris()[0]![0]),
    ],
    [
      'a hold of nothing',
      'every hold belongs to a live attempt',
      () => tamper(village, 'boris', 'anna', (edge) => ({ ...edge, heldUp: 5n })),
    ],
    [
      'an order that was carried out twice',
      'at most one committed attempt per order',
      () => {
        const [, record] = attemptsOfBoris()[0]!;
        const again = { ...record, attempt: 2 };
        replace(keys.attempt('ab'.repeat(32) as never), encodeRecord(AttemptRecord, again));
        replace(keys.transaction(record.tx as never));
      },
    ],
  ])('finds %s', async (_, name, change) => {
    await startWith(change);
    expect(await broken('boris')).toContain(name);
    expect(edgeOf('boris', 'anna').finding).not.toBeNull();
  });

  it('notices that the store is not what the node has in memory', async () => {
    const key = keys.edge(edgeBetween(village, 'boris', 'anna'));
    const other = keys.edge(edgeBetween(village, 'boris', 'cyril'));
    const disk = village.disk('boris');
    disk.restore(disk.snapshot().filter(([each]) => each !== key));
    expect(disk.get(other)).toBeDefined();
    expect(await broken('boris')).toEqual(['the books in memory are those of the store']);
    expect(await alerts('boris')).toHaveLength(1);
  });

  it('does not compare memory with a disk that is behind', async () => {
    const writing = service('boris').setParticipation('frozen');
    const rows = await village.run(service('boris').audit());
    expect(rows.find(({ invariant }) => invariant === 'checksums')).toMatchObject({
      held: true,
      detail: expect.stringContaining('not compared'),
    });
    await village.run(writing);
  });
});

describe('a frozen edge', () => {
  const release = () =>
    village.run(
      service('boris').releaseEdge({
        peer: village.pid('anna'),
        equivalent: 'UAH',
        reason: 'the disk was replaced',
      }),
    );

  it('takes nothing new, and stays frozen over restarts and comparisons', async () => {
    await startWith(() => tamper(village, 'boris', 'anna', (edge) => ({ ...edge, heldUp: 5n })));
    await broken('boris');
    await village.restart('boris');
    await village.pass(310_000);
    expect(edgeOf('boris', 'anna').dispute?.reason).toContain('the audit found');
    expect((await village.pay('anna', 'cyril', '1')).state).toBe('ABORTED');
  });

  it('is released by a person, but only when it is sound', async () => {
    let sound: Uint8Array | undefined;
    const key = keys.edge(edgeBetween(village, 'boris', 'anna'));
    await startWith(() => {
      sound = village.disk('boris').get(key);
      return tamper(village, 'boris', 'anna', (edge) => ({ ...edge, heldUp: 5n }));
    });
    await broken('boris');
    await expect(release()).rejects.toMatchObject({ details: { fault: 'edge_broken' } });
    await startWith(() => tamper(village, 'boris', 'anna', (edge) => ({ ...edge, heldUp: 0n })));
    expect(sound).toBeDefined();
    expect(await release()).toMatchObject({ dispute: null, finding: null });
    expect((await village.pay('anna', 'cyril', '1')).state).toBe('COMMITTED');
    await village.calm();
    expect(await faultsOf(village)).toEqual([]);
    const history = await village.run(service('boris').history({ type: 'alert' }));
    expect(history.at(-1)!.text).toContain('the disk was replaced');
  });

  it('is not released if no audit has frozen it', async () => {
    await expect(release()).rejects.toMatchObject({
      code: 'E004',
      details: { fault: 'edge_not_broken' },
    });
  });
});

describe('checksums', () => {
  const pair = (name: string, peer: string) => edgeOf(name, peer).mine.checksum;

  it('are the same at both ends of an edge, and change with every payment', async () => {
    const before = pair('anna', 'boris');
    expect(pair('boris', 'anna')).toBe(before);
    await village.pay('anna', 'boris', '1');
    await village.calm();
    expect(pair('anna', 'boris')).not.toBe(before);
    expect(pair('boris', 'anna')).toBe(pair('anna', 'boris'));
  });

  it('of an equivalent are the sum over its edges, however often they were asked for', async () => {
    const sum = (...parts: string[]) =>
      BigInt.asUintN(
        256,
        parts.reduce((all, part) => all + BigInt(`0x${part}`), 0n),
      )
        .toString(16)
        .padStart(64, '0');
    const expectSum = () =>
      expect(service('boris').checksums()).toEqual([
        {
          equivalent: 'UAH',
          edges: 2,
          checksum: sum(pair('boris', 'anna'), pair('boris', 'cyril')),
        },
      ]);
    expectSum();
    for (const amount of ['1', '2', '3']) {
      await village.pay('anna', 'cyril', amount);
      expectSum();
    }
    await village.restart('boris');
    expectSum();
    expect(service('boris').status().checksums).toEqual(service('boris').checksums());
  });
});
