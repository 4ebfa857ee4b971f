/** `geo doctor`: what each fact means, and that the facts of a real home and machine are found. */
import { mkdtemp, readdir, rm, truncate, utimes, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { diagnose } from '../../../cli/doctor/diagnosis.ts';
import type { Facts, RunningFacts } from '../../../cli/doctor/facts.ts';
import { answers, openPort, placeOf } from '../../../cli/doctor/machine.ts';
import { runCli } from '../../../cli/main.ts';
import { loadConfig } from '../../../config/load.ts';
import { createMemoryTerminal } from './memory-terminal.ts';

const PID = '8opHzTAnfzRpPEx21XtnrVTX28YQuCpAjcn1PczScKh2';
const GIB = 1024 ** 3;

const RUNNING: RunningFacts = {
  status: {
    pid: PID,
    public_key: 'ab',
    version: '0.1.0',
    api: 'http://127.0.0.1:4850',
    public_api: null,
    addresses: [],
    started: '2026-03-01T12:00:00.000Z',
    participation: 'active',
    peers_connected: 2,
    trust_lines: 3,
    edges: 3,
    attempts_live: 0,
    attempts_in_doubt: 0,
    outbox: 0,
    store: 'ok',
    edges_not_compared: 0,
    edges_disputed: 0,
    audited: null,
    invariants_broken: 0,
    checksums: [],
    recovered: 0,
    restored: null,
  },
  invariants: [{ invariant: 'limits', name: 'debts within limits', held: true, detail: '3 edges' }],
};

const WELL: Facts = {
  nodeVersion: '24.21.0',
  home: '/home/anna/.geo',
  key: { found: PID },
  config: { found: loadConfig({ env: {} }) },
  disk: { found: { freeBytes: 20 * GIB, storeBytes: GIB } },
  clock: { synchronised: true, behindMs: 0 },
  running: { found: RUNNING },
  store: undefined,
  ports: [{ option: 'listen', address: '/ip4/0.0.0.0/tcp/4848', state: 'own' }],
  bootstrap: [{ address: '/ip4/192.0.2.7/tcp/4848/p2p/x', reachable: true }],
};

function status(changes: Partial<RunningFacts['status']>): Partial<Facts> {
  return { running: { found: { ...RUNNING, status: { ...RUNNING.status, ...changes } } } };
}

/** The rows that are not ok, each as `name state`. */
function complaints(changes: Partial<Facts>): string[] {
  return diagnose({ ...WELL, ...changes })
    .filter(({ state }) => state !== 'ok')
    .map(({ name, state }) => `${name} ${state}`);
}

describe('the diagnosis', () => {
  it('has nothing to say against a node that is well', () => {
    expect(complaints({})).toEqual([]);
    expect(diagnose(WELL).map(({ name }) => name)).toEqual([
      'Node.js',
      'key',
      'configuration',
      'disk',
      'clock',
      'store',
      'port for peers',
      'bootstrap',
      'node',
      'peers',
      'edges',
      'invariants',
    ]);
  });

  const port = { option: 'api.port', address: '127.0.0.1:80', errno: 'EACCES' } as const;
  const gone = { address: '/ip4/192.0.2.8/tcp/1', reachable: false };
  it.each<[string, Partial<Facts>, string[]]>([
    ['an old Node', { nodeVersion: '22.9.0' }, ['Node.js fault']],
    ['a key that others can read', { key: { refused: 'chmod 600' } }, ['key fault']],
    ['a bad configuration', { config: { refused: 'Correct it.' } }, ['configuration fault']],
    ['a home that is not there', { disk: { refused: 'geo init' } }, ['disk fault']],
    ['a full disk', { disk: { found: { freeBytes: 1e6, storeBytes: 0 } } }, ['disk fault']],
    [
      'a store that cannot be copied here',
      { disk: { found: { freeBytes: 2 * GIB, storeBytes: 3 * GIB } } },
      ['disk warning'],
    ],
    ['a clock set by hand', { clock: { synchronised: false, behindMs: 0 } }, ['clock warning']],
    ['an unknown clock', { clock: { synchronised: undefined, behindMs: 0 } }, ['clock warning']],
    ['a clock set back', { clock: { synchronised: true, behindMs: 3_600_000 } }, ['clock fault']],
    ['a clock just off', { clock: { synchronised: true, behindMs: 50_000 } }, []],
    [
      'a damaged store',
      { running: { found: null }, store: { refused: 'It is damaged.' } },
      ['store fault', 'node warning'],
    ],
    ['a port that is taken', { ports: [{ ...port, state: 'taken' }] }, ['port of the API fault']],
    [
      'a port without rights',
      { ports: [{ ...port, state: 'refused' }] },
      ['port of the API fault'],
    ],
    ['one bootstrap node away', { bootstrap: [...WELL.bootstrap, gone] }, ['bootstrap warning']],
    ['all bootstrap nodes away', { bootstrap: [gone] }, ['bootstrap fault']],
    ['no node', { running: { found: null }, store: { found: true } }, ['node warning']],
    [
      'a node that refuses',
      { running: { refused: 'bad token' }, store: { refused: 'in use' } },
      ['store fault', 'node fault'],
    ],
    ['a store that cannot be written', status({ store: 'disk full' }), ['store fault']],
    ['nobody connected', status({ peers_connected: 0 }), ['peers warning']],
    ['nobody there yet', status({ peers_connected: 0, edges: 0 }), []],
    ['a dispute', status({ edges_disputed: 1 }), ['edges fault']],
    [
      'a broken invariant',
      {
        running: {
          found: {
            ...RUNNING,
            invariants: [{ invariant: 'holds', name: 'holds', held: false, detail: '1 broken' }],
          },
        },
      },
      ['invariants fault'],
    ],
  ])('finds %s', (_what, changes, expected) => {
    expect(complaints(changes)).toEqual(expected);
  });
});

describe('the machine', () => {
  it('tells a free port from a taken one, and who answers', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const place = { host: '127.0.0.1', port: (server.address() as { port: number }).port };
    expect(await openPort(place.host, place.port)).toBe('EADDRINUSE');
    expect(await answers(place)).toBe(true);
    await new Promise((resolve) => server.close(resolve));
    expect(await openPort(place.host, place.port)).toBeUndefined();
    expect(await answers(place)).toBe(false);
    expect(await openPort('192.0.2.1', place.port)).toBe('EADDRNOTAVAIL');
  });

  it.each([
    ['/ip4/192.0.2.7/tcp/4848', { host: '192.0.2.7', port: 4848 }],
    ['/ip6/::1/tcp/4849/ws', { host: '::1', port: 4849 }],
    ['/dns4/hub.example.org/tcp/443/wss/p2p/x', { host: 'hub.example.org', port: 443 }],
    ['/ip4/192.0.2.7/udp/4848/quic-v1', undefined],
    ['/p2p-circuit', undefined],
  ])('is reached at the host and port of %s', (address, place) => {
    expect(placeOf(address)).toEqual(place);
  });
});

describe('geo doctor', () => {
  let root: string;
  let homes = 0;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'geo-doctor-'));
  });
  afterAll(async () => {
    await rm(root, { recursive: true });
  });

  async function newHome(): Promise<string> {
    const home = join(root, `home-${homes++}`);
    expect(await runCli(['init', '--home', home], createMemoryTerminal())).toBe(0);
    return home;
  }

  async function examine(home: string, ...argv: readonly string[]) {
    const terminal = createMemoryTerminal();
    const code = await runCli(['doctor', '--home', home, '--json', ...argv], terminal);
    expect(terminal.written.err).toBe('');
    const { healthy, checks } = JSON.parse(terminal.written.out) as {
      healthy: boolean;
      checks: { name: string; state: string; text: string }[];
    };
    expect(code).toBe(healthy ? 0 : 1);
    return { healthy, faults: checks.filter(({ state }) => state === 'fault'), checks };
  }

  it('finds a new home sound, twice, and says that no node runs', async () => {
    const home = await newHome();
    await examine(home);
    const { healthy, checks } = await examine(home);
    expect(healthy).toBe(true);
    expect(checks).toContainEqual(expect.objectContaining({ name: 'node', state: 'warning' }));
  });

  it('says all that is wrong at once', async () => {
    const home = await newHome();
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const store = join(home, 'store');
    const manifest = (await readdir(store)).find((name) => name.startsWith('MANIFEST'))!;
    await truncate(join(store, manifest), 3);
    await writeFile(join(home, 'config.yaml'), `listen: [/ip4/127.0.0.1/tcp/${port}]\n`);
    const { faults } = await examine(home);
    expect(faults.map(({ name }) => name)).toEqual(['store', 'port for peers']);
    expect(faults[0]!.text).toContain('geo restore');
    const away = await examine(home, '--set', `bootstrap=/ip4/127.0.0.1/tcp/1/p2p/${PID}`);
    expect(away.faults.map(({ name }) => name)).toContain('bootstrap');
    await new Promise((resolve) => server.close(resolve));
  });

  it('shows every fault of a configuration in one row', async () => {
    const home = await newHome();
    await writeFile(join(home, 'config.yaml'), 'lisen: []\napi: {port: 99999}\n');
    const { faults } = await examine(home);
    expect(faults).toMatchObject([
      {
        name: 'configuration',
        text: expect.stringMatching(/lisen.*did you mean listen.*api\.port/),
      },
    ]);
  });

  it('sees that the clock was set back, and that there is no home', async () => {
    const home = await newHome();
    const tomorrow = Date.now() / 1_000 + 86_400;
    await utimes(join(home, 'store', 'CURRENT'), tomorrow, tomorrow);
    expect((await examine(home)).faults.map(({ name }) => name)).toEqual(['clock']);
    const { faults } = await examine(join(root, 'nowhere'));
    expect(faults.map(({ name }) => name)).toEqual(['key', 'disk', 'store']);
  });
});
