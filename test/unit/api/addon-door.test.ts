/** The HTTP door of add-ons: what gets through to them, and what does not. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { AddonSource } from '../../../node/api/addon-door.ts';
import { OPENAPI_PATH, PAGE_PATH } from '../../../node/api/routes.ts';
import { type Api, startApi } from '../../../node/api/server.ts';
import type { Clock, Log } from '../../../node/ports.ts';
import { Problem } from '../../../node/service/shapes.ts';
import { GeoError } from '../../../protocol/errors.ts';
import { BOB, createFakeService, quietSource } from './fake-service.ts';

const TOKEN = 'the-right-token';
const MEMBER = 'gea_member';
const log: Log = { debug() {}, info() {}, warn() {}, error() {} };
// It stands still, so a budget never fills up again.
const clock: Clock = { now: () => 0, after: () => () => undefined, soon: () => undefined };

let api: Api;
let calls: Parameters<AddonSource['call']>[0][] = [];
let failure: Error | undefined;
let heard: string[] = [];
let opened: Parameters<AddonSource['openSocket']>[1] | undefined;

let inForce = true;
let callers: unknown[] = [];

const addons: AddonSource = {
  offers: () => [
    {
      name: 'greeter',
      about: 'Greets.',
      routes: [
        {
          method: 'POST',
          path: '/hello/:name',
          access: 'member',
          query: { type: 'object', properties: { loud: { type: 'string' } }, required: ['loud'] },
          body: { type: 'object' },
          answer: { type: 'string' },
        },
        { method: 'GET', path: '/', access: 'local' },
      ],
      sockets: [{ path: '/echo', access: 'member' }],
    },
  ],
  call: async (call) => {
    calls.push(call);
    if (failure !== undefined) throw failure;
    return { status: 201, type: 'text/csv', body: new TextEncoder().encode('a,b') };
  },
  openSocket: (call, end) => {
    if (call.path[0] !== 'echo') {
      throw new GeoError('E009', 'There is none.', { fault: 'no_such_route' });
    }
    if (call.query.owner === 'only' && call.caller !== null) {
      throw new GeoError('E006', 'No.', { fault: 'not_allowed' });
    }
    opened = end;
    callers.push(call.caller);
    return { hear: (text) => heard.push(text), close: () => heard.push('(closed)') };
  },
};

beforeAll(async () => {
  api = await startApi({
    service: createFakeService(),
    live: { ...quietSource, clock },
    addons,
    host: '127.0.0.1',
    port: 0,
    token: TOKEN,
    reception: {
      holderOf: (token) => {
        if (token !== MEMBER) throw new GeoError('E006', 'No.', { fault: 'bad_token' });
        return { session: 's', participant: BOB, role: null };
      },
      isInForce: () => inForce,
      liveFor: () => quietSource,
      serviceFor: () => ({}),
    },
    log,
  });
});
afterAll(() => api.stop());
beforeEach(() => {
  calls = [];
  heard = [];
  failure = undefined;
  opened = undefined;
  inForce = true;
  callers = [];
});

const HEADERS = { authorization: `Bearer ${TOKEN}` };

function ask(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(api.url + path, { ...init, headers: { ...HEADERS, ...init.headers } });
}

async function refusal(response: Response): Promise<[number, string]> {
  const problem = Problem.parse(await response.json());
  return [response.status, problem.details.fault];
}

describe('a request', () => {
  it('gets to the add-on in pieces, and its answer back', async () => {
    const answer = await ask('/addons/greeter/hello/J%C3%BCrgen?loud=yes&a=%26', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"x":1}',
    });
    expect(calls).toEqual([
      {
        name: 'greeter',
        method: 'POST',
        path: ['hello', 'Jürgen'],
        query: { loud: 'yes', a: '&' },
        body: { x: 1 },
        caller: null,
      },
    ]);
    expect([answer.status, await answer.text()]).toEqual([201, 'a,b']);
    expect(answer.headers.get('content-type')).toBe('text/csv');
    expect(answer.headers.get('content-security-policy')).toBe('sandbox');
    expect(answer.headers.get('x-content-type-options')).toBe('nosniff');
    await ask('/addons/greeter');
    expect(calls[1]).toMatchObject({ name: 'greeter', path: [], body: undefined });
  });

  it('tells who has signed in, and asks the add-on whether that is enough', async () => {
    await ask('/addons/greeter/x', { headers: { authorization: `Bearer ${MEMBER}` } });
    expect(calls).toMatchObject([{ caller: { participant: BOB, isOperator: false } }]);
    const expired = { headers: { authorization: 'Bearer gea_expired' } };
    expect(await refusal(await ask('/addons/greeter/x', expired))).toEqual([401, 'bad_token']);
  });

  it.each([
    ['without the token', { headers: { authorization: 'Bearer x' } }, [401, 'bad_token']],
    [
      'that is no JSON',
      { body: 'x', headers: { 'content-type': 'text/plain' } },
      [415, 'not_json'],
    ],
    [
      'that is half JSON',
      { body: '{', headers: { 'content-type': 'application/json' } },
      [400, 'bad_request'],
    ],
    [
      'that is too large',
      { body: JSON.stringify('x'.repeat(40_000)), headers: { 'content-type': 'application/json' } },
      [413, 'body_too_large'],
    ],
    ['of a method that there is not', { method: 'PATCH' }, [404, 'no_such_route']],
  ])('%s does not', async (_, init, expected) => {
    expect(await refusal(await ask('/addons/greeter/x', { method: 'POST', ...init }))).toEqual(
      expected,
    );
    expect(calls).toEqual([]);
  });

  it.each([
    ['no_such_addon', 404],
    ['addon_not_running', 503],
    ['addon_busy', 503],
    ['addon_failed', 502],
  ])('is told of %s by status %d', async (fault, status) => {
    failure = new GeoError('E008', 'No.', { fault });
    expect(await refusal(await ask('/addons/greeter/x'))).toEqual([status, fault]);
  });

  it('learns nothing of what goes wrong in the node', async () => {
    failure = new Error('a secret');
    const answer = await ask('/addons/greeter/x');
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('a secret');
  });
});

it('the document of the API has what add-ons serve, with the shapes that they declare', async () => {
  interface Document {
    readonly paths: Readonly<Record<string, Readonly<Record<string, object>>>>;
  }
  const { paths } = (await (await ask(OPENAPI_PATH)).json()) as Document;
  expect(paths['/addons/greeter/hello/{name}']?.post).toMatchObject({
    operationId: 'addon_greeter_post_hello_name',
    'x-access': 'member',
    parameters: [
      { name: 'name', in: 'path', required: true },
      { name: 'loud', in: 'query', required: true, schema: { type: 'string' } },
    ],
    requestBody: { content: { 'application/json': { schema: { type: 'object' } } } },
    responses: { 200: { content: { 'application/json': { schema: { type: 'string' } } } } },
  });
  expect(paths['/addons/greeter']?.get).toMatchObject({ summary: 'Greets.', 'x-access': 'local' });
  expect(paths['/addons/greeter/echo']?.get).toMatchObject({ 'x-websocket': true });
  expect(await (await ask(PAGE_PATH)).text()).toContain('/addons/greeter/hello/{name}');
});

describe('a WebSocket', () => {
  const connect = (path: string, headers: Record<string, string> = HEADERS) =>
    new WebSocket(`${api.url.replace('http', 'ws')}${path}`, { headers });
  const asMember = { authorization: `Bearer ${MEMBER}` };
  const closing = (socket: WebSocket) =>
    new Promise<[number, string]>((resolve) => {
      socket.once('close', (code, reason) => resolve([code, String(reason)]));
    });

  it('carries texts both ways', async () => {
    const socket = connect('/addons/greeter/echo');
    const answer = new Promise((resolve) =>
      socket.once('message', (data) => resolve(String(data))),
    );
    await new Promise((resolve) => socket.once('open', resolve));
    socket.send('hello');
    socket.send(new Uint8Array([1]));
    await expect.poll(() => heard).toEqual(['hello']);
    opened?.send('good day');
    expect(await answer).toBe('good day');
    socket.close();
    await expect.poll(() => heard.at(-1)).toBe('(closed)');
  });

  it('is told who has signed in, also by the subprotocol of a browser, and ends with the sign-in', async () => {
    const url = `${api.url.replace('http', 'ws')}/addons/greeter/echo`;
    const socket = new WebSocket(url, ['geo.addon', `geo.token.${MEMBER}`]);
    const closed = closing(socket);
    await new Promise((resolve) => socket.once('open', resolve));
    expect(socket.protocol).toBe('geo.addon');
    expect(callers).toEqual([{ participant: BOB, isOperator: false }]);
    inForce = false;
    socket.send('still here');
    expect(await closed).toEqual([4401, 'bad_token']);
    expect(heard).not.toContain('still here');
  });

  it('that is for others, or one too many, is closed with the reason', async () => {
    const refused = closing(connect('/addons/greeter/echo?owner=only', asMember));
    expect(await refused).toEqual([1008, 'not_allowed']);
    const sockets = Array.from({ length: 16 }, () => connect('/addons/greeter/echo', asMember));
    await Promise.all(sockets.map((each) => new Promise((open) => each.once('open', open))));
    expect(await closing(connect('/addons/greeter/echo', asMember))).toEqual([
      1013,
      'too_many_streams',
    ]);
    for (const each of sockets) each.terminate();
  });

  it('to nowhere is closed with the reason', async () => {
    expect(await closing(connect('/addons/greeter/nothing'))).toEqual([1013, 'no_such_route']);
  });

  it('that says too much is closed', async () => {
    const socket = connect('/addons/greeter/echo');
    const closed = closing(socket);
    await new Promise((resolve) => socket.once('open', resolve));
    for (let each = 0; each < 300; each++) socket.send('x');
    expect(await closed).toEqual([1008, 'too_many_messages']);
    expect(heard.filter((text) => text === 'x').length).toBeLessThanOrEqual(200);
  });
});
