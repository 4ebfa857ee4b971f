/** A hub and three who join it, as real processes, through nothing but the command line. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Testnet } from '../../simulations/testnet/supervisor.ts';
import { geo } from '../unit/cli/cli-process.ts';

type Answer = Record<string, unknown>;

let directory: string;
let net: Testnet;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'geo-hub-'));
  net = await Testnet.start({
    directory,
    participants: ['hub', 'anna', 'boris', 'cyril'],
    settings: (name) =>
      name === 'hub'
        ? { hub: { enabled: true, admission: 'approval', name: 'The village' } }
        : { memberships: { retry_ms: 500 } },
  });
});
afterAll(async () => {
  await net.stop();
  await rm(directory, { recursive: true, force: true });
});

const pid = (name: string) => net.node(name).identity.pid;

async function run(name: string, ...argv: readonly string[]) {
  const { home } = net.node(name);
  const ended = await geo([...argv, '--home', home.directory, '--json']);
  return { code: ended.code, answer: ended.out === '' ? undefined : JSON.parse(ended.out) };
}

async function ask(name: string, ...argv: readonly string[]): Promise<Answer> {
  const { code, answer } = await run(name, ...argv);
  expect(code, argv.join(' ')).toBe(0);
  return answer;
}

const joinHub = (name: string, ...more: readonly string[]) =>
  run(name, 'join', net.node('hub').identity.addresses[0]!, '--name', name, ...more);

const statusAt = (name: string) => async () =>
  ((await ask(name, 'memberships')) as unknown as Answer[])[0]?.status;

const eventually = (read: () => Promise<unknown>, expected: unknown) =>
  expect.poll(read, { timeout: 15_000, interval: 200 }).toEqual(expected);

describe('a community', () => {
  it('takes in who brings a code, at once', async () => {
    await ask('hub', 'hub', 'equivalents', 'add', 'HOUR', '--precision', '1');
    const { code } = await ask('hub', 'hub', 'invite', '--note', 'for Anna');
    const joined = await joinHub('anna', '--code', String(code));
    expect(joined).toMatchObject({
      code: 0,
      answer: { status: 'active', community: 'The village', equivalents: ['HOUR'] },
    });
  });

  it('takes in whom its operator approves, and tells whom it refuses why', async () => {
    expect((await joinHub('boris')).answer).toMatchObject({ status: 'pending' });
    expect((await joinHub('cyril')).answer).toMatchObject({ status: 'pending' });
    await ask('hub', 'hub', 'members', 'approve', pid('boris'));
    await ask('hub', 'hub', 'members', 'refuse', pid('cyril'), '--reason', 'not from here');
    await eventually(statusAt('boris'), 'active');
    await eventually(statusAt('cyril'), 'refused');
    const again = await joinHub('cyril');
    expect(again).toMatchObject({
      code: 1,
      answer: { status: 'refused', reason: 'not from here' },
    });
  });

  it('has its hub carry out what a member with a node leaves to it', async () => {
    await ask('hub', 'trust', 'set', pid('boris'), '10', 'HOUR');
    const order = ['pay', pid('hub'), '1.5', 'HOUR', '--by-hub', '--note', 'for the mill'];
    const paid = await ask('boris', ...order);
    expect(paid).toMatchObject({ state: 'COMMITTED', role: 'payer', amount: '1.5' });
    const atHub = await ask('hub', 'tx', String(paid.tx_id));
    expect(atHub).toMatchObject({ role: 'payee', note: 'for the mill' });
    const voters = atHub.voters as { pid: string; coordinator: boolean }[];
    expect(voters.filter(({ coordinator }) => coordinator)).toMatchObject([{ pid: pid('hub') }]);
    expect(await run('cyril', 'pay', pid('hub'), '1', 'HOUR', '--by-hub')).toMatchObject({
      code: 1,
    });
  });

  it('keeps what it was told over a kill, and a suspension reaches whoever was away', async () => {
    await net.kill('anna');
    await ask('hub', 'hub', 'members', 'suspend', pid('anna'), '--reason', 'a dispute');
    await net.kill('hub');
    await net.restart('hub');
    await net.restart('anna');
    await eventually(statusAt('anna'), 'suspended');
  });

  it('can tell who did what to whom, and that nobody has changed it', async () => {
    const members = (await ask('hub', 'hub', 'members')) as unknown as Answer[];
    expect(Object.fromEntries(members.map(({ name, status }) => [name, status]))).toEqual({
      anna: 'suspended',
      boris: 'active',
      cyril: 'refused',
    });
    const acts = (await ask('hub', 'hub', 'audit')) as unknown as Answer[];
    expect(acts.map(({ act, reason }) => [act, reason])).toEqual([
      ['settings', 'the configuration at the start'],
      ['offer', ''],
      ['invite', 'for Anna'],
      ['join', ''],
      ['join', ''],
      ['join', ''],
      ['approve', ''],
      ['refuse', 'not from here'],
      ['suspend', 'a dispute'],
    ]);
    expect(await ask('hub', 'hub', 'audit', '--verify')).toMatchObject({ held: true, acts: 9 });
  });
});
