/**
 * Amounts: bigint of the smallest unit inside, decimal text at the edges (docs/PROTOCOL.md, "Words").
 * decimal.js reads the text; nothing is ever rounded.
 */
import { Decimal } from 'decimal.js';
import { invalid } from '../errors.ts';
import { AMOUNT_MAX } from '../limits.ts';

/** Longest text that is looked at; 2^63 has 19 digits. */
const TEXT_LENGTH_MAX = 64;
// As many digits as that text can have, so that whatever is read is read exactly.
const Exact = Decimal.clone({ precision: TEXT_LENGTH_MAX, toExpNeg: -64, toExpPos: 128 });
const DECIMAL_PATTERN = /^\d+(?:\.(\d+))?$/;

/**
 * Decimal text to the smallest unit, zero allowed (limits).
 * @throws GeoError E009 `bad_amount` | `too_many_digits` | `amount_too_large`
 */
export function parseLimit(text: string, precision: number): bigint {
  const match = text.length <= TEXT_LENGTH_MAX ? DECIMAL_PATTERN.exec(text) : null;
  if (match === null) {
    throw invalid(
      'bad_amount',
      `"${text.slice(0, 40)}" is not an amount: write digits with a point, for example 12.50.`,
    );
  }
  // Zeros count too: "1.000" claims a precision that the equivalent does not have.
  if ((match[1]?.length ?? 0) > precision) {
    throw invalid(
      'too_many_digits',
      `"${text}" has more than ${precision} digits after the point; this equivalent has no smaller unit.`,
      { precision },
    );
  }
  const scaled = new Exact(text).mul(new Exact(10).pow(precision));
  const units = BigInt(scaled.toFixed(0));
  if (units > AMOUNT_MAX) {
    throw invalid(
      'amount_too_large',
      `"${text}" is too large: amounts stay below 2^63 of the smallest unit.`,
    );
  }
  return units;
}

/**
 * Decimal text to a positive amount of the smallest unit.
 * @throws GeoError E009 as {@link parseLimit}, and `amount_not_positive`
 */
export function parseAmount(text: string, precision: number): bigint {
  if (/^-\d/.test(text))
    throw invalid('amount_not_positive', 'The amount must be greater than zero.');
  const units = parseLimit(text, precision);
  if (units === 0n) throw invalid('amount_not_positive', 'The amount must be greater than zero.');
  return units;
}

/** The smallest unit as decimal text with exactly `precision` digits after the point; negative allowed. */
export function formatAmount(units: bigint, precision: number): string {
  if (precision === 0) return units.toString();
  const digits = (units < 0n ? -units : units).toString().padStart(precision + 1, '0');
  const point = digits.length - precision;
  return `${units < 0n ? '-' : ''}${digits.slice(0, point)}.${digits.slice(point)}`;
}
