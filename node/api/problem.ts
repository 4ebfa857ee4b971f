/**
 * How a refusal looks over HTTP: one envelope `{code, message, details}` with the members of
 * RFC 9457 beside it. The only place that knows HTTP statuses.
 */
import { ERROR_TITLES, type ErrorCode, GeoError } from '../../protocol/errors.ts';
import type { ErrorBody, Problem } from '../service/shapes.ts';

export const PROBLEM_CONTENT_TYPE = 'application/problem+json; charset=utf-8';

/** A code that is missing here does not compile. */
const STATUS_BY_CODE: Record<ErrorCode, number> = {
  // The request is well formed; the ledger as it is now does not allow it.
  E001: 409,
  E002: 409,
  E003: 409,
  E004: 409,
  E005: 422,
  E006: 403,
  E007: 504,
  E008: 409,
  E009: 400,
  E010: 500,
};

/** Faults for which HTTP has a more exact word than the code's own status. */
const STATUS_BY_FAULT: Readonly<Record<string, number>> = {
  bad_token: 401,
  sign_in_failed: 401,
  session_ended: 401,
  token_reused: 401,
  sign_in_locked: 429,
  too_many_requests: 429,
  too_many_sessions: 503,
  unknown_session: 404,
  no_such_route: 404,
  no_such_addon: 404,
  unknown_transaction: 404,
  method_not_allowed: 405,
  body_too_large: 413,
  not_json: 415,
  cursor_too_old: 410,
  cursor_of_other_books: 410,
  too_many_streams: 503,
  addon_not_running: 503,
  addon_busy: 503,
  addon_failed: 502,
};

export function statusOf(error: GeoError): number {
  return STATUS_BY_FAULT[error.details.fault] ?? STATUS_BY_CODE[error.code];
}

export function problemOf(error: GeoError): Problem {
  return {
    type: `urn:geo:error:${error.code}`,
    title: ERROR_TITLES[error.code],
    status: statusOf(error),
    detail: error.message,
    ...error.toJSON(),
  };
}

/** The way back: the GeoError that a problem document describes. */
export function errorOf(body: ErrorBody): GeoError {
  return new GeoError(body.code, body.message, detailsOf(body.details));
}

/** Details are plain facts (protocol/errors.ts); what a stranger put there besides is left out. */
function detailsOf(details: ErrorBody['details']): GeoError['details'] {
  const facts: Record<string, string | number | boolean | readonly string[]> = {};
  for (const [name, value] of Object.entries(details)) {
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      facts[name] = value;
    } else if (Array.isArray(value) && value.every((item) => typeof item === 'string')) {
      facts[name] = value;
    }
  }
  return { ...facts, fault: details.fault };
}
