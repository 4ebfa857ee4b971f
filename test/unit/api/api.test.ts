/** The HTTP door against its own table: every route, every way to be refused. */
import { request as httpRequest } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Client, createClient } from '../../../node/api/client.ts';
import { csvOf } from '../../../node/api/csv.ts';
import { problemOf, statusOf } from '../../../node/api/problem.ts';
import {
  API_PREFIX,
  HEALTH_PATH,
  LIVENESS_PATH,
  OPENAPI_PATH,
  READINESS_PATH,
  ROUTE_LIST,
} from '../../../node/api/routes.ts';
import { type Api, startApi } from '../../../node/api/server.ts';
import type { Log } from '../../../node/ports.ts';
import { Problem } from '../../../node/service/shapes.ts';
import { ERROR_TITLES, type ErrorCode, GeoError } from '../../../protocol/errors.ts';
import { ARGUMENTS } from './arguments.ts';
import { createFakeService, type FakeService, payment, TX } from './fake-service.ts';

const TOKEN = 'the-right-token';
/** Operations that answer otherwise than with JSON by the table, or without a token. */
const BY_HAND = ['health', 'liveness', 'readiness', 'metrics', 'live'];

interface LogLine {
  readonly level: string;
  readonly fields: object;
  readonly message: string;
}

function createMemoryLog(): { log: Log; lines: LogLine[] } {
  const lines: LogLine[] = [];
  const at = (level: string) => (fields: object, message: string) => {
    lines.push({ level, fields, message });
  };
  return {
    lines,
    log: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') },
  };
}

let service: FakeService;
let api: Api;
let client: Client;
let logged: LogLine[];

beforeAll(async () => {
  const memory = createMemoryLog();
  logged = memory.lines;
  service = createFakeService();
  api = await startApi({ service, host: '127.0.0.1', port: 0, token: TOKEN, log: memory.log });
  client = createClient({ url: api.url, token: TOKEN });
});
afterAll(async () => {
  await api.stop();
});
describe('lists as CSV', () => {
  const get = async (path: string, accept = 'text/csv') => {
    const headers = { authorization: `Bearer ${TOKEN}`, accept };
    const response = await fetch(new URL(API_PREFIX + path, api.url), { headers });
    return { type: response.headers.get('content-type'), text: await response.text() };
  };

  it('come to whoever asks for them, rows or pages of rows', async () => {
    const debts = await get('/debts');
    expect(debts.type).toMatch(/^text\/csv/);
    expect(debts.text.split('\r\n')).toEqual([
      'debtor,creditor,peer_name,equivalent,amount',
      expect.stringMatching(/,bob,UAH,12\.50$/),
      '',
    ]);
    expect((await get('/transactions')).text).toMatch(/^tx_id,kind,state,role,peer,/);
    expect((await get('/debts', 'application/json')).type).toMatch(/json/);
    // One thing is no table.
    expect((await get('/status')).type).toMatch(/json/);
  });

  it('never hand a spreadsheet a formula that a peer has chosen', () => {
    const rows = [
      { name: '=HYPERLINK("http://x")', net: '-12.50' },
      { name: 'a,"b"\nc', net: null },
    ];
    expect(csvOf(['name', 'net'], rows).split('\r\n')).toEqual([
      'name,net',
      `"'=HYPERLINK(""http://x"")",-12.50`,
      '"a,""b""\nc",',
      '',
    ]);
  });
});

beforeEach(() => {
  service.calls.length = 0;
  logged.length = 0;
});

function call(
  method: string,
  path: string,
  init: { body?: string; headers?: Record<string, string>; token?: string | null } = {},
): Promise<Response> {
  const { token = TOKEN } = init;
  return fetch(api.url + path, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(init.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...init.headers,
    },
    ...(init.body === undefined ? {} : { body: init.body }),
  });
}

async function refusal(
  response: Response,
): Promise<{ status: number; code: string; fault: string }> {
  expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  const problem = Problem.parse(await response.json());
  expect(problem.status).toBe(response.status);
  expect(problem.detail).toBe(problem.message);
  return { status: problem.status, code: problem.code, fault: problem.details.fault };
}

const realPath = (path: string) => API_PREFIX + path.replace(':tx_id', TX);

describe('every route', () => {
  for (const route of ROUTE_LIST) {
    describe(`${route.method} ${route.path}`, () => {
      it('carries the argument to the service and the answer back', async () => {
        const args = ARGUMENTS[route.name] as [unknown?];
        const result = await (client[route.name] as (argument?: unknown) => Promise<unknown>)(
          ...args,
        );
        expect(service.calls).toEqual([{ method: route.name, argument: args[0] }]);
        expect(result).toEqual((service[route.name] as () => unknown)());
        expect(route.response.safeParse(result).success).toBe(true);
      });

      if (route.access === 'anyone') {
        it('is open to everyone', async () => {
          const [argument] = ARGUMENTS[route.name];
          const asQuery = route.input?.in === 'query';
          const query = asQuery
            ? `?${new URLSearchParams(argument as Record<string, string>)}`
            : '';
          const response = await call(route.method, `${realPath(route.path)}${query}`, {
            token: null,
            ...(asQuery ? {} : { body: JSON.stringify(argument) }),
          });
          expect(response.status).toBe(200);
          expect(service.calls).toEqual([{ method: route.name, argument }]);
        });
      } else {
        it('is closed to a stranger', async () => {
          for (const token of [null, '', 'wrong', `${TOKEN}x`]) {
            const response = await call(route.method, realPath(route.path), { token });
            expect(response.headers.get('www-authenticate')).toBe('Bearer');
            expect(await refusal(response)).toEqual({
              status: 401,
              code: 'E006',
              fault: 'bad_token',
            });
          }
          expect(service.calls).toEqual([]);
        });
      }

      it('refuses a field that it does not know', async () => {
        const body = route.method === 'GET' ? undefined : JSON.stringify({ surprise: 1 });
        const response = await call(
          route.method,
          realPath(route.path) + (route.method === 'GET' ? '?surprise=1' : ''),
          body === undefined ? {} : { body },
        );
        expect(await refusal(response)).toEqual({
          status: 400,
          code: 'E009',
          fault: 'bad_request',
        });
        expect(service.calls).toEqual([]);
      });

      it('names the methods that it answers to', async () => {
        const response = await call('DELETE', realPath(route.path));
        expect(response.headers.get('allow')?.split(', ')).toContain(route.method);
        expect((await refusal(response)).fault).toBe('method_not_allowed');
      });

      if (route.input?.in === 'body') {
        it('refuses a body that is not a JSON object of its shape', async () => {
          for (const body of [
            '{',
            '',
            '[]',
            'null',
            '"text"',
            '{}',
            '{"__proto__":{"peer":"x"}}',
          ]) {
            const response = await call(route.method, realPath(route.path), { body });
            expect(await refusal(response)).toMatchObject({ status: 400, fault: 'bad_request' });
          }
          expect(service.calls).toEqual([]);
        });

        it('refuses a body that is too large or not JSON', async () => {
          const large = JSON.stringify({ peer: 'x'.repeat(40_000) });
          const tooLarge = await call(route.method, realPath(route.path), { body: large });
          expect(await refusal(tooLarge)).toMatchObject({ status: 413, fault: 'body_too_large' });
          const form = await call(route.method, realPath(route.path), {
            body: 'peer=x',
            headers: { 'content-type': 'application/x-www-form-urlencoded' },
          });
          expect(await refusal(form)).toMatchObject({ status: 415, fault: 'not_json' });
        });
      }
    });
  }
});

describe('errors', () => {
  for (const code of Object.keys(ERROR_TITLES) as ErrorCode[]) {
    it(`${code} crosses the door whole`, async () => {
      const thrown = new GeoError(code, `A sentence about ${code}.`, {
        fault: 'some_fault',
        peers: ['a', 'b'],
        left: '1.50',
      });
      service.failNext(thrown);
      const caught = await client.status().catch((error: unknown) => error);
      expect(caught).toBeInstanceOf(GeoError);
      expect((caught as GeoError).toJSON()).toEqual(thrown.toJSON());
      service.failNext(thrown);
      const response = await call('GET', `${API_PREFIX}/status`);
      expect(response.status).toBe(statusOf(thrown));
      expect(await response.json()).toEqual({ ...problemOf(thrown) });
    });
  }

  it('an unknown exception is E010, tells nothing, and is logged', async () => {
    service.failNext(new TypeError('secret path /home/anna'));
    const caught = (await client
      .pay(...ARGUMENTS.pay)
      .catch((error: unknown) => error)) as GeoError;
    expect(caught.code).toBe('E010');
    expect(JSON.stringify(caught)).not.toContain('secret');
    expect(logged.filter((line) => line.level === 'error')).toHaveLength(1);
  });

  it('an answer that breaks its shape does not leave the node', async () => {
    service.answerWith('pay', { ...payment, amount: 12.5 });
    await expect(client.pay(...ARGUMENTS.pay)).rejects.toMatchObject({ code: 'E010' });
    service.answerWith('pay', { ...payment, internal: 'hidden' });
    expect(await client.pay(...ARGUMENTS.pay)).toEqual(payment);
    service.answerWith('pay', payment);
  });

  it('all faults of a request are named at once', async () => {
    const response = await call('POST', `${API_PREFIX}/payments`, {
      body: JSON.stringify({ peer: '', amount: 5, extra: true }),
    });
    const { details } = Problem.parse(await response.json());
    expect((details.problems as string[]).join('\n')).toMatch(/peer.*equivalent.*amount.*extra/s);
  });
});

describe('doors and walls', () => {
  it('readiness is 503 while the store cannot be written, and needs no token', async () => {
    const ready = () => call('GET', READINESS_PATH, { token: null });
    expect((await ready()).status).toBe(200);
    const { store: _, ...rest } = service.status();
    service.answerWith('status', { ...rest, store: 'the last write failed; check the disk' });
    const response = await ready();
    service.answerWith('status', { ...rest, store: 'ok' });
    expect(response.status).toBe(503);
    expect(await response.json()).toEqual({ status: 'not ready' });
    expect((await call('GET', LIVENESS_PATH, { token: null })).status).toBe(200);
  });

  it('health needs no token and tells nothing else', async () => {
    const response = await call('GET', HEALTH_PATH, { token: null });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: 'ok' });
  });

  it('a stranger cannot tell which paths exist', async () => {
    expect(await refusal(await call('GET', '/nothing', { token: null }))).toMatchObject({
      status: 401,
    });
    expect(await refusal(await call('GET', '/nothing'))).toMatchObject({
      status: 404,
      fault: 'no_such_route',
    });
    expect(await refusal(await call('GET', `${API_PREFIX}/%ff`))).toMatchObject({ code: 'E009' });
  });

  it.each([
    ['evil.example', 403],
    ['evil.example:80', 403],
    ['127.0.0.1.evil.example', 403],
    ['localhost:1', 200],
    ['LOCALHOST', 200],
    ['[::1]:1', 200],
  ])('Host: %s is answered with %d', async (host, expected) => {
    const answered = await new Promise<number | undefined>((resolve, reject) => {
      const request = httpRequest(`${api.url}${HEALTH_PATH}`, { headers: { host } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      request.on('error', reject).end();
    });
    expect(answered).toBe(expected);
  });

  it('listens on the loopback interface only', async () => {
    const { log } = createMemoryLog();
    for (const host of ['0.0.0.0', '::', '192.168.1.7', 'example.org']) {
      const started = startApi({ service, host, port: 0, token: TOKEN, log });
      await expect(started).rejects.toMatchObject({ details: { fault: 'api_not_loopback' } });
    }
  });

  it('says so when its port is taken', async () => {
    const { log } = createMemoryLog();
    const port = Number(new URL(api.url).port);
    const started = startApi({ service, host: '127.0.0.1', port, token: TOKEN, log });
    await expect(started).rejects.toMatchObject({
      code: 'E008',
      details: { fault: 'api_port_taken' },
    });
  });

  it('a client is told when nobody listens, or somebody else', async () => {
    const { log } = createMemoryLog();
    const other = await startApi({ service, host: '127.0.0.1', port: 0, token: 'other', log });
    const lost = createClient({ url: other.url, token: TOKEN });
    await expect(lost.status()).rejects.toMatchObject({
      code: 'E006',
      details: { fault: 'bad_token' },
    });
    await other.stop();
    await expect(lost.status()).rejects.toMatchObject({
      code: 'E007',
      message: expect.stringContaining('geo start'),
      details: { fault: 'daemon_unreachable' },
    });
  });

  it('stops although an answer is still awaited', async () => {
    const { log } = createMemoryLog();
    const slow = createFakeService();
    slow.answerWith('pay', new Promise(() => {}));
    const other = await startApi({ service: slow, host: '127.0.0.1', port: 0, token: TOKEN, log });
    const pending = createClient({ url: other.url, token: TOKEN }).pay(...ARGUMENTS.pay);
    const outcome = expect(pending).rejects.toMatchObject({ details: { fault: 'daemon_gone' } });
    while (slow.calls.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await other.stop();
    await outcome;
  });
});

describe('the OpenAPI document', () => {
  interface Operation {
    operationId: string;
    summary: string;
    parameters?: { name: string; in: string; required: boolean }[];
    requestBody?: unknown;
  }
  interface Document {
    openapi: string;
    paths: Record<string, Record<string, Operation>>;
    components: { schemas: Record<string, { properties?: Record<string, unknown> }> };
  }

  it('describes every route of the table and nothing else', async () => {
    const document = (await (await call('GET', OPENAPI_PATH)).json()) as Document;
    expect(document.openapi).toBe('3.1.0');
    const operations = Object.values(document.paths).flatMap((path) => Object.values(path));
    expect(operations.map((operation) => operation.operationId).sort()).toEqual(
      [...BY_HAND, ...ROUTE_LIST.map((route) => route.name)].sort(),
    );
    const transaction = document.paths[`${API_PREFIX}/transactions/{tx_id}`]?.get;
    expect(transaction?.parameters).toMatchObject([{ name: 'tx_id', in: 'path', required: true }]);
    const routes = document.paths[`${API_PREFIX}/routes`]?.get?.parameters ?? [];
    expect(
      routes.filter((parameter) => parameter.required).map((parameter) => parameter.name),
    ).toEqual(['peer', 'equivalent', 'amount']);
  });

  it('refers only to schemas that it contains', async () => {
    const text = await (await call('GET', OPENAPI_PATH)).text();
    const { schemas } = (JSON.parse(text) as Document).components;
    const references = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(
      (m) => m[1],
    );
    expect(references.length).toBeGreaterThan(20);
    for (const name of references) expect(Object.keys(schemas)).toContain(name);
  });
});
