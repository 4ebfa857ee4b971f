/** Many turns share a write, and what has not begun waits outside until there is room for it. */
import { describe, expect, it } from 'vitest';
import { GroupCommit } from '../../../node/engine/group-commit.ts';
import type { Clock, Store } from '../../../node/ports.ts';

const TURNS_MAX = 3;

/** A store whose writes end when they are told to, and a clock whose `soon` is the next microtask. */
function stage() {
  const writes: { keys: string[]; done: PromiseWithResolvers<void> }[] = [];
  const store = {
    write(ops) {
      const done = Promise.withResolvers<void>();
      writes.push({ keys: ops.map(({ key }) => key), done });
      return done.promise;
    },
  } as Partial<Store> as Store;
  const clock = { soon: queueMicrotask } as Partial<Clock> as Clock;
  const commit = new GroupCommit(store, clock, TURNS_MAX, async () => undefined);
  const ended: string[] = [];
  const submit = (key: string) =>
    commit.submit({
      ops: [{ type: 'del', key }],
      committed: () => ended.push(key),
      failed: ({ details }) => ended.push(`${key} ${details.fault}`),
    });
  /** Work that waits for room and then takes a turn. */
  const begin = async (key: string, work = submit) => {
    const room = commit.room();
    if (room !== undefined) await room;
    work(key);
  };
  return { writes, commit, ended, submit, begin };
}

const breath = () => new Promise((resolve) => setImmediate(resolve));

describe('room in the batch that is being filled', () => {
  it('is there at once until the batch is full, and again when it has left', async () => {
    const { commit, submit, writes } = stage();
    for (const key of ['a', 'b', 'c']) {
      expect(commit.room()).toBeUndefined();
      submit(key);
    }
    expect(commit.room()).toBeDefined();
    await breath();
    expect(writes.map(({ keys }) => keys)).toEqual([['a', 'b', 'c']]);
    expect(commit.room()).toBeUndefined();
  });

  it('is given in the order of coming, a batch at a time, and counted in the backlog', async () => {
    const { commit, begin, writes, ended } = stage();
    for (const key of 'abcdefgh') void begin(key);
    await breath();
    // The first three are being written, three fill the next batch, two wait outside.
    expect(writes.map(({ keys }) => keys.join(''))).toEqual(['abc']);
    expect(commit.backlog).toBe(5);
    for (const at of [0, 1, 2]) {
      writes[at]!.done.resolve();
      await breath();
    }
    expect(writes.map(({ keys }) => keys.join(''))).toEqual(['abc', 'def', 'gh']);
    expect(ended.join('')).toBe('abcdefgh');
    expect(commit.backlog).toBe(0);
  });

  it('goes on to the next when those let in write nothing', async () => {
    const { begin, writes } = stage();
    for (const key of 'abc') void begin(key);
    await breath();
    const refused: string[] = [];
    for (let i = 0; i < 10; i++) void begin(`r${i}`, (key) => refused.push(key));
    for (const key of 'de') void begin(key);
    writes[0]!.done.resolve();
    await breath();
    await breath();
    expect(refused).toHaveLength(10);
    expect(writes.at(-1)!.keys).toEqual(['d', 'e']);
  });

  it('is given only when the write before has begun, so that turns run while the disk works', async () => {
    const order: string[] = [];
    // LevelDB's adapter hands a batch over one microtask after it was asked to.
    const store = {
      write: async () => {
        await Promise.resolve();
        order.push('write');
        await breath();
      },
    } as Partial<Store> as Store;
    const soon: Clock['soon'] = (task) => void setImmediate(task);
    const commit = new GroupCommit(store, { soon } as Clock, TURNS_MAX, async () => undefined);
    const begin = async (key: string) => {
      const room = commit.room();
      if (room !== undefined) await room;
      order.push(key);
      commit.submit({ ops: [{ type: 'del', key }], committed: () => {}, failed: () => {} });
    };
    for (const key of 'abcde') void begin(key);
    await breath();
    await commit.settled();
    while (order.length < 7) await breath();
    expect(order).toEqual(['a', 'b', 'c', 'write', 'd', 'e', 'write']);
  });

  it('is given after a failed write too', async () => {
    const { begin, writes, ended } = stage();
    for (const key of 'abcdefgh') void begin(key);
    await breath();
    writes[0]!.done.reject(new Error('no space left on device'));
    await breath();
    expect(ended.toSorted()).toEqual([...'abcdef'].map((key) => `${key} store_write_failed`));
    expect(writes.at(-1)!.keys).toEqual(['g', 'h']);
  });
});
