/** Who fails waits, longer each time, and nobody's failures fill the memory. */
import { describe, expect, it } from 'vitest';
import { Lockout } from '../../../node/sessions/lockout.ts';

const TERMS = { free: 3, firstMs: 1_000, longestMs: 60_000 };

function failing(lockout: Lockout, times: number, name = 'anna'): number {
  for (let i = 0; i < times; i++) lockout.failed(name, 0);
  return lockout.waitOf(name, 0);
}

describe('lock-out', () => {
  it.each([
    [0, 0],
    [2, 0],
    [3, 1_000],
    [4, 2_000],
    [6, 8_000],
    [9, 60_000],
    [5_000, 60_000],
  ])('after %d failures waits %d ms', (times, wait) => {
    expect(failing(new Lockout(TERMS, 10), times)).toBe(wait);
  });

  it('is over when the time is, after a success, and an hour after the last failure', () => {
    const lockout = new Lockout(TERMS, 10);
    failing(lockout, 4);
    expect(lockout.waitOf('anna', 1_999)).toBe(1);
    expect(lockout.waitOf('anna', 2_000)).toBe(0);
    lockout.failed('anna', 3_600_001);
    expect(lockout.waitOf('anna', 3_600_001)).toBe(0);
    failing(lockout, 9);
    lockout.succeeded('anna');
    expect(failing(lockout, 1)).toBe(0);
  });

  it('never waits longer because a clock went back', () => {
    const lockout = new Lockout(TERMS, 10);
    for (let i = 0; i < 3; i++) lockout.failed('anna', 1_000_000);
    expect(lockout.waitOf('anna', 0)).toBe(1_000);
  });

  it('forgets whoever failed longest ago when there are too many names', () => {
    const lockout = new Lockout(TERMS, 2);
    failing(lockout, 5, 'anna');
    failing(lockout, 5, 'boris');
    lockout.failed('anna', 1);
    failing(lockout, 5, 'cyril');
    expect(lockout.waitOf('boris', 1)).toBe(0);
    expect(lockout.waitOf('anna', 1)).toBeGreaterThan(0);
  });
});
