/** What is done with measurements: an error here would be a wrong figure in every report. */
import type { Profiler } from 'node:inspector';
import { describe, expect, it } from 'vitest';
import { joined, keepInFlight, percentile } from '../../../simulations/bench/load.ts';
import { difference, perOne, type Tally } from '../../../simulations/bench/meter.ts';
import { summarise } from '../../../simulations/bench/profile.ts';

describe('percentile', () => {
  it('needs no order and reaches both ends', () => {
    const values = Float64Array.from([30, 10, 20, 50, 40]);
    expect([0, 0.5, 1].map((share) => percentile(values, share))).toEqual([10, 30, 50]);
    expect(percentile(new Float64Array(0), 0.5)).toBe(0);
  });
});

describe('keepInFlight', () => {
  it('keeps that many under way and counts successes and failures apart', async () => {
    let underWay = 0;
    let most = 0;
    let begun = 0;
    const result = await keepInFlight({ inFlight: 3, seconds: 0.02 }, async () => {
      begun += 1;
      const failure = begun % 4 === 0 ? 'refused' : undefined;
      underWay += 1;
      most = Math.max(most, underWay);
      await new Promise((resolve) => setTimeout(resolve, 2));
      underWay -= 1;
      return failure;
    });
    expect(most).toBe(3);
    expect(result.done + (result.failures.refused ?? 0)).toBe(begun);
    expect(result.latenciesMs).toHaveLength(result.done);
    expect(result.failures.refused).toBe(Math.floor(begun / 4));
  });
});

describe('joined', () => {
  it('adds windows up', () => {
    const window = (done: number, seconds: number, failures: Record<string, number>) => ({
      done,
      seconds,
      latenciesMs: Float64Array.from({ length: done }, (_, i) => i),
      failures,
    });
    expect(joined([window(2, 1, { a: 1 }), window(1, 3, { a: 1, b: 2 })])).toEqual({
      done: 3,
      seconds: 4,
      latenciesMs: Float64Array.from([0, 1, 0]),
      failures: { a: 2, b: 2 },
    });
  });
});

describe('tallies', () => {
  it('are subtracted and shared out', () => {
    const tally = (count: number): Tally => ({
      signatures: count,
      verifications: count,
      messagesOut: count,
      bytesOut: count,
      messagesIn: count,
      fsyncs: count,
      operations: count,
      storeBytes: count,
      reads: count,
      cpuUs: count,
      mainUs: count,
    });
    expect(perOne(difference(tally(50), tally(10)), 4)).toEqual(tally(10));
  });
});

describe('summarise', () => {
  it('shares time out by function, itself and with what it called', () => {
    const call = (functionName: string) => ({
      functionName,
      scriptId: '1',
      url: '',
      lineNumber: 0,
      columnNumber: 0,
    });
    const profile: Profiler.Profile = {
      nodes: [
        { id: 1, callFrame: call('(root)'), children: [2, 5] },
        { id: 2, callFrame: call('outer'), children: [3] },
        { id: 3, callFrame: call('inner'), children: [4] },
        { id: 4, callFrame: call('inner') },
        { id: 5, callFrame: call('(idle)') },
      ],
      startTime: 0,
      endTime: 100,
      samples: [2, 3, 4, 5],
      timeDeltas: [10, 20, 10, 60],
    };
    expect(summarise(profile, 0)).toEqual([
      { place: 'inner', self: 0.75, total: 0.75 },
      { place: 'outer', self: 0.25, total: 1 },
    ]);
    expect(summarise(profile, 0.5)).toHaveLength(1);
  });
});
