/** Live events over the real HTTP door: whoever leaves and comes back misses and repeats nothing. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import WebSocket from 'ws';
import { followEvents } from '../../../node/api/follow.ts';
import { LIVE_PATH } from '../../../node/api/routes.ts';
import { type Api, startApi } from '../../../node/api/server.ts';
import type { LiveSource, NodeService } from '../../../node/service/contract.ts';
import type { Event } from '../../../node/service/shapes.ts';
import { Village } from '../engine/harness.ts';

const TOKEN = 'a'.repeat(64);
const silent = { debug() {}, info() {}, warn() {}, error() {} };
let village: Village;
let api: Api;
let stopped = false;
let ticking: Promise<void>;

/** The node that lives now: over a restart the door stays, and what stands behind it changes. */
function livingNode(name: string): { service: NodeService; live: LiveSource } {
  const service = new Proxy({} as NodeService, {
    get: (_, method) => village.service(name)[method as keyof NodeService],
  });
  const live: LiveSource = {
    clock: village.clock,
    follow: (follower) => village.node(name).live.follow(follower),
    connected: () => village.node(name).live.connected(),
    followPeers: (follower) => village.node(name).live.followPeers(follower),
  };
  return { service, live };
}

const doorOf = (name: string) =>
  startApi({ ...livingNode(name), host: '127.0.0.1', port: 0, token: TOKEN, log: silent });

beforeAll(async () => {
  village = await Village.open({
    people: ['anna', 'boris'],
    lines: ['boris>anna 100000', 'anna>boris 100000'],
  });
  api = await doorOf('anna');
  // The village's time passes while requests are answered.
  ticking = (async () => {
    while (!stopped) await village.pass(20);
  })();
});
afterAll(async () => {
  await api.stop();
  stopped = true;
  await ticking;
});

const pause = () => new Promise((resolve) => setTimeout(resolve, 1));
const paid = async (amount: string) => {
  const payment = await village.begin('boris', 'anna', amount);
  expect(payment.state).toBe('COMMITTED');
  return payment.tx_id;
};

function follow(signal: AbortSignal, more: { after?: string; topics?: string } = {}) {
  const endpoint = async () => ({ url: api.url, token: TOKEN });
  return followEvents({ endpoint, signal, pause, ...more });
}

/** Takes events until there are `count`. */
async function take(count: number, more: { after?: string; topics?: string }): Promise<Event[]> {
  const ending = new AbortController();
  const taken: Event[] = [];
  for await (const event of follow(ending.signal, more)) {
    taken.push(event);
    if (taken.length >= count) break;
  }
  ending.abort();
  return taken;
}

const socketAt = (query: string, headers: Record<string, string> = {}, url = api.url) =>
  new WebSocket(`${url.replace('http', 'ws')}${LIVE_PATH}${query}`, {
    headers: { authorization: `Bearer ${TOKEN}`, ...headers },
  });

async function closing(socket: WebSocket): Promise<[code: number, reason: string]> {
  const [code, reason] = (await once(socket, 'close')) as [number, Buffer];
  return [code, reason.toString()];
}

describe('a client that comes and goes', () => {
  it('sees every payment once, in order, taking a few events at each visit', async () => {
    const wanted: string[] = [];
    const { cursor } = await village.service('anna').events({});
    let after = cursor;
    const seen: Event[] = [];
    const paying = (async () => {
      for (let i = 0; i < 80; i++) wanted.push(await paid('0.01'));
    })();
    // Two events for each payment: it was received, and it has ended.
    while (seen.length < 160) {
      const count = Math.min(1 + (seen.length % 3), 160 - seen.length);
      const visit = await take(count, { after, topics: 'payment.received,payment.state' });
      seen.push(...visit);
      after = visit.at(-1)!.cursor!;
    }
    await paying;
    const received = seen.filter(({ topic }) => topic === 'payment.received');
    expect(received.map((event) => event.tx_id)).toEqual(wanted);
    const numbers = seen.map((event) => Number(event.cursor?.split('-')[1]));
    expect(numbers).toEqual(numbers.map((_, i) => numbers[0]! + i));
  });

  it('goes on by itself when the connection is cut, and when the node was killed', async () => {
    const ending = new AbortController();
    const seen: string[] = [];
    const { cursor } = await village.service('anna').events({});
    const following = (async () => {
      const events = follow(ending.signal, { after: cursor, topics: 'payment.received' });
      for await (const event of events) seen.push(event.tx_id!);
    })();
    const wanted: string[] = [];
    for (let i = 0; i < 6; i++) {
      wanted.push(await paid('0.02'));
      if (i % 2 === 1) await village.killNow('anna').then(() => village.start('anna'));
      await api.stop();

      api = await doorOf('anna');
    }
    await expect.poll(() => seen, { timeout: 20_000 }).toEqual(wanted);
    ending.abort();
    await following;
  });
});

describe('many streams', () => {
  it('share what is read and written out, whatever its size, and each gets all of it', async () => {
    const sizes = [0, 300, 70_000];
    const events = sizes.map(
      (size, i): Event => ({ ...SAMPLE, cursor: `a-${i}`, text: 'é'.repeat(size) }),
    );
    let reads = 0;
    let isThere = false;
    const service = {
      events: async ({ after }: { after?: string }) => {
        if (after === undefined || !isThere || after === 'a-2')
          return { events: [], cursor: after ?? 'a' };
        reads++;
        return { events, cursor: 'a-2' };
      },
    };
    const followers = new Set<() => void>();
    const source: LiveSource = {
      clock: village.clock,
      follow: (follower) => {
        followers.add(follower);
        return () => followers.delete(follower);
      },
      connected: () => [],
      followPeers: () => () => undefined,
    };
    const door = await startApi({
      service: service as unknown as NodeService,
      live: source,
      host: '127.0.0.1',
      port: 0,
      token: TOKEN,
      log: silent,
    });
    const sockets = Array.from({ length: 20 }, (_, i) =>
      socketAt(i % 2 === 0 ? '' : '?topics=integrity.alert', {}, door.url),
    );
    const seen = sockets.map((socket) => {
      const texts: number[] = [];
      let begun = false;
      socket.on('message', (data) => {
        const { type, text } = JSON.parse(String(data)) as { type: string; text: string };
        if (type === 'event') texts.push(text.length);
        begun = true;
      });
      return { texts, hasBegun: () => begun };
    });
    await expect.poll(() => seen.every(({ hasBegun }) => hasBegun())).toBe(true);
    // One for all streams of the same topics.
    expect(followers.size).toBe(2);
    isThere = true;
    for (const follower of followers) follower();
    await expect.poll(() => seen.map(({ texts }) => texts)).toEqual(sockets.map(() => sizes));
    expect(reads).toBe(2);
    for (const socket of sockets) socket.close();
    await expect.poll(() => followers.size).toBe(0);
    await door.stop();
  });
});

describe('a stream', () => {
  it('says at once where it begins, and sends only the topics asked for', async () => {
    const response = await fetch(`${api.url}${LIVE_PATH}?topics=trustline.changed`, {
      headers: { authorization: `Bearer ${TOKEN}` },
    });
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    const begin = (await reader.read()).value!;
    const cursor = /^id: (\S+)\nevent: heartbeat\n/.exec(begin)?.[1];
    expect(cursor).toBe((await village.service('anna').events({})).cursor);
    await paid('0.01');
    await village.service('anna').setTrustLine({
      peer: village.pid('boris'),
      equivalent: 'UAH',
      limit: '99999',
    });
    const next = (await reader.read()).value!;
    expect(next).toMatch(/\nevent: event\ndata: .*"topic":"trustline.changed"/);
    await reader.cancel();
  });

  it('tells over WebSocket who is connected, first as it is, then as it changes', async () => {
    const socket = socketAt('?topics=peer.state');
    const states: unknown[] = [];
    socket.on('message', (data) => {
      const { type, state, peer } = JSON.parse(String(data)) as Record<string, unknown>;
      if (type === 'event' && peer === village.pid('boris')) states.push(state);
    });
    await expect.poll(() => states).toEqual(['connected']);
    await village.killNow('boris');
    await expect.poll(() => states).toEqual(['connected', 'disconnected']);
    await village.start('boris');
    await village.service('boris').connect(village.service('anna').identity().addresses[0]!);
    await expect.poll(() => states.at(-1)).toBe('connected');
    socket.close();
    await once(socket, 'close');
  });

  it('ends with a code that says why, or is refused before it begins', async () => {
    expect(await closing(socketAt('?after=nonsense'))).toEqual([4400, 'bad_cursor']);
    expect(await closing(socketAt('?after=zz-1'))).toEqual([4410, 'cursor_of_other_books']);
    expect(await closing(socketAt('?topics=weather'))).toEqual([4400, 'unknown_topic']);
    expect(await closing(socketAt('?surprise=1'))).toEqual([4400, 'bad_request']);
    const statusOf = async (socket: WebSocket) => {
      const [error] = (await once(socket, 'error')) as [Error];
      return Number(/\d{3}/.exec(error.message)?.[0]);
    };
    expect(await statusOf(socketAt('', { authorization: 'Bearer wrong' }))).toBe(401);
    expect(await statusOf(socketAt('', { host: 'evil.example' }))).toBe(403);
    for (const [query, status] of [
      ['?after=nonsense', 400],
      ['?after=zz-1', 410],
      ['?topics=weather', 400],
    ] as const) {
      const response = await fetch(`${api.url}${LIVE_PATH}${query}`, {
        headers: { authorization: `Bearer ${TOKEN}` },
      });
      expect(response.status).toBe(status);
      expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
    }
    expect((await fetch(`${api.url}${LIVE_PATH}`)).status).toBe(401);
  });

  it('is closed when its client reads nothing, and others go on', async () => {
    const { port } = new URL(api.url);
    const deaf = connect(Number(port), '127.0.0.1');
    await once(deaf, 'connect');
    deaf.on('error', () => undefined);
    deaf.pause();
    deaf.write(
      `GET ${LIVE_PATH}?after=oldest HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer ${TOKEN}\r\n\r\n`,
    );
    const flood = Array.from(
      { length: 200 },
      (): Event => ({ ...SAMPLE, text: 'x'.repeat(60_000) }),
    );
    const real = village.service('anna').events;
    let reads = 0;
    Object.assign(village.service('anna'), {
      events: async (query: { after?: string }) => {
        if (query.after !== 'oldest' && query.after !== 'flood') return real(query);
        reads++;
        return { events: flood, cursor: 'flood' };
      },
    });
    const begun = village.clock.now();
    await expect.poll(() => village.clock.now() - begun > 30_000, { timeout: 15_000 }).toBe(true);
    // A socket notices its end by reading; one that was left open would never come to it.
    deaf.resume();
    await once(deaf, 'close');
    Object.assign(village.service('anna'), { events: real });
    // What it did not take was never read for it.
    expect(reads).toBeLessThan(20);
    expect(await take(1, { after: 'oldest' })).toHaveLength(1);
  });
});

const SAMPLE: Event = {
  cursor: '0-1',
  topic: 'integrity.alert',
  time: '2026-03-01T12:00:00.000Z',
  tx_id: null,
  peer: null,
  role: null,
  state: null,
  equivalent: null,
  amount: null,
  ms: null,
  reason: null,
  text: null,
};
