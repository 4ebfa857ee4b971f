/** Two participants on one machine, through nothing but the command line: the walk of the README. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanEnvironment, type Ended, geo, LAUNCHER } from '../unit/cli/cli-process.ts';

/** What a command with --json printed; the tests say which members they rely on. */
type Answer = Record<string, unknown>;

interface Daemon {
  readonly ready: { pid: string; addresses: string[]; api: string };
  /** @returns exit code */
  stop(): Promise<number | null>;
}

const QUIET = [
  'listen=/ip4/127.0.0.1/tcp/0',
  'log.level=warn',
  'network.dht=false',
  'network.mdns=false',
  'network.relay_client=false',
  'network.autonat=false',
  'network.dcutr=false',
].flatMap((option) => ['--set', option]);

const running = new Set<ChildProcess>();
let root: string;
let anna: Daemon;
let bob: Daemon;

const homeOf = (name: string) => join(root, name);

async function start(name: string): Promise<Daemon> {
  const child = spawn(
    process.execPath,
    [LAUNCHER, 'start', '--json', '--home', homeOf(name), ...QUIET],
    { env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] },
  );
  running.add(child);
  let err = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => {
      running.delete(child);
      resolve(code);
    });
  });
  const line = await new Promise<string>((resolve, reject) => {
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      if (out.includes('\n')) resolve(out);
    });
    void ended.then((code) => reject(new Error(`geo start ended with ${code}: ${err}`)));
  });
  return {
    ready: JSON.parse(line),
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
  };
}

function run(name: string, ...argv: readonly string[]): Promise<Ended> {
  return geo([...argv, '--home', homeOf(name), '--json']);
}

async function ask(name: string, ...argv: readonly string[]): Promise<Answer> {
  const ended = await run(name, ...argv);
  expect(ended, argv.join(' ')).toMatchObject({ code: 0 });
  return JSON.parse(ended.out);
}

async function rows(name: string, ...argv: readonly string[]): Promise<Answer[]> {
  return (await ask(name, ...argv)) as unknown as Answer[];
}

/** Asks again until the rows are as expected; what is still under way arrives by itself. */
async function eventually(read: () => Promise<unknown>, expected: unknown): Promise<void> {
  await expect.poll(read, { timeout: 15_000, interval: 100 }).toEqual(expected);
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'geo-two-nodes-'));
  for (const name of ['anna', 'bob']) await ask(name, 'init');
  [anna, bob] = await Promise.all([start('anna'), start('bob')]);
});
afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  await rm(root, { recursive: true, force: true });
});

describe('two nodes', () => {
  it('know who they are and where they listen', async () => {
    expect(await ask('anna', 'id')).toMatchObject({
      pid: anna.ready.pid,
      running: true,
      addresses: anna.ready.addresses,
    });
    expect(await ask('bob', 'status')).toMatchObject({ pid: bob.ready.pid, store: 'ok' });
    const { port } = new URL(anna.ready.api);
    const own = [`listen=${anna.ready.addresses[0]}`, `api.port=${port}`];
    const examined = await ask('anna', 'doctor', ...own.flatMap((option) => ['--set', option]));
    expect(examined).toMatchObject({ healthy: true });
    expect(JSON.stringify(examined).match(/held by this node/g)).toHaveLength(2);
  });

  it('get to know each other', async () => {
    const at = (daemon: Daemon) => `${daemon.ready.pid}@${daemon.ready.addresses[0]}`;
    await ask('anna', 'contact', 'add', 'bob', at(bob));
    await ask('bob', 'contact', 'add', 'anna', at(anna));
    expect(await ask('anna', 'connect', bob.ready.addresses[0] ?? '')).toMatchObject({
      pid: bob.ready.pid,
      name: 'bob',
      connected: true,
    });
    for (const name of ['anna', 'bob']) {
      await ask(name, 'equivalent', 'define', 'UAH', '--precision', '2', '--name', 'hryvnia');
    }
  });

  it('open a trust line that both ends have', async () => {
    await ask('anna', 'trust', 'set', 'bob', '100', 'UAH', '--can-be-intermediate', 'off');
    for (const [name, direction] of [
      ['anna', 'given'],
      ['bob', 'received'],
    ] as const) {
      await eventually(
        async () =>
          (await rows(name, 'trust', 'list')).map((line) => [
            line.direction,
            line.limit,
            line.state,
          ]),
        [[direction, '100.00', 'COMMITTED']],
      );
    }
  });

  it('pay, and keep the same books', async () => {
    expect(await ask('bob', 'routes', 'anna', '12.50', 'UAH')).toMatchObject({ enough: true });
    const payment = await ask('bob', 'pay', 'anna', '12.50', 'UAH', '--note', 'за мед');
    expect(payment).toMatchObject({ state: 'COMMITTED', amount: '12.50', payee: anna.ready.pid });
    await eventually(
      async () =>
        (await rows('anna', 'balance')).map((row) => [row.equivalent, row.owed_to_me, row.net]),
      [['UAH', '12.50', '12.50']],
    );
    expect(await rows('bob', 'balance')).toMatchObject([{ i_owe: '12.50', net: '-12.50' }]);
    const [ours] = await rows('anna', 'books');
    const [theirs] = await rows('bob', 'books');
    expect(ours).toMatchObject({
      balance: '12.50',
      count: 1,
      held: '0.00',
      digest: theirs?.digest,
    });
    expect(theirs).toMatchObject({ balance: '-12.50', count: 1, held: '0.00' });
  });

  it('repeat a payment by its nonce without paying twice', async () => {
    const nonce = '0123456789abcdef0123456789abcdef';
    const first = await ask('bob', 'pay', 'anna', '1.00', 'UAH', '--nonce', nonce);
    const again = await ask('bob', 'pay', 'anna', '1.00', 'UAH', '--nonce', nonce);
    expect(again.tx_id).toBe(first.tx_id);
    expect(await rows('bob', 'balance')).toMatchObject([{ i_owe: '13.50' }]);
  });

  it('refuse what the line does not allow, with the reason', async () => {
    const refused = await run('bob', 'pay', 'anna', '500', 'UAH');
    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.out)).toMatchObject({
      state: 'ABORTED',
      reason: { code: expect.stringMatching(/^E00[12]$/), message: expect.stringContaining('.') },
    });
    expect(await rows('bob', 'balance')).toMatchObject([{ i_owe: '13.50' }]);
    for (const [argv, fault] of [
      [['pay', 'nobody', '1', 'UAH'], 'unknown_peer'],
      [['pay', 'anna', '1.001', 'UAH'], 'too_many_digits'],
      [['pay', 'anna', '0', 'UAH'], 'amount_not_positive'],
      [['pay', 'anna', '1', 'XXX'], 'unknown_equivalent'],
    ] as const) {
      const wrong = await run('bob', ...argv);
      expect(wrong.code).toBe(1);
      expect(JSON.parse(wrong.out)).toMatchObject({ error: { details: { fault } } });
    }
  });

  it('hold a receipt that anyone can check without them', async () => {
    const history = await rows('anna', 'history', '--type', 'payment', '--peer', 'bob');
    expect(history).toHaveLength(2);
    const tx = String(history[0]?.tx_id);
    const receipt = join(root, 'receipt.geo');
    const shown = await ask('anna', 'tx', tx.slice(0, 12), '--certificate', receipt);
    expect(shown).toMatchObject({ tx_id: tx, state: 'COMMITTED', note: 'за мед', role: 'payee' });
    expect(shown.voters).toHaveLength(2);

    const verified = await geo(['verify', receipt, '--json']);
    expect(verified).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(verified.out)).toMatchObject({
      ok: true,
      tx_id: tx,
      payer: bob.ready.pid,
      payee: anna.ready.pid,
      equivalent: 'UAH',
      amount: '12.50',
      debts: [{ debtor: bob.ready.pid, creditor: anna.ready.pid, delta: '12.50' }],
    });

    const bytes = await readFile(receipt);
    bytes[bytes.length - 5]! ^= 1;
    const forged = join(root, 'forged.geo');
    await writeFile(forged, bytes);
    const refused = await geo(['verify', forged, '--json']);
    expect(refused.code).toBe(1);
  });

  it('list what they know', async () => {
    for (const words of ['peers', 'contact list', 'equivalent list', 'debts', 'history']) {
      expect((await rows('bob', ...words.split(' '))).length).toBeGreaterThan(0);
    }
  });

  it('audit their own books', async () => {
    for (const name of ['anna', 'bob']) {
      const invariants = await rows(name, 'audit');
      expect(invariants.length).toBeGreaterThan(0);
      expect(invariants.every((invariant) => invariant.held === true)).toBe(true);
    }
  });

  it('refuse to share one home', async () => {
    const second = await run('anna', 'start', ...QUIET);
    expect(second).toMatchObject({ code: 4 });
    expect(JSON.parse(second.out)).toMatchObject({ error: { exit: 4 } });
    await ask('anna', 'status');
  });

  it('stop in order, say so to who asks, and come back with the same books', async () => {
    expect(await bob.stop()).toBe(0);
    expect(existsSync(join(homeOf('bob'), 'api.json'))).toBe(false);
    expect((await run('bob', 'balance')).code).toBe(3);
    expect(await ask('bob', 'id')).toMatchObject({ running: false });
    bob = await start('bob');
    expect(await rows('bob', 'balance')).toMatchObject([{ i_owe: '13.50' }]);
    expect(await ask('bob', 'participation', 'frozen')).toMatchObject({ participation: 'frozen' });
    expect([await bob.stop(), await anna.stop()]).toEqual([0, 0]);
  });
});
