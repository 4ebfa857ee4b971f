/**
 * A stranger's add-on, from the template to a real daemon; beside it two that fail, which harms nobody, and the
 * webhook, which tells a real HTTP server.
 */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { daemonEndpoint } from '../../cli/daemon-door.ts';
import { eventually } from '../../simulations/testnet/at-once.ts';
import { geo } from '../unit/cli/cli-process.ts';
import { Daemons } from './daemons.ts';

const WAIT_MS = 60_000;

/** What somebody adds to the template on the first evening. */
const ECHO = `
    at.socket('/echo', (socket) => {
      socket.onMessage((text) => socket.send(\`\${text} \${text}\`));
    });
`;
const SECRET = Buffer.alloc(32, 9);
const failing = (name: string, setup: string) => `
import { defineAddon, z } from 'geo-node/addon';
export default defineAddon({
  name: '${name}', version: '1.0.0', about: 'Fails.', capabilities: ['events'], config: z.object({}),
  setup: (at) => { ${setup} },
});
`;

let net: Daemons;
let directory: string;
let shop: Shop;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'geo-addons-'));
  const file = (name: string) => join(directory, name);
  const made = await geo(['addons', 'new', 'kiosk', '--out', file('kiosk.ts')]);
  expect(made).toMatchObject({ code: 0, err: '' });
  const template = await readFile(file('kiosk.ts'), 'utf8');
  await writeFile(file('kiosk.ts'), template.replace(/ {4}at\.every/, `${ECHO}\n$&`));
  await writeFile(
    file('thrower.ts'),
    failing('thrower', "at.onEvents(['payment.received'], () => { throw new Error('no'); });"),
  );
  await writeFile(
    file('hanger.ts'),
    failing('hanger', "at.onEvents(['payment.received'], () => { for (;;); });"),
  );
  await writeFile(file('secret'), `whsec_${SECRET.toString('base64')}\n`);
  shop = await Shop.open();
  const endpoint = (name: string) => ({
    name,
    url: `${shop.url}/${name}`,
    secret_file: file('secret'),
    topics: ['payment.received'],
  });
  const load = [
    {
      use: 'webhook',
      grant: ['events'],
      config: {
        endpoints: [endpoint('shop'), endpoint('gone')],
        retry_min_ms: 100,
        retry_max_ms: 1_000,
        tries_max: 3,
      },
    },
    { use: file('kiosk.ts'), grant: ['books', 'events'], config: { currency: 'UAH' } },
    { use: 'reporting', grant: ['node', 'books', 'clearing', 'hub', 'events'] },
    { use: file('thrower.ts'), grant: ['events'] },
    { use: file('hanger.ts'), grant: ['events'] },
  ];
  const addons = { load, hang_ms: 3_000, restart_ms: 100, restarts_max: 1 };
  net = await Daemons.start(['anna', 'boris'], {
    settings: (name) => (name === 'anna' ? { addons } : {}),
  });
  await net.trust('anna>boris 100');
  await net.settle();
}, 120_000);
afterAll(async () => {
  await net?.stop();
  shop?.close();
  await rm(directory, { recursive: true, force: true });
});

/** What hears deliveries: each first one at `/shop` is refused, and all at `/gone` until it is back. */
class Shop {
  readonly heard: { path: string; status: number; id: string; body: string; isSigned: boolean }[] =
    [];
  isBack = false;
  readonly #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => void this.#hear(request, response));
  }

  static async open(): Promise<Shop> {
    const shop = new Shop();
    await once(shop.#server.listen(0, '127.0.0.1'), 'listening');
    return shop;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  at(path: string) {
    return this.heard.filter((each) => each.path === path);
  }

  async #hear(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request);
    const header = (name: string) => String(request.headers[`webhook-${name}`]);
    const [path, id] = [String(request.url), header('id')];
    // As the rules of Standard Webhooks have it, without the add-on's own code.
    const signed = `${id}.${header('timestamp')}.${body}`;
    const mac = createHmac('sha256', SECRET).update(signed).digest('base64');
    const isSigned = header('signature') === `v1,${mac}`;
    const isFirst = !this.at(path).some((each) => each.id === id);
    const status = (path === '/shop' ? !isFirst : this.isBack) ? 204 : 503;
    this.heard.push({ path, status, id, body, isSigned });
    response.writeHead(status).end();
  }
}

const states = async () =>
  Object.fromEntries((await net.client('anna').addons()).map(({ name, state }) => [name, state]));

async function request(path: string, token?: string): Promise<Response> {
  const { url, token: own } = await daemonEndpoint(net.net.node('anna').home);
  return fetch(url + path, { headers: { authorization: `Bearer ${token ?? own}` } });
}

describe('add-ons of a daemon', () => {
  it('hear a payment, and those that fail on it are given up while the node goes on', async () => {
    await eventually(
      WAIT_MS,
      50,
      async () => Object.values(await states()).every((s) => s === 'running') || undefined,
    );
    expect(await states()).toEqual({
      webhook: 'running',
      kiosk: 'running',
      reporting: 'running',
      thrower: 'running',
      hanger: 'running',
    });
    expect(await net.pay('boris', 'anna', '5')).toMatchObject({ state: 'COMMITTED' });
    const given = await eventually(WAIT_MS, 200, async () => {
      // The node answers and pays while one of its add-ons throws and another one spins.
      expect(await net.pay('boris', 'anna', '0.01')).toMatchObject({ state: 'COMMITTED' });
      const now = await states();
      return now.thrower === 'failed' && now.hanger === 'failed' ? now : undefined;
    });
    expect(given).toEqual({
      webhook: 'running',
      kiosk: 'running',
      reporting: 'running',
      thrower: 'failed',
      hanger: 'failed',
    });
    await net.settle();
    const { events } = await net
      .client('anna')
      .events({ after: 'oldest', topics: 'addon.failed', limit: 1_000 });
    expect(events.map(({ text }) => text).sort()).toEqual([
      expect.stringMatching(/^hanger: it did not react for 3000 ms/),
      'thrower: an event was not heard: no',
    ]);
  }, 120_000);

  it('serve what they heard, to whoever has the token', async () => {
    const rows = await eventually(WAIT_MS, 50, async () => {
      const answer = await request('/addons/kiosk/payers');
      expect(answer.status).toBe(200);
      const found = (await answer.json()) as { value: { amount: string } }[];
      return found.some(({ value }) => value.amount === '5.00') ? found : undefined;
    });
    expect(rows).toBeDefined();
    expect((await request('/addons/kiosk/payers', 'wrong')).status).toBe(401);
    expect((await request('/addons/kiosk/nothing')).status).toBe(404);
    expect((await request('/addons/nobody/payers')).status).toBe(404);
    expect((await request('/addons/thrower/x')).status).toBe(503);
    const metrics = await (await request('/metrics')).text();
    expect(metrics).toMatch(/^geo_addon_kiosk_payments_total [1-9]/m);
    expect(metrics).toMatch(/^geo_addon_up\{addon="hanger"\} 0/m);
  });

  it('speak over WebSockets', async () => {
    const { url, token } = await daemonEndpoint(net.net.node('anna').home);
    const address = `${url.replace('http', 'ws')}/addons/kiosk/echo`;
    const socket = new WebSocket(address, { headers: { authorization: `Bearer ${token}` } });
    const heard = Promise.withResolvers<string>();
    socket.on('error', heard.reject);
    socket.on('message', (data) => heard.resolve(String(data)));
    socket.on('open', () => socket.send('cheese'));
    expect(await heard.promise).toBe('cheese cheese');
    socket.close();
    const stranger = new WebSocket(address, { headers: { authorization: 'Bearer wrong' } });
    const refused = await new Promise((resolve) => stranger.once('error', resolve));
    expect(String(refused)).toContain('401');
  });

  it('tell others what was received: again after a refusal, and for a person when they have given up', async () => {
    const home = ['--home', net.net.node('anna').home.directory];
    const delivered = await eventually(WAIT_MS, 50, async () =>
      shop.at('/shop').find(({ status, body }) => status === 204 && body.includes('"5.00"')),
    );
    expect(delivered?.isSigned).toBe(true);
    expect(JSON.parse(delivered!.body)).toMatchObject({
      type: 'payment.received',
      data: { amount: '5.00', equivalent: 'UAH', peer: net.pid('boris') },
    });
    const [first, second] = shop.at('/shop').filter(({ id }) => id === delivered!.id);
    expect([first?.status, second?.status]).toEqual([503, 204]);
    expect(second?.body).toBe(first?.body);

    const call = async (path: string, ...more: string[]) => {
      const { out } = await geo(['addons', 'call', 'webhook', path, '--json', ...more, ...home]);
      return JSON.parse(out) as never;
    };
    const dead = await eventually(WAIT_MS, 200, async () => {
      const rows: { id: string; reason: string }[] = await call('/endpoints/gone/dead');
      return rows.find(({ id }) => id === delivered!.id);
    });
    expect(dead).toMatchObject({ tries: 3, reason: 'the receiver answered 503' });
    shop.isBack = true;
    await call(`/endpoints/gone/replay?id=${dead!.id}`, '--method', 'POST');
    const late = await eventually(WAIT_MS, 50, async () =>
      shop.at('/gone').find(({ id, status }) => id === dead!.id && status === 204),
    );
    expect(late).toMatchObject({ isSigned: true, body: delivered!.body });
    expect(shop.heard.filter(({ isSigned }) => !isSigned)).toEqual([]);
  }, 120_000);

  it('report, on the command line too', async () => {
    const home = ['--home', net.net.node('anna').home.directory];
    const shown = await geo(['report', 'community', '--json', ...home]);
    const report = JSON.parse(shown.out) as Record<string, unknown>;
    const [row] = await net.client('anna').balance();
    expect(report).toMatchObject({ scope: 'own', edges: 1, total_debt: row?.owed_to_me });
    const picture = join(directory, 'trust.svg');
    const written = await geo([
      'report',
      '--format',
      'svg',
      '--picture',
      'graph',
      '--out',
      picture,
      ...home,
    ]);
    expect(written).toMatchObject({ code: 0, err: '' });
    expect(await readFile(picture, 'utf8')).toMatch(/^<svg .*<\/svg>\n$/s);
    const wrong = await geo(['report', '--equivalent', 'XYZ', ...home]);
    expect([wrong.code, wrong.err]).toEqual([1, expect.stringContaining('UAH')]);
    const called = await geo(['addons', 'call', 'kiosk', '/balance/UAH', ...home]);
    expect(called.out).toContain(`"owed_to_me":"${row?.owed_to_me}"`);
  });

  it('go on where they were when the node is killed', async () => {
    await net.net.kill('anna');
    await net.net.restart('anna');
    await net.pay('boris', 'anna', '7');
    const found = await eventually(WAIT_MS, 50, async () => {
      const answer = await request('/addons/kiosk/payers');
      const text = await answer.text();
      return text.includes('"7.00"') && text.includes('"5.00"') ? text : undefined;
    });
    expect(found).toBeDefined();
    const shown = await geo(['addons', '--home', net.net.node('anna').home.directory]);
    expect(shown.out).toMatch(/kiosk +0\.1\.0 +running/);
  }, 60_000);
});
