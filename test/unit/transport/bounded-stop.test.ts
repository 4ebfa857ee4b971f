/** A node stops although a peer that stops at the same moment waits for it, too. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { stopHost } from '../../../node/transport/bounded-stop.ts';

const STOP_MS = 2_000;

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** @param ends when its stop resolves: at once, when its connections are broken off, or never */
function host(ends: 'at once' | 'broken off' | 'never') {
  const stopped = Promise.withResolvers<void>();
  if (ends === 'at once') stopped.resolve();
  let broken = 0;
  const connection = {
    abort: () => {
      broken++;
      if (ends === 'broken off') stopped.resolve();
    },
  };
  const open = ends === 'at once' ? [] : [connection, connection];
  const parts = { stop: () => stopped.promise, getConnections: () => open };
  return { ...parts, broken: () => broken };
}

/** How long it takes to stop, ms of fake time. */
async function stopping(of: Parameters<typeof stopHost>[0]): Promise<number> {
  const began = Date.now();
  let ended: number | undefined;
  const work = stopHost(of, STOP_MS).then(() => {
    ended = Date.now() - began;
  });
  await vi.advanceTimersByTimeAsync(10 * STOP_MS);
  await work;
  return ended!;
}

describe('a host that stops', () => {
  it('is waited for, and nothing is broken off, if it can', async () => {
    const quick = host('at once');
    expect(await stopping(quick)).toBe(0);
    expect(quick.broken()).toBe(0);
  });

  it('has its connections broken off after a while', async () => {
    const waiting = host('broken off');
    expect(await stopping(waiting)).toBe(STOP_MS);
    expect(waiting.broken()).toBe(2);
  });

  it('is left to itself if even that does not help', async () => {
    expect(await stopping(host('never'))).toBe(2 * STOP_MS);
  });

  it('tells what went wrong', async () => {
    const failing = { ...host('never'), stop: () => Promise.reject(new Error('no')) };
    await expect(stopHost(failing, STOP_MS)).rejects.toThrow('no');
  });
});
