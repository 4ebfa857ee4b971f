/** Who may open a store on disk, and which. */
import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Level } from 'level';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { crc32c } from '../../node/store/damage/crc32c.ts';
import { openLevelStore } from '../../node/store/level/level.ts';
import { STORE_VERSION, VERSION_KEY, versionStamp } from '../../node/store/version.ts';

let root: string;
let directory: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'geo-opening-'));
  directory = join(root, 'store');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const entry = (key: string) => [{ type: 'put', key, value: Uint8Array.of(1) } as const];

describe('one owner', () => {
  it('refuses a second opening in the same process, by whatever path', async () => {
    const store = await openLevelStore(directory);
    await symlink(directory, join(root, 'alias'));
    for (const path of [directory, join(root, 'alias'), join(root, '.', 'x', '..', 'store')]) {
      await expect(openLevelStore(path)).rejects.toMatchObject({
        code: 'E008',
        details: { fault: 'store_in_use', directory },
        message: expect.stringContaining('--home'),
      });
    }
    await store.write(entry('a'));
    await store.close();
    const next = await openLevelStore(directory);
    expect(next.get('a')).toEqual(Uint8Array.of(1));
    await next.close();
  });

  it('lets exactly one of several simultaneous openings win', async () => {
    const openings = await Promise.allSettled([1, 2, 3, 4].map(() => openLevelStore(directory)));
    const won = openings.filter((opening) => opening.status === 'fulfilled');
    const lost = openings.filter((opening) => opening.status === 'rejected');
    expect(won).toHaveLength(1);
    for (const { reason } of lost) {
      expect(reason).toMatchObject({ code: 'E008', details: { fault: 'store_in_use' } });
    }
    await won[0]!.value.close();
  });
});

describe('a store that must exist', () => {
  it('is not made by looking for it', async () => {
    await expect(openLevelStore(directory, { mustExist: true })).rejects.toMatchObject({
      code: 'E008',
      details: { fault: 'no_store' },
      message: expect.stringContaining('geo init'),
    });
    await expect(stat(directory)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('is not made in an empty directory', async () => {
    await mkdir(directory);
    await expect(openLevelStore(directory, { mustExist: true })).rejects.toMatchObject({
      details: { fault: 'no_store' },
    });
    expect(await readdir(directory)).not.toContain('CURRENT');
  });
});

it('makes the directory for its owner alone', async () => {
  await (await openLevelStore(directory)).close();
  expect((await stat(directory)).mode & 0o777).toBe(0o700);
});

it('says so when a file stands in the place of the directory', async () => {
  await writeFile(directory, '');
  await expect(openLevelStore(directory)).rejects.toMatchObject({
    code: 'E010',
    details: { fault: 'store_unreadable' },
  });
});

describe('the version', () => {
  async function stampWith(stamp: Uint8Array): Promise<void> {
    const store = await openLevelStore(directory);
    await store.write([...entry('a'), { type: 'put', key: VERSION_KEY, value: stamp }]);
    await store.close();
  }

  it('is stamped on a new store', async () => {
    const store = await openLevelStore(directory);
    expect(store.get(VERSION_KEY)).toEqual(versionStamp(STORE_VERSION));
    await store.close();
  });

  it('refuses a newer store, again and again, and changes nothing in it', async () => {
    await stampWith(versionStamp(STORE_VERSION + 1));
    for (let attempt = 0; attempt < 2; attempt += 1) {
      await expect(openLevelStore(directory)).rejects.toMatchObject({
        code: 'E008',
        details: { fault: 'store_too_new', version: STORE_VERSION + 1, known: STORE_VERSION },
        message: expect.stringContaining('newer program'),
      });
    }
  });

  it.each(['', '0', '-1', '1.5', 'one', '1 '])('refuses the stamp %j as damage', async (text) => {
    await stampWith(new TextEncoder().encode(text));
    await expect(openLevelStore(directory)).rejects.toMatchObject({
      code: 'E010',
      details: { fault: 'store_damaged' },
    });
  });

  it('refuses a LevelDB that some other program wrote', async () => {
    const foreign = new Level(directory);
    await foreign.put('hello', 'world');
    await foreign.close();
    await expect(openLevelStore(directory)).rejects.toMatchObject({
      code: 'E010',
      details: { fault: 'store_damaged' },
    });
  });
});

it.each([
  // RFC 3720, appendix B.4.
  ['32 bytes of zeros', new Uint8Array(32), 0x8a9136aa],
  ['32 bytes of ones', new Uint8Array(32).fill(0xff), 0x62a8ab43],
  ['32 incrementing bytes', Uint8Array.from({ length: 32 }, (_, n) => n), 0x46dd794e],
  ['32 decrementing bytes', Uint8Array.from({ length: 32 }, (_, n) => 31 - n), 0x113fdb5c],
  // The usual check value, of a length that is no multiple of 8.
  ['"123456789"', new TextEncoder().encode('123456789'), 0xe3069283],
])('computes the CRC-32C of %s', (_, bytes, expected) => {
  expect(crc32c(bytes)).toBe(expected);
});
