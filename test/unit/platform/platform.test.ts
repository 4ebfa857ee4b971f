import { mkdtemp, readFile, rm, stat, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  createLog,
  type LogOptions,
  realClock,
  realEntropy,
} from '../../../node/platform/platform.ts';
import { GeoError } from '../../../protocol/errors.ts';

describe('the real clock', () => {
  afterEach(() => vi.useRealTimers());

  it('runs a task once, not before its time', async () => {
    const start = performance.now();
    let runs = 0;
    const elapsed = await new Promise<number>((resolve) => {
      realClock.after(15, () => {
        runs += 1;
        resolve(performance.now() - start);
      });
    });
    expect(elapsed).toBeGreaterThanOrEqual(15);
    expect(runs).toBe(1);
  });

  it('runs a task that is overdue on the next turn, not at once', async () => {
    let ran = false;
    const done = new Promise<void>((resolve) => {
      realClock.after(-5, () => {
        ran = true;
        resolve();
      });
    });
    expect(ran).toBe(false);
    await done;
  });

  it('does not run what was cancelled', async () => {
    let ran = false;
    const cancel = realClock.after(1, () => {
      ran = true;
    });
    cancel();
    await new Promise<void>((resolve) => {
      realClock.after(5, resolve);
    });
    expect(ran).toBe(false);
  });

  it('waits longer than setTimeout can, and can still be cancelled then', () => {
    vi.useFakeTimers();
    const days = 24 * 3600 * 1000;
    const kept = vi.fn();
    const cancelled = vi.fn();
    realClock.after(40 * days, kept);
    const cancel = realClock.after(40 * days, cancelled);
    vi.advanceTimersByTime(39 * days);
    expect(kept).not.toHaveBeenCalled();
    cancel();
    vi.advanceTimersByTime(2 * days);
    expect(kept).toHaveBeenCalledOnce();
    expect(cancelled).not.toHaveBeenCalled();
  });

  it('is never early, and less than a second late where a minute and more is waited for', () => {
    vi.useFakeTimers();
    const task = vi.fn();
    realClock.after(61_234, task);
    vi.advanceTimersByTime(61_233);
    expect(task).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1_000);
    expect(task).toHaveBeenCalledOnce();
  });

  it('runs `soon` tasks after the microtasks of the current turn', async () => {
    const order: string[] = [];
    await new Promise<void>((resolve) => {
      realClock.soon(() => {
        order.push('soon');
        resolve();
      });
      queueMicrotask(() => order.push('microtask'));
      order.push('now');
    });
    expect(order).toEqual(['now', 'microtask', 'soon']);
  });
});

describe('the real entropy', () => {
  it('gives as many bytes as asked for, never the same', () => {
    expect(realEntropy.bytes(0)).toHaveLength(0);
    const draws = Array.from({ length: 50 }, () => realEntropy.bytes(16));
    for (const draw of draws) expect(draw).toHaveLength(16);
    expect(new Set(draws.map((draw) => draw.toString())).size).toBe(50);
  });
});

describe('the log', () => {
  function logTo(lines: string[], options: Partial<LogOptions> = {}) {
    const destination = { write: (line: string) => void lines.push(line) };
    return createLog({ level: 'debug', destination, ...options });
  }

  it('writes one JSON object per line, with level, time, fields and message', () => {
    const lines: string[] = [];
    logTo(lines).warn({ peer: 'abc', attempts: 3 }, 'no answer');
    expect(lines).toHaveLength(1);
    expect(lines[0]!.endsWith('}\n')).toBe(true);
    const { time, ...rest } = JSON.parse(lines[0]!);
    expect(rest).toEqual({ level: 'warn', peer: 'abc', attempts: 3, msg: 'no answer' });
    expect(Math.abs(Date.parse(time) - Date.now())).toBeLessThan(60_000);
  });

  it('leaves out what is less important than its level', () => {
    const lines: string[] = [];
    const log = logTo(lines, { level: 'warn' });
    log.debug({}, 'd');
    log.info({}, 'i');
    log.warn({}, 'w');
    log.error({}, 'e');
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['w', 'e']);
    logTo(lines, { level: 'silent' }).error({}, 'nothing');
    expect(lines).toHaveLength(2);
  });

  it('shows no secret, at whatever depth and however its field is spelled', () => {
    const lines: string[] = [];
    const cause = Object.assign(new Error('inner'), { passphrase: 'XYZZY-1' });
    logTo(lines).info(
      {
        seed: 'XYZZY-2',
        API_TOKEN: 'shown, since only whole names count',
        request: { headers: [{ Authorization: 'XYZZY-3' }], note: 'XYZZY-4', amount: '1.00' },
        keys: new Map([['private_key', 'XYZZY-5']]),
        error: new Error('outer', { cause }),
        secretKey: Uint8Array.of(1),
        token: undefined,
      },
      'message',
    );
    expect(lines[0]).not.toContain('XYZZY');
    const written = JSON.parse(lines[0]!);
    expect(written.request).toEqual({
      headers: [{ Authorization: '[secret]' }],
      note: '[secret]',
      amount: '1.00',
    });
    expect(written.error.cause).toMatchObject({ message: 'inner', passphrase: '[secret]' });
    expect(written).not.toHaveProperty('token');
  });

  it('writes amounts, bytes, errors and sets in forms that JSON has', () => {
    const lines: string[] = [];
    logTo(lines).error(
      {
        amount: 2n ** 62n,
        hash: Uint8Array.of(0xab, 0xcd),
        frame: new Uint8Array(40),
        set: new Set(['a']),
        refusal: new GeoError('E002', 'Too much.', { fault: 'capacity' }),
      },
      'x',
    );
    expect(JSON.parse(lines[0]!)).toMatchObject({
      amount: '4611686018427387904',
      hash: 'abcd',
      frame: `${'00'.repeat(32)}… (40 bytes)`,
      set: ['a'],
      refusal: { code: 'E002', message: 'Too much.', details: { fault: 'capacity' } },
    });
  });

  it('survives fields that contain themselves', () => {
    const lines: string[] = [];
    const loop: Record<string, unknown> = { name: 'loop' };
    loop.self = loop;
    logTo(lines).info(loop, 'round and round');
    expect(JSON.parse(lines[0]!)).toMatchObject({ name: 'loop', msg: 'round and round' });
  });

  it('writes lines for people when asked', () => {
    const lines: string[] = [];
    logTo(lines, { pretty: true }).info({ tx: 'ab', routes: [1, 2] }, 'committed');
    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d\.\d{3} info {2}committed tx=ab routes=\[1,2\]\n$/);
  });

  it('appends to a file that only its owner may read', async () => {
    const root = await mkdtemp(join(tmpdir(), 'geo-log-'));
    try {
      const path = join(root, 'node.log');
      createLog({ level: 'info', file: path }).info({}, 'first');
      createLog({ level: 'info', file: path }).info({}, 'second');
      const lines = (await readFile(path, 'utf8')).trimEnd().split('\n');
      expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['first', 'second']);
      expect((await stat(path)).mode & 0o777).toBe(0o600);
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });

  it('does not throw when its disk is full', async () => {
    const root = await mkdtemp(join(tmpdir(), 'geo-log-'));
    try {
      await symlink('/dev/full', join(root, 'node.log'));
      const log = createLog({ level: 'info', file: join(root, 'node.log') });
      for (let line = 0; line < 100; line += 1) log.info({ line }, 'lost');
      // An error event that nobody handles would end the process in the next turns.
      await new Promise((resolve) => setImmediate(resolve));
      expect(() => log.info({}, 'still here')).not.toThrow();
    } finally {
      await rm(root, { recursive: true, force: true });
    }
  });
});
