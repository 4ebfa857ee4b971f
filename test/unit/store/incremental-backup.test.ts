/** Incremental backups: any moment since the full copy comes back, whatever happened on the way. */
import { mkdtemp, readdir, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Log, StoreOp } from '../../../node/ports.ts';
import { restoreBackup } from '../../../node/store/backup/backup.ts';
import { IncrementalBackup } from '../../../node/store/backup/incremental.ts';
import { RedoLog } from '../../../node/store/backup/redo-log.ts';
import { findPoint, type Point } from '../../../node/store/backup/restore-point.ts';
import { keys, rangeOf } from '../../../node/store/keys.ts';
import { openLevelStore } from '../../../node/store/level/level.ts';
import { createMemoryStore, type MemoryStore } from '../../../node/store/memory.ts';

const BEGUN = Date.UTC(2026, 2, 1, 12);

let root: string;
let directory: string;
let disk: MemoryStore;
let redo: RedoLog;
let backup: IncrementalBackup;
let now: number;
let alerts: string[];
/** What the store held after each batch, by its number. */
let moments: Map<number, Record<string, string>>;
/** Tasks that wait for the clock. */
let waiting: (() => void)[];

const report: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'geo-incremental-'));
  directory = join(root, 'kept');
  disk = createMemoryStore();
  now = BEGUN;
  alerts = [];
  moments = new Map();
  await live();
});
afterEach(async () => {
  await backup.stop();
  await rm(root, { recursive: true, force: true });
});

/** A process begins on what the disk holds; the one before has ended without a word. */
async function live(waitingBytesMax?: number): Promise<void> {
  disk = createMemoryStore(disk.snapshot());
  waiting = [];
  const clock = {
    now: () => now,
    after: (_: number, task: () => void) => {
      waiting.push(task);
      return () => {
        waiting = waiting.filter((each) => each !== task);
      };
    },
    soon: (task: () => void) => setImmediate(task),
  };
  redo = new RedoLog(disk, clock);
  const context = {
    log: redo,
    clock,
    report,
    remember: (name: string, value: Uint8Array | undefined) =>
      redo.write([
        value === undefined
          ? { type: 'del', key: keys.meta(name) }
          : { type: 'put', key: keys.meta(name), value },
      ]),
    alert: (text: string) => alerts.push(text),
  };
  backup = new IncrementalBackup(context, waitingBytesMax);
  await backup.start();
}

/** What the clock was asked for happens, and the disk has done its part. */
async function tick(): Promise<void> {
  for (const task of waiting.splice(0)) task();
  const before = waiting.length;
  while (waiting.length === before) await new Promise((resolve) => setTimeout(resolve, 1));
}

const put = (key: string, text: string): StoreOp => ({
  type: 'put',
  key,
  value: new TextEncoder().encode(text),
});

/** One batch; a second later than the one before. */
async function write(...ops: StoreOp[]): Promise<void> {
  now += 1_000;
  await redo.write(ops);
  moments.set(redo.head, await contentOf(disk));
}

async function contentOf(store: Pick<MemoryStore, 'scan'>): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const [key, value] of store.scan({ gte: '', lt: '\u{10ffff}' })) {
    const isOwn = key.startsWith('redo/') || key.startsWith('meta/');
    if (!isOwn) found[key] = new TextDecoder().decode(value);
  }
  return found;
}

async function restored(point?: Point): Promise<Record<string, string>> {
  const { file, changes } = await findPoint(directory, point);
  const target = join(root, `store-${Math.random()}`);
  await restoreBackup(file, target, { changes: changes() });
  const store = await openLevelStore(target, { mustExist: true });
  try {
    return await contentOf(store);
  } finally {
    await store.close();
  }
}

async function filesOf(generation = backup.state!.generation): Promise<string[]> {
  return (await readdir(join(directory, generation))).sort();
}

async function writeSome(from: number, count: number): Promise<void> {
  for (let n = from; n < from + count; n++) {
    await write(
      put(`edge/${n % 3}`, `balance ${n}`),
      put(`attempt/${n}`, 'made'),
      ...(n > 2 ? [{ type: 'del', key: `attempt/${n - 2}` } as const] : []),
    );
  }
}

describe('an incremental backup', () => {
  it('brings back every moment since its full copy, by number and by time', async () => {
    await write(put('edge/old', 'from before'));
    await backup.keep(directory, false);
    await writeSome(1, 8);
    await backup.keep(directory, false);
    const last = redo.head;
    for (const [number, content] of moments) {
      if (number === 0) continue;
      expect(await restored({ number }), `batch ${number}`).toEqual(content);
    }
    expect(await restored()).toEqual(moments.get(last));
    expect(await restored({ time: now - 3_000 })).toEqual(moments.get(last - 3));
    expect(await restored({ time: now - 2_001 })).toEqual(moments.get(last - 3));
    expect(await restored({ time: now + 1_000_000 })).toEqual(moments.get(last));
  });

  it('is brought up to date by itself', async () => {
    await backup.keep(directory, false);
    await writeSome(1, 3);
    await tick();
    expect(backup.state).toMatchObject({ number: redo.head, waitingBytes: 0, complete: now });
    expect(await restored()).toEqual(moments.get(redo.head));
  });

  it('keeps no more of the log than the files lack', async () => {
    await backup.keep(directory, false);
    for (let round = 0; round < 20; round++) {
      await writeSome(round * 5, 5);
      await backup.keep(directory, false);
    }
    await write(put('last', 'one'));
    let entries = 0;
    for await (const _ of disk.scan(rangeOf('redo'))) entries++;
    expect(entries).toBeLessThan(8);
  });

  it('goes on in the same files after a restart, and loses and repeats nothing', async () => {
    await backup.keep(directory, false);
    await writeSome(1, 4);
    await backup.keep(directory, false);
    const files = await filesOf();
    await writeSome(5, 4); // not in the files when the process ends
    await live();
    await writeSome(9, 2);
    await tick();
    expect(await filesOf()).toEqual(files);
    for (const [number, content] of moments) {
      expect(await restored({ number }), `batch ${number}`).toEqual(content);
    }
  });

  it('has what was written to the files just before the process ended only once', async () => {
    await backup.keep(directory, false);
    await writeSome(1, 4);
    await backup.keep(directory, false); // no batch has dropped the log's entries yet
    await live();
    await writeSome(5, 1);
    await tick();
    const { batches } = await findPoint(directory, undefined);
    // With the one that says where the backup is kept.
    expect(batches).toBe(6);
    expect(await restored()).toEqual(moments.get(redo.head));
  });

  it.each([1, 40, 100])('cuts off an end of %s bytes less that a crash has left', async (cut) => {
    await backup.keep(directory, false);
    await writeSome(1, 4);
    await backup.keep(directory, false);
    const [, segment] = await filesOf();
    const path = join(directory, backup.state!.generation, segment!);
    await truncate(path, (await readFile(path)).length - cut);
    expect(await restored()).toEqual(moments.get(redo.head - 1));
    await live();
    await writeSome(5, 1);
    await tick();
    expect(await restored()).toEqual(moments.get(redo.head));
    expect((await findPoint(directory, undefined)).batches).toBe(6);
  });

  it('goes on after a crash while a segment was begun', async () => {
    await backup.keep(directory, false);
    await writeSome(1, 2);
    await backup.keep(directory, false);
    const { generation } = backup.state!;
    await writeFile(join(directory, generation, 'segment-0000000000000099.geo'), 'geo-seg');
    expect(await restored()).toEqual(moments.get(redo.head));
    await live();
    await writeSome(3, 1);
    await tick();
    expect(backup.state!.generation).toBe(generation);
    expect(await restored()).toEqual(moments.get(redo.head));
  });

  it('continues in another segment when one has grown', async () => {
    await backup.keep(directory, false);
    for (let n = 0; n < 5; n++) {
      await write(put(`large/${n}`, String(n).repeat(4_500_000)));
      await backup.keep(directory, false);
    }
    expect(backup.state!.segments).toBe(3);
    expect(Object.keys(await restored()).length).toBe(5);
    expect(Object.keys(await restored({ number: redo.head - 2 })).length).toBe(3);
    await live();
    await writeSome(1, 1);
    await tick();
    expect(backup.state!.segments).toBe(3);
    expect(await restored()).toEqual(moments.get(redo.head));
  });

  it('begins a new generation when it is told to, and keeps the old one', async () => {
    await backup.keep(directory, false);
    await writeSome(1, 2);
    const middle = redo.head;
    now += 1_000;
    await backup.keep(directory, true);
    await writeSome(3, 2);
    await backup.keep(directory, false);
    expect(await readdir(directory)).toHaveLength(2);
    expect(await restored()).toEqual(moments.get(redo.head));
    expect(await restored({ number: middle - 1 })).toEqual(moments.get(middle - 1));
  });

  it('does not begin anew by itself if its files are gone: their disk may be away', async () => {
    await backup.keep(directory, false);
    await rm(join(directory, backup.state!.generation), { recursive: true });
    await live();
    await writeSome(1, 2);
    await tick();
    expect(backup.state!.problem).toContain('--anew');
    await expect(backup.keep(directory, false)).rejects.toMatchObject({
      details: { fault: 'backup_gone' },
    });
    await backup.keep(directory, true);
    expect(backup.state!.problem).toBeUndefined();
    expect(await restored()).toEqual(await contentOf(disk));
  });

  it('waits while the directory is away, and catches up', async () => {
    await backup.keep(directory, false);
    await writeSome(1, 1);
    await live();
    await rename(directory, `${directory}-away`);
    await writeFile(directory, 'in the way');
    await writeSome(2, 3);
    await tick();
    expect(backup.state!.problem).toContain(directory);
    expect(backup.state!.waitingBytes).toBeGreaterThan(0);
    await rm(directory);
    await rename(`${directory}-away`, directory);
    await tick();
    expect(backup.state).toMatchObject({ problem: undefined, waitingBytes: 0 });
    expect(await restored()).toEqual(moments.get(redo.head));
  });

  it('is given up, with an alert, before it fills the store', async () => {
    await backup.keep(directory, false);
    await live(1_000);
    await write(put('large', 'x'.repeat(2_000)));
    for (const task of waiting.splice(0)) task();
    await expect.poll(() => backup.state).toBeUndefined();
    expect(alerts).toEqual([expect.stringContaining('given up')]);
    await live();
    expect(backup.state).toBeUndefined();
  });

  it('is ended by a person, and its files stay', async () => {
    await backup.keep(directory, false);
    await writeSome(1, 2);
    await backup.end();
    expect(backup.state).toBeUndefined();
    const kept = moments.get(redo.head);
    await write(put('edge/later', 'not in the backup'));
    expect(await restored()).toMatchObject({ 'edge/2': 'balance 2' });
    expect(await restored()).not.toHaveProperty('edge/later');
    expect(kept).not.toHaveProperty('edge/later');
  });

  it('is kept in one place', async () => {
    await backup.keep(directory, false);
    await expect(backup.keep(join(root, 'other'), false)).rejects.toMatchObject({
      code: 'E008',
      details: { fault: 'backup_elsewhere' },
    });
  });

  it('is not begun where nothing can be written', async () => {
    await writeFile(directory, 'in the way');
    await expect(backup.keep(directory, false)).rejects.toMatchObject({
      code: 'E010',
      details: { fault: 'backup_write_failed' },
    });
    expect(backup.state).toBeUndefined();
  });
});

describe('restoring from files that are not right', () => {
  beforeEach(async () => {
    await backup.keep(directory, false);
    await writeSome(1, 6);
    await backup.keep(directory, false);
  });

  it('refuses a changed batch, and says up to where everything is right', async () => {
    const path = join(directory, backup.state!.generation, (await filesOf())[1]!);
    const bytes = await readFile(path);
    const at = bytes.indexOf('balance 4');
    bytes[at + 8]! ^= 1;
    await writeFile(path, bytes);
    const refused = await findPoint(directory, undefined).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'E009', details: { fault: 'backup_damaged' } });
    const [, number] = /--to (\d+)/.exec(String(refused))!;
    expect(await restored({ number: Number(number) })).toEqual(moments.get(Number(number)));
    expect(moments.get(Number(number))).toMatchObject({ 'edge/0': 'balance 3' });
  });

  it('refuses segments that do not follow the full copy', async () => {
    const [full] = await filesOf();
    const other = join(root, 'other');
    await backup.end();
    await write(put('edge/other', 'x'));
    await backup.keep(other, false);
    const { generation } = backup.state!;
    const [first] = (await readdir(directory)).sort();
    await writeFile(
      join(directory, first!, full!),
      await readFile(join(other, generation, 'full.geo')),
    );
    await expect(findPoint(directory, undefined)).rejects.toMatchObject({
      details: { fault: 'no_backup' },
    });
  });

  it.each([
    ['a time before it', { time: BEGUN - 1 }],
    ['a batch that is not there', { number: 10_000 }],
  ])('refuses %s', async (_, point) => {
    await expect(findPoint(directory, point)).rejects.toMatchObject({
      code: 'E009',
      details: { fault: 'point_not_covered' },
    });
  });

  it('refuses a directory without one', async () => {
    await expect(findPoint(root, undefined)).rejects.toMatchObject({
      code: 'E009',
      details: { fault: 'no_backup' },
    });
  });
});
