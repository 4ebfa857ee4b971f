/** Stores of older versions: copied, migrated, and never half of each. */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { homeAt } from '../../../node/home/home.ts';
import { setUpHome } from '../../../node/home/setup.ts';
import { openCurrentBooks } from '../../../node/home/upgrade.ts';
import type { Store, StoreOp } from '../../../node/ports.ts';
import { restoreBackup, writeBackup } from '../../../node/store/backup/backup.ts';
import { HISTORY_HEAD, historyOf, keys } from '../../../node/store/keys.ts';
import { type LevelStore, openLevelStore } from '../../../node/store/level/level.ts';
import { createMemoryStore, type StoreImage } from '../../../node/store/memory.ts';
import { migrateStore } from '../../../node/store/migrations/migrate.ts';
import { decodeRecord, HistoryRecord } from '../../../node/store/records.ts';
import { STORE_VERSION, VERSION_KEY, versionStamp } from '../../../node/store/version.ts';
import { pidFromPublicKey } from '../../../protocol/identity/pid.ts';
import { person } from '../machines/sample-payment.ts';
import { makeOld, oldEntry } from './old-store.ts';

const MEMBERS = ['dora', 'emil'].map((name) => pidFromPublicKey(person(name).signer.publicKey));
const BEGUN = Date.UTC(2026, 2, 1);

/** 2,500 entries of the node and 700 of each of two members, as version 1 named them. */
const OLD: readonly StoreOp[] = [
  ...Array.from({ length: 2_500 }, (_, n) =>
    oldEntry({ time: BEGUN + Math.floor(n / 2), counter: n % 1_000, text: `own ${n}` }),
  ),
  ...MEMBERS.flatMap((member) =>
    Array.from({ length: 700 }, (_, n) =>
      oldEntry({ time: BEGUN + n, counter: n, text: `${member} ${n}`, member }),
    ),
  ),
  { type: 'put', key: 'edge/UAH/x/y', value: Uint8Array.of(1) },
];

const stampOf = (store: Store) => new TextDecoder().decode(store.get(VERSION_KEY));

async function textsOf(store: Store, member?: (typeof MEMBERS)[number]): Promise<string[]> {
  const texts: string[] = [];
  for await (const [, value] of store.scan(historyOf(member))) {
    texts.push(decodeRecord(HistoryRecord, value).text);
  }
  return texts;
}

async function expectMigrated(store: Store): Promise<void> {
  expect(stampOf(store)).toBe(String(STORE_VERSION));
  expect(await textsOf(store)).toEqual(Array.from({ length: 2_500 }, (_, n) => `own ${n}`));
  for (const member of MEMBERS) {
    const expected = Array.from({ length: 700 }, (_, n) => `${member} ${n}`);
    expect(await textsOf(store, member)).toEqual(expected);
  }
  expect(new TextDecoder().decode(store.get(keys.meta(HISTORY_HEAD)))).toBe('3900');
  expect(store.get('edge/UAH/x/y')).toEqual(Uint8Array.of(1));
  expect(store.get(keys.meta('migration'))).toBeUndefined();
}

describe('a migration', () => {
  it('numbers the history from version 1 on, in its order and with its times', async () => {
    const store = oldMemoryStore();
    const migrated = await migrateStore(store);
    expect(migrated).toMatchObject({ from: 1, to: STORE_VERSION });
    await expectMigrated(store);
    const first = decodeRecord(HistoryRecord, store.get(keys.history(1))!);
    expect(first).toEqual({ type: 'alert', text: 'own 0', time: BEGUN });
  });

  it('ends the same if it is cut off after any batch', async () => {
    for (let cut = 1; cut < 10; cut++) {
      let store = oldMemoryStore();
      const stops = failingAfter(store, cut);
      await migrateStore(stops).catch(() => undefined);
      store = createMemoryStore(store.snapshot());
      await migrateStore(store);
      await expectMigrated(store);
    }
  });

  it('tells how far it has come', async () => {
    const told: number[] = [];
    await migrateStore(oldMemoryStore(), { progress: (_, changes) => told.push(changes) });
    expect(told.length).toBeGreaterThan(3);
    expect(told).toEqual([...told].sort((a, b) => a - b));
  });

  it('has nothing to do in a store of today', async () => {
    const store = createMemoryStore([[VERSION_KEY, versionStamp()]]);
    expect(await migrateStore(store)).toBeUndefined();
  });
});

describe('the books of a home', () => {
  let root: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'geo-migrate-'));
    await setUpHome(root);
    const store = await openLevelStore(homeAt(root).storeDirectory);
    await makeOld(store, OLD);
    await store.close();
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const copies = async () =>
    (await readdir(root)).filter((name) => name.startsWith('before-migration'));

  it('are copied before they are migrated, and the copy can be restored', async () => {
    const { store, migrated } = await openCurrentBooks(homeAt(root));
    await expectMigrated(store);
    await store.close();
    expect(await copies()).toHaveLength(1);
    expect(migrated?.backup).toContain('before-migration');
    const again = join(root, 'restored');
    await restoreBackup(migrated!.backup!, again);
    const restored = await openLevelStore(again, { mustExist: true });
    await expectMigrated(restored);
    await restored.close();
    const { store: current, migrated: nothing } = await openCurrentBooks(homeAt(root));
    expect(nothing).toBeUndefined();
    await current.close();
    expect(await copies()).toHaveLength(1);
  });

  it('are left as they are if they cannot be copied', async () => {
    const clock = { now: () => BEGUN, after: () => () => undefined, soon: () => undefined };
    const [blocked] = ['before-migration-2026-03-01T00-00-00-000Z.geo'];
    const empty: LevelStore = await openLevelStore(join(root, 'other'));
    await writeBackup(empty, join(root, blocked!));
    await empty.close();
    await expect(openCurrentBooks(homeAt(root), { clock })).rejects.toMatchObject({
      code: 'E008',
      details: { fault: 'file_exists' },
    });
    const store = await openLevelStore(homeAt(root).storeDirectory, { mustExist: true });
    expect(stampOf(store)).toBe('1');
    expect(store.get(OLD[0]!.key)).toBeDefined();
    await store.close();
  });
});

function oldMemoryStore() {
  const image = OLD.flatMap((op) => (op.type === 'put' ? [[op.key, op.value] as const] : []));
  return createMemoryStore([...image, [VERSION_KEY, versionStamp(1)]] satisfies StoreImage);
}

/** The process ends before the write that follows so many. */
function failingAfter(store: Store, writes: number): Store {
  let left = writes;
  return {
    get: (key) => store.get(key),
    scan: (range) => store.scan(range),
    close: () => store.close(),
    write: async (ops) => {
      if (left-- === 0) throw new Error('killed');
      await store.write(ops);
    },
  };
}
