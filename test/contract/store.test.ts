/** What every Store must do (node/ports.ts), checked for each adapter by the same tests. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ScanRange, Store, StoreOp } from '../../node/ports.ts';
import { openLevelStore } from '../../node/store/level/level.ts';
import { createMemoryStore, type MemoryStore } from '../../node/store/memory.ts';

interface Adapter {
  readonly name: string;
  open(): Promise<Store>;
  /** The same content in a store opened anew. */
  reopen(store: Store): Promise<Store>;
}

let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'geo-store-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const adapters: Adapter[] = [
  {
    name: 'LevelDB',
    open: () => openLevelStore(join(root, 'store')),
    reopen: async (store) => {
      await store.close();
      return openLevelStore(join(root, 'store'), { mustExist: true });
    },
  },
  {
    name: 'memory',
    open: async () => createMemoryStore(),
    reopen: async (store) => {
      await store.close();
      return createMemoryStore((store as MemoryStore).snapshot());
    },
  },
];

const bytes = (...values: number[]) => Uint8Array.from(values);
const put = (key: string, value: Uint8Array): StoreOp => ({ type: 'put', key, value });
const del = (key: string): StoreOp => ({ type: 'del', key });

async function entriesOf(store: Store, range: Partial<ScanRange> = {}) {
  const found: [string, number[]][] = [];
  // Everything the tests write begins with "t/"; a store may keep entries of its own elsewhere.
  for await (const [key, value] of store.scan({ gte: 't/', lt: 't0', ...range })) {
    found.push([key, [...value]]);
  }
  return found;
}

const keysOf = async (store: Store, range: Partial<ScanRange> = {}) =>
  (await entriesOf(store, range)).map(([key]) => key);

describe.each(adapters)('a store: $name', (adapter) => {
  let store: Store;
  beforeEach(async () => {
    store = await adapter.open();
  });
  afterEach(() => store.close());

  it('gives back what was written, and undefined for what was not', async () => {
    await store.write([put('t/a', bytes(1, 2, 3)), put('t/empty', bytes())]);
    expect(store.get('t/a')).toEqual(bytes(1, 2, 3));
    expect(store.get('t/empty')).toEqual(bytes());
    expect(store.get('t/b')).toBeUndefined();
  });

  it('overwrites and deletes, the last operation of a batch winning', async () => {
    await store.write([put('t/a', bytes(1)), put('t/b', bytes(1)), put('t/c', bytes(1))]);
    await store.write([put('t/a', bytes(2)), del('t/b'), del('t/c'), put('t/c', bytes(3))]);
    await store.write([put('t/d', bytes(4)), del('t/d'), del('t/never')]);
    expect(await entriesOf(store)).toEqual([
      ['t/a', [2]],
      ['t/c', [3]],
    ]);
  });

  it('accepts an empty batch', async () => {
    await store.write([]);
    expect(await entriesOf(store)).toEqual([]);
  });

  it('keeps its own copy of the bytes that it was given', async () => {
    const value = bytes(1, 2);
    await store.write([put('t/a', value)]);
    value[0] = 99;
    expect(store.get('t/a')).toEqual(bytes(1, 2));
  });

  it('scans from the inclusive lower to the exclusive upper bound, in order', async () => {
    await store.write(['t/c', 't/a', 't/b', 't/ab', 't/d'].map((key) => put(key, bytes(0))));
    expect(await keysOf(store)).toEqual(['t/a', 't/ab', 't/b', 't/c', 't/d']);
    expect(await keysOf(store, { gte: 't/ab', lt: 't/d' })).toEqual(['t/ab', 't/b', 't/c']);
    expect(await keysOf(store, { gte: 't/b', lt: 't/b' })).toEqual([]);
    expect(await keysOf(store, { gte: 't/c', lt: 't/a' })).toEqual([]);
  });

  it('scans backwards and stops at the limit', async () => {
    await store.write(['t/a', 't/b', 't/c', 't/d'].map((key) => put(key, bytes(0))));
    expect(await keysOf(store, { reverse: true })).toEqual(['t/d', 't/c', 't/b', 't/a']);
    expect(await keysOf(store, { limit: 2 })).toEqual(['t/a', 't/b']);
    expect(await keysOf(store, { limit: 0 })).toEqual([]);
    expect(await keysOf(store, { reverse: true, limit: 2, lt: 't/d' })).toEqual(['t/c', 't/b']);
  });

  it('orders keys by their UTF-8 bytes, not by UTF-16 units', async () => {
    const keys = [
      't/\u{1f33b}',
      't/\uffee',
      't/\ue000',
      't/я',
      't/é',
      't/z',
      't/\u{10000}',
      't/a\u0000b',
    ];
    await store.write(keys.map((key, index) => put(key, bytes(index))));
    const expected = keys.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect(await keysOf(store, { lt: 't/\u{10ffff}' })).toEqual(expected);
    for (const [index, key] of keys.entries()) expect(store.get(key)).toEqual(bytes(index));
    expect(await keysOf(store, { gte: 't/\ue000', lt: 't/\u{1f33b}' })).toEqual([
      't/\ue000',
      't/\uffee',
      't/\u{10000}',
    ]);
  });

  it('holds large values', async () => {
    const large = new Uint8Array(3 * 1024 * 1024).map((_, index) => (index * 31) ^ (index >>> 8));
    await store.write([put('t/large', large)]);
    expect(Buffer.compare(store.get('t/large')!, large)).toBe(0);
    expect((await entriesOf(store))[0]![1]).toHaveLength(large.length);
  });

  it('applies writes issued together in their order, each of them whole', async () => {
    const writes = Array.from({ length: 200 }, (_, n) =>
      store.write([put('t/last', bytes(n)), put(`t/${n}/x`, bytes(n)), put(`t/${n}/y`, bytes(n))]),
    );
    await Promise.all(writes);
    expect(store.get('t/last')).toEqual(bytes(199));
    expect(await entriesOf(store)).toHaveLength(401);
  });

  it('shows a write no later than when it resolves', async () => {
    await Promise.all(
      Array.from({ length: 50 }, async (_, n) => {
        await store.write([put(`t/${n}`, bytes(n))]);
        expect(store.get(`t/${n}`)).toEqual(bytes(n));
      }),
    );
  });

  it('scans one moment: what is written meanwhile does not show', async () => {
    const keys = Array.from({ length: 2500 }, (_, n) => `t/${String(n).padStart(5, '0')}`);
    await store.write(keys.map((key) => put(key, bytes(1))));
    const seen: [string, number][] = [];
    for await (const [key, value] of store.scan({ gte: 't/', lt: 't0' })) {
      if (seen.length === 0) {
        await store.write([put('t/99999', bytes(2)), put('t/02400', bytes(2)), del('t/02401')]);
      }
      seen.push([key, value[0]!]);
    }
    expect(seen).toEqual(keys.map((key) => [key, 1]));
    expect(store.get('t/02401')).toBeUndefined();
  });

  it('lets a scan be left early, and many run at once', async () => {
    await store.write(Array.from({ length: 3000 }, (_, n) => put(`t/${n}`, bytes(0))));
    for await (const _entry of store.scan({ gte: 't/', lt: 't0' })) break;
    const counts = await Promise.all(
      [1, 10, 3000].map(async (limit) => (await keysOf(store, { limit })).length),
    );
    expect(counts).toEqual([1, 10, 3000]);
  });

  it('has everything after being opened again', async () => {
    await store.write([put('t/a', bytes(1)), put('t/b', bytes(2))]);
    await store.write([del('t/a'), put('t/c', bytes(3))]);
    store = await adapter.reopen(store);
    expect(await entriesOf(store)).toEqual([
      ['t/b', [2]],
      ['t/c', [3]],
    ]);
  });

  it('finishes writes that were issued before it was closed', async () => {
    const write = store.write([put('t/a', bytes(1))]);
    store = await adapter.reopen(store);
    await write;
    expect(store.get('t/a')).toEqual(bytes(1));
  });

  it('refuses everything once it is closed', async () => {
    await store.close();
    await store.close();
    const refusal = { code: 'E008', details: { fault: 'store_closed' } };
    await expect(async () => store.get('t/a')).rejects.toMatchObject(refusal);
    await expect(store.write([put('t/a', bytes(1))])).rejects.toMatchObject(refusal);
    await expect(entriesOf(store)).rejects.toMatchObject(refusal);
  });
});

describe.each(adapters)('a store is an ordered map: $name', (adapter) => {
  it('agrees with a model over random batches, scans and reopenings', async () => {
    const key = fc.string({ unit: fc.constantFrom('a', 'b', '/', 'я', '\u{1f33b}'), maxLength: 4 });
    const operation = fc.oneof(
      { weight: 3, arbitrary: fc.record({ key, value: fc.uint8Array({ maxLength: 40 }) }) },
      { weight: 1, arbitrary: fc.record({ key, value: fc.constant(undefined) }) },
    );
    const step = fc.record({
      batch: fc.array(operation, { maxLength: 8 }),
      reopen: fc.boolean(),
      gte: key,
      lt: key,
      reverse: fc.boolean(),
      limit: fc.nat({ max: 6 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 6 }), async (steps) => {
        await rm(join(root, 'store'), { recursive: true, force: true });
        let store = await adapter.open();
        const model = new Map<string, number[]>();
        for (const { batch, reopen, gte, lt, reverse, limit } of steps) {
          await store.write(
            batch.map((op) => (op.value ? put(`t/${op.key}`, op.value) : del(`t/${op.key}`))),
          );
          for (const op of batch) {
            if (op.value) model.set(`t/${op.key}`, [...op.value]);
            else model.delete(`t/${op.key}`);
          }
          if (reopen) store = await adapter.reopen(store);
          const order = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
          const expected = [...model]
            .filter(([k]) => order(k, `t/${gte}`) >= 0 && order(k, `t/${lt}`) < 0)
            .sort(([a], [b]) => (reverse ? order(b, a) : order(a, b)))
            .slice(0, limit);
          const range = { gte: `t/${gte}`, lt: `t/${lt}`, reverse, limit };
          expect(await entriesOf(store, range)).toEqual(expected);
          for (const [k, value] of model) expect([...store.get(k)!]).toEqual(value);
        }
        await store.close();
      }),
      { numRuns: 25 },
    );
  });
});
