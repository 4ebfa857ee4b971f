import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encode as encodeFrames } from 'it-length-prefixed';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../../node/ports.ts';
import { restoreBackup, writeBackup } from '../../../node/store/backup/backup.ts';
import { openLevelStore } from '../../../node/store/level/level.ts';
import { createMemoryStore, type StoreImage } from '../../../node/store/memory.ts';
import { STORE_VERSION, VERSION_KEY, versionStamp } from '../../../node/store/version.ts';
import { type CborValue, encode } from '../../../protocol/wire/cbor.ts';

let root: string;
let file: string;
let target: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'geo-backup-'));
  file = join(root, 'books.backup');
  target = join(root, 'home', 'store');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const content: StoreImage = [
  ['a/empty', new Uint8Array()],
  ...Array.from(
    { length: 3000 },
    (_, n) => [`edge/${String(n).padStart(5, '0')}`, new Uint8Array(randomBytes(n % 700))] as const,
  ),
  ['large', new Uint8Array(randomBytes(3_000_000))],
  ['я/\u{1f33b}', Uint8Array.of(1)],
];

/** Entries in a form that is quick to compare. */
const inHex = (entries: StoreImage) =>
  entries.map(([key, value]) => `${key}: ${Buffer.from(value).toString('hex')}`);

/** What the restored store holds besides its own entries. */
async function restoredContent(): Promise<string[]> {
  const store = await openLevelStore(target, { mustExist: true });
  const found: [string, Uint8Array][] = [];
  for await (const entry of store.scan({ gte: '', lt: '\u{10ffff}' })) {
    if (!entry[0].startsWith('meta/')) found.push([...entry]);
  }
  await store.close();
  return inHex(found);
}

describe('a backup', () => {
  it('brings back every entry, from a store in memory or on disk', async () => {
    const memory = await writeBackup(createMemoryStore(content), file);
    expect(memory).toEqual({ entries: content.length, bytes: (await stat(file)).size });
    expect(await restoreBackup(file, target)).toEqual(memory);
    expect(await restoredContent()).toEqual(inHex(content));

    const onDisk = await openLevelStore(target);
    const again = join(root, 'again.backup');
    expect((await writeBackup(onDisk, again)).entries).toBe(content.length);
    await onDisk.close();
    expect((await readFile(again)).equals(await readFile(file))).toBe(true);
  });

  it('of an empty store is a backup too', async () => {
    expect((await writeBackup(createMemoryStore(), file)).entries).toBe(0);
    expect((await restoreBackup(file, target)).entries).toBe(0);
    expect(await restoredContent()).toEqual([]);
  });

  it('is for its owner alone, and leaves no draft behind', async () => {
    await writeBackup(createMemoryStore(content), file);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(await readdir(root)).toEqual(['books.backup']);
  });

  it('holds one moment although writes go on', async () => {
    const store = await openLevelStore(join(root, 'live'));
    const number = (n: number) => new TextEncoder().encode(String(n));
    // Every write raises all counters together: a moment in between would show unequal ones.
    const raise = (n: number) =>
      store.write(
        Array.from({ length: 400 }, (_, i) => ({ type: 'put', key: `c/${i}`, value: number(n) })),
      );
    await raise(0);
    let isDone = false;
    let last = 0;
    const writing = (async () => {
      while (!isDone) {
        last += 1;
        await raise(last);
      }
    })();
    await writeBackup(store, file);
    const lastBefore = last;
    isDone = true;
    await writing;
    expect(lastBefore).toBeGreaterThan(0);
    await store.close();

    await restoreBackup(file, target);
    const restored = await restoredContent();
    expect(restored).toHaveLength(400);
    const values = new Set(restored.map((entry) => entry.split(': ')[1]!));
    expect(values.size).toBe(1);
    const moment = Number(Buffer.from([...values][0]!, 'hex').toString());
    expect(moment).toBeLessThanOrEqual(lastBefore);
  });

  it('overwrites no file', async () => {
    await writeFile(file, 'mine');
    await expect(writeBackup(createMemoryStore(content), file)).rejects.toMatchObject({
      code: 'E008',
      details: { fault: 'file_exists', path: file },
    });
    expect(await readFile(file, 'utf8')).toBe('mine');
  });

  it('leaves nothing when it cannot be written', async () => {
    const nowhere = join(root, 'no', 'such', 'directory', 'f');
    await expect(writeBackup(createMemoryStore(content), nowhere)).rejects.toMatchObject({
      code: 'E009',
      details: { fault: 'backup_write_failed', errno: 'ENOENT' },
    });
    expect(await readdir(root)).toEqual([]);
  });

  it('leaves nothing when the store fails under it', async () => {
    const store = createMemoryStore(content);
    const failing: Store = {
      ...store,
      get: (key) => store.get(key),
      async *scan() {
        yield content[0]!;
        throw new Error('the disk is gone');
      },
    };
    await expect(writeBackup(failing, file)).rejects.toMatchObject({
      details: { fault: 'backup_write_failed' },
      message: expect.stringContaining('the disk is gone'),
    });
    expect(await readdir(root)).toEqual([]);
  });
});

describe('restoring', () => {
  it('writes what it is told over the restored entries', async () => {
    await writeBackup(createMemoryStore(content), file);
    const mark = { type: 'put', key: 'a/empty', value: Uint8Array.of(7) } as const;
    await restoreBackup(file, target, { also: () => [mark, { type: 'del', key: 'large' }] });
    const store = await openLevelStore(target);
    expect(store.get('a/empty')).toEqual(Uint8Array.of(7));
    expect(store.get('large')).toBeUndefined();
    expect(store.get(VERSION_KEY)).toEqual(versionStamp());
    await store.close();
  });

  it('refuses to overwrite a store, but takes an empty directory', async () => {
    await writeBackup(createMemoryStore(content), file);
    await mkdir(target, { recursive: true });
    await restoreBackup(file, target);
    await expect(restoreBackup(file, target)).rejects.toMatchObject({
      code: 'E008',
      details: { fault: 'store_exists', directory: target },
    });
    expect(await restoredContent()).toEqual(inHex(content));
  });

  it.each([
    ['no_backup', 'E009', undefined],
    ['not_a_backup', 'E009', Buffer.alloc(0)],
    ['not_a_backup', 'E009', Buffer.from('hello')],
    ['not_a_backup', 'E009', randomBytes(5000)],
    ['backup_too_new', 'E008', Buffer.from('geo-backup 2\nwhatever comes then')],
    ['backup_damaged', 'E009', Buffer.from('geo-backup 1\n')],
  ])('says %s (%s)', async (fault, code, bytes) => {
    if (bytes !== undefined) await writeFile(file, bytes);
    await expect(restoreBackup(file, target)).rejects.toMatchObject({ code, details: { fault } });
    await expect(stat(target)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('refuses a file cut short anywhere, or with any bit flipped, and touches nothing', async () => {
    await writeBackup(createMemoryStore(content.slice(0, 20)), file);
    const whole = await readFile(file);
    const places = Array.from({ length: 60 }, (_, n) => Math.floor((n * whole.length) / 60));
    const attempts: [string, Buffer][] = [
      ...places.map((at): [string, Buffer] => [`cut at ${at}`, whole.subarray(0, at)]),
      ...[...places, whole.length - 1].map((at): [string, Buffer] => {
        const flipped = Buffer.from(whole);
        flipped[at] = flipped[at]! ^ (1 << (at % 8));
        return [`bit flipped at ${at}`, flipped];
      }),
      ['one byte more', Buffer.concat([whole, Buffer.of(0)])],
    ];
    for (const [what, bytes] of attempts) {
      await writeFile(file, bytes);
      const error = await restoreBackup(file, target).catch((reason: unknown) => reason);
      expect(error, what).toMatchObject({
        details: { fault: expect.stringMatching(/^(backup_damaged|not_a_backup|backup_too_new)$/) },
      });
      expect(await readdir(root), what).toEqual(['books.backup']);
    }
    await writeFile(file, whole);
    await restoreBackup(file, target);
    expect(await restoredContent()).toEqual(inHex(content.slice(0, 20)));
  });

  describe('a file whose hash is right but whose content is not', () => {
    async function forge(...frames: CborValue[]): Promise<void> {
      await forgeBytes(
        gzipSync(Buffer.concat([...encodeFrames(frames.map(encode))].map((f) => f.subarray()))),
      );
    }
    async function forgeBytes(compressed: Uint8Array): Promise<void> {
      const body = Buffer.concat([Buffer.from('geo-backup 1\n'), compressed]);
      await writeFile(file, Buffer.concat([body, createHash('sha256').update(body).digest()]));
    }
    const header = { store_version: STORE_VERSION };

    it.each<[string, CborValue[]]>([
      ['nothing', []],
      ['no header', [['key', Uint8Array.of(1)]]],
      ['a header without a version', [{}]],
      ['an entry without a value', [header, ['key']]],
      ['an entry whose key is a number', [header, [1, Uint8Array.of(1)]]],
      ['an entry whose key is empty', [header, ['', Uint8Array.of(1)]]],
      ['an entry whose value is text', [header, ['key', 'value']]],
    ])('refuses %s', async (_, frames) => {
      await forge(...frames);
      await expect(restoreBackup(file, target)).rejects.toMatchObject({
        code: 'E009',
        details: { fault: 'backup_damaged' },
      });
      await expect(stat(target)).rejects.toMatchObject({ code: 'ENOENT' });
    });

    it('refuses a newer store version', async () => {
      await forge({ store_version: STORE_VERSION + 1 }, ['key', Uint8Array.of(1)]);
      await expect(restoreBackup(file, target)).rejects.toMatchObject({
        code: 'E008',
        details: { fault: 'backup_too_new', version: STORE_VERSION + 1 },
      });
    });

    it.each([
      ['bytes that are not gzip', Buffer.from('plain')],
      ['a frame cut short', gzipSync(Buffer.of(200, 1, 0xa0))],
      ['a frame of many gigabytes', gzipSync(Buffer.of(0xff, 0xff, 0xff, 0xff, 0x7f, 0))],
      ['a frame that is not CBOR', gzipSync(Buffer.of(1, 0xff))],
      ['gzip cut short', gzipSync(randomBytes(1000)).subarray(0, 500)],
    ])('refuses %s', async (_, compressed) => {
      await forgeBytes(compressed);
      await expect(restoreBackup(file, target)).rejects.toMatchObject({
        code: 'E009',
        details: { fault: 'backup_damaged' },
      });
      expect(await readdir(join(root, 'home'))).toEqual([]);
    });
  });
});
