/** A store whose writes are timed, so that a slow disk can be seen. */
import type { Store } from '../ports.ts';

/**
 * @param elapsed starts a stopwatch; what it returns says how many seconds have passed
 * @param written hears of each write that reached the disk
 */
export function timedStore(
  store: Store,
  elapsed: () => () => number,
  written: (seconds: number, operations: number) => void,
): Store {
  return {
    get: (key) => store.get(key),
    scan: (range) => store.scan(range),
    async write(ops) {
      const seconds = elapsed();
      await store.write(ops);
      written(seconds(), ops.length);
    },
    close: () => store.close(),
  };
}
