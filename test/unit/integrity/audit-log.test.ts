/** What was done to a node itself is in its audit log, and whoever changes the log is found out. */
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join as pathOf } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import type { NotedOptions } from '../../../node/integrity/noted-options.ts';
import { nativeVerify } from '../../../node/platform/native-ed25519.ts';
import { isOf, keys, LOG_HEAD, LOG_SETTINGS } from '../../../node/store/keys.ts';
import { verifyStore } from '../../../node/verify-store.ts';
import { Village } from '../engine/harness.ts';
import { tamper } from '../engine/old-books.ts';
import { change, join, openHub } from '../hub/hub-village.ts';

let village: Village;

beforeEach(async () => {
  village = await Village.open({ people: ['anna', 'boris'], lines: ['boris>anna 100'] });
  await village.pay('anna', 'boris', '30');
  await village.calm();
});

const boris = () => village.service('boris');
const log = async () => {
  const entries = await village.run(boris().auditLog({ after: 0, limit: 1_000 }));
  return entries.map(({ kind, text }) => ({ kind, text }));
};
const check = () => verifyStore(village.disk('boris'), nativeVerify, async () => {});
const alerts = async () =>
  (await village.run(boris().events({ after: '0-0' }))).events.flatMap(({ topic, text }) =>
    topic === 'integrity.alert' ? [text] : [],
  );

/** What waits for real files, while the village's time passes. */
async function onDisk(work: Promise<unknown>): Promise<void> {
  let isDone = false;
  const end = () => {
    isDone = true;
  };
  work.then(end, end);
  while (!isDone) {
    await new Promise((resolve) => setTimeout(resolve, 2));
    await village.pass(20);
  }
  await work;
}

/** Changes what is stored of Boris while his node is down. */
async function alter(change: (key: string, value: Uint8Array) => Uint8Array | undefined) {
  if (village.isUp('boris')) await village.kill('boris');
  const disk = village.disk('boris');
  const changed = disk.snapshot().flatMap(([key, value]): [string, Uint8Array][] => {
    const after = change(key, value);
    return after === undefined ? [] : [[key, after]];
  });
  disk.restore(changed);
}

/** The same with one bit of one byte the other way round. */
function flipped(value: Uint8Array, index: number): Uint8Array {
  const copy = value.slice();
  copy[index]! ^= 1;
  return copy;
}

describe('the audit log', () => {
  it('has the start, what the owner does, what an audit freezes and a person releases', async () => {
    await village.run(boris().setParticipation('frozen'));
    const file = pathOf(await mkdtemp(pathOf(tmpdir(), 'geo-log-')), 'boris.geo');
    await onDisk(boris().backup(file));
    await village.kill('boris');
    await tamper(village, 'boris', 'anna', (edge) => ({ ...edge, heldUp: 5n }));
    await village.start('boris');
    await village.run(boris().audit());
    await village.kill('boris');
    await tamper(village, 'boris', 'anna', (edge) => ({ ...edge, heldUp: 0n }));
    await village.start('boris');
    const edge = { peer: village.pid('anna'), equivalent: 'UAH' };
    await village.run(boris().releaseEdge({ ...edge, reason: 'the disk was replaced' }));
    expect(await log()).toEqual([
      { kind: 'started', text: 'for the first time' },
      { kind: 'participation', text: 'frozen' },
      { kind: 'backup', text: `whole: ${file}` },
      { kind: 'freeze', text: expect.stringContaining('edge UAH/') },
      { kind: 'release', text: expect.stringContaining('edge UAH/') },
    ]);
    expect(await check()).toMatchObject({ problems: [] });
  });

  it('says what an option was and is when it has changed, and says nothing of a start as before', async () => {
    await village.restart('boris');
    expect(await log()).toHaveLength(1);
    await alter((key, value) => {
      if (key !== keys.meta(LOG_SETTINGS)) return value;
      const before = JSON.parse(new TextDecoder().decode(value)) as NotedOptions;
      const other = { 'events.kept': ['other', '7'], 'hub.enabled': ['other', 'true'] };
      return new TextEncoder().encode(JSON.stringify({ ...before, ...other }));
    });
    await village.start('boris');
    expect((await log()).slice(1)).toEqual([
      { kind: 'started', text: expect.stringMatching(/^events\.kept: 7 is now \d+$/) },
      { kind: 'started', text: 'hub.enabled: true is now false' },
    ]);
  });

  it('that was altered in one byte, or cut, is noticed at the start, by audits and by whoever looks', async () => {
    await village.run(boris().setParticipation('frozen'));
    await village.run(boris().setParticipation('active'));
    const whole = village.disk('boris').snapshot();
    const entries = whole.filter(([key]) => isOf('log', key));
    expect(entries).toHaveLength(3);
    for (const [at, [, value]] of entries.entries()) {
      for (const index of [1, value.length >> 1, value.length - 1]) {
        village.disk('boris').restore(whole);
        await alter((key, each) => (key === keys.log(at + 1) ? flipped(each, index) : each));
        expect((await check()).problems.join()).toMatch(/log/);
        await village.start('boris');
        expect((await alerts()).at(-1)).toContain('The audit log is not what was written');
        const rows = await village.run(boris().audit());
        expect(rows.filter(({ held }) => !held).map(({ invariant }) => invariant)).toEqual(['log']);
        await village.kill('boris');
      }
    }
    const withoutLast = (key: string, value: Uint8Array) =>
      key === keys.log(3) ? undefined : value;
    const withoutAll = (key: string, value: Uint8Array) => (isOf('log', key) ? undefined : value);
    const withoutHead = (key: string, value: Uint8Array) =>
      key === keys.meta(LOG_HEAD) ? undefined : value;
    for (const cut of [withoutLast, withoutAll, withoutHead]) {
      village.disk('boris').restore(whole);
      await alter(cut);
      expect((await check()).problems).toEqual([expect.stringContaining('audit log')]);
      await village.start('boris');
    }
    // Nothing said which entry was the newest: what is there is not written over, and what follows does not mend it.
    await village.run(boris().setParticipation('frozen'));
    expect(await log()).toHaveLength(4);
    expect((await check()).problems).toEqual([expect.stringContaining('audit log')]);
  });
});

describe('a look over the whole store', () => {
  it('reads every record, and finds sound what is sound', async () => {
    const found = await check();
    expect(found.problems).toEqual([]);
    expect(found.records).toBe(village.disk('boris').snapshot().length);
    expect(found.checksums).toEqual(boris().checksums());
    expect(await village.run(boris().verifyStore())).toMatchObject({ problems: [] });
  });

  it('names the record that cannot be read, that is not the content of its name, or that is nobody’s', async () => {
    const whole = village.disk('boris').snapshot();
    const cases: [RegExp, (key: string, value: Uint8Array) => Uint8Array][] = [
      [
        /^manifest\/\w+: the content is not/,
        (key, value) => (isOf('manifest', key) ? flipped(value, value.length - 1) : value),
      ],
      [/^edge\/.*: /, (key, value) => (isOf('edge', key) ? value.slice(1) : value)],
      [/^history\/\d+: /, (key, value) => (isOf('history', key) ? new Uint8Array(3) : value)],
    ];
    for (const [problem, change] of cases) {
      village.disk('boris').restore(whole);
      await alter(change);
      expect((await check()).problems[0]).toMatch(problem);
    }
    village.disk('boris').restore([...whole, ['weather/today', new Uint8Array(1)]]);
    expect((await check()).problems).toEqual([
      'weather/today: nothing of this program is stored there',
    ]);
  });

  it('of a hub follows its journal as well, and the acts are in the audit log by their hashes', async () => {
    const hub = await openHub();
    await join(hub, 'anna');
    await change(hub, 'anna', 'suspend', 'a dispute');
    const look = () => verifyStore(hub.disk('hub'), nativeVerify, async () => {});
    expect((await look()).problems).toEqual([]);
    const entries = await hub.run(hub.service('hub').auditLog({ after: 0, limit: 1_000 }));
    const acts = entries.filter(({ kind }) => kind === 'act').map(({ text }) => text);
    expect(acts.at(-1)).toMatch(
      new RegExp(`^act \\d+, SHA-256 ${hub.service('hub').hubStats().head}$`),
    );
    await hub.kill('hub');
    const whole = hub.disk('hub').snapshot();
    hub.disk('hub').restore(whole.filter(([key]) => key !== keys.act(2)));
    expect((await look()).problems).toEqual(['the journal of the hub: act 2 is missing']);
  });

  it('finds books that their receipts do not come to', async () => {
    await village.kill('boris');
    await tamper(village, 'boris', 'anna', (edge) => ({ ...edge, balance: edge.balance + 1n }));
    const { problems } = await check();
    expect(problems[0]).toContain('debts are the sum of stored certificates');
    expect(problems.join()).toContain('the edge of');
  });
});
