import { describe, expect, it } from 'vitest';
import { type SoakSample, whatGrew } from '../../../simulations/bench/soak.ts';

const sample = (figures: Partial<SoakSample>): SoakSample => ({
  minute: 0,
  payments_per_s: 100,
  p99_ms: 100,
  rss_mb: 150,
  heap_mb: 40,
  handles: 12,
  live_attempts: 16,
  in_doubt_ms: 90,
  store_mb: 10,
  store_bytes_per_payment: 20_000,
  ...figures,
});

const series = (figures: (i: number) => Partial<SoakSample>) =>
  Array.from({ length: 21 }, (_, i) => sample(figures(i)));

describe('the verdict of a soak', () => {
  it('is flat if nothing grows, or only what has to', () => {
    expect(whatGrew(series(() => ({})))).toEqual([]);
    expect(whatGrew(series((i) => ({ store_mb: 10 + 5 * i })))).toEqual([]);
  });

  it('is flat for what goes up and down, and for what fills up at the beginning', () => {
    expect(whatGrew(series((i) => ({ heap_mb: 40 + 30 * (i % 2) })))).toEqual([]);
    expect(whatGrew(series((i) => ({ rss_mb: 100 + 20 * Math.min(i, 5) })))).toEqual([]);
  });

  it.each([
    ['rss_mb', (i: number) => 150 + 5 * i],
    ['heap_mb', (i: number) => 40 + 5 * i],
    ['handles', (i: number) => 12 + i],
    ['live_attempts', (i: number) => 16 + 20 * i],
    ['in_doubt_ms', (i: number) => 90 + 1_000 * i],
    ['p99_ms', (i: number) => 100 + 40 * i],
    ['store_bytes_per_payment', (i: number) => 20_000 + 2_000 * i],
  ] as const)('names %s', (name, at) => {
    expect(whatGrew(series((i) => ({ [name]: at(i) })))).toEqual([name]);
  });

  it('says nothing about a run that was too short', () => {
    expect(whatGrew([sample({}), sample({ rss_mb: 900 })])).toEqual([]);
  });
});
