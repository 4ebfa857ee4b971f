import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { runDemo } from '../../../simulations/demo/main.ts';

let directory: string;
let said: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'geo-demo-test-'));
  said = '';
  const hear = (text: string | Uint8Array) => {
    said += String(text);
    return true;
  };
  vi.spyOn(process.stderr, 'write').mockImplementation(hear);
  vi.spyOn(process.stdout, 'write').mockImplementation(hear);
});

afterEach(async () => {
  vi.restoreAllMocks();
  await rm(directory, { recursive: true, force: true });
});

describe('the demo refuses before it starts anything', () => {
  it('an option that it does not know, with exit code 2', async () => {
    expect(await runDemo(['--proceses', '4'])).toBe(2);
    expect(said).toContain('E009 usage');
  });

  it('a community file that is not there', async () => {
    expect(await runDemo(['--community', join(directory, 'none.yaml')])).toBe(2);
    expect(said).toContain('community_file_unreadable');
    expect(said).toContain('ENOENT');
  });

  it('a community file with faults, naming all of them', async () => {
    const path = join(directory, 'bad.json');
    const file = {
      equivalents: [{ code: 'UAH', precision: 2 }],
      participants: [{ id: 'anna', name: 'Anna', type: 'person' }],
      trust_lines: [
        { from: 'anna', to: 'anna', equivalent: 'UAH', limit: '1' },
        { from: 'anna', to: 'nobody', equivalent: 'EUR', limit: '1.234' },
      ],
    };
    await writeFile(path, JSON.stringify(file));
    expect(await runDemo(['--community', path])).toBe(2);
    expect(said).toContain('E009 bad_community_file');
    expect(said).toContain('trust_lines[0]');
    expect(said).toContain('nobody');
    expect(said).toContain('EUR');
  });

  it('a directory that holds something already, and leaves it alone', async () => {
    await writeFile(join(directory, 'precious'), '');
    expect(await runDemo(['--dir', directory])).toBe(2);
    expect(said).toContain('not empty');
    expect(await readdir(directory)).toEqual(['precious']);
  });

  it('and explains itself when asked', async () => {
    expect(await runDemo(['--help'])).toBe(0);
    expect(said).toContain('--processes P');
  });
});
