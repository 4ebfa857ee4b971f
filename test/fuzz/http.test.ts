/** No body and no path brings the local API to anything worse than a coded refusal. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_PREFIX, ROUTE_LIST } from '../../node/api/routes.ts';
import { type Api, startApi } from '../../node/api/server.ts';
import { ErrorBody } from '../../node/service/shapes.ts';
import { Village } from '../unit/engine/harness.ts';

const TOKEN = 'a'.repeat(64);
const failures: string[] = [];
let village: Village;
let api: Api;
let stopped = false;

beforeAll(async () => {
  village = await Village.open({
    people: ['anna', 'boris'],
    lines: ['boris>anna 100'],
    settings: { hub: { enabled: true } },
  });
  const log = {
    debug() {},
    info() {},
    warn() {},
    error: (_: object, text: string) => void failures.push(text),
  };
  api = await startApi({
    service: village.service('anna'),
    host: '127.0.0.1',
    port: 0,
    token: TOKEN,
    log,
  });
  // The village's time passes while requests are answered.
  void (async () => {
    while (!stopped) await village.pass(50);
  })();
});
afterAll(async () => {
  await api.stop();
  stopped = true;
});

const bodies = ROUTE_LIST.filter(({ input }) => input?.in === 'body');
const anyText = fc.oneof(
  fc.json({ maxDepth: 4 }),
  fc.string({ maxLength: 400 }),
  fc.constantFrom('[', '{', 'null', '"', `${'['.repeat(5_000)}`, '{"__proto__":{"limit":"1"}}'),
);

async function send(method: string, path: string, body?: string): Promise<void> {
  const response = await fetch(new URL(path, api.url), {
    method,
    headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body }),
  });
  const answer = await response.text();
  expect(response.status, `${method} ${path} ${body}`).toBeLessThan(500);
  // The page about the API is for people; every refusal is for programs.
  if (!response.ok) expect(ErrorBody.safeParse(JSON.parse(answer)).success).toBe(true);
}

describe('the API', () => {
  it('answers any body on any route that takes one', async () => {
    expect(bodies.length).toBeGreaterThan(5);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...bodies), anyText, (route, text) =>
        send(route.method, API_PREFIX + route.path, text),
      ),
      { numRuns: 400 },
    );
  });

  it('answers fields of any content', async () => {
    const names = [
      'peer',
      'equivalent',
      'limit',
      'amount',
      'code',
      'precision',
      'name',
      'pid',
      'address',
      'policy',
      'nonce',
    ];
    const fields = fc.dictionary(
      fc.constantFrom(...names),
      fc.oneof(
        fc.string(),
        fc.jsonValue({ maxDepth: 2 }),
        fc.constantFrom('UAH', '1.00', '-0', '9'.repeat(42)),
      ),
      { noNullPrototype: true },
    );
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...bodies), fields, (route, body) =>
        send(route.method, API_PREFIX + route.path, JSON.stringify(body)),
      ),
      { numRuns: 400 },
    );
  });

  it('answers any path', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('GET', 'POST', 'DELETE', 'PUT'),
        fc.webPath(),
        (method, path) => send(method, `${API_PREFIX}${path}`, method === 'GET' ? undefined : '{}'),
      ),
      { numRuns: 150 },
    );
  });

  it('has failed inside not once, and the node has the books that it had', () => {
    expect(failures).toEqual([]);
    expect(village.service('anna').status()).toMatchObject({ store: 'ok' });
    expect(village.book('anna', 'boris')).toMatchObject({
      balance: '0.00',
      limit_received: '100.00',
    });
  });
});
