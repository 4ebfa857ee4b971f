/** What a node counts, under names that Prometheus' conventions allow and the operator's guide explains. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { METRICS_PATH } from '../../../node/api/routes.ts';
import { type Api, startApi } from '../../../node/api/server.ts';
import { createMetrics, type Metrics } from '../../../node/telemetry/metrics.ts';
import { timedStore } from '../../../node/telemetry/timed-store.ts';
import { createCounters } from '../../../node/transport/metrics.ts';
import { Village } from '../engine/harness.ts';

const TOKEN = 'a'.repeat(64);
const silent = { debug() {}, info() {}, warn() {}, error() {} };
let village: Village;
const metrics: Record<string, Metrics> = {};

beforeAll(async () => {
  village = await Village.open({
    people: ['anna', 'boris', 'cyril'],
    lines: ['boris>anna 100', 'cyril>boris 100'],
  });
  for (const name of village.names) {
    const transport = createCounters();
    transport.dropped.over_peer_rate = 3;
    metrics[name] = createMetrics({
      vitals: () => village.node(name).vitals(),
      transport: () => transport,
      listen: (listener) => village.node(name).listen(listener),
      process: false,
    });
  }
  await village.pay('anna', 'cyril', '5');
  await village.pay('anna', 'cyril', '5000');
  await village.calm();
});

/** The value of one line: name and labels as they are printed. */
async function read(name: string, series: string): Promise<number> {
  const text = await metrics[name]!.text();
  const line = text.split('\n').find((each) => each.startsWith(`${series} `));
  if (line === undefined) throw new Error(`${series} is not among:\n${text}`);
  return Number(line.slice(series.length + 1));
}

describe('the metrics of a node', () => {
  it('count payments by what the node was in them and how they ended', async () => {
    const paid = (role: string, outcome: string) =>
      `geo_payments_total{role="${role}",outcome="${outcome}"}`;
    expect(await read('anna', paid('payer', 'COMMITTED'))).toBe(1);
    expect(await read('anna', paid('payer', 'ABORTED'))).toBe(1);
    expect(await read('boris', paid('intermediary', 'COMMITTED'))).toBe(1);
    expect(await read('cyril', paid('payee', 'COMMITTED'))).toBe(1);
    const seconds = 'geo_payment_seconds_count{role="payer",outcome="COMMITTED"}';
    expect(await read('anna', seconds)).toBe(1);
  });

  it('say how the books are now', async () => {
    expect(await read('boris', 'geo_edges')).toBe(2);
    expect(await read('boris', 'geo_edges_held')).toBe(0);
    expect(await read('boris', 'geo_store_ok')).toBe(1);
    expect(await read('boris', 'geo_peers_connected')).toBe(2);
    expect(await read('boris', 'geo_doubt_age_seconds')).toBe(0);
    const { batches } = village.node('boris').vitals().commit;
    expect(await read('boris', 'geo_commit_batches_total')).toBe(batches);
    const dropped = 'geo_transport_dropped_frames_total{reason="over_peer_rate"}';
    expect(await read('boris', dropped)).toBe(3);
    // Read twice, a sum that is kept elsewhere is not added twice.
    expect(await read('boris', dropped)).toBe(3);
  });

  it('show holds, and doubt growing older, while a coordinator is away', async () => {
    village.fate = ({ type, from }) =>
      from === 'anna' && type === 'PAYMENT_COMMIT' ? 'drop' : 'deliver';
    const paying = village.begin('anna', 'cyril', '1').catch(() => undefined);
    await village.pass(100);
    await village.kill('anna');
    expect(await read('boris', 'geo_edges_held')).toBe(2);
    expect(await read('boris', 'geo_attempts_live{phase="DOUBT"}')).toBe(1);
    const before = await read('boris', 'geo_doubt_age_seconds');
    await village.pass(400);
    expect(await read('boris', 'geo_doubt_age_seconds')).toBeCloseTo(before + 0.4, 3);
    village.fate = () => 'deliver';
    await village.start('anna');
    await village.calm();
    void paying;
    expect(await read('boris', 'geo_edges_held')).toBe(0);
  });

  it('count frames that were refused, by code', async () => {
    village.inject('anna', 'boris', new Uint8Array([1, 2, 3]));
    await village.pass(50);
    expect(await read('boris', 'geo_frames_refused_total{code="E009"}')).toBeGreaterThan(0);
  });

  it('have lawful names with units, and a word in the operator’s guide', async () => {
    const text = await metrics.anna!.text();
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => ({
      name: name!,
      type: type!,
    }));
    const guide = await readFile('docs/OPERATOR.md', 'utf8');
    expect(types.length).toBeGreaterThan(20);
    for (const { name, type } of types) {
      expect(name).toMatch(/^geo_[a-z]+(_[a-z]+)*$/);
      expect(name.endsWith('_total')).toBe(type === 'counter');
      if (/_age|_duration|_time/.test(name)) expect(name).toMatch(/_seconds$/);
      expect(guide).toContain(`\`${name}\``);
    }
    const known = new Set(types.map(({ name }) => name));
    const told = [...guide.matchAll(/`(geo_[a-z_]+)`/g)].map(([, name]) => name!);
    expect(told.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('the store', () => {
  it('is timed for what has reached the disk, and for nothing else', async () => {
    const written: [number, number][] = [];
    let now = 0;
    const store = timedStore(
      {
        get: () => undefined,
        scan: async function* () {},
        write: async (ops) => {
          now += 2;
          if (ops.length === 0) throw new Error('full');
        },
        close: async () => undefined,
      },
      () => {
        const begun = now;
        return () => now - begun;
      },
      (seconds, operations) => written.push([seconds, operations]),
    );
    await store.write([{ type: 'del', key: 'meta/x' }]);
    await expect(store.write([])).rejects.toThrow('full');
    expect(written).toEqual([[2, 1]]);
  });
});

describe('the door', () => {
  let guarded: Api;
  let open: Api;
  beforeAll(async () => {
    const options = {
      service: village.service('boris'),
      metrics: metrics.boris!,
      host: '127.0.0.1',
      port: 0,
      token: TOKEN,
      log: silent,
    };
    guarded = await startApi(options);
    open = await startApi({ ...options, openMetrics: true });
  });
  afterAll(async () => {
    await guarded.stop();
    await open.stop();
  });

  it('shows metrics to whoever has the token, or to everybody if it is told to', async () => {
    const get = (api: Api, headers = {}) => fetch(api.url + METRICS_PATH, { headers });
    expect((await get(guarded)).status).toBe(401);
    const answers = [await get(guarded, { authorization: `Bearer ${TOKEN}` }), await get(open)];
    for (const answer of answers) {
      expect(answer.headers.get('content-type')).toMatch(/^text\/plain; version=0.0.4/);
      expect(await answer.text()).toContain('\ngeo_edges 2\n');
    }
  });
});
