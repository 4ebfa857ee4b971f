/** A process is killed in the middle of its writes; whatever it had been told is durable is there. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openLevelStore } from '../../node/store/level/level.ts';
import { writesIn } from './store-content.ts';
import { StoreWriter } from './store-process.ts';

let root: string;
let directory: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'geo-crash-'));
  directory = join(root, 'store');
});
afterEach(() => rm(root, { recursive: true, force: true }));

it('keeps every acknowledged write over SIGKILL after SIGKILL, each of them whole', async () => {
  // Values of 20 kB make LevelDB switch logs and write tables while the process is being killed.
  const bytes = 20_000;
  const acknowledged = new Set<number>();
  let first = 0;
  for (const target of [1, 40, 7, 150, 90]) {
    const writer = new StoreWriter({ directory, first, count: 100_000, bytes });
    await writer.until(() => writer.acknowledged.length >= target);
    await writer.kill();
    for (const number of writer.acknowledged) acknowledged.add(number);

    const store = await openLevelStore(directory, { mustExist: true });
    const found = new Set(await writesIn(store, bytes));
    expect([...acknowledged].filter((number) => !found.has(number))).toEqual([]);
    first = Math.max(...found) + 1;
    await store.close();
  }
  expect(acknowledged.size).toBeGreaterThanOrEqual(288);
});

it('opens a store whose process was killed while opening it for the first time', async () => {
  for (const delayMs of [40, 80, 110, 140, 170]) {
    const writer = new StoreWriter({ directory, first: 0, count: 1, bytes: 10 });
    await new Promise((resolve) => setTimeout(resolve, delayMs));
    await writer.kill();
    const store = await openLevelStore(directory);
    expect(await writesIn(store, 10)).toEqual(expect.arrayContaining(writer.acknowledged));
    await store.close();
    await rm(directory, { recursive: true });
  }
});

it('refuses a store that another process has open, and leaves that one undisturbed', async () => {
  const writer = new StoreWriter({ directory, first: 0, count: 100_000, bytes: 500 });
  await writer.until(() => writer.acknowledged.length > 0);
  for (let attempt = 0; attempt < 5; attempt += 1) {
    await expect(openLevelStore(directory)).rejects.toMatchObject({
      code: 'E008',
      details: { fault: 'store_in_use', directory },
    });
  }
  const before = writer.acknowledged.length;
  await writer.until(() => writer.acknowledged.length > before + 20);
  expect(writer.refusals).toEqual([]);
  await writer.kill();
  const store = await openLevelStore(directory);
  expect(await writesIn(store, 500)).toEqual(expect.arrayContaining(writer.acknowledged));
  await store.close();
});
