/** What debt is measured in: a code and a precision (docs/PROTOCOL.md, "Words"). No default, no exchange rate. */
import { invalid } from '../errors.ts';
import { PRECISION_MAX } from '../limits.ts';

declare const brand: unique symbol;
/** `[A-Z0-9_]{1,16}`, for example `UAH` or `HOURS`. */
export type EquivalentCode = string & { readonly [brand]: 'EquivalentCode' };

export interface Equivalent {
  readonly code: EquivalentCode;
  /** Decimal places of the written amount: the smallest unit is `10^-precision`. */
  readonly precision: number;
  /** Free text for people (name, symbol, what it is backed by). Nothing is decided by it. */
  readonly metadata: Readonly<Record<string, string>>;
}

const CODE_PATTERN = /^[A-Z0-9_]{1,16}$/;

/** @throws GeoError E009 `bad_equivalent_code` */
export function parseEquivalentCode(text: string): EquivalentCode {
  if (!CODE_PATTERN.test(text)) {
    throw invalid(
      'bad_equivalent_code',
      `"${text.slice(0, 40)}" is not an equivalent code: use 1 to 16 of A-Z, 0-9 and _, for example UAH.`,
    );
  }
  return text as EquivalentCode;
}

/** @throws GeoError E009 `bad_precision` */
export function checkPrecision(precision: number): number {
  if (!Number.isInteger(precision) || precision < 0 || precision > PRECISION_MAX) {
    throw invalid(
      'bad_precision',
      `The precision must be a whole number from 0 to ${PRECISION_MAX}.`,
    );
  }
  return precision;
}
