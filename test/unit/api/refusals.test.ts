/** What every route says of requests that are not as they should be is what it does. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, answersOf, type Misuse } from '../../../node/api/refusals.ts';
import { type AnyRoute, API_PREFIX, OPENAPI_PATH, ROUTE_LIST } from '../../../node/api/routes.ts';
import { type Api, startApi } from '../../../node/api/server.ts';
import type { Reception, SignedIn } from '../../../node/service/contract.ts';
import { Problem } from '../../../node/service/shapes.ts';
import { GeoError } from '../../../protocol/errors.ts';
import { queryEnvelope } from '../../../protocol/member.ts';
import { signedFrame } from '../../../protocol/wire/envelope.ts';
import { HostedVillage } from '../engine/hosted.ts';
import { person } from '../machines/sample-payment.ts';
import { receptionAt, signInAt, signInRequest } from '../sessions/signing-in.ts';
import { ARGUMENTS } from './arguments.ts';
import { BOB, createFakeService, type FakeService, quietSource, TX } from './fake-service.ts';

const OWNER = 'the-token-of-the-home';
const [MEMBER, EXPIRED] = ['gea_member', 'gea_expired'];
const REQUEST_MS = 200;
const log = { debug() {}, info() {}, warn() {}, error() {} };

const CREDENTIALS = { name: 'maria@example.org', password: 'correct horse battery' };

const isStated = (route: AnyRoute, misuse: Misuse) =>
  answersOf(route).find((answer) => answer.misuse === misuse);

describe('a request that is not as it should be', () => {
  let service: FakeService;
  let api: Api;
  const reception: Reception = {
    holderOf: (token): SignedIn => {
      if (token === MEMBER) return { session: TX, participant: BOB, role: null };
      throw new GeoError('E006', 'It has ended.', { fault: 'bad_token' });
    },
    isInForce: () => true,
    liveFor: () => quietSource,
    serviceFor: () => service,
  };
  beforeAll(async () => {
    service = createFakeService();
    const door = { host: '127.0.0.1', port: 0, token: OWNER, log, requestMs: REQUEST_MS };
    api = await startApi({ service, reception, ...door });
  });
  afterAll(() => api.stop());

  const pathOf = ({ path }: AnyRoute) => API_PREFIX + path.replace(':tx_id', TX);

  function send(route: AnyRoute, given: { query?: string; body?: string; token?: string }) {
    const { query = '', body, token = OWNER } = given;
    return fetch(api.url + pathOf(route) + query, {
      method: route.method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body }),
    });
  }

  /** Says how the request begins, and no more. */
  function dawdle(route: AnyRoute): Promise<number> {
    return new Promise((resolve) => {
      let text = '';
      const socket = connect(Number(new URL(api.url).port), '127.0.0.1', () =>
        socket.write(`${route.method} ${pathOf(route)} HTTP/1.1\r\nhost: localhost\r\nauthor`),
      );
      socket.on('data', (bytes) => {
        text += bytes;
      });
      socket.on('close', () => resolve(Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1])));
    });
  }

  const PROVOKED: Readonly<
    Record<
      Exclude<Misuse, 'repeated request' | 'slow client'>,
      (route: AnyRoute) => Promise<Response>
    >
  > = {
    'malformed body': (route) => send(route, { body: '{"peer":' }),
    'unknown field': (route) =>
      route.method === 'GET'
        ? send(route, { query: '?surprise=1' })
        : send(route, { body: '{"surprise":1}' }),
    'expired token': (route) => send(route, { token: EXPIRED }),
    'wrong role': (route) => send(route, { token: MEMBER }),
    'too large body': (route) =>
      send(route, { body: JSON.stringify({ peer: 'x'.repeat(40_000) }) }),
  };

  const rows = ROUTE_LIST.flatMap((route) =>
    answersOf(route)
      .filter(({ misuse }) => misuse in PROVOKED)
      .map((answer) => [`${route.method} ${route.path}`, answer.misuse, route, answer] as const),
  );

  it.each(rows)('%s: %s', async (_where, misuse, route, { status, fault }: Answer) => {
    service.calls.length = 0;
    const response = await PROVOKED[misuse as keyof typeof PROVOKED](route);
    const problem = Problem.parse(await response.json());
    expect({ status: response.status, fault: problem.details.fault }).toEqual({ status, fault });
    expect(problem.message).toMatch(/\w.*[.!]$/);
    expect(service.calls).toEqual([]);
  });

  it('and never ends is cut off, whatever it is for', async () => {
    const statuses = await Promise.all(ROUTE_LIST.map(dawdle));
    expect(statuses).toEqual(ROUTE_LIST.map((route) => isStated(route, 'slow client')?.status));
  });

  it('has its answer in the OpenAPI document', async () => {
    const headers = { authorization: `Bearer ${OWNER}` };
    const { paths } = (await (await fetch(api.url + OPENAPI_PATH, { headers })).json()) as {
      paths: Record<string, Record<string, { responses: Record<string, { description: string }> }>>;
    };
    for (const route of ROUTE_LIST) {
      const path = API_PREFIX + route.path.replace(':tx_id', '{tx_id}');
      const { responses } = paths[path]![route.method.toLowerCase()]!;
      for (const { status, sentence } of answersOf(route)) {
        expect(responses[status]?.description).toContain(sentence);
      }
    }
  });

  it('as a table leaves nothing out', () => {
    for (const route of ROUTE_LIST) {
      const { access, input } = route;
      const stated = (misuse: Misuse) => isStated(route, misuse) !== undefined;
      expect(stated('expired token')).toBe(access !== 'anyone');
      expect(stated('wrong role')).toBe(access !== 'anyone' && access !== 'member');
      expect(stated('too large body') && stated('malformed body')).toBe(input?.in === 'body');
      expect(ARGUMENTS).toHaveProperty(route.name);
    }
  });
});

describe('a request that is repeated', () => {
  let hosted: HostedVillage;
  let api: Api;
  let stopped = false;
  let ticking: Promise<void>;
  beforeAll(async () => {
    hosted = await HostedVillage.open({
      people: ['hub'],
      hosted: { hub: ['maria', 'nina'] },
      settings: { sessions: { links: true } },
    });
    const { village } = hosted;
    await hosted.trust('hub', 'nina>maria 100');
    await hosted.trust('hub', 'hub>maria 100');
    api = await startApi({
      service: village.service('hub'),
      reception: receptionAt(village, 'hub'),
      token: OWNER,
      host: '127.0.0.1',
      port: 0,
      log,
    });
    ticking = (async () => {
      while (!stopped) await village.pass(20);
    })();
  });
  afterAll(async () => {
    await api.stop();
    stopped = true;
    await ticking;
  });

  async function post(path: string, body: object): Promise<{ status: number; answer: never }> {
    const response = await fetch(api.url + API_PREFIX + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${OWNER}` },
      body: JSON.stringify(body),
    });
    return { status: response.status, answer: (await response.json()) as never };
  }
  const debt = () => hosted.edge('hub', 'maria', 'nina')?.balance;

  /** Twice the same request of each route that states what it gets. */
  const TWICE: Readonly<Record<string, () => Promise<{ status: number; answer: object }>>> = {
    async pay() {
      const request = {
        peer: person('maria').pid,
        equivalent: 'UAH',
        amount: '1',
        nonce: '7'.repeat(32),
      };
      await hosted.trust('hub', 'maria>hub 50');
      const first = await post('/payments', request);
      const second = await post('/payments', request);
      expect(second.answer).toEqual(first.answer);
      return second;
    },
    async submitEnvelope() {
      const { bytes } = hosted.order('maria', 'nina', '3', 'hub');
      const frame = Buffer.from(signedFrame('PAYMENT_REQUEST', bytes)).toString('base64');
      const first = await post('/envelopes', { frame });
      expect(first.answer).toMatchObject({ payment: { state: 'COMMITTED' } });
      const before = debt();
      const second = await post('/envelopes', { frame });
      expect(second.answer).toEqual(first.answer);
      expect(debt()).toBe(before);
      return second;
    },
    async signIn() {
      const request = signInRequest(hosted.village, 'hub', 'maria');
      expect((await post('/auth/sign-in', request)).status).toBe(200);
      return post('/auth/sign-in', request);
    },
    makeLink: () => signedTwice('/auth/link', CREDENTIALS),
    async signInByLink() {
      const envelope = signInRequest(hosted.village, 'hub', 'nina').envelope;
      const link = await post('/auth/link', { envelope, ...CREDENTIALS, name: '+380441234567' });
      // Time passes too quickly here for a code of the app; a recovery code is one as well.
      const [code] = (link.answer as { recovery: string[] }).recovery;
      const request = { ...CREDENTIALS, name: '+380441234567', code };
      expect((await post('/auth/link/sign-in', request)).status).toBe(200);
      return post('/auth/link/sign-in', request);
    },
    endLink: () => signedTwice('/auth/link/end', {}),
    async exchangeTokens() {
      const { refresh_token } = await signInAt(hosted.village, 'hub', 'nina');
      const exchange = (digit: string) =>
        post('/auth/exchange', { refresh_token, nonce: digit.repeat(32) });
      const first = await exchange('1');
      expect(await exchange('1')).toEqual(first);
      return exchange('2');
    },
    memberAccount: () => queried('/members/account'),
    memberTransaction: async () => {
      const { tx, bytes } = hosted.order('maria', 'nina', '2', 'hub');
      await post('/envelopes', {
        frame: Buffer.from(signedFrame('PAYMENT_REQUEST', bytes)).toString('base64'),
      });
      return queried('/members/transaction', { tx_id: tx });
    },
    memberExport: () => queried('/members/export'),
  };

  async function signedTwice(path: string, more: object) {
    const { envelope } = signInRequest(hosted.village, 'hub', 'maria');
    expect((await post(path, { envelope, ...more })).status).toBe(200);
    return post(path, { envelope, ...more });
  }

  async function queried(path: string, more: object = {}) {
    const { signer } = person('maria');
    const key = {
      publicKey: signer.publicKey,
      sign: (message: Uint8Array) => signer.sign(message),
    };
    const signed = queryEnvelope(key, person('hub').pid, hosted.village.clock.now());
    const request = { query: Buffer.from(signed).toString('base64'), ...more };
    expect((await post(path, request)).status).toBe(200);
    return post(path, request);
  }

  const stating = ROUTE_LIST.filter((route) => isStated(route, 'repeated request'));

  it('is one of those that are tried here', () => {
    expect(stating.map(({ name }) => name).sort()).toEqual(Object.keys(TWICE).sort());
  });

  it.each(stating)('$name', async (route) => {
    const { status, fault } = isStated(route, 'repeated request')!;
    const { status: found, answer } = await TWICE[route.name]!();
    const problem = Problem.safeParse(answer);
    expect({ status: found, fault: problem.data?.details.fault ?? null }).toEqual({
      status,
      fault,
    });
  });
});
