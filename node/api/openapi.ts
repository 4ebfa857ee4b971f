/** The OpenAPI 3.1 document, made from the route table and the shapes; nothing in it is written by hand twice. */

import { z } from 'zod';
import * as shapes from '../service/shapes.ts';
import { columnsOf } from './csv.ts';
import { answersOf } from './refusals.ts';
import {
  type AnyRoute,
  API_PREFIX,
  HEALTH_PATH,
  LIVE_PATH,
  LIVENESS_PATH,
  METRICS_PATH,
  READINESS_PATH,
  ROUTE_LIST,
} from './routes.ts';

export type Json = { readonly [name: string]: unknown };

const COMPONENTS_PATH = '#/components/schemas/';

/**
 * JSON Schema (draft 2020-12, the dialect of OpenAPI 3.1) of every exported shape.
 * Requests are described as they are sent, everything else as it is received.
 */
function componentSchemas(): Record<string, Json> {
  const sent = z.registry<{ id: string }>();
  const received = z.registry<{ id: string }>();
  for (const [id, shape] of Object.entries(shapes)) {
    (REQUESTS.has(shape) ? sent : received).add(shape, { id });
  }
  const uri = (id: string) => COMPONENTS_PATH + id;
  const schemas = {
    ...z.toJSONSchema(sent, { io: 'input', uri }).schemas,
    ...z.toJSONSchema(received, { io: 'output', uri }).schemas,
  };
  return Object.fromEntries(
    Object.entries(schemas).map(([id, { $id: _id, $schema: _schema, ...schema }]) => [id, schema]),
  );
}

const REQUESTS = new Set<unknown>([
  shapes.PolicyPatch,
  ...ROUTE_LIST.flatMap((route) => (route.input === null ? [] : [route.input.shape])),
]);
const NAMES = new Map<unknown, string>(Object.entries(shapes).map(([id, shape]) => [shape, id]));

/** A reference to an exported shape, or to an array of one. */
function reference(shape: z.ZodType): Json {
  const name = NAMES.get(shape);
  if (name !== undefined) return { $ref: COMPONENTS_PATH + name };
  if (shape instanceof z.ZodArray)
    return { type: 'array', items: reference(shape.element as z.ZodType) };
  throw new TypeError('a route uses a shape that node/service/shapes.ts does not export');
}

function jsonContent(shape: z.ZodType): Json {
  return { 'application/json': { schema: reference(shape) } };
}

export const PROBLEM: Json = {
  description: 'A refusal: code, sentence, details',
  content: { 'application/problem+json': { schema: reference(shapes.Problem) } },
};

function parameters(input: NonNullable<AnyRoute['input']>, schemas: Record<string, Json>): Json[] {
  const schema = schemas[NAMES.get(input.shape) ?? ''] as {
    properties: Record<string, Json>;
    required?: string[];
  };
  return Object.entries(schema.properties).map(([name, property]) => ({
    name,
    in: input.in === 'params' ? 'path' : 'query',
    required: input.in === 'params' || (schema.required ?? []).includes(name),
    schema: property,
  }));
}

function operation(route: AnyRoute, schemas: Record<string, Json>): Json {
  const { input } = route;
  return {
    operationId: route.name,
    tags: [route.tag],
    summary: route.summary,
    ...(route.access === 'anyone' ? { security: [] } : {}),
    'x-access': route.access,
    ...(input === null || input.in === 'body' ? {} : { parameters: parameters(input, schemas) }),
    ...(input?.in === 'body'
      ? { requestBody: { required: true, content: jsonContent(input.shape) } }
      : {}),
    responses: {
      ...refusals(route),
      200: {
        description: [
          'Done',
          ...answersOf(route).flatMap(({ status, sentence }) => (status === 200 ? sentence : [])),
        ].join('. '),
        content: {
          ...jsonContent(route.response),
          ...(columnsOf(route.response) === undefined
            ? {}
            : { 'text/csv': { schema: { type: 'string' } } }),
        },
      },
      default: PROBLEM,
    },
  };
}

/** By status: what is refused with it. Whoever is too slow gets no body. */
function refusals(route: AnyRoute): Json {
  const refused = answersOf(route).filter(({ status }) => status !== 200);
  return Object.fromEntries(
    [...Map.groupBy(refused, ({ status }) => status)].map(([status, answers]) => {
      const description = answers
        .map(({ sentence, fault }) => (fault === null ? sentence : `${sentence} (\`${fault}\`)`))
        .join(' ');
      return [status, status === 408 ? { description } : { ...PROBLEM, description }];
    }),
  );
}

function plain(operationId: string, summary: string, others: Json): Json {
  const done = { description: 'It is so', content: jsonContent(shapes.Health) };
  return {
    operationId,
    tags: ['node'],
    summary,
    security: [],
    responses: { 200: done, ...others },
  };
}

function metrics(): Json {
  return {
    operationId: 'metrics',
    tags: ['node'],
    summary: "Metrics in Prometheus' text format; with the token, unless `api.open_metrics` is set",
    responses: {
      200: { description: 'Done', content: { 'text/plain': { schema: { type: 'string' } } } },
      default: PROBLEM,
    },
  };
}

function live(schemas: Record<string, Json>): Json {
  const input = { in: 'query', shape: shapes.EventsQuery } as const;
  return {
    operationId: 'live',
    tags: ['events'],
    summary:
      'Events of the caller as they happen: server-sent events, or WebSocket messages after an upgrade. `Last-Event-ID` counts as `after`. A browser offers the subprotocols `geo.events` and `geo.token.` with its token behind it. The stream ends (401, code 4401) when the access token has ended and was not exchanged',
    'x-access': 'member',
    parameters: parameters(input, schemas).filter(({ name }) => name !== 'limit'),
    responses: {
      200: {
        description:
          'Blocks of `event` (an Event), `heartbeat` (the cursor reached) and `problem` (why the stream ends)',
        content: { 'text/event-stream': { schema: { type: 'string' } } },
      },
      101: { description: "The same as WebSocket messages, with the block's name as `type`" },
      default: PROBLEM,
    },
  };
}

/** @param version of the software, as in package.json */
export function openApiDocument(version: string): Json {
  const schemas = componentSchemas();
  const paths: Record<string, Record<string, Json>> = {
    [HEALTH_PATH]: {
      get: {
        operationId: 'health',
        tags: ['node'],
        summary: 'Says that the node listens; needs no token',
        security: [],
        responses: { 200: { description: 'Alive', content: jsonContent(shapes.Health) } },
      },
    },
  };
  paths[LIVENESS_PATH] = {
    get: plain('liveness', 'Whether the process serves; needs no token', {}),
  };
  paths[READINESS_PATH] = {
    get: plain('readiness', 'Whether the node can do its work; needs no token', {
      503: { description: 'It cannot: the store cannot be written' },
    }),
  };
  paths[METRICS_PATH] = { get: metrics() };
  paths[LIVE_PATH] = { get: live(schemas) };
  for (const route of ROUTE_LIST) {
    const path = API_PREFIX + route.path.replaceAll(/:(\w+)/g, '{$1}');
    paths[path] = {
      ...paths[path],
      [route.method.toLowerCase()]: operation(route, schemas),
    };
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'GEO node',
      version,
      description:
        'The API of a GEO node. Amounts are decimal strings, times ISO 8601 in UTC. The token of the local API is in the file `api.token` of the home directory; on the public API, and for members and operators, it is the access token that signing in gives. `x-access` says who may ask.',
    },
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: { token: { type: 'http', scheme: 'bearer' } },
      schemas,
    },
  };
}
