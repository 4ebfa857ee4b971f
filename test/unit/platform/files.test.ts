import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SECRET_FILE_MODE, writeFileAtomically } from '../../../node/platform/files.ts';

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'geo-home-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const permissions = async (path: string) => (await stat(path)).mode & 0o777;

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
