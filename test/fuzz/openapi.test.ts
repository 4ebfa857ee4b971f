/**
 * The API's own document drives the requests: values that it allows, and values that it just does not, on
 * every operation of a real node. No answer is a failure of the node, none is missing, and what is refused
 * is refused in the one envelope.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApiDocument } from '../../node/api/openapi.ts';
import { LIVE_PATH, METRICS_PATH } from '../../node/api/routes.ts';
import { type Api, startApi } from '../../node/api/server.ts';
import { Village } from '../unit/engine/harness.ts';
import type { Known } from './json-schema.ts';
import { type ApiDocument, fuzz, operationsOf } from './operations.ts';

const TOKEN = 'b'.repeat(64);
/** Streams without an end, and what a node without a daemon around it does not have. */
const APART = new Set([LIVE_PATH, METRICS_PATH]);
/** A node that is frozen for good would refuse everything after it. */
const CALMING = { state: ['active'] };

const document = openApiDocument('0') as unknown as ApiDocument;
const operations = operationsOf(document, (path) => !APART.has(path));

const failures: object[] = [];
let village: Village;
let api: Api;
let directory: string;
let known: Known;
let files = 0;
let stopped = false;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'geo-fuzz-'));
  village = await Village.open({
    people: ['anna', 'boris', 'cyril'],
    lines: ['boris>anna 100', 'cyril>boris 100', 'anna>cyril 50'],
    settings: { hub: { enabled: true } },
  });
  await village.pay('anna', 'boris', '3');
  api = await startApi({
    service: village.service('anna'),
    host: '127.0.0.1',
    port: 0,
    token: TOKEN,
    log: {
      debug() {},
      info() {},
      warn() {},
      error: (fields: object, text: string) => void failures.push({ text, ...fields }),
    },
  });
  const pids = ['anna', 'boris', 'cyril'].map((name) => village.pid(name));
  const { items } = await village.run(village.service('anna').transactions({}));
  const places = [
    (nth: number) => join(directory, `${nth}`),
    (nth: number) => join(directory, 'missing', `${nth}`),
    () => directory,
  ];
  const amounts = ['0', '1.00', '12.5', '-1', '9'.repeat(42), '0.001'];
  known = {
    schemas: document.components.schemas,
    likely: {
      peer: [...pids, 'boris'],
      pid: pids,
      member: pids,
      hub: pids,
      cycle: pids,
      equivalent: ['UAH', 'HOUR', 'uah'],
      code: ['UAH', 'HOUR'],
      amount: amounts,
      limit: amounts,
      tx_id: items.map((row) => row.tx_id),
      since: ['2026-01-31', 'now', '', '-1'],
      until: ['2036-01-31T12:00:00Z', '9'.repeat(20)],
      ...CALMING,
    },
    only: { file: () => places[++files % places.length]!(files) },
  };
  // The village's time passes while requests are answered.
  void (async () => {
    while (!stopped) await village.pass(200);
  })();
});
afterAll(async () => {
  await api.stop();
  stopped = true;
  await rm(directory, { recursive: true });
});

describe('every operation of the document', () => {
  it.each(operations.map((each) => [each.operation.operationId, each] as const))(
    '%s',
    { timeout: 60_000 },
    (_name, each) => fuzz(api.url, TOKEN, each, known),
  );

  it('has failed inside not once, and the node pays as before', async () => {
    expect(failures).toEqual([]);
    expect(village.service('anna').status()).toMatchObject({ store: 'ok' });
    const rows = await village.run(village.service('anna').audit());
    expect(rows.filter(({ held }) => !held)).toEqual([]);
  });
});
