/**
 * Each file of a store is lost, cut short or altered, after a clean stop and after a crash. The store
 * then refuses to open with E010 `store_damaged`, now and later, or opens with everything in it.
 */
import {
  cp,
  mkdtemp,
  open,
  readdir,
  readFile,
  rm,
  stat,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openLevelStore } from '../../node/store/level/level.ts';
import { entriesOfWrite, writesIn } from './store-content.ts';
import { StoreWriter } from './store-process.ts';

const BYTES = 2000;
const WRITES_PER_ROUND = 250;
const ROUNDS = 3;
const ALL = Array.from({ length: WRITES_PER_ROUND * ROUNDS }, (_, n) => n);

let root: string;
let work: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'geo-damage-'));
  const directory = join(root, 'clean');
  // Each reopening turns the log into a table, so the store ends with several tables and a log.
  for (let round = 0; round < ROUNDS; round += 1) {
    const settings = { directory, first: round * WRITES_PER_ROUND, count: WRITES_PER_ROUND };
    const writer = new StoreWriter({ ...settings, bytes: BYTES, close: round < ROUNDS - 1 });
    await writer.until(() => writer.said('done'));
    if (round < ROUNDS - 1) expect(await writer.ended()).toBe(0);
    else await writer.kill();
  }
  await cp(directory, join(root, 'crashed'), { recursive: true });
  await (await openLevelStore(directory)).close();
});
afterAll(() => rm(root, { recursive: true, force: true }));
beforeEach(() => {
  work = join(root, 'work');
});
afterEach(() => rm(work, { recursive: true, force: true }));

/** `undefined` if the store opened with all its content. */
async function openingFault(): Promise<unknown> {
  let store: Awaited<ReturnType<typeof openLevelStore>>;
  try {
    store = await openLevelStore(work);
  } catch (error) {
    return error;
  }
  try {
    expect(await writesIn(store, BYTES)).toEqual(ALL);
  } finally {
    await store.close();
  }
}

const storeDamaged = expect.objectContaining({
  code: 'E010',
  message: expect.stringContaining('geo restore'),
  details: expect.objectContaining({ fault: 'store_damaged' }),
});

async function overwrite(path: string, offset: number, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'r+');
  await file.write(bytes, 0, bytes.length, offset);
  await file.close();
}

const flipBit = async (path: string, offset: number) => {
  const byte = (await readFile(path))[offset]!;
  await overwrite(path, offset, Uint8Array.of(byte ^ 0x10));
};
const sizeOf = async (path: string) => (await stat(path)).size;

const damages: Record<string, (path: string) => Promise<void>> = {
  'is missing': (path) => rm(path),
  'is empty': (path) => truncate(path, 0),
  'is cut in the middle': async (path) => truncate(path, Math.floor((await sizeOf(path)) / 2)),
  'lacks its last byte': async (path) => truncate(path, (await sizeOf(path)) - 1),
  'is zeros': async (path) => writeFile(path, new Uint8Array(await sizeOf(path))),
  'is garbage': async (path) =>
    writeFile(
      path,
      new Uint8Array(await sizeOf(path)).map((_, n) => (n * 89) ^ (n >> 5)),
    ),
  'has a flipped bit at its beginning': (path) => flipBit(path, 1),
  'has a flipped bit in the middle': async (path) =>
    flipBit(path, Math.floor((await sizeOf(path)) / 2)),
  'has a flipped bit at its end': async (path) => flipBit(path, (await sizeOf(path)) - 1),
  'has zeros for its second half': async (path) => {
    const half = Math.floor((await sizeOf(path)) / 2);
    await overwrite(path, half, new Uint8Array((await sizeOf(path)) - half));
  },
};

const kinds: Record<string, RegExp> = {
  'the table': /\.ldb$/,
  'the log': /\.log$/,
  'the manifest': /^MANIFEST/,
  CURRENT: /^CURRENT$/,
};

describe.each(['clean', 'crashed'])('a store after a %s end', (end) => {
  it('opens whole when nothing happened to it', async () => {
    await cp(join(root, end), work, { recursive: true });
    const names = await readdir(work);
    for (const kind of Object.values(kinds))
      expect(names.some((name) => kind.test(name))).toBe(true);
    expect(await openingFault()).toBeUndefined();
  });

  describe.each(Object.keys(kinds))('when %s', (kind) => {
    it.each(Object.keys(damages))('%s, refuses to open', async (damage) => {
      const names = (await readdir(join(root, end))).filter((name) => kinds[kind]!.test(name));
      for (const name of names) {
        await cp(join(root, end), work, { recursive: true });
        if ((await sizeOf(join(work, name))) > 0 || damage === 'is missing') {
          await damages[damage]!(join(work, name));
          expect(await openingFault(), name).toEqual(storeDamaged);
          expect(await openingFault(), `${name}, second attempt`).toEqual(storeDamaged);
        }
        await rm(work, { recursive: true });
      }
    });
  });

  it.each(['is missing', 'is empty', 'is cut in the middle', 'is garbage'])(
    'opens whole when ACKNOWLEDGED %s',
    async (damage) => {
      await cp(join(root, end), work, { recursive: true });
      await damages[damage]!(join(work, 'ACKNOWLEDGED'));
      expect(await openingFault()).toBeUndefined();
    },
  );

  it('opens whole when only chatter (LOG, LOCK) is lost', async () => {
    await cp(join(root, end), work, { recursive: true });
    for (const name of ['LOG', 'LOG.old', 'LOCK']) await rm(join(work, name), { force: true });
    expect(await openingFault()).toBeUndefined();
  });

  it('refuses when every file of LevelDB is gone but ACKNOWLEDGED tells of a store', async () => {
    await cp(join(root, end), work, { recursive: true });
    for (const name of await readdir(work)) {
      if (name !== 'ACKNOWLEDGED') await rm(join(work, name));
    }
    expect(await openingFault()).toEqual(storeDamaged);
  });

  it('refuses an older log and manifest than those whose writes it acknowledged', async () => {
    await cp(join(root, end), work, { recursive: true });
    const older = join(root, `${end}-older`);
    await cp(work, older, { recursive: true });
    const store = await openLevelStore(work);
    await store.write([{ type: 'put', key: 'x', value: Uint8Array.of(1) }]);
    await store.close();
    for (const name of await readdir(work)) {
      if (name !== 'ACKNOWLEDGED') await rm(join(work, name));
    }
    await cp(older, work, { recursive: true, filter: (path) => !path.endsWith('ACKNOWLEDGED') });
    expect(await openingFault()).toEqual(storeDamaged);
  });
});

it('tells a write that a power cut left unfinished from damage', async () => {
  await cp(join(root, 'crashed'), work, { recursive: true });
  const log = join(work, (await readdir(work)).find((name) => name.endsWith('.log'))!);
  const tail = (await readFile(log)).subarray(-100);
  for (const unfinished of [
    new Uint8Array(5000),
    Uint8Array.of(1, 2, 3),
    // A record of 2000 bytes of which 100 arrived, in the form LevelDB gives it.
    Uint8Array.of(9, 9, 9, 9, 0xd0, 0x07, 1, ...tail),
  ]) {
    await rm(work, { recursive: true });
    await cp(join(root, 'crashed'), work, { recursive: true });
    await writeFile(log, unfinished, { flag: 'a' });
    expect(await openingFault()).toBeUndefined();
  }
});

it('notices an entry that changes while the store is open', async () => {
  // A store small enough for one table, so that no compaction rewrites it meanwhile.
  const written = await openLevelStore(work);
  for (let n = 0; n < 20; n += 1) await written.write(entriesOfWrite(n, BYTES));
  await written.close();
  const store = await openLevelStore(work);
  const tables = (await readdir(work)).filter((name) => name.endsWith('.ldb'));
  expect(tables).toHaveLength(1);
  // Inside the first value of 2000 bytes.
  await flipBit(join(work, tables[0]!), 1000);
  expect(() => store.get('t/00000000/a')).toThrow(/damaged: the entry "t\/00000000\/a" differs/);
  await expect(writesIn(store, BYTES)).rejects.toEqual(storeDamaged);
  expect(store.get('t/00000019/b')).toHaveLength(BYTES);
  await store.close();
  expect(await openingFault()).toEqual(storeDamaged);
});
