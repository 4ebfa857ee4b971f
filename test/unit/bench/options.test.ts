import { describe, expect, it } from 'vitest';
import { readApiOptions } from '../../../simulations/bench/api-options.ts';
import { readEventsOptions } from '../../../simulations/bench/events-options.ts';
import {
  readHubOptions,
  readJsonOption,
  readPaymentsOptions,
  readSoakOptions,
} from '../../../simulations/bench/options.ts';

describe('the command line of the benchmarks', () => {
  it('has a default for everything', () => {
    expect(readPaymentsOptions([])).toEqual({
      hops: 3,
      inFlight: [1, 16, 64],
      seconds: 10,
      fill: undefined,
      profile: undefined,
      json: false,
    });
    expect(readSoakOptions([])).toEqual({ hops: 3, inFlight: 16, minutes: 10, json: false });
    expect(readJsonOption([])).toBe(false);
  });

  it('reads every option', () => {
    const argv =
      '--hops 2 --in-flight 4,8 --seconds 3 --edges 1000 --history 5 --profile p --json'.split(' ');
    expect(readPaymentsOptions(argv)).toEqual({
      hops: 2,
      inFlight: [4, 8],
      seconds: 3,
      fill: { edges: 1000, history: 5 },
      profile: 'p',
      json: true,
    });
    expect(readSoakOptions('--hops 1 --in-flight 2 --minutes 3 --json'.split(' '))).toEqual({
      hops: 1,
      inFlight: 2,
      minutes: 3,
      json: true,
    });
  });

  it('measures the API with so many members and connections', () => {
    expect(readApiOptions([])).toEqual({
      members: 500,
      lines: 5000,
      connections: 64,
      seconds: 10,
      profile: undefined,
      json: false,
    });
    expect(readApiOptions(['--connections', '8', '--json'])).toMatchObject({
      connections: 8,
      json: true,
    });
    expect(() => readApiOptions(['--members', '3', '--lines', '7'])).toThrow('from 1 to 6');
  });

  it('measures events with so many subscribers', () => {
    const defaults = { subscribers: 1000, rate: 100, seconds: 10, resumes: 1000, json: false };
    expect(readEventsOptions([])).toEqual(defaults);
    expect(readEventsOptions(['--subscribers', '5'])).toEqual({ ...defaults, subscribers: 5 });
    expect(() => readEventsOptions(['--subscribers', '2000'])).toThrow('from 1 to 1900');
  });

  it('measures hubs of any size, or of a community file', () => {
    expect(readHubOptions([])).toEqual({
      community: undefined,
      members: 500,
      lines: 5000,
      inFlight: [1, 64, 512],
      seconds: 10,
      profile: undefined,
      json: false,
    });
    expect(readHubOptions(['--community', 'village.yaml', '--in-flight', '8'])).toMatchObject({
      community: 'village.yaml',
      inFlight: [8],
    });
    for (const argv of [
      ['--members', '1'],
      ['--members', '3', '--lines', '7'],
    ]) {
      expect(() => readHubOptions(argv)).toThrow(
        expect.objectContaining({ details: expect.objectContaining({ fault: 'usage' }) }),
      );
    }
  });

  it('fills stores for either kind of past', () => {
    expect(readPaymentsOptions(['--edges', '7']).fill).toEqual({ edges: 7, history: 0 });
    expect(readPaymentsOptions(['--history', '7']).fill).toEqual({ edges: 0, history: 7 });
  });

  it.each([
    ['--hops', '0'],
    ['--hops', '11'],
    ['--in-flight', '1,,2'],
    ['--in-flight', '1;2'],
    ['--seconds', '0.5'],
    ['--nonsense', '1'],
  ])('refuses %s %s with exit code 2 in mind', (...argv) => {
    expect(() => readPaymentsOptions(argv)).toThrow(
      expect.objectContaining({ details: expect.objectContaining({ fault: 'usage' }) }),
    );
  });
});
