/**
 * The disk is full: writes are refused with a coded error, what was acknowledged stays, and once there is
 * room the same process goes on writing.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openLevelStore } from '../../node/store/level/level.ts';
import { writesIn } from './store-content.ts';
import { StoreWriter } from './store-process.ts';

const BYTES = 30_000;

let root: string;
let directory: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'geo-full-'));
  directory = join(root, 'disk', 'store');
  await mkdir(join(root, 'disk'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Writes until refused, makes room, writes again; then everything acknowledged must be there. */
async function fillThenRelieve(writer: StoreWriter, relieve: () => Promise<void> | void) {
  await writer.until(() => writer.refusals.length >= 20);
  expect(writer.acknowledged.length).toBeGreaterThan(0);
  const before = writer.acknowledged.length;
  await relieve();
  await writer.until(() => writer.acknowledged.length >= before + 100);
  await writer.kill();
}

it('goes on after a limit on file size (EFBIG) has been raised', async () => {
  const settings = { directory, first: 0, count: 100_000, bytes: BYTES };
  // 1 MiB: less than LevelDB's log wants.
  const writer = new StoreWriter({ ...settings, shell: 'ulimit -S -f 1024; exec "$@"' });
  await fillThenRelieve(writer, () => {
    execFileSync('prlimit', ['--pid', String(writer.process.pid), '--fsize=unlimited']);
  });
  expect(new Set(writer.refusals)).toEqual(new Set(['E010 store_write_failed EFBIG']));
  const store = await openLevelStore(directory, { mustExist: true });
  expect(await writesIn(store, BYTES)).toEqual(
    expect.arrayContaining(writer.acknowledged.toSorted((a, b) => a - b)),
  );
  await store.close();
});

/** Whether this machine lets a test have a disk of its own. */
const mayMount = (() => {
  try {
    execFileSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

it.runIf(mayMount)('goes on after a full disk (ENOSPC) has been relieved', async () => {
  const settings = { directory, first: 0, count: 100_000, bytes: BYTES };
  const disk = join(root, 'disk');
  // The disk lives in the writer's own mount namespace; it is reached through /proc. At the end the
  // store is copied out, as the namespace goes with the process.
  const writer = new StoreWriter({
    ...settings,
    shell: `exec unshare -rm bash -c 'mount -t tmpfs -o size=48m none ${disk} && truncate -s 0 ${disk}/ballast && head -c 30M /dev/zero > ${disk}/ballast && exec "$@"' bash "$@"`,
  });
  const inside = `/proc/${writer.process.pid}/root${disk}`;
  await writer.until(() => writer.refusals.length >= 20);
  expect(new Set(writer.refusals)).toEqual(new Set(['E010 store_write_failed ENOSPC']));
  const before = writer.acknowledged.length;
  await rm(join(inside, 'ballast'));
  await writer.until(() => writer.acknowledged.length >= before + 60);
  writer.process.kill('SIGSTOP');
  const copy = join(root, 'copy');
  execFileSync('cp', ['-r', join(inside, 'store'), copy]);
  await writer.kill();

  const store = await openLevelStore(copy, { mustExist: true });
  expect(await writesIn(store, BYTES)).toEqual(
    expect.arrayContaining(writer.acknowledged.toSorted((a, b) => a - b)),
  );
  await store.close();
});

it.runIf(mayMount)('says so when there is no room to open a store', async () => {
  const disk = join(root, 'disk');
  const writer = new StoreWriter({
    directory,
    first: 0,
    count: 1,
    bytes: 1,
    shell: `exec unshare -rm bash -c 'mount -t tmpfs -o size=64k none ${disk} && (head -c 1M /dev/zero > ${disk}/ballast; true) && exec "$@"' bash "$@"`,
  });
  await expect(writer.until(() => writer.said('open'))).rejects.toThrow(/store_write_failed/);
});
