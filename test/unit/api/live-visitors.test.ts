/** Live events for those who have signed in, over the real public door: each hears its own, for as long as its tokens hold. */
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { followEvents } from '../../../node/api/follow.ts';
import { API_PREFIX, LIVE_PATH } from '../../../node/api/routes.ts';
import { type Api, startApi } from '../../../node/api/server.ts';
import type { Event, EventPage, Tokens } from '../../../node/service/shapes.ts';
import type { Village } from '../engine/harness.ts';
import { HostedVillage } from '../engine/hosted.ts';
import { person } from '../machines/sample-payment.ts';
import { receptionAt, signInAt } from '../sessions/signing-in.ts';

const ORIGIN = 'https://wallet.example';
/** Time passes quickly here. */
const ACCESS_MS = 12 * 3_600_000;
const silent = { debug() {}, info() {}, warn() {}, error() {} };
const pidOf = (name: string) => person(name).pid;
let hosted: HostedVillage;
let village: Village;
let api: Api;
let stopped = false;
let ticking: Promise<void>;

beforeAll(async () => {
  hosted = await HostedVillage.open({
    people: ['hub'],
    settings: { sessions: { access_ms: ACCESS_MS } },
    hosted: { hub: ['maria', 'nina', 'olga'] },
  });
  village = hosted.village;
  await hosted.trust('hub', 'nina>maria 100000');
  api = await startApi({
    service: village.service('hub'),
    reception: receptionAt(village, 'hub'),
    live: village.node('hub').live,
    origins: [ORIGIN],
    host: '127.0.0.1',
    port: 0,
    log: silent,
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

/** Maria pays Nina. @returns the transaction */
async function paid(amount: string): Promise<string> {
  const { tx, bytes } = hosted.order('maria', 'nina', amount, 'hub');
  hosted.deliver('hub', 'PAYMENT_REQUEST', bytes);
  const state = async () =>
    (
      await village
        .service('hub')
        .transaction(tx)
        .catch(() => null)
    )?.state;
  await expect.poll(state, { timeout: 10_000 }).toBe('COMMITTED');
  return tx;
}

interface Listener {
  readonly socket: WebSocket;
  readonly events: Event[];
  readonly closed: Promise<[number, string]>;
}

/** As a browser opens it: with nothing but an address, subprotocols and its page's origin. */
async function listen(token: string, query = '', origin = ORIGIN): Promise<Listener> {
  const protocols = ['geo.events', `geo.token.${token}`];
  const url = `${api.url.replace('http', 'ws')}${LIVE_PATH}${query}`;
  const socket = new WebSocket(url, protocols, { origin });
  const events: Event[] = [];
  const begun = new Promise<void>((resolve) => {
    socket.on('message', (data) => {
      const { type, ...rest } = JSON.parse(String(data)) as { type: string } & Event;
      if (type === 'event') events.push(rest);
      else resolve();
    });
  });
  const closed = new Promise<[number, string]>((resolve) => {
    socket.on('close', (code, reason) => resolve([code, String(reason)]));
  });
  await Promise.race([begun, once(socket, 'error').then(([error]) => Promise.reject(error))]);
  expect(socket.protocol).toBe('geo.events');
  return { socket, events, closed };
}

async function page(tokens: Tokens, query: string): Promise<EventPage> {
  const headers = { authorization: `Bearer ${tokens.access_token}` };
  const response = await fetch(`${api.url}${API_PREFIX}/events${query}`, { headers });
  return EventPageOf(await response.json());
}
const EventPageOf = (body: unknown) => body as EventPage;

describe('a member who listens', () => {
  it('hears what concerns it, as it sees it, and nothing of others', async () => {
    const open = async (name: string) =>
      listen((await signInAt(village, 'hub', name)).access_token);
    const [maria, nina, olga] = [await open('maria'), await open('nina'), await open('olga')];
    const tx = await paid('3');
    const sum = { tx_id: tx, state: 'COMMITTED', amount: '3.00' };
    await expect
      .poll(() => nina!.events)
      .toMatchObject([{ topic: 'payment.received', role: 'payee', peer: pidOf('maria'), ...sum }]);
    await expect
      .poll(() => maria!.events)
      .toMatchObject([{ topic: 'payment.state', role: 'payer', peer: pidOf('nina'), ...sum }]);
    hosted.deliver('hub', 'TRUST_LINE_CREATE', hosted.line('olga', 'nina', '7'));
    await expect
      .poll(() => nina!.events.at(-1))
      .toMatchObject({ topic: 'trustline.changed', role: 'received', peer: pidOf('olga') });
    const given = { topic: 'trustline.changed', role: 'given', peer: pidOf('nina') };
    expect(olga!.events.at(-1)).toMatchObject({ ...given, amount: '7.00' });
    expect(olga!.events.map(({ tx_id }) => tx_id)).not.toContain(tx);
    expect(maria!.events).toHaveLength(1);
    // The hub's own log tells of its members' payments, and not of their lines.
    const { events } = await village.service('hub').events({ after: 'oldest', limit: 1_000 });
    expect(events.filter(({ topic }) => topic === 'trustline.changed')).toEqual([]);
    for (const { socket } of [maria!, nina!, olga!]) socket.close();
  });

  it('goes on from its cursor and misses and repeats nothing', async () => {
    const nina = await signInAt(village, 'hub', 'nina');
    const { cursor } = await page(nina, '');
    const wanted: string[] = [];
    const seen: string[] = [];
    let after = cursor;
    for (let visit = 0; visit < 6; visit++) {
      wanted.push(await paid('0.01'), await paid('0.02'));
      const listener = await listen(nina.access_token, `?after=${after}`);
      await expect.poll(() => listener.events.length).toBeGreaterThan(0);
      // It goes away in the middle of what there is.
      const taken = listener.events[0]!;
      seen.push(taken.tx_id!);
      after = taken.cursor!;
      listener.socket.terminate();
    }
    const rest = await page(nina, `?after=${after}&topics=payment.received`);
    expect([...seen, ...rest.events.map(({ tx_id }) => tx_id)]).toEqual(wanted);
  });

  it('is cut off when its session ends, and goes on when its tokens are exchanged', async () => {
    const maria = await signInAt(village, 'hub', 'maria');
    const nina = await signInAt(village, 'hub', 'nina');
    const [ending, going] = [await listen(maria.access_token), await listen(nina.access_token)];
    const exchange = { refresh_token: nina.refresh_token, nonce: '0'.repeat(32) };
    await village.node('hub').reception.serviceFor({ address: '' }).exchangeTokens!(exchange);
    await village.service('hub').endSession(maria.session);
    const tx = await paid('1');
    expect(await ending.closed).toEqual([4401, 'bad_token']);
    expect(ending.events).toEqual([]);
    await expect.poll(() => going.events).toMatchObject([{ tx_id: tx }]);
    going.socket.close();
  });

  it('follows on by itself with the next token when one has ended, and not without a next one', async () => {
    const token = { of: await signInAt(village, 'hub', 'nina') };
    const seen: string[] = [];
    const ending = new AbortController();
    const following = (async () => {
      const endpoint = async () => ({ url: api.url, token: token.of.access_token });
      const pause = () => new Promise((resolve) => setTimeout(resolve, 1));
      const options = { endpoint, signal: ending.signal, pause, renews: true };
      const topics = 'payment.received';
      for await (const event of followEvents({ ...options, topics, after: 'oldest' })) {
        seen.push(event.tx_id!);
      }
    })();
    const first = await paid('1');
    await expect.poll(() => seen.at(-1)).toBe(first);
    const former = token.of;
    token.of = await signInAt(village, 'hub', 'nina');
    await village.service('hub').endSession(former.session);
    const second = await paid('2');
    await expect.poll(() => seen.slice(-2)).toEqual([first, second]);
    const refused = expect(following).rejects.toMatchObject({ details: { fault: 'bad_token' } });
    await village.service('hub').endSession(token.of.session);
    await paid('3');
    await refused;
    ending.abort();
  });

  it('is let in with a token only, and from pages that may', async () => {
    const maria = await signInAt(village, 'hub', 'maria');
    const refusal = (...given: Parameters<typeof listen>) =>
      listen(...given).then(
        () => 'open',
        (error: Error) => error.message,
      );
    expect(await refusal('gea_wrong')).toContain('401');
    expect(await refusal(maria.refresh_token)).toContain('401');
    expect(await refusal(maria.access_token, '', 'https://evil.example')).toContain('403');
    expect(await refusal(maria.access_token, '', api.url)).toBe('open');
    const stream = await fetch(`${api.url}${LIVE_PATH}`, {
      headers: { authorization: `Bearer ${maria.access_token}`, origin: ORIGIN },
    });
    expect(stream.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(stream.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    await stream.body!.cancel();
  });
});

describe('an operator who listens', () => {
  it('hears of its community what a member does not', async () => {
    const hub = village.service('hub');
    await hub.appointOperator({ operator: pidOf('olga'), role: 'auditor', reason: 'elected' });
    const olga = await listen((await signInAt(village, 'hub', 'olga')).access_token);
    const maria = await listen((await signInAt(village, 'hub', 'maria')).access_token);
    await hub.changeMember({ member: pidOf('nina'), act: 'suspend', reason: 'a dispute' });
    const suspended = { topic: 'member.changed', peer: pidOf('nina'), state: 'suspended' };
    await expect.poll(() => olga.events).toContainEqual(expect.objectContaining(suspended));
    await hub.changeMember({ member: pidOf('nina'), act: 'reinstate', reason: '' });
    await paid('1');
    await expect.poll(() => maria.events).toMatchObject([{ topic: 'payment.state' }]);
    expect(olga.events.map(({ topic }) => topic)).not.toContain('payment.state');
    for (const { socket } of [olga, maria]) socket.close();
  });
});
