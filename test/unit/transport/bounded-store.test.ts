import type { KadDHTComponents } from '@libp2p/kad-dht';
import { expect, it } from 'vitest';
import { boundedStore } from '../../../node/transport/bounded-store.ts';

type Datastore = KadDHTComponents['datastore'];
type Key = Parameters<Datastore['put']>[0];

/** As much of a datastore as the bound is about. */
function memory() {
  const entries = new Map<string, Uint8Array>();
  const store = {
    put: async (key: Key, value: Uint8Array) => {
      entries.set(key.toString(), value);
      return key;
    },
    delete: async (key: Key) => {
      entries.delete(key.toString());
    },
    has: async (key: Key) => entries.has(key.toString()),
  };
  return { entries, store: store as unknown as Datastore };
}

const key = (name: string) => ({ toString: () => `/dht/record/${name}` }) as Key;
const value = new Uint8Array([1]);

it('keeps the entries written last, and hands everything else through', async () => {
  const { entries, store } = memory();
  const bounded = boundedStore(store, 3);
  for (const name of ['a', 'b', 'c']) await bounded.put(key(name), value);
  await bounded.put(key('a'), value);
  await bounded.put(key('d'), value);
  expect([...entries.keys()].sort()).toEqual(['/dht/record/a', '/dht/record/c', '/dht/record/d']);
  expect(await bounded.has(key('c'))).toBe(true);
  await bounded.delete(key('c'));
  await bounded.put(key('e'), value);
  expect([...entries.keys()].sort()).toEqual(['/dht/record/a', '/dht/record/d', '/dht/record/e']);
});

it('never holds more, however many are written', async () => {
  const { entries, store } = memory();
  const bounded = boundedStore(store, 100);
  for (let i = 0; i < 5_000; i += 1) await bounded.put(key(`${i}`), value);
  expect(entries.size).toBe(100);
});
