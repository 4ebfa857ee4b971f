import { describe, expect, it } from 'vitest';
import { TokenBucket } from '../../../node/token-bucket.ts';
import { Guard } from '../../../node/transport/guard.ts';
import { TRANSPORT_LIMITS, type TransportLimits } from '../../../node/transport/limits.ts';
import type { PublicKey } from '../../../protocol/identity/pid.ts';

const key = (name: string) => name.padEnd(64, '0') as PublicKey;
const alice = key('a');
const mallory = key('b');

const wide = { perSecond: 1e9, burst: 1e9 };
const limits: TransportLimits = {
  ...TRANSPORT_LIMITS,
  knownPeer: { frames: { perSecond: 10, burst: 20 }, bytes: { perSecond: 1000, burst: 2000 } },
  stranger: { frames: { perSecond: 5, burst: 6 }, bytes: wide },
  allStrangers: { frames: { perSecond: 8, burst: 10 }, bytes: wide },
  breaches: { perSecond: 1, burst: 3 },
  penaltyMs: 500,
};

/** Verdicts of `count` frames at one moment, counted. */
function admitMany(guard: Guard, peer: PublicKey, known: boolean, count: number, now: number) {
  const verdicts: Record<string, number> = {};
  for (let i = 0; i < count; i += 1) {
    const verdict = guard.admit(peer, known, 10, now);
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1;
  }
  return verdicts;
}

describe('token bucket', () => {
  it('gives its burst at once, then its rate', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 3 }, 0);
    expect([1, 2, 3, 4].map(() => bucket.take(1, 0))).toEqual([true, true, true, false]);
    expect(bucket.take(1, 99)).toBe(false);
    expect(bucket.take(1, 100)).toBe(true);
    expect(bucket.take(1, 100)).toBe(false);
  });

  it('never holds more than its burst', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 3 }, 0);
    expect(bucket.take(4, 1_000_000)).toBe(false);
    expect(bucket.take(3, 1_000_000)).toBe(true);
  });

  it('gives nothing for a clock that went back', () => {
    const bucket = new TokenBucket({ perSecond: 10, burst: 3 }, 1000);
    bucket.take(3, 1000);
    expect(bucket.take(1, 0)).toBe(false);
    expect(bucket.take(1, 100)).toBe(true);
  });
});

describe('guard', () => {
  it('lets a peer send its burst, drops the rest, and lets it go on at its rate', () => {
    const guard = new Guard(limits, 0);
    expect(admitMany(guard, alice, true, 22, 0)).toEqual({ pass: 20, over_peer_rate: 2 });
    expect(admitMany(guard, alice, true, 1, 100)).toEqual({ pass: 1 });
  });

  it('bounds bytes as well as frames', () => {
    const guard = new Guard(limits, 0);
    expect(guard.admit(alice, true, 1500, 0)).toBe('pass');
    expect(guard.admit(alice, true, 501, 0)).toBe('over_peer_rate');
    expect(guard.admit(alice, true, 500, 0)).toBe('pass');
  });

  it('closes and refuses for a while a peer that goes on over its rate', () => {
    const guard = new Guard(limits, 0);
    expect(admitMany(guard, alice, true, 24, 0)).toEqual({
      pass: 20,
      over_peer_rate: 3,
      close: 1,
    });
    expect(guard.refuses(alice, 499)).toBe(true);
    expect(guard.refuses(alice, 500)).toBe(false);
    expect(guard.refuses(mallory, 0)).toBe(false);
  });

  it('does not let a flood cost another peer anything', () => {
    const guard = new Guard(limits, 0);
    admitMany(guard, mallory, true, 1000, 0);
    expect(admitMany(guard, alice, true, 20, 0)).toEqual({ pass: 20 });
  });

  it('gives all strangers together one budget, so that new keys buy nothing', () => {
    const guard = new Guard(limits, 0);
    let passed = 0;
    for (let i = 0; i < 100; i += 1) {
      passed += admitMany(guard, key(`${i}x`), false, 6, 0).pass ?? 0;
    }
    expect(passed).toBe(10);
    expect(admitMany(guard, alice, true, 20, 0)).toEqual({ pass: 20 });
  });

  it('does not hold the strangers’ breach against a stranger that kept to its own rate', () => {
    const guard = new Guard(limits, 0);
    admitMany(guard, mallory, false, 6, 0);
    admitMany(guard, key('c'), false, 4, 0);
    expect(admitMany(guard, alice, false, 50, 0)).toEqual({ over_strangers_rate: 50 });
    expect(guard.refuses(alice, 0)).toBe(false);
  });

  it('closes a stranger whose frames are false, and refuses it for a while', () => {
    const guard = new Guard({ ...limits, breaches: TRANSPORT_LIMITS.breaches }, 0);
    let blamed = 1;
    while (!guard.blame(mallory, 0)) blamed++;
    expect(blamed).toBeLessThan(60);
    expect(guard.refuses(mallory, 0)).toBe(true);
    expect(guard.refuses(alice, 0)).toBe(false);
  });

  it('lets strangers make the node compute only so much, whatever their number of frames', () => {
    const guard = new Guard({ ...limits, strangersCpuMs: { perSecond: 100, burst: 50 } }, 0);
    expect(guard.admit(mallory, false, 10, 0)).toBe('pass');
    guard.spent(80, 0);
    expect(guard.admit(key('c'), false, 10, 0)).toBe('over_strangers_rate');
    expect(guard.admit(alice, true, 10, 0)).toBe('pass');
    // 30 ms too much, at 100 a second.
    expect(guard.admit(key('c'), false, 10, 299)).toBe('over_strangers_rate');
    expect(guard.admit(key('c'), false, 10, 301)).toBe('pass');
  });

  it('counts a large frame over the rate for as many breaches as it has KiB', () => {
    const guard = new Guard(limits, 0);
    expect(guard.admit(alice, true, 1_900, 0)).toBe('pass');
    expect(guard.admit(alice, true, 1_100, 0)).toBe('over_peer_rate');
    expect(guard.admit(alice, true, 1_100, 0)).toBe('close');
  });

  it('widens the budget of a stranger that became known', () => {
    const guard = new Guard(limits, 0);
    expect(admitMany(guard, alice, false, 7, 0)).toEqual({ pass: 6, over_peer_rate: 1 });
    expect(admitMany(guard, alice, true, 20, 0)).toEqual({ pass: 20 });
  });

  it('remembers a spent budget across many other peers', () => {
    const guard = new Guard(limits, 0);
    admitMany(guard, mallory, true, 20, 0);
    for (let i = 0; i < 25_000; i += 1) guard.admit(key(`${i}y`), true, 1, 1);
    expect(guard.admit(mallory, true, 1, 1)).toBe('over_peer_rate');
  });
});
