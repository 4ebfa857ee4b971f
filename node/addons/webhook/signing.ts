/** Signatures of deliveries, by Standard Webhooks 1.0 (standardwebhooks.com): HMAC-SHA256 over id, time and body. */
import { createHmac } from 'node:crypto';

const SECRET_PREFIX = 'whsec_';
/** As the specification wants it, bytes. */
const SECRET_BYTES_MIN = 24;
const SECRET_BYTES_MAX = 64;

/** @param text `whsec_` and base64, as the receiver has it. @throws Error what is wrong with it */
export function readSecret(text: string): Uint8Array {
  const bytes = Buffer.from(text.trim().replace(SECRET_PREFIX, ''), 'base64');
  const isBase64 = /^whsec_[A-Za-z0-9+/]+={0,2}$/.test(text.trim());
  if (!isBase64 || bytes.length < SECRET_BYTES_MIN || bytes.length > SECRET_BYTES_MAX) {
    throw new Error(
      `a secret is whsec_ and the base64 of ${SECRET_BYTES_MIN} to ${SECRET_BYTES_MAX} random bytes: (printf whsec_; openssl rand -base64 32) > FILE`,
    );
  }
  return bytes;
}

/** Headers of one delivery. `seconds` since 1970 UTC. */
export function signedHeaders(
  secret: Uint8Array,
  id: string,
  seconds: number,
  body: string,
): Record<string, string> {
  const signature = createHmac('sha256', secret)
    .update(`${id}.${seconds}.${body}`)
    .digest('base64');
  return {
    'webhook-id': id,
    'webhook-timestamp': String(seconds),
    'webhook-signature': `v1,${signature}`,
  };
}
