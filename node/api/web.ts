/**
 * What browsers are told. There are no cookies, only bearer tokens, so no other site can make a browser
 * ask in somebody's name (CSRF); the headers keep answers from being used as pages.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { FastifyInstance, FastifyReply } from 'fastify';
import { GeoError } from '../../protocol/errors.ts';

/** How long a browser may remember what a preflight was told, s. */
const PREFLIGHT_S = 600;
const HSTS = 'max-age=31536000';

const HEADERS: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'x-frame-options': 'DENY',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
};

/** @param encrypted whether browsers may be told to come by HTTPS only */
export function addSecurityHeaders(app: FastifyInstance, encrypted: boolean): void {
  app.addHook('onSend', async (_request, reply) => {
    for (const [name, value] of Object.entries(HEADERS)) {
      // An add-on may have said something stricter for its own pages.
      if (!reply.hasHeader(name)) reply.header(name, value);
    }
    if (encrypted) reply.header('strict-transport-security', HSTS);
  });
}

/** Lets scripts of the named origins read answers (CORS); a browser keeps all others from it. */
export function addCors(app: FastifyInstance, origins: readonly string[]): void {
  app.addHook('onRequest', async (request, reply) => {
    const { origin } = request.headers;
    reply.header('vary', 'Origin');
    if (origin === undefined || !origins.includes(origin)) return undefined;
    reply
      .header('access-control-allow-origin', origin)
      .header('access-control-expose-headers', 'retry-after');
    const asked = request.headers['access-control-request-method'];
    if (request.method !== 'OPTIONS' || asked === undefined) return undefined;
    return answerPreflight(reply);
  });
}

function answerPreflight(reply: FastifyReply): FastifyReply {
  return reply
    .code(204)
    .header('access-control-allow-methods', 'GET, POST, PUT')
    .header('access-control-allow-headers', 'authorization, content-type')
    .header('access-control-max-age', String(PREFLIGHT_S))
    .send();
}

/**
 * A WebSocket is opened by a browser for any page and knows no CORS: pages from elsewhere are refused, but for
 * those that are served under the name that was asked for.
 * @throws GeoError E006 `bad_origin`
 */
export function checkOrigin(
  { origin, host }: IncomingHttpHeaders,
  isKnown: (origin: URL) => boolean,
): void {
  if (origin === undefined) return;
  const url = URL.canParse(origin) ? new URL(origin) : undefined;
  if (url !== undefined && (url.host === host || isKnown(url))) return;
  throw new GeoError('E006', 'Web pages from elsewhere may not open a stream here.', {
    fault: 'bad_origin',
  });
}
