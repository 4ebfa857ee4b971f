/** Members of a hub through nothing but the command line: they join, trust, pay, leave, and take their books along. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cleanEnvironment, geo, LAUNCHER } from '../unit/cli/cli-process.ts';

const OPTIONS = [
  'listen=/ip4/127.0.0.1/tcp/0',
  'log.level=warn',
  'network.dht=false',
  'network.mdns=false',
  'hub.enabled=true',
  'hub.admission=open',
].flatMap((option) => ['--set', option]);

const running = new Map<string, ChildProcess>();
let root: string;

const homeOf = (name: string) => join(root, name);

/** @returns what `geo start --json` says when it is ready: the API, and where peers find the node */
function start(name: string): Promise<{ api: string; address: string }> {
  const child = spawn(
    process.execPath,
    [LAUNCHER, 'start', '--json', '--home', homeOf(name), ...OPTIONS],
    { env: cleanEnvironment(), stdio: ['ignore', 'pipe', 'pipe'] },
  );
  running.set(name, child);
  return new Promise((resolve, reject) => {
    let out = '';
    let err = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text;
      if (!out.includes('\n')) return;
      const { api, addresses } = JSON.parse(out) as { api: string; addresses: string[] };
      resolve({ api, address: addresses[0]! });
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    child.once('exit', (code) => {
      running.delete(name);
      reject(new Error(`geo start ended with ${code}: ${err}`));
    });
  });
}

function stop(name: string): Promise<void> {
  const child = running.get(name)!;
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill('SIGTERM');
  });
}

/** Runs a command of `name` with --json. */
async function ask(name: string, ...argv: string[]): Promise<{ code: number | null; json: never }> {
  const { code, out, err } = await geo([...argv, '--json', '--home', homeOf(name)]);
  try {
    return { code, json: JSON.parse(out) as never };
  } catch {
    throw new Error(`geo ${argv.join(' ')}: ${code} ${out} ${err}`);
  }
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'geo-members-'));
});

afterAll(async () => {
  await Promise.all([...running.keys()].map(stop));
  await rm(root, { recursive: true, force: true });
});

it('members join, pay, leave, go on with a node of their own, and come back', {
  timeout: 180_000,
}, async () => {
  await geo(['init', '--home', homeOf('hub')]);
  const { api, address } = await start('hub');
  await ask('hub', 'equivalent', 'define', 'UAH', '--precision', '2');
  const pids = new Map<string, string>();
  for (const name of ['maria', 'nina']) {
    const { code, json } = await ask(name, 'member', 'create', api, '--name', name);
    expect(code).toBe(0);
    pids.set(name, (json as { member: string }).member);
  }
  await ask('nina', 'member', 'trust', pids.get('maria')!, '100', 'UAH');
  const order = ['member', 'pay', pids.get('nina')!, '12.50', 'UAH', '--note', 'for the honey'];
  const paid = await ask('maria', ...order);
  expect(paid).toMatchObject({ code: 0, json: { state: 'COMMITTED', amount: '12.50' } });
  const { tx_id: tx } = paid.json as { tx_id: string };
  expect(await ask('nina', 'member', 'tx', tx)).toMatchObject({ json: { note: 'for the honey' } });
  // Who has sent it cannot open it, and the hub that has carried it out neither.
  expect(await ask('maria', 'member', 'tx', tx)).toMatchObject({ json: { note: null } });
  expect(await ask('hub', 'tx', tx)).toMatchObject({ json: { note: null } });
  const refused = await ask('maria', 'member', 'pay', pids.get('nina')!.slice(0, 8), '500', 'UAH');
  expect(refused).toMatchObject({ code: 1, json: { state: 'ABORTED' } });
  const account = await ask('maria', 'member', 'balance');
  expect(account.json).toMatchObject({ balance: [{ equivalent: 'UAH', i_owe: '12.50' }] });

  const file = join(root, 'maria.geo');
  expect((await ask('maria', 'member', 'leave')).code).toBe(0);
  expect((await ask('maria', 'member', 'export', file)).code).toBe(0);
  const afterwards = await geo([
    ...['member', 'pay', pids.get('nina')!, '1', 'UAH', '--home', homeOf('maria')],
  ]);
  expect(afterwards.code).not.toBe(0);
  await start('maria');
  const imported = await ask('maria', 'agent', 'import', file);
  expect(imported.json).toEqual({ member: pids.get('maria'), edges: 1, applied: 1 });
  const debts = await ask('maria', 'debts');
  expect(debts.json).toMatchObject([{ debtor: pids.get('maria'), amount: '12.50' }]);
  const audit = (await ask('maria', 'audit')).json as { held: boolean }[];
  expect(JSON.stringify(audit)).not.toContain('"held":false');

  // She pays back a part by herself, and then lets the hub vote for her again.
  const pidOf = async (name: string) =>
    ((await ask(name, 'id')).json as unknown as { pid: string }).pid;
  expect((await ask('maria', 'join', address, '--name', 'maria')).code).toBe(0);
  const contact = ['nina', `${pids.get('nina')!}@${address}`] as const;
  expect((await ask('maria', 'contact', 'add', ...contact)).code).toBe(0);
  const more = await ask('maria', 'pay', 'nina', '2.50', 'UAH');
  expect(more).toMatchObject({ code: 0, json: { state: 'COMMITTED' } });
  const back = join(root, 'back.geo');
  expect((await ask('maria', 'agent', 'grant', await pidOf('hub'))).code).toBe(0);
  expect((await ask('maria', 'agent', 'export', back)).code).toBe(0);
  const known = await ask('hub', 'agent', 'import', back);
  expect(known.json).toMatchObject({ member: pids.get('maria') });
  await stop('maria');
  const again = await ask('maria', 'member', 'pay', pids.get('nina')!, '1', 'UAH');
  expect(again).toMatchObject({ code: 0, json: { state: 'COMMITTED', reason: null } });
  const nina = await ask('nina', 'member', 'balance');
  expect(nina.json).toMatchObject({ balance: [{ equivalent: 'UAH', owed_to_me: '16.00' }] });
  const atHub = (await ask('hub', 'audit')).json as { held: boolean }[];
  expect(JSON.stringify(atHub)).not.toContain('"held":false');
});
