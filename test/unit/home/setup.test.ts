/** Homes before their nodes run: key and store together, books brought back or begun anew, nothing replaced. */
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Home, homeAt } from '../../../node/home/home.ts';
import { rebuildStore, restoreHome, setUpHome } from '../../../node/home/setup.ts';
import type { Clock, StoreOp } from '../../../node/ports.ts';
import { writeBackup } from '../../../node/store/backup/backup.ts';
import { keys, RESTORED_MARK } from '../../../node/store/keys.ts';
import { openLevelStore } from '../../../node/store/level/level.ts';
import { decodeRecord, HistoryRecord } from '../../../node/store/records.ts';
import { edgeId } from '../../../protocol/ledger/edge.ts';
import { anna, boris, cyril, UAH } from '../machines/sample-payment.ts';

const clock: Clock = {
  now: () => 1_700_000_000_000,
  after: () => () => undefined,
  soon: () => undefined,
};
const MARK = new TextEncoder().encode('1700000000000');
const OWN_EDGE = keys.edge(edgeId(anna.pid, boris.pid, UAH));

let root: string;
let home: Home;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'geo-setup-'));
  home = homeAt(join(root, 'anna'));
});
afterEach(async () => {
  await rm(root, { recursive: true });
});

async function write(directory: string, ops: readonly StoreOp[]): Promise<void> {
  const store = await openLevelStore(directory);
  await store.write(ops);
  await store.close();
}

async function read(key: string): Promise<Uint8Array | undefined> {
  const store = await openLevelStore(home.storeDirectory, { mustExist: true });
  try {
    return store.get(key);
  } finally {
    await store.close();
  }
}

async function history(): Promise<HistoryRecord> {
  const value = await read(keys.history(1));
  return decodeRecord(HistoryRecord, value!);
}

/** A backup of a store with one edge. */
async function backupWith(key: string): Promise<string> {
  const directory = join(root, 'source');
  const file = join(root, 'backup.geo');
  const store = await openLevelStore(directory);
  await store.write([{ type: 'put', key, value: new Uint8Array([1, 2]) }]);
  await writeBackup(store, file);
  await store.close();
  return file;
}

const put = (key: string): StoreOp => ({ type: 'put', key, value: new Uint8Array([7]) });

describe('a new home', () => {
  it('has a key and an empty store, which does not count as an old one', async () => {
    const { pid } = await setUpHome(home.directory, { seed: anna.seed, clock });
    expect(pid).toBe(anna.pid);
    expect(existsSync(home.keyFile)).toBe(true);
    expect(await read(keys.meta(RESTORED_MARK))).toBeUndefined();
  });

  it('for a key that was used before is marked', async () => {
    await setUpHome(home.directory, { seed: anna.seed, usedBefore: true, clock });
    expect(await read(keys.meta(RESTORED_MARK))).toEqual(MARK);
    expect(await history()).toMatchObject({ type: 'alert', text: expect.stringContaining('anew') });
  });

  it('keeps books that are there, and an existing key', async () => {
    await write(home.storeDirectory, [put(OWN_EDGE)]);
    await setUpHome(home.directory, { seed: anna.seed });
    expect(await read(OWN_EDGE)).toEqual(new Uint8Array([7]));
    await expect(setUpHome(home.directory, { seed: boris.seed })).rejects.toMatchObject({
      details: { fault: 'key_exists' },
    });
  });
});

describe('a backup', () => {
  it('takes the place of the empty store of a new home, and says when', async () => {
    const file = await backupWith(OWN_EDGE);
    await setUpHome(home.directory, { seed: anna.seed, usedBefore: true, clock });
    expect(await restoreHome(home, file, { clock })).toMatchObject({
      pid: anna.pid,
      edges: 1,
      entries: 1,
    });
    expect(await read(OWN_EDGE)).toEqual(new Uint8Array([1, 2]));
    expect(await read(keys.meta(RESTORED_MARK))).toEqual(MARK);
    expect((await history()).text).toContain('restored from a backup');
    expect(await readdir(home.directory)).toEqual(['key.json', 'store']);
  });

  it('is restored where there is no store at all', async () => {
    const file = await backupWith(OWN_EDGE);
    await setUpHome(home.directory, { seed: anna.seed });
    await rm(home.storeDirectory, { recursive: true });
    expect(await restoreHome(home, file, { clock })).toMatchObject({ edges: 1 });
  });

  it('never replaces books', async () => {
    const file = await backupWith(OWN_EDGE);
    await setUpHome(home.directory, { seed: anna.seed });
    await write(home.storeDirectory, [put(keys.equivalent('UAH'))]);
    await expect(restoreHome(home, file, { clock })).rejects.toMatchObject({
      code: 'E008',
      details: { fault: 'store_exists' },
    });
    expect(await read(keys.equivalent('UAH'))).toEqual(new Uint8Array([7]));
  });

  it('of another participant is refused, and the empty store stays', async () => {
    const file = await backupWith(keys.edge(edgeId(cyril.pid, boris.pid, UAH)));
    await setUpHome(home.directory, { seed: anna.seed });
    await expect(restoreHome(home, file, { clock })).rejects.toMatchObject({
      code: 'E009',
      details: { fault: 'backup_of_another' },
    });
    expect(await read(OWN_EDGE)).toBeUndefined();
  });

  it('needs the key, and a file that is a backup', async () => {
    const file = await backupWith(OWN_EDGE);
    await expect(restoreHome(home, file, { clock })).rejects.toMatchObject({
      details: { fault: 'no_key' },
    });
    await setUpHome(home.directory, { seed: anna.seed });
    await expect(restoreHome(home, join(root, 'none'), { clock })).rejects.toMatchObject({
      details: { fault: 'no_backup' },
    });
    expect(await readdir(home.directory)).toEqual(['key.json', 'store']);
  });
});

describe('without a backup', () => {
  it('an empty store can be begun for a key whose store has gone', async () => {
    await setUpHome(home.directory, { seed: anna.seed });
    await rm(home.storeDirectory, { recursive: true });
    expect(await rebuildStore(home, clock)).toMatchObject({ pid: anna.pid });
    expect(await read(keys.meta(RESTORED_MARK))).toEqual(MARK);
  });

  it('books that are there stay', async () => {
    await setUpHome(home.directory, { seed: anna.seed });
    await write(home.storeDirectory, [put(OWN_EDGE)]);
    await expect(rebuildStore(home, clock)).rejects.toMatchObject({
      details: { fault: 'store_exists' },
    });
    expect(await read(OWN_EDGE)).toEqual(new Uint8Array([7]));
  });
});
