/**
 * A bound on what the DHT keeps for others. Its records come from strangers, each of them valid under
 * a key made up for it, and kad-dht itself would keep them all.
 */
import type { KadDHTComponents } from '@libp2p/kad-dht';

type Datastore = KadDHTComponents['datastore'];

/** The same store, that forgets the entry written longest ago when there are more than `entriesMax`. */
export function boundedStore(store: Datastore, entriesMax: number): Datastore {
  /** In order of writing. */
  const keys = new Map<string, Parameters<Datastore['put']>[0]>();
  const put: Datastore['put'] = async (key, value, options) => {
    const text = key.toString();
    keys.delete(text);
    keys.set(text, key);
    if (keys.size > entriesMax) {
      for (const [oldestText, oldest] of keys) {
        keys.delete(oldestText);
        await store.delete(oldest, options);
        break;
      }
    }
    return store.put(key, value, options);
  };
  const remove: Datastore['delete'] = (key, options) => {
    keys.delete(key.toString());
    return store.delete(key, options);
  };
  return Object.create(store, { put: { value: put }, delete: { value: remove } }) as Datastore;
}
