/**
 * The other end of the route table: every method of NodeService, made async, over HTTP.
 * What the daemon refused comes back as the GeoError that it threw.
 */
import type { z } from 'zod';
import { GeoError } from '../../protocol/errors.ts';
import type { NodeService } from '../service/contract.ts';
import { ErrorBody } from '../service/shapes.ts';
import { errorOf } from './problem.ts';
import { type AnyRoute, API_PREFIX, ROUTE_LIST } from './routes.ts';

export type Client = {
  readonly [Method in keyof NodeService]: (
    ...args: Parameters<NodeService[Method]>
  ) => Promise<Awaited<ReturnType<NodeService[Method]>>>;
};

export interface ClientOptions {
  /** `http://host:port`, as `api.json` in the home directory says. */
  readonly url: string;
  readonly token: string;
}

/** Methods throw GeoErrors only: the daemon's own, and E007 `daemon_unreachable` | `daemon_gone`, E008 `daemon_version`. */
export function createClient(options: ClientOptions): Client {
  const methods = ROUTE_LIST.map((route) => [
    route.name,
    (argument?: unknown) => call(route, argument, options),
  ]);
  return Object.fromEntries(methods) as Client;
}

/**
 * What an add-on answers at a path, `/addons/NAME/…`, as text.
 * @param body JSON, if there is any
 * @throws GeoError as the client's methods, and what the add-on refused
 */
export async function askAddon(
  { url, token }: ClientOptions,
  path: string,
  method = 'GET',
  body?: string,
): Promise<string> {
  const headers = {
    authorization: `Bearer ${token}`,
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const request = new Request(new URL(path, url), { method, headers, body: body ?? null });
  const { response, text } = await exchange(request);
  if (!response.ok) throw refusalIn(readJson(text), url);
  return text;
}

async function call(route: AnyRoute, argument: unknown, options: ClientOptions): Promise<unknown> {
  const { response, text } = await exchange(requestOf(route, argument, options));
  const body = readJson(text);
  if (!response.ok) throw refusalIn(body, options.url);
  return readAnswer(route.response, body, options.url);
}

function requestOf(route: AnyRoute, argument: unknown, { url, token }: ClientOptions): Request {
  const { input } = route;
  const target = new URL(API_PREFIX + route.path, url);
  const headers: Record<string, string> = {
    authorization: `Bearer ${token}`,
    accept: 'application/json',
  };
  let body: string | null = null;
  if (input !== null) {
    const value = input.field === undefined ? argument : { [input.field]: argument };
    if (input.in === 'body') {
      headers['content-type'] = 'application/json';
      body = JSON.stringify(value);
    } else {
      for (const [name, member] of Object.entries(value as Record<string, unknown>)) {
        if (member === undefined) continue;
        if (input.in === 'query') target.searchParams.set(name, String(member));
        else
          target.pathname = target.pathname.replace(`:${name}`, encodeURIComponent(String(member)));
      }
    }
  }
  return new Request(target, { method: route.method, headers, body });
}

async function exchange(request: Request): Promise<{ response: Response; text: string }> {
  try {
    const response = await fetch(request);
    return { response, text: await response.text() };
  } catch (cause) {
    throw unreachable(request.url, cause);
  }
}

/** As TLS of Node names what is wrong with a certificate. */
const CERTIFICATE_CODES = /CERT|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|ERR_TLS/;

/** Before a connection nothing was asked; after it, the daemon may have done what it was asked for. */
function unreachable(url: string, cause: unknown): GeoError {
  const code = ((cause as Error).cause as { code?: unknown } | undefined)?.code;
  const { origin } = new URL(url);
  if (typeof code === 'string' && CERTIFICATE_CODES.test(code)) {
    return new GeoError(
      'E005',
      `The certificate of ${origin} is not to be believed (${code}). Nothing was sent. If it is one that the hub has made itself, get the file from its operator and name it: geo sign-in ${origin} --ca FILE.`,
      { fault: 'untrusted_certificate', url: origin },
      { cause },
    );
  }
  if (code === 'ECONNREFUSED' || code === 'UND_ERR_CONNECT_TIMEOUT') {
    return new GeoError(
      'E007',
      `No node answers at ${origin}. Start it with \`geo start\`.`,
      { fault: 'daemon_unreachable', url: origin },
      { cause },
    );
  }
  return new GeoError(
    'E007',
    `The node at ${origin} went away before it answered. Start it with \`geo start\`, then see with \`geo history\` whether it did what it was asked for.`,
    { fault: 'daemon_gone', url: origin },
    { cause },
  );
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function refusalIn(body: unknown, url: string): GeoError {
  const problem = ErrorBody.safeParse(body);
  return problem.success ? errorOf(problem.data) : notOurs(url);
}

function readAnswer(shape: z.ZodType, body: unknown, url: string): unknown {
  const answer = shape.safeParse(body);
  if (!answer.success) throw notOurs(url);
  return answer.data;
}

function notOurs(url: string): GeoError {
  return new GeoError(
    'E008',
    `What answers at ${url} is not a GEO node of this version. Use the \`geo\` command that the node was started with, or restart the node.`,
    { fault: 'daemon_version', url },
  );
}
