import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHome, homeAt } from '../../../node/home/home.ts';

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
