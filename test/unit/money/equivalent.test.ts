import { describe, expect, it } from 'vitest';
import { checkPrecision, parseEquivalentCode } from '../../../protocol/money/equivalent.ts';

const fault = (name: string) =>
  expect.objectContaining({ details: expect.objectContaining({ fault: name }) });

describe('equivalent', () => {
  it.each(['A', 'UAH', 'HOURS_2', '_', '0', 'ABCDEFGHIJKLMNOP'])('code %s', (code) => {
    expect(parseEquivalentCode(code)).toBe(code);
  });

  it.each(['', 'uah', 'ГРН', 'A B', 'A-B', 'UAH\n', 'ABCDEFGHIJKLMNOPQ'])(
    'code "%s" is refused',
    (code) => {
      expect(() => parseEquivalentCode(code)).toThrow(fault('bad_equivalent_code'));
    },
  );

  it.each([0, 2, 8])('precision %d', (precision) => {
    expect(checkPrecision(precision)).toBe(precision);
  });

  it.each([-1, 9, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
    'precision %d is refused',
    (precision) => {
      expect(() => checkPrecision(precision)).toThrow(fault('bad_precision'));
    },
  );
});
