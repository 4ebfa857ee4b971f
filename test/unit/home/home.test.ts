import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  createHome,
  homeAt,
  SECRET_FILE_MODE,
  writeFileAtomically,
} from '../../../node/home/home.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'geo-home-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const permissions = async (path: string) => (await stat(path)).mode & 0o777;

describe('the home directory', () => {
  it('is made for its owner alone, with its parents', async () => {
    const home = await createHome(join(root, 'a', 'b'));
    expect(await permissions(home.directory)).toBe(0o700);
  });

  it('is used as it is when it exists', async () => {
    await mkdir(join(root, 'shared'), { mode: 0o755 });
    await writeFile(join(root, 'shared', 'note'), 'mine');
    const home = await createHome(join(root, 'shared'));
    expect(await readFile(join(home.directory, 'note'), 'utf8')).toBe('mine');
  });

  it('says what to do when a file stands in its place', async () => {
    const path = join(root, 'file');
    await writeFile(path, '');
    await expect(createHome(path)).rejects.toMatchObject({
      code: 'E010',
      details: { fault: 'home_unusable', directory: path },
      message: expect.stringContaining('--home'),
    });
  });

  it('keeps every path inside itself', () => {
    const { directory, ...paths } = homeAt(join(root, 'x'));
    for (const path of Object.values(paths)) expect(path.startsWith(`${directory}/`)).toBe(true);
    expect(new Set(Object.values(paths)).size).toBe(Object.values(paths).length);
  });
});

describe('writing a file atomically', () => {
  it('gives the mode asked for, whatever the umask', async () => {
    const old = process.umask(0o777);
    try {
      await writeFileAtomically(join(root, 's'), 'secret', { mode: SECRET_FILE_MODE });
    } finally {
      process.umask(old);
    }
    expect(await permissions(join(root, 's'))).toBe(0o600);
    expect(await readFile(join(root, 's'), 'utf8')).toBe('secret');
  });

  it('replaces the old content whole and leaves no draft behind', async () => {
    const path = join(root, 'f');
    await writeFileAtomically(path, 'first, which is longer', { mode: 0o644 });
    await writeFileAtomically(path, 'second', { mode: 0o644 });
    expect(await readFile(path, 'utf8')).toBe('second');
    expect(await readdir(root)).toEqual(['f']);
  });

  it('lets one of several writers win when told not to overwrite', async () => {
    const path = join(root, 'f');
    const attempts = await Promise.allSettled(
      ['a', 'b', 'c', 'd'].map((text) =>
        writeFileAtomically(path, text, { mode: 0o600, refuseToOverwrite: true }),
      ),
    );
    const lost = attempts.filter((attempt) => attempt.status === 'rejected');
    expect(lost).toHaveLength(3);
    for (const { reason } of lost) {
      expect(reason).toMatchObject({ code: 'E008', details: { fault: 'file_exists', path } });
    }
    const winner = attempts.findIndex((attempt) => attempt.status === 'fulfilled');
    expect(await readFile(path, 'utf8')).toBe('abcd'[winner]);
    expect(await readdir(root)).toEqual(['f']);
  });

  it('leaves nothing behind when the directory is missing', async () => {
    await expect(
      writeFileAtomically(join(root, 'none', 'f'), 'x', { mode: 0o600 }),
    ).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readdir(root)).toEqual([]);
  });
});
