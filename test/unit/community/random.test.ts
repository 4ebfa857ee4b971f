import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../../simulations/random.ts';

describe('seededRandom', () => {
  it('repeats a sequence for its seed and gives others for others, large and negative ones too', () => {
    const seeds = [0, 1, 2, -1, 2 ** 32, 2 ** 32 + 1, Number.MAX_SAFE_INTEGER];
    const sequence = (seed: number): string => seededRandom(seed).bytes(32).join();
    expect(new Set(seeds.map(sequence)).size).toBe(seeds.length);
    for (const seed of seeds) expect(sequence(seed)).toBe(sequence(seed));
  });

  it('keeps its sequences for ever: old seeds must stay replayable', () => {
    const random = seededRandom(42);
    expect([random.uint32(), random.uint32(), random.uint32()]).toEqual([
      4104621654, 679004033, 1629084003,
    ]);
  });

  it('draws each number below a count about equally often', () => {
    const random = seededRandom(9);
    const counts = new Array<number>(7).fill(0);
    for (let draw = 0; draw < 70_000; draw++) counts[random.below(7)]! += 1;
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
    const mean = Array.from({ length: 10_000 }, random.real).reduce((a, b) => a + b) / 10_000;
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.02);
  });

  it('shuffles without losing or adding, and leaves the original alone', () => {
    const items = Array.from({ length: 50 }, (_, index) => index);
    const shuffled = seededRandom(4).shuffled(items);
    expect(shuffled).not.toEqual(items);
    expect(shuffled.toSorted((a, b) => a - b)).toEqual(items);
  });

  it('refuses what is no seed and no count', () => {
    expect(() => seededRandom(0.5)).toThrow(RangeError);
    expect(() => seededRandom(1).below(0)).toThrow(RangeError);
    expect(() => seededRandom(1).pick([])).toThrow(RangeError);
  });
});
