/**
 * The closed list of error codes (docs/PROTOCOL.md, "Error codes") and the one error class that carries them.
 *
 * A refusal is a value that a program can branch on (`code`, `details.fault`) and a sentence that
 * tells a person what to do. Exceptions of any other class are our own mistakes.
 */
export const ERROR_TITLES = {
  E001: 'no route',
  E002: 'insufficient capacity',
  E003: 'limit exceeded',
  E004: 'line not active',
  E005: 'bad signature',
  E006: 'not permitted',
  E007: 'timed out',
  E008: 'state conflict',
  E009: 'invalid data',
  E010: 'internal',
} as const;

export type ErrorCode = keyof typeof ERROR_TITLES;

/** Plain JSON-able facts about the fault; amounts are decimal or integer strings, never numbers. */
export interface ErrorDetails {
  /** Machine-readable kind of the fault within the code, snake_case, for example `unknown_equivalent`. */
  readonly fault: string;
  readonly [name: string]: string | number | boolean | readonly string[] | undefined;
}

export class GeoError extends Error {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, sentence: string, details: ErrorDetails, options?: ErrorOptions) {
    super(sentence, options);
    this.name = 'GeoError';
    this.code = code;
    this.details = details;
  }

  /** The form that crosses a process border: `{code, message, details}`. */
  toJSON(): { code: ErrorCode; message: string; details: ErrorDetails } {
    return { code: this.code, message: this.message, details: this.details };
  }
}

/** Shorthand for the most frequent refusal: input that does not mean anything. */
export function invalid(
  fault: string,
  sentence: string,
  details: Record<string, string | number> = {},
): GeoError {
  return new GeoError('E009', sentence, { fault, ...details });
}

/** Whether a value from outside is one of the codes. */
export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(ERROR_TITLES, value);
}
