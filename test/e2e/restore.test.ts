/**
 * Real processes: a node loses its store and comes back with a backup of before three payments, in
 * which it was payer, intermediary and payee. Then its machine is lost while it pays, and its copy kept to the second
 * makes it on another machine as it was at a moment before. Its peers' certificates bring it up to date.
 */
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDaemonDoor } from '../../cli/daemon-door.ts';
import type { Client } from '../../node/api/client.ts';
import { type Home, homeAt } from '../../node/home/home.ts';
import type { BookRow } from '../../node/service/shapes.ts';
import { keys } from '../../node/store/keys.ts';
import { openLevelStore } from '../../node/store/level/level.ts';
import { decodeRecord, EdgeRecord } from '../../node/store/records.ts';
import { parsePid } from '../../protocol/identity/pid.ts';
import { edgeId } from '../../protocol/ledger/edge.ts';
import { parseEquivalentCode } from '../../protocol/money/equivalent.ts';
import { NodeProcess } from '../../simulations/testnet/node-process.ts';
import { Testnet } from '../../simulations/testnet/supervisor.ts';
import { cleanEnvironment, geo } from '../unit/cli/cli-process.ts';

const MAIN = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));

const PEOPLE = ['anna', 'boris', 'cyril'] as const;
type Name = (typeof PEOPLE)[number];
const EDGES: readonly (readonly [Name, Name])[] = [
  ['anna', 'boris'],
  ['boris', 'cyril'],
];

let root: string;
let net: Testnet;

/** Nodes that live elsewhere than the network has put them. */
const moved = new Map<Name, Client>();
const client = (name: Name) => moved.get(name) ?? net.node(name).client;
const pid = (name: Name) => net.node(name).identity.pid;
const homeOf = (name: Name) => net.node(name).home;

async function book(name: Name, peer: Name): Promise<BookRow | undefined> {
  return (await client(name).books()).find((row) => row.peer === pid(peer));
}

/** `geo … --home <home of name> --json` as a person would type it. */
async function command(name: Name, ...argv: readonly string[]) {
  const ended = await geo([...argv, '--home', homeOf(name).directory, '--json']);
  return { ...ended, json: JSON.parse(ended.out) };
}

async function trust(from: Name, to: Name, limit: string): Promise<void> {
  await client(from).setTrustLine({ peer: to, equivalent: 'UAH', limit });
}

async function pay(from: Name, to: Name, amount: string): Promise<void> {
  const payment = await client(from).pay({ peer: pid(to), equivalent: 'UAH', amount });
  expect(payment, `${from} pays ${to}`).toMatchObject({ state: 'COMMITTED' });
}

/** Both ends of every edge have the same book, and nothing is under way. */
async function expectEqualBooks(): Promise<void> {
  const mirrored = async () => {
    const rows = await Promise.all(
      EDGES.map(async ([one, other]) => {
        const [ours, theirs] = [await book(one, other), await book(other, one)];
        return (
          ours !== undefined &&
          Number(ours.balance) + Number(theirs?.balance) === 0 &&
          ours.count === theirs?.count &&
          ours.digest === theirs.digest &&
          ours.limit_given === theirs.limit_received &&
          Number(ours.held) === 0 &&
          !ours.frozen
        );
      }),
    );
    return rows.every((row) => row);
  };
  await expect.poll(mirrored, { timeout: 20_000, interval: 100 }).toBe(true);
  for (const name of PEOPLE) {
    for (const row of await client(name).audit()) expect(row, name).toMatchObject({ held: true });
  }
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'geo-restore-'));
  net = await Testnet.start({ directory: root, participants: PEOPLE });
  for (const [one, other] of EDGES) {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      const [address] = net.node(to).identity.addresses;
      await client(from).addContact({ name: to, pid: pid(to), ...(address && { address }) });
    }
  }
  for (const name of PEOPLE) {
    await client(name).defineEquivalent({ code: 'UAH', precision: 2, metadata: {} });
  }
  for (const [one, other] of EDGES) {
    await trust(one, other, '100');
    await trust(other, one, '100');
  }
});
afterAll(async () => {
  await net?.stop();
  await rm(root, { recursive: true, force: true });
});

describe('a node whose store is lost', () => {
  const backup = () => join(root, 'boris.backup');

  it('has a backup that was made while it ran', async () => {
    await expectEqualBooks();
    await pay('anna', 'cyril', '10');
    const made = await command('boris', 'backup', backup());
    expect(made).toMatchObject({ code: 0, json: { file: backup() } });
    expect(made.json.entries).toBeGreaterThan(10);
    const again = await command('boris', 'backup', backup());
    expect(again).toMatchObject({
      code: 1,
      json: { error: { details: { fault: 'file_exists' } } },
    });
  });

  it('went on after the backup, in every role', async () => {
    await pay('boris', 'cyril', '3');
    await pay('anna', 'cyril', '7');
    await pay('cyril', 'boris', '2');
    await trust('boris', 'anna', '60');
    await expectEqualBooks();
  });

  it('cannot be restored while it runs, nor over its books', async () => {
    const running = await command('boris', 'restore', backup());
    expect(running).toMatchObject({
      code: 4,
      json: { error: { details: { fault: 'store_in_use' } } },
    });
    await net.kill('boris');
    const over = await command('boris', 'restore', backup());
    expect(over).toMatchObject({
      code: 4,
      json: { error: { details: { fault: 'store_exists' } } },
    });
  });

  it('cannot be made of another one’s backup', async () => {
    const home = join(root, 'stranger');
    await geo(['init', '--home', home]);
    const refused = await geo(['restore', backup(), '--home', home, '--json']);
    expect(refused.code).toBe(4);
    expect(JSON.parse(refused.out)).toMatchObject({
      error: { details: { fault: 'backup_of_another' } },
    });
    expect(existsSync(join(home, 'store'))).toBe(true);
  });

  it('comes back with the old books, and ends with equal ones at both ends of every edge', async () => {
    await rm(homeOf('boris').storeDirectory, { recursive: true });
    const restored = await command('boris', 'restore', backup());
    expect(restored).toMatchObject({ code: 0, json: { pid: pid('boris'), edges: 2 } });
    await net.restart('boris');
    await expect
      .poll(async () => (await client('boris').status()).edges_not_compared, { timeout: 20_000 })
      .toBe(0);
    await expectEqualBooks();
    expect(await client('boris').status()).toMatchObject({
      recovered: 3,
      edges_disputed: 0,
      attempts_live: 0,
      restored: expect.any(String),
    });
    expect((await book('boris', 'anna'))?.limit_given).toBe('60.00');
    const history = (await client('boris').history({})).map(({ text }) => text);
    expect(history).toEqual(
      expect.arrayContaining([
        expect.stringContaining('restored from a backup'),
        expect.stringContaining('recovered from the other end'),
      ]),
    );
  });

  it('shows both views of an edge, and gets a statement that anyone can check', async () => {
    const shown = await command('boris', 'edge', 'show', 'cyril', 'UAH');
    expect(shown).toMatchObject({
      code: 0,
      json: { compared: true, dispute: null, mine: { count: 4 }, theirs: { count: 4 } },
    });
    const file = join(root, 'cyril.statement');
    const exported = await command('boris', 'export', 'statement', 'cyril', 'UAH', '--file', file);
    expect(exported).toMatchObject({ code: 0, json: { count: 4, balance: '-18.00' } });
    const verified = await geo(['verify', file, '--json']);
    expect(verified.code).toBe(0);
    expect(JSON.parse(verified.out)).toMatchObject({
      kind: 'statement',
      ok: true,
      debt: { debtor: pid('boris'), creditor: pid('cyril'), amount: '18.00' },
    });
  });

  it('pays again', async () => {
    await pay('boris', 'anna', '1');
    await pay('boris', 'cyril', '1');
    await expectEqualBooks();
  });
});

/** What Boris's book with Cyril says in a home in which nothing runs. */
async function storedBook(home: Home): Promise<EdgeRecord> {
  const store = await openLevelStore(home.storeDirectory, { mustExist: true });
  try {
    const id = edgeId(parsePid(pid('boris')), parsePid(pid('cyril')), parseEquivalentCode('UAH'));
    return decodeRecord(EdgeRecord, store.get(keys.edge(id))!);
  } finally {
    await store.close();
  }
}

describe('a node whose machine is lost while it pays', () => {
  const kept = () => join(root, 'other-disk');
  let other: Home;
  let daemon: NodeProcess | undefined;
  /** When Boris had made half of his payments, and his book then. */
  let moment: Date;
  let then: BookRow | undefined;
  afterAll(() => daemon?.kill());

  it('keeps its copy to the second while it pays two peers at once', async () => {
    let isOver = false;
    const others = (async () => {
      while (!isOver) await pay('boris', 'anna', '0.01');
    })();
    for (let i = 0; i < 3; i++) await pay('boris', 'cyril', '0.01');
    const made = command('boris', 'backup', '--incremental', kept());
    for (let i = 0; i < 5; i++) await pay('boris', 'cyril', '0.01');
    expect(await made).toMatchObject({ code: 0, json: [{ problem: null }] });
    for (let i = 0; i < 5; i++) await pay('boris', 'cyril', '0.01');
    then = await book('boris', 'cyril');
    moment = new Date();
    // What is written in the same millisecond would belong to the moment as well.
    await expect.poll(() => Date.now()).toBeGreaterThan(moment.getTime());
    for (let i = 0; i < 5; i++) await pay('boris', 'cyril', '0.01');
    isOver = true;
    await others;
    await expect
      .poll(async () => (await command('boris', 'backup')).json[0].waiting_bytes, {
        timeout: 20_000,
      })
      .toBe(0);
    await net.kill('boris');
  }, 60_000);

  it('is on another machine what it was at the moment that was asked for', async () => {
    other = homeAt(join(root, 'another-machine'));
    await mkdir(other.directory);
    for (const file of ['key.json', 'config.yaml']) {
      await copyFile(join(homeOf('boris').directory, file), join(other.directory, file));
    }
    const at = ['--home', other.directory, '--json'];
    const early = await geo(['restore', kept(), '--to', '2026-01-01T00:00:00Z', ...at]);
    expect(early.code).not.toBe(0);
    expect(JSON.parse(early.out).error.details.fault).toBe('point_not_covered');
    const restored = await geo(['restore', kept(), '--to', moment.toISOString(), ...at]);
    expect(restored.code, restored.err).toBe(0);
    const { until } = JSON.parse(restored.out);
    expect(until.batches).toBeGreaterThan(5);
    expect(Date.parse(until.time)).toBeLessThanOrEqual(moment.getTime());
    const { count, digest } = await storedBook(other);
    expect({ count, digest }).toEqual({ count: then?.count, digest: then?.digest });
    const looked = await geo(['verify', 'store', ...at]);
    expect(JSON.parse(looked.out)).toMatchObject({ sound: true, problems: [] });
  });

  it('starts there and catches up with its peers', async () => {
    const endpoint = join(other.directory, 'api.json');
    daemon = new NodeProcess({
      script: [MAIN, 'start', '--home', other.directory],
      env: cleanEnvironment(),
      logFile: join(root, 'another-machine.log'),
      onDeath: () => undefined,
    });
    await expect.poll(() => existsSync(endpoint), { timeout: 60_000 }).toBe(true);
    moved.set('boris', await openDaemonDoor(other));
    await expectEqualBooks();
    const status = await client('boris').status();
    expect(status).toMatchObject({ edges_disputed: 0, restored: expect.any(String) });
    expect(status.recovered).toBeGreaterThanOrEqual(5);
    expect((await book('boris', 'cyril'))?.count).toBe(then!.count + 5);
    // It votes about nobody's orders of before it was restored, give or take a clock's error; its own it may give.
    await pay('boris', 'cyril', '1');
    await pay('boris', 'anna', '1');
    await expectEqualBooks();
  }, 90_000);
});
