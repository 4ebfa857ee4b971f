/** Who may ask for what: every row of the table, with every kind of caller. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Access } from '../../../node/api/route.ts';
import {
  API_PREFIX,
  LIVE_PATH,
  OPENAPI_PATH,
  PAGE_PATH,
  ROUTE_LIST,
} from '../../../node/api/routes.ts';
import { type Api, startApi } from '../../../node/api/server.ts';
import type { Reception, SignedIn, Visitor } from '../../../node/service/contract.ts';
import { Problem } from '../../../node/service/shapes.ts';
import { GeoError } from '../../../protocol/errors.ts';
import { ARGUMENTS } from './arguments.ts';
import { ANNA, BOB, createFakeService, type FakeService, quietSource, TX } from './fake-service.ts';

const OWNER = 'the-token-of-the-home';
const MEMBER = 'gea_member';
const AUDITOR = 'gea_auditor';
const OPERATOR = 'gea_operator';
const ADMIN = 'gea_admin';
const EXPIRED = 'gea_expired';
const log = { debug() {}, info() {}, warn() {}, error() {} };
const badToken = new GeoError('E006', 'The access token is not valid.', { fault: 'bad_token' });

/** Whom each access lets in. */
const ADMITTED: Readonly<Record<Access, readonly string[]>> = {
  anyone: [OWNER, MEMBER, AUDITOR, OPERATOR, ADMIN, EXPIRED, ''],
  member: [OWNER, MEMBER, AUDITOR, OPERATOR, ADMIN],
  auditor: [OWNER, AUDITOR, OPERATOR, ADMIN],
  operator: [OWNER, OPERATOR, ADMIN],
  admin: [OWNER, ADMIN],
  local: [OWNER],
};

let owners: FakeService;
let visitors: FakeService;
let seen: Visitor[];
let api: Api;

const reception: Reception = {
  holderOf: (token): SignedIn => {
    if (token === MEMBER) return { session: TX, participant: BOB, role: null };
    if (token === AUDITOR) return { session: TX, participant: ANNA, role: 'auditor' };
    if (token === OPERATOR) return { session: TX, participant: ANNA, role: 'operator' };
    if (token === ADMIN) return { session: TX, participant: ANNA, role: 'admin' };
    throw badToken;
  },
  isInForce: () => true,
  liveFor: () => quietSource,
  serviceFor: (visitor) => {
    seen.push(visitor);
    return visitors;
  },
};

beforeAll(async () => {
  owners = createFakeService();
  visitors = createFakeService();
  const door = { host: '127.0.0.1', port: 0, token: OWNER, log };
  api = await startApi({ service: owners, reception, ...door });
});
afterAll(() => api.stop());
beforeEach(() => {
  seen = [];
  owners.calls.length = 0;
  visitors.calls.length = 0;
});

function ask(
  method: string,
  path: string,
  token: string,
  body?: string,
): Promise<{ status: number; fault: string }> {
  return fetch(api.url + path, {
    method,
    headers: {
      ...(token === '' ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body }),
  }).then(async (response) => {
    const answer = await response.json();
    const fault = response.ok ? '' : Problem.parse(answer).details.fault;
    return { status: response.status, fault };
  });
}

function askFor(route: (typeof ROUTE_LIST)[number], token: string) {
  const { input } = route;
  const [argument] = ARGUMENTS[route.name] as [unknown?];
  const given = input?.field === undefined ? argument : { [input.field]: argument };
  const fields = (given ?? {}) as Record<string, string>;
  let path = API_PREFIX + route.path;
  if (input?.in === 'params') {
    for (const [name, value] of Object.entries(fields)) path = path.replace(`:${name}`, value);
  }
  if (input?.in === 'query') path += `?${new URLSearchParams(fields)}`;
  return ask(route.method, path, token, input?.in === 'body' ? JSON.stringify(given) : undefined);
}

describe.each(ROUTE_LIST.map((route) => ({ ...route, title: `${route.method} ${route.path}` })))(
  '$title ($access)',
  (route) => {
    it.each([
      ['the owner', OWNER],
      ['a member', MEMBER],
      ['an auditor', AUDITOR],
      ['an operator', OPERATOR],
      ['an admin', ADMIN],
      ['a session that has ended', EXPIRED],
      ['a stranger', ''],
    ])('asked by %s', async (_who, token) => {
      const isIn = ADMITTED[route.access].includes(token);
      const { status, fault } = await askFor(route, token);
      if (isIn) {
        expect({ status, fault }).toEqual({ status: 200, fault: '' });
        // An owner is served as the node; whoever has signed in, as itself.
        const isOwners = token === OWNER && route.access !== 'anyone';
        expect((isOwners ? owners : visitors).calls).toMatchObject([{ method: route.name }]);
        expect((isOwners ? visitors : owners).calls).toEqual([]);
      } else {
        const isKnown = [MEMBER, AUDITOR, OPERATOR, ADMIN].includes(token);
        expect({ status, fault }).toEqual(
          isKnown ? { status: 403, fault: 'not_allowed' } : { status: 401, fault: 'bad_token' },
        );
        expect([...owners.calls, ...visitors.calls]).toEqual([]);
      }
    });
  },
);

describe('what is no row of the table', () => {
  it.each([LIVE_PATH, '/metrics', '/addons/x', '/nothing'])(
    '%s is not for those who have signed in',
    async (path) => {
      expect(await ask('GET', path, MEMBER)).toEqual({ status: 403, fault: 'not_allowed' });
      expect(await ask('GET', path, AUDITOR)).toEqual({ status: 403, fault: 'not_allowed' });
    },
  );

  it('the description of the API is for everybody, as a page too', async () => {
    expect(await ask('GET', OPENAPI_PATH, '')).toMatchObject({ status: 200 });
    const page = await fetch(api.url + PAGE_PATH);
    expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
    const policy = page.headers.get('content-security-policy')!;
    expect(policy).toMatch(
      /^default-src 'none'; style-src 'sha256-[^']+'; frame-ancestors 'none'$/,
    );
    const html = await page.text();
    const style = /<style>([\s\S]*?)<\/style>/.exec(html)![1]!;
    expect(policy).toContain(createHash('sha256').update(style).digest('base64'));
    for (const { name, summary } of ROUTE_LIST) {
      expect(html).toContain(`<details id="${name}">`);
      expect(html).toContain(summary.replaceAll('&', '&amp;').replaceAll('"', '&quot;'));
    }
    const shapes = new Set([...html.matchAll(/id="shape-(\w+)"/g)].map(([, shape]) => shape));
    for (const [, shape] of html.matchAll(/href="#shape-(\w+)"/g)) expect(shapes).toContain(shape);
    expect(html).not.toMatch(/<script|onclick|https?:\/\//);
  });

  it('a visitor is told apart by address, and by session when it has one', async () => {
    const [challenge, sessions] = ['challenge', 'sessions'].map(
      (name) => ROUTE_LIST.find((route) => route.name === name)!,
    );
    await askFor(challenge!, '');
    await askFor(sessions!, MEMBER);
    expect(seen).toEqual([
      { address: '127.0.0.1' },
      {
        address: '127.0.0.1',
        signedIn: { session: TX, participant: BOB, role: null },
      },
    ]);
  });

  it('says when to try again to whoever is locked out', async () => {
    visitors.failNext(
      new GeoError('E006', 'Later.', { fault: 'sign_in_locked', retry_after_s: 8 }),
    );
    const response = await fetch(`${api.url}${API_PREFIX}/auth/challenge`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(ARGUMENTS.challenge[0]),
    });
    expect(response.status).toBe(429);
    expect(response.headers.get('retry-after')).toBe('8');
  });
});
