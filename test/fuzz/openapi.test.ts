/**
 * The API's own document drives the requests: values that it allows, and values that it just does not, on
 * every operation of a real node. No answer is a failure of the node, none is missing, and what is refused
 * is refused in the one envelope.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApiDocument } from '../../node/api/openapi.ts';
import { LIVE_PATH, METRICS_PATH } from '../../node/api/routes.ts';
import { type Api, startApi } from '../../node/api/server.ts';
import { ErrorBody } from '../../node/service/shapes.ts';
import { Village } from '../unit/engine/harness.ts';
import { allowedBy, type Known, nearly, type Schema } from './json-schema.ts';

interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required: boolean;
  readonly schema: Schema;
}

interface Operation {
  readonly operationId: string;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: { 'application/json': { schema: Schema } } };
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> };
}

const TOKEN = 'b'.repeat(64);
const RUNS = 25;
/** Streams without an end, and what a node without a daemon around it does not have. */
const APART = new Set([LIVE_PATH, METRICS_PATH]);
/** A node that is frozen for good would refuse everything after it. */
const CALMING = { state: ['active'] };

const document = openApiDocument('0') as unknown as Document;
const operations = Object.entries(document.paths)
  .filter(([path]) => !APART.has(path))
  .flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );

const failures: object[] = [];
let village: Village;
let api: Api;
let directory: string;
let known: Known;
let files = 0;
let stopped = false;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'geo-fuzz-'));
  village = await Village.open({
    people: ['anna', 'boris', 'cyril'],
    lines: ['boris>anna 100', 'cyril>boris 100', 'anna>cyril 50'],
    settings: { hub: { enabled: true } },
  });
  await village.pay('anna', 'boris', '3');
  api = await startApi({
    service: village.service('anna'),
    host: '127.0.0.1',
    port: 0,
    token: TOKEN,
    log: {
      debug() {},
      info() {},
      warn() {},
      error: (fields: object, text: string) => void failures.push({ text, ...fields }),
    },
  });
  const pids = ['anna', 'boris', 'cyril'].map((name) => village.pid(name));
  const { items } = await village.run(village.service('anna').transactions({}));
  const places = [
    (nth: number) => join(directory, `${nth}`),
    (nth: number) => join(directory, 'missing', `${nth}`),
    () => directory,
  ];
  const amounts = ['0', '1.00', '12.5', '-1', '9'.repeat(42), '0.001'];
  known = {
    schemas: document.components.schemas,
    likely: {
      peer: [...pids, 'boris'],
      pid: pids,
      member: pids,
      hub: pids,
      cycle: pids,
      equivalent: ['UAH', 'HOUR', 'uah'],
      code: ['UAH', 'HOUR'],
      amount: amounts,
      limit: amounts,
      tx_id: items.map((row) => row.tx_id),
      since: ['2026-01-31', 'now', '', '-1'],
      until: ['2036-01-31T12:00:00Z', '9'.repeat(20)],
      ...CALMING,
    },
    only: { file: () => places[++files % places.length]!(files) },
  };
  // The village's time passes while requests are answered.
  void (async () => {
    while (!stopped) await village.pass(200);
  })();
});
afterAll(async () => {
  await api.stop();
  stopped = true;
  await rm(directory, { recursive: true });
});

function argumentOf({ parameters = [], requestBody }: Operation): Schema {
  if (requestBody !== undefined) return requestBody.content['application/json'].schema;
  return {
    type: 'object',
    properties: Object.fromEntries(parameters.map(({ name, schema }) => [name, schema])),
    required: parameters.filter(({ required }) => required).map(({ name }) => name),
  };
}

function asText(member: unknown): string {
  return typeof member === 'object' ? JSON.stringify(member) : String(member);
}

async function send(path: string, method: string, operation: Operation, value: unknown) {
  const isBody = operation.requestBody !== undefined;
  const inPath = (operation.parameters ?? []).filter((each) => each.in === 'path');
  const members = isBody ? {} : ((value ?? {}) as Record<string, unknown>);
  let target = path;
  for (const { name } of inPath) {
    target = target.replace(`{${name}}`, encodeURIComponent(asText(members[name] ?? '')));
  }
  const url = new URL(target, api.url);
  for (const [name, member] of Object.entries(members)) {
    if (!inPath.some((each) => each.name === name)) url.searchParams.append(name, asText(member));
  }
  const response = await fetch(url, {
    method: method.toUpperCase(),
    headers: {
      authorization: `Bearer ${TOKEN}`,
      ...(isBody ? { 'content-type': 'application/json' } : {}),
    },
    ...(isBody ? { body: JSON.stringify(value) } : {}),
  });
  const text = await response.text();
  // 504: another node was asked, and did not answer in time.
  if (response.status !== 504) {
    const sent = `${method} ${url.pathname} ${JSON.stringify(value)}`;
    expect(response.status, `${sent}: ${text}`).toBeLessThan(500);
  }
  if (!response.ok) expect(ErrorBody.safeParse(JSON.parse(text)).success, text).toBe(true);
  return response.ok;
}

describe('every operation of the document', () => {
  it.each(operations.map((each) => [each.operation.operationId, each] as const))(
    '%s',
    { timeout: 60_000 },
    async (_name, { path, method, operation }) => {
      const good = allowedBy(argumentOf(operation), known);
      await fc.assert(
        fc.asyncProperty(good, async (value) => void (await send(path, method, operation, value))),
        { numRuns: RUNS },
      );
      await fc.assert(
        fc.asyncProperty(
          nearly(good, known),
          async (value) => void (await send(path, method, operation, value)),
        ),
        { numRuns: RUNS },
      );
    },
  );

  it('has failed inside not once, and the node pays as before', async () => {
    expect(failures).toEqual([]);
    expect(village.service('anna').status()).toMatchObject({ store: 'ok' });
    const rows = await village.run(village.service('anna').audit());
    expect(rows.filter(({ held }) => !held)).toEqual([]);
  });
});
