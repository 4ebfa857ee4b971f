import { describe, expect, it } from 'vitest';
import { readDemoOptions } from '../../../simulations/demo/options.ts';

describe('the command line of the demo', () => {
  it('has a default for everything', () => {
    expect(readDemoOptions([])).toEqual({
      community: null,
      payments: null,
      seed: null,
      processes: null,
      keep: false,
      json: false,
      directory: null,
      svg: null,
    });
  });

  it('reads every option', () => {
    const argv =
      '--community c.yaml --payments 7 --seed 0 --processes 4 --keep --json --dir d --svg s.svg';
    expect(readDemoOptions(argv.split(' '))).toEqual({
      community: 'c.yaml',
      payments: 7,
      seed: 0,
      processes: 4,
      keep: true,
      json: true,
      directory: 'd',
      svg: 's.svg',
    });
  });

  it('says so when help is asked for', () => {
    expect(readDemoOptions(['--help'])).toBeNull();
  });

  it.each([
    ['--processes', '0'],
    ['--payments', '-1'],
    ['--payments', '1.5'],
    ['--seed', 'abc'],
    ['--seed', '99999999999999999'],
    ['--colour', 'blue'],
    ['village.yaml'],
  ])('refuses %s %s', (...argv) => {
    expect(() => readDemoOptions(argv)).toThrowError(
      expect.objectContaining({
        code: 'E009',
        details: expect.objectContaining({ fault: 'usage' }),
      }),
    );
  });
});
