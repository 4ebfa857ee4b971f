/** Deliveries of the webhook add-on to a receiver that checks, refuses and comes back. */
import { createHmac, randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readSecret, signedHeaders } from '../../../node/addons/webhook/signing.ts';
import { AddonStage } from './stage.ts';

const SECRET = randomBytes(32);
let directory: string;
let server: Server;
let url: string;
let received: { headers: IncomingHttpHeaders; body: string }[] = [];
let status = 200;
let stage: AddonStage;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'geo-webhook-'));
  await writeFile(join(directory, 'secret'), `whsec_${SECRET.toString('base64')}\n`);
  server = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += String(piece);
    received.push({ headers: request.headers, body });
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
});
afterAll(async () => {
  server.close();
  await rm(directory, { recursive: true });
});
beforeEach(() => {
  received = [];
  status = 200;
});
afterEach(() => stage.addons.stop());

async function open(more: object = {}, before?: AddonStage): Promise<void> {
  const endpoint = {
    name: 'shop',
    url,
    secret_file: join(directory, 'secret'),
    topics: ['payment.received'],
  };
  const config = { endpoints: [endpoint], retry_min_ms: 100, ...more };
  stage = new AddonStage({ load: [{ use: 'webhook', grant: ['events'], config }] }, before);
  await stage.becomes('running');
}

const body = async (work: Promise<{ body: string | Uint8Array }>) =>
  JSON.parse(String((await work).body)) as unknown;

describe('a delivery', () => {
  it('is signed so that the receiver can check it, and sent once', async () => {
    await open();
    stage.happen('payment.received');
    stage.happen('trustline.changed');
    await stage.until(() => received.length > 0);
    const { headers, body: text } = received[0]!;
    const signed = `${headers['webhook-id']}.${headers['webhook-timestamp']}.${text}`;
    const expected = createHmac('sha256', SECRET).update(signed).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${expected}`);
    expect(headers['webhook-id']).toBe('evt_0-1');
    expect(JSON.parse(text)).toMatchObject({ type: 'payment.received', data: { cursor: '0-1' } });
    await stage.until(() => Object.keys(stage.kept('webhook')).length === 0);
    expect(received).toHaveLength(1);
  });

  it('is tried again until the receiver is well, over a restart too', async () => {
    status = 503;
    await open();
    stage.happen('payment.received');
    await stage.until(() => received.length >= 2);
    await stage.addons.stop();
    status = 200;
    const tries = received.length;
    await open({}, stage);
    await stage.until(() => received.length > tries);
    expect(new Set(received.map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    await stage.until(() => Object.keys(stage.kept('webhook')).length === 0);
  });

  it('is kept when it is given up, and can be replayed or forgotten', async () => {
    status = 400;
    await open({ tries_max: 2 });
    stage.happen('payment.received');
    stage.happen('payment.received');
    const dead = () => Object.keys(stage.kept('webhook')).filter((key) => key.startsWith('dead/'));
    await stage.until(() => dead().length === 2);
    const listed = await body(stage.get('/endpoints/shop/dead'));
    expect(listed).toMatchObject([
      { id: 'evt_0-1', tries: 2, reason: 'the receiver answered 400' },
      { id: 'evt_0-2' },
    ]);
    expect(await body(stage.call('DELETE', '/endpoints/shop/dead/evt_0-2'))).toEqual({
      forgotten: true,
    });
    status = 200;
    received = [];
    expect(await body(stage.call('POST', '/endpoints/shop/replay'))).toEqual({ replayed: 1 });
    await stage.until(() => received.length === 1 && dead().length === 0);
    await stage.until(() => Object.keys(stage.kept('webhook')).length === 0);
    expect(received).toHaveLength(1);
    expect(await body(stage.get('/endpoints'))).toMatchObject([{ waiting: 0, dead: 0 }]);
    expect(await stage.get('/endpoints/nobody/dead')).toMatchObject({ status: 404 });
  });
});

describe('a signature', () => {
  it('is that of the specification', () => {
    // From the reference implementation's own tests.
    const secret = readSecret('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
    const headers = signedHeaders(
      secret,
      'msg_p5jXN8AQM9LWM0D4loKWxJek',
      1_614_265_330,
      '{"test": 2432232314}',
    );
    expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  it('needs a secret that is long enough', () => {
    expect(() => readSecret('whsec_c2hvcnQ=')).toThrow(/random bytes/);
    expect(() => readSecret('MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')).toThrow(/random bytes/);
  });
});
