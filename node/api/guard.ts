/** Who may use the API at all: requests meant for this machine, with the token of the home directory. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { GeoError } from '../../protocol/errors.ts';

export const LOOPBACK_HOST = /^(localhost|::1|\[::1\]|127(\.\d{1,3}){3})$/i;

/** A page on another site may point its own name at 127.0.0.1; its requests then carry that name (DNS rebinding). */
export function checkHost(headers: IncomingHttpHeaders): void {
  const name = /^(\[[0-9a-fA-F:]+\]|[^:]*)(:\d+)?$/.exec(headers.host ?? '')?.[1];
  if (name === undefined || !LOOPBACK_HOST.test(name)) {
    throw new GeoError('E006', 'The API answers only to requests for localhost or 127.0.0.1.', {
      fault: 'bad_host',
    });
  }
}

/** Both sides are hashed first, so that neither content nor length can be learnt from the time it takes. */
export function tokenCheck(token: string): (headers: IncomingHttpHeaders) => void {
  const sha256 = (text: string) => createHash('sha256').update(text).digest();
  const expected = sha256(`Bearer ${token}`);
  return (headers) => {
    if (!timingSafeEqual(sha256(headers.authorization ?? ''), expected)) {
      throw new GeoError(
        'E006',
        'The request has no valid token. Send "Authorization: Bearer" and the content of the file api.token in the home directory of the node.',
        { fault: 'bad_token' },
      );
    }
  };
}
