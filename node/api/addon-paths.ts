/** What add-ons serve, in the OpenAPI document: their routes with the shapes that they declare, their WebSockets. */
import { type Json, PROBLEM } from './openapi.ts';

type Access = 'local' | 'auditor' | 'member';

/** What one add-on serves (`addons/host.ts`). Schemas are JSON Schemas without references. */
export interface AddonOffer {
  readonly name: string;
  readonly about: string;
  readonly routes: readonly {
    readonly method: string;
    readonly path: string;
    readonly access: Access;
    readonly summary?: string | undefined;
    readonly query?: Json | undefined;
    readonly body?: Json | undefined;
    readonly answer?: Json | undefined;
  }[];
  readonly sockets: readonly {
    readonly path: string;
    readonly access: Access;
    readonly summary?: string | undefined;
  }[];
}

type Route = AddonOffer['routes'][number];

const REFUSALS: Json = {
  400: { ...PROBLEM, description: 'It does not fit what the route takes. (`bad_request`)' },
  403: { ...PROBLEM, description: 'It is for somebody else. (`not_allowed`)' },
  502: { ...PROBLEM, description: 'The add-on failed. (`addon_failed`)' },
  503: {
    ...PROBLEM,
    description:
      'The add-on does not run, or has too much to do. (`addon_not_running`, `addon_busy`)',
  },
  504: { ...PROBLEM, description: 'The add-on did not answer. (`addon_silent`)' },
  default: PROBLEM,
};

/**
 * The document of the node with what its add-ons serve at this moment.
 * @param isShown whether this door has routes of that access for anybody
 */
export function withAddons(
  document: Json,
  offers: readonly AddonOffer[],
  isShown: (access: Access) => boolean,
): Json {
  const paths: Record<string, Json> = { ...(document.paths as Record<string, Json>) };
  const add = (path: string, method: string, operation: Json) => {
    paths[path] = { [method]: operation, ...paths[path] };
  };
  for (const { name, about, routes, sockets } of offers) {
    for (const route of routes.filter(({ access }) => isShown(access))) {
      add(pathOf(name, route.path), route.method.toLowerCase(), operation(name, about, route));
    }
    for (const socket of sockets.filter(({ access }) => isShown(access))) {
      add(pathOf(name, socket.path), 'get', upgrade(name, socket));
    }
  }
  return { ...document, paths };
}

function pathOf(name: string, path: string): string {
  const parts = partsOf(path).map((part) => (part.startsWith(':') ? `{${part.slice(1)}}` : part));
  return ['/addons', name, ...parts].join('/');
}

function partsOf(path: string): string[] {
  return path.split('/').filter((part) => part !== '');
}

function operation(name: string, about: string, route: Route): Json {
  const { method, path, access, summary = about, query, body, answer } = route;
  const { properties = {}, required = [] } = (query ?? {}) as {
    properties?: Record<string, Json>;
    required?: string[];
  };
  const parameters = [
    ...parametersIn(path),
    ...Object.entries(properties).map(([each, schema]) => ({
      name: each,
      in: 'query',
      required: required.includes(each),
      schema,
    })),
  ];
  return {
    operationId: idOf(name, method.toLowerCase(), path),
    tags: [`add-on ${name}`],
    summary,
    'x-access': access,
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(body === undefined
      ? {}
      : { requestBody: { required: true, content: { 'application/json': { schema: body } } } }),
    responses: {
      ...REFUSALS,
      200: {
        description: 'Done',
        content:
          answer === undefined
            ? { '*/*': { schema: {} } }
            : { 'application/json': { schema: answer } },
      },
    },
  };
}

function upgrade(name: string, { path, access, summary }: AddonOffer['sockets'][number]): Json {
  const parameters = parametersIn(path);
  return {
    operationId: idOf(name, 'socket', path),
    tags: [`add-on ${name}`],
    summary: `${summary ?? 'Texts both ways'}. A WebSocket: a browser offers the subprotocols \`geo.addon\` and \`geo.token.\` with its token behind it`,
    'x-access': access,
    'x-websocket': true,
    ...(parameters.length === 0 ? {} : { parameters }),
    responses: { 101: { description: 'Text messages both ways' }, default: PROBLEM },
  };
}

function parametersIn(path: string): Json[] {
  return partsOf(path)
    .filter((part) => part.startsWith(':'))
    .map((part) => ({
      name: part.slice(1),
      in: 'path',
      required: true,
      schema: { type: 'string', minLength: 1 },
    }));
}

/** For example `addon_webhook_get_endpoints_endpoint_dead`. */
function idOf(name: string, kind: string, path: string): string {
  return ['addon', name, kind, ...partsOf(path)]
    .join('_')
    .replaceAll(':', '')
    .replaceAll(/[^A-Za-z0-9_]/g, '_');
}
