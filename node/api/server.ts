/**
 * Serves the route table: JSON in, JSON out, bearer tokens, and one envelope for every refusal. With
 * the token of the home it is the local API, on loopback; without one the public API, for visitors. Decides nothing about money; that is NodeService's.
 */
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { z } from 'zod';
import { GeoError, invalid } from '../../protocol/errors.ts';
import type { Log } from '../ports.ts';
import type { LiveSource, NodeService, Reception } from '../service/contract.ts';
import { AddonSockets, type AddonSource, addAddonRoutes } from './addon-door.ts';
import { withAddons } from './addon-paths.ts';
import { Admission } from './admission.ts';
import type { Certificate } from './certificate.ts';
import { CSV_CONTENT_TYPE, columnsOf, csvOf } from './csv.ts';
import { documentPage, PAGE_POLICY } from './document-page.ts';
import { checkHost, LOOPBACK_HOST } from './guard.ts';
import { LiveDoor } from './live.ts';
import { openApiDocument } from './openapi.ts';
import { PROBLEM_CONTENT_TYPE, problemOf, statusOf } from './problem.ts';
import {
  type AnyRoute,
  API_PREFIX,
  HEALTH_PATH,
  LIVE_PATH,
  LIVENESS_PATH,
  METRICS_PATH,
  OPENAPI_PATH,
  PAGE_PATH,
  READINESS_PATH,
  ROUTE_LIST,
} from './routes.ts';
import { addCors, addSecurityHeaders } from './web.ts';

/** Largest request body, bytes: a trust line with 256 blocked participants needs 13 KiB. */
const BODY_BYTES_MAX = 32 * 1024;
const REQUEST_MS_MAX = 10_000;
/** How often connections are looked at for those that take too long, per time to receive a request. */
const LOOKS_PER_REQUEST = 5;
/** How long a stop waits for answers under way, ms. */
const STOP_MS_MAX = 2_000;

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'] as const;

export interface MetricsSource {
  readonly contentType: string;
  text(): Promise<string>;
}

export interface ApiOptions {
  readonly service: NodeService;
  /** Without it nobody can sign in. */
  readonly reception?: Reception;
  /** Without it there are no live events. */
  readonly live?: LiveSource;
  /** Without it there is nothing under `/addons`. */
  readonly addons?: AddonSource;
  /** Without it there are none. */
  readonly metrics?: MetricsSource;
  /** Metrics need no token. */
  readonly openMetrics?: boolean;
  /** A loopback name or address, unless there is a certificate. */
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** Of the home. Without it nobody is the owner, and there is nothing that only the owner may use. */
  readonly token?: string;
  readonly certificate?: Certificate;
  /** Web pages whose scripts may read answers. */
  readonly origins?: readonly string[];
  /** Whose `X-Forwarded-For` is believed. */
  readonly proxies?: readonly string[];
  /** Connections at one time. */
  readonly connections?: number;
  /** Time to receive a whole request, ms. Answers may take longer (a payment does). */
  readonly requestMs?: number;
  /** Of the software, for the OpenAPI document. */
  readonly version?: string;
  readonly log: Log;
}

export interface Api {
  /** `http://host:port` or `https://…`, without the prefix. */
  readonly url: string;
  /** What listens, for whoever renews its certificate. */
  readonly server: FastifyInstance['server'];
  /** Lets answers under way finish for a short while, then closes. */
  stop(): Promise<void>;
}

/** @throws GeoError E009 `api_not_loopback`, E008 `api_port_taken`, E006 `api_port_denied` */
export async function startApi(options: ApiOptions): Promise<Api> {
  const { host, port, certificate } = options;
  if (certificate === undefined && !LOOPBACK_HOST.test(host)) {
    throw invalid(
      'api_not_loopback',
      `The API cannot listen on "${host}" without encryption. Use 127.0.0.1, or name a certificate for the public API.`,
    );
  }
  const app = buildApp(options);
  try {
    await app.listen({ host, port });
  } catch (cause) {
    throw listenError(cause, host, port);
  }
  const bound = app.server.address();
  const boundPort = bound === null || typeof bound === 'string' ? port : bound.port;
  return {
    server: app.server,
    url: `${certificate === undefined ? 'http' : 'https'}://${host.includes(':') && !host.startsWith('[') ? `[${host}]` : host}:${boundPort}`,
    async stop() {
      const deadline = setTimeout(() => app.server.closeAllConnections(), STOP_MS_MAX);
      await app.close();
      clearTimeout(deadline);
    },
  };
}

/**
 * Requests and answers are checked by the shapes of the routes. Without this Fastify would load its own compilers,
 * some eighty modules, although no route has a schema for them.
 */
const noCompiler = () => () => {
  throw new Error('routes have shapes of their own, not schemas for Fastify');
};
const NO_COMPILERS = { buildValidator: noCompiler, buildSerializer: noCompiler };

function buildApp(options: ApiOptions): FastifyInstance {
  const { service, log } = options;
  const fail = (error: unknown, request: FastifyRequest, reply: FastifyReply) =>
    sendProblem(asGeoError(error, request, log), reply);

  const { requestMs = REQUEST_MS_MAX, certificate, token } = options;
  const server = { connectionsCheckingInterval: requestMs / LOOKS_PER_REQUEST };
  const app = Fastify({
    ...(certificate === undefined ? { http: server } : { https: { ...server, ...certificate } }),
    trustProxy: options.proxies === undefined ? false : [...options.proxies],
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: requestMs,
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    frameworkErrors: fail,
    schemaController: { compilersFactory: NO_COMPILERS },
  });
  app.removeContentTypeParser('text/plain');
  app.setErrorHandler(fail);
  if (options.connections !== undefined) app.server.maxConnections = options.connections;
  // Encryption, or the proxy that has it, answers for the name of the public API.
  if (token !== undefined) app.addHook('onRequest', async (request) => checkHost(request.headers));
  addSecurityHeaders(app, certificate !== undefined);
  if (options.origins !== undefined) addCors(app, options.origins);
  app.decorateRequest('visitor');

  const admission = new Admission(token, options.reception);
  const live =
    options.live === undefined
      ? undefined
      : new LiveDoor({
          service,
          source: options.live,
          admission,
          reception: options.reception,
          // Encryption, or the proxy that has it, answers for the name of the public API.
          origins: token === undefined ? (options.origins ?? []) : undefined,
          log,
          addons:
            options.addons &&
            new AddonSockets(
              options.addons,
              options.live.clock,
              (signedIn) => options.reception?.isInForce(signedIn) ?? false,
            ),
        });
  if (live !== undefined) {
    app.server.on('upgrade', (request, socket, head) => live.upgrade(request, socket, head));
    app.addHook('preClose', async () => live.close());
  }

  app.get(HEALTH_PATH, async () => ({ status: 'ok' }));
  app.get(LIVENESS_PATH, async () => ({ status: 'ok' }));
  app.get(READINESS_PATH, async (_request, reply) => {
    const { store } = service.status();
    // No reason is given to a stranger; whoever may know asks for the status.
    if (store !== 'ok') return reply.code(503).send({ status: 'not ready' });
    return { status: 'ok' };
  });
  if (options.openMetrics) addMetrics(app, options);
  app.register(async (open) => {
    // A member of a hub may have no token: the signature in the body is its authority.
    open.addHook('onRequest', async (request) => admission.welcome(request));
    addRoutes(open, service, admission, ({ access }) => access === 'anyone');
    const document = openApiDocument(options.version ?? '0');
    const isTheirs = (access: string) => token !== undefined || access !== 'local';
    addDocument(open, () => withAddons(document, options.addons?.offers() ?? [], isTheirs));
  });

  app.register(async (guarded) => {
    guarded.addHook('onRequest', async (request) => admission.admit(request));
    // Within the guard, so that a stranger cannot tell paths that exist from those that do not.
    guarded.setNotFoundHandler((request, reply) =>
      fail(
        invalid(
          'no_such_route',
          `There is nothing at ${request.url.slice(0, 200)}; see ${OPENAPI_PATH}.`,
        ),
        request,
        reply,
      ),
    );
    addRoutes(guarded, service, admission, ({ access }) => access !== 'anyone');
    if (!options.openMetrics) addMetrics(guarded, options);
    if (options.addons !== undefined) addAddonRoutes(guarded, options.addons);
    if (live !== undefined) {
      const config = { access: 'member' } as const;
      guarded.get(LIVE_PATH, { config }, (request, reply) => live.stream(request, reply));
    }
    refuseOtherMethods(guarded);
  });
  return app;
}

/** What the API can do is no secret: whoever looks at it first has no token yet. */
function addDocument(app: FastifyInstance, document: () => object): void {
  app.get(OPENAPI_PATH, async () => document());
  app.get(PAGE_PATH, async (_request, reply) =>
    reply
      .header('content-type', 'text/html; charset=utf-8')
      .header('content-security-policy', PAGE_POLICY)
      .send(documentPage(JSON.stringify(document()), OPENAPI_PATH)),
  );
}

function addMetrics(app: FastifyInstance, { metrics }: ApiOptions): void {
  if (metrics === undefined) return;
  app.get(METRICS_PATH, { config: { access: 'auditor' } }, async (_request, reply) =>
    reply.header('content-type', metrics.contentType).send(await metrics.text()),
  );
}

function addRoutes(
  app: FastifyInstance,
  service: NodeService,
  admission: Admission,
  belongs: (route: AnyRoute) => boolean,
): void {
  for (const route of ROUTE_LIST.filter(belongs)) {
    app.route({
      method: route.method,
      url: API_PREFIX + route.path,
      config: { access: route.access },
      handler: async (request, reply) =>
        answer(route, admission.serviceFor(request, service), request, reply),
    });
  }
}

/** Reads the argument, calls the service, and lets out nothing that the response's shape does not name. */
async function answer(
  route: AnyRoute,
  service: Partial<NodeService>,
  request: FastifyRequest,
  reply: FastifyReply,
) {
  const call = service[route.name] as (argument?: unknown) => unknown;
  const result = route.response.parse(await call.call(service, readArgument(route, request)));
  const columns = wantsCsv(request) ? columnsOf(route.response) : undefined;
  if (columns === undefined) return result;
  return reply.header('content-type', CSV_CONTENT_TYPE).send(csvOf(columns, result));
}

/** Lists come as tables to whoever asks for them by `Accept: text/csv`. */
function wantsCsv({ headers }: FastifyRequest): boolean {
  return headers.accept?.split(',').some((type) => type.trim().startsWith('text/csv')) ?? false;
}

const NO_INPUT = z.strictObject({});

function readArgument(route: AnyRoute, request: FastifyRequest): unknown {
  const { input } = route;
  const parts = { params: request.params, query: request.query, body: request.body };
  for (const part of ['params', 'query', 'body'] as const) {
    if (part !== input?.in) readPart(NO_INPUT, part, parts[part] ?? {});
  }
  if (input === null) return undefined;
  const value = readPart(input.shape, input.in, parts[input.in]);
  return input.field === undefined ? value : (value as Record<string, unknown>)[input.field];
}

/** @throws GeoError E009 `bad_request` naming every field at fault at once */
function readPart(shape: z.ZodType, part: string, value: unknown): unknown {
  const parsed = shape.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map((issue) =>
    issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`,
  );
  throw new GeoError('E009', `The ${part} of the request is not valid: ${problems.join('; ')}.`, {
    fault: 'bad_request',
    problems,
  });
}

function refuseOtherMethods(app: FastifyInstance): void {
  const allowed = new Map<string, string[]>([[OPENAPI_PATH, ['GET']]]);
  for (const { method, path } of ROUTE_LIST) {
    const url = API_PREFIX + path;
    allowed.set(url, [...(allowed.get(url) ?? []), method]);
  }
  for (const [url, methods] of allowed) {
    app.route({
      method: METHODS.filter((method) => !methods.includes(method)),
      url,
      handler: async (request, reply) => {
        reply.header('allow', methods.join(', '));
        throw invalid(
          'method_not_allowed',
          `${url} answers to ${methods.join(', ')}, not to ${request.method}.`,
        );
      },
    });
  }
}

/** Fastify's own refusals carry a status of their own; what is neither theirs nor ours is a bug and says nothing. */
function asGeoError(error: unknown, request: FastifyRequest, log: Log): GeoError {
  const where = { method: request.method, path: request.url.split('?')[0] };
  if (error instanceof GeoError && error.code !== 'E010') {
    log.debug({ ...where, code: error.code, fault: error.details.fault }, 'request refused');
    return error;
  }
  const known = frameworkRefusal(error);
  if (known !== undefined) return known;
  log.error({ ...where, request: request.id, err: error }, 'request failed');
  if (error instanceof GeoError) return error;
  return new GeoError('E010', 'Something went wrong inside the node. Its log says what.', {
    fault: 'internal',
    request: request.id,
  });
}

function frameworkRefusal(error: unknown): GeoError | undefined {
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE') {
    return invalid('body_too_large', `The body is larger than ${BODY_BYTES_MAX} bytes.`);
  }
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') {
    return invalid('not_json', 'The body must be JSON, sent as application/json.');
  }
  if (typeof statusCode === 'number' && statusCode >= 400 && statusCode < 500) {
    return invalid(
      'bad_request',
      'The request could not be read: its body must be one JSON object.',
    );
  }
  return undefined;
}

function sendProblem(error: GeoError, reply: FastifyReply): void {
  const status = statusOf(error);
  if (status === 401) reply.header('www-authenticate', 'Bearer');
  const wait = error.details.retry_after_s;
  if (typeof wait === 'number') reply.header('retry-after', wait);
  reply.code(status).header('content-type', PROBLEM_CONTENT_TYPE).send(problemOf(error));
}

function listenError(cause: unknown, host: string, port: number): unknown {
  const code = (cause as { code?: unknown }).code;
  if (code === 'EADDRINUSE') {
    return new GeoError(
      'E008',
      `Port ${port} on ${host} is taken, perhaps by another node. Stop that one, or choose another API port (0 lets the system choose).`,
      { fault: 'api_port_taken', port },
      { cause },
    );
  }
  if (code === 'EACCES') {
    return new GeoError(
      'E006',
      `This user may not listen on port ${port}. Choose an API port above 1023.`,
      { fault: 'api_port_denied', port },
      { cause },
    );
  }
  return cause;
}
