/** Time-based one-time codes (RFC 6238) as the usual apps make them: HMAC-SHA-1, 30 s, six digits. Pure. */
import { hmac } from '@noble/hashes/hmac.js';
import { sha1 } from '@noble/hashes/legacy.js';
import { base32nopad } from '@scure/base';

const STEP_MS = 30_000;
const DIGITS = 6;
/** Steps by which the clocks may differ, each way. */
const STEPS_OFF = 1;
/** Bytes of a secret: what RFC 4226 asks for. */
export const CODE_SECRET_BYTES = 20;

/**
 * The step to which a code belongs.
 * @param after of the last code that was taken: none is good twice
 * @returns undefined: the code is wrong, too old or used
 */
export function stepOf(
  secret: Uint8Array,
  code: string,
  now: number,
  after: number,
): number | undefined {
  const current = Math.floor(now / STEP_MS);
  let found: number | undefined;
  // All are looked at, so that the time says nothing about which it was.
  for (let step = current - STEPS_OFF; step <= current + STEPS_OFF; step++) {
    if (codeAt(secret, step) === code && step > after) found = step;
  }
  return found;
}

export function codeAt(secret: Uint8Array, step: number): string {
  const counter = new Uint8Array(8);
  new DataView(counter.buffer).setBigUint64(0, BigInt(step));
  const mac = hmac(sha1, secret, counter);
  const offset = mac.at(-1)! & 0x0f;
  const number = new DataView(mac.buffer, mac.byteOffset + offset).getUint32(0) & 0x7f_ff_ff_ff;
  return String(number % 10 ** DIGITS).padStart(DIGITS, '0');
}

/** What an app reads, as a picture or as text. */
export function otpauthUri(secret: Uint8Array, issuer: string, account: string): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`;
  return `otpauth://totp/${label}?secret=${base32nopad.encode(secret)}&issuer=${encodeURIComponent(issuer)}`;
}
