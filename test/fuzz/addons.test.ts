/**
 * What add-ons serve is asked for as the node's document says, by the node's own HTTP door and in real threads:
 * no request makes an add-on fail, and what is refused is refused in the one envelope.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { OPENAPI_PATH } from '../../node/api/routes.ts';
import { type Api, startApi } from '../../node/api/server.ts';
import { AddonStage } from '../unit/addons/stage.ts';
import { ANNA, BOB } from '../unit/api/fake-service.ts';
import { type ApiDocument, fuzz, operationsOf, type Place } from './operations.ts';

const TOKEN = 'b'.repeat(64);
const log = { debug() {}, info() {}, warn() {}, error() {} };
const OPERATIONS = [
  'addon_greeter_post_sums_title',
  'addon_reporting_get_community',
  'addon_reporting_get_participant',
  'addon_webhook_get_endpoints',
  'addon_webhook_get_endpoints_endpoint_dead',
  'addon_webhook_get_endpoints_endpoint_waiting',
  'addon_webhook_post_endpoints_endpoint_replay',
  'addon_webhook_delete_endpoints_endpoint_dead_id',
];

let directory: string;
let stage: AddonStage;
let api: Api;
let places: Map<string, Place>;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'geo-fuzz-'));
  const secret = join(directory, 'secret');
  await writeFile(secret, `whsec_${Buffer.alloc(32, 7).toString('base64')}`);
  // Nobody listens there; nothing happens that would be told.
  const shop = { name: 'shop', url: 'http://127.0.0.1:9/', secret_file: secret };
  stage = new AddonStage({
    load: [
      { use: './fixtures/greeter.ts', grant: ['books', 'events'], config: {} },
      { use: 'reporting', grant: ['node', 'books', 'clearing', 'hub', 'events'], config: {} },
      {
        use: 'webhook',
        grant: ['events'],
        config: { endpoints: [{ ...shop, topics: ['payment.received'] }] },
      },
    ],
  });
  await stage.until(
    () => stage.addons.offers().length === 3,
    () => JSON.stringify(stage.addons.list()),
  );
  api = await startApi({
    service: stage.service,
    addons: stage.addons,
    host: '127.0.0.1',
    port: 0,
    token: TOKEN,
    log,
  });
  const document = (await (await fetch(api.url + OPENAPI_PATH)).json()) as ApiDocument;
  const served = operationsOf(
    document,
    (path, operation) => path.startsWith('/addons/') && !('x-websocket' in operation),
  );
  places = new Map(served.map((each) => [each.operation.operationId, each]));
}, 30_000);
afterAll(async () => {
  await api.stop();
  await stage.addons.stop();
  await rm(directory, { recursive: true });
});

it.each(OPERATIONS)('%s', { timeout: 60_000 }, async (name) => {
  const likely = {
    participant: [ANNA, BOB, 'me'],
    equivalent: ['UAH', 'HOUR'],
    endpoint: ['shop'],
  };
  await fuzz(api.url, TOKEN, places.get(name)!, { schemas: {}, likely, only: {} });
  expect(stage.addons.list().map(({ failures, state }) => [failures, state])).toEqual([
    [0, 'running'],
    [0, 'running'],
    [0, 'running'],
  ]);
});
