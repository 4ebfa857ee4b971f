import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AMOUNT_MAX, PRECISION_MAX } from '../../../protocol/limits.ts';
import { formatAmount, parseAmount, parseLimit } from '../../../protocol/money/amount.ts';
import { readVectors } from '../../vectors/read.ts';
import type { AmountCase } from '../../vectors/text-cases.ts';

const vectors = readVectors<AmountCase>('amounts.json');
const fault = (name: string) =>
  expect.objectContaining({ details: expect.objectContaining({ fault: name }) });

describe('amount', () => {
  it.each(vectors.filter((v) => v.valid))(
    'vector: $text with precision $precision',
    ({ text, precision, units, canonical }) => {
      expect(parseAmount(text, precision).toString()).toBe(units);
      expect(formatAmount(BigInt(units!), precision)).toBe(canonical);
    },
  );

  it.each(vectors.filter((v) => !v.valid))(
    'vector: "$text" with precision $precision is refused: $reason',
    ({ text, precision, reason }) => {
      expect(() => parseAmount(text, precision)).toThrow(fault(reason));
    },
  );

  it('comes back from its own text exactly', () => {
    const run = fc.property(
      fc.bigInt(1n, AMOUNT_MAX),
      fc.nat(PRECISION_MAX),
      (units, precision) => {
        expect(parseAmount(formatAmount(units, precision), precision)).toBe(units);
      },
    );
    fc.assert(run);
  });

  it('agrees with arithmetic on digits alone', () => {
    const run = fc.property(
      fc.bigInt(0n, 10n ** 10n),
      fc.nat(PRECISION_MAX),
      fc.nat(99_999_999),
      (whole, precision, fraction) => {
        const digits =
          precision === 0 ? '' : fraction.toString().padStart(8, '0').slice(0, precision);
        const text = digits === '' ? `${whole}` : `${whole}.${digits}`;
        expect(parseLimit(text, precision)).toBe(BigInt(`${whole}${digits}`));
      },
    );
    fc.assert(run);
  });
});

describe('limit', () => {
  it('may be zero', () => {
    expect(parseLimit('0', 2)).toBe(0n);
    expect(parseLimit('0.00', 2)).toBe(0n);
  });

  it('may not be negative', () => {
    expect(() => parseLimit('-1', 2)).toThrow(fault('bad_amount'));
  });
});

describe('formatAmount', () => {
  it('writes exactly as many digits as the precision, balances with their sign', () => {
    expect(formatAmount(0n, 0)).toBe('0');
    expect(formatAmount(0n, 2)).toBe('0.00');
    expect(formatAmount(-1n, 2)).toBe('-0.01');
    expect(formatAmount(-150n, 2)).toBe('-1.50');
    expect(formatAmount(-(2n ** 63n), 8)).toBe('-92233720368.54775808');
    expect(formatAmount(1n, 8)).toBe('0.00000001');
  });
});
