/** Commands of a hub's operators and of those who join: against a fake node, and on files. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../../cli/main.ts';
import { loadConfig } from '../../../config/load.ts';
import { type Api, startApi } from '../../../node/api/server.ts';
import { homeAt } from '../../../node/home/home.ts';
import { BOB, createFakeService, type FakeService } from '../api/fake-service.ts';
import { createMemoryTerminal } from './memory-terminal.ts';

const TOKEN = 'token-of-this-home';
const silent = { debug() {}, info() {}, warn() {}, error() {} };

let service: FakeService;
let api: Api;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'geo-hub-cli-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});
beforeEach(async () => {
  service = createFakeService();
  api = await startApi({ service, host: '127.0.0.1', port: 0, token: TOKEN, log: silent });
  const home = homeAt(directory);
  await writeFile(home.apiEndpointFile, JSON.stringify({ url: api.url, pid: BOB, process_id: 1 }));
  await writeFile(home.apiTokenFile, `${TOKEN}\n`);
  return () => api.stop();
});

async function run(argv: readonly string[], columns?: number) {
  const terminal = createMemoryTerminal(
    columns === undefined ? {} : { interactive: true, columns },
  );
  const code = await runCli([...argv, '--home', directory], terminal);
  return { code, ...terminal.written };
}

const member = { member: BOB, reason: 'lost_her_key' };
const address = '/ip4/192.0.2.7/tcp/4848';

describe('what each command asks the node for', () => {
  it.each<[string, string, unknown]>([
    ['hub stats', 'hubStats', undefined],
    ['hub members', 'hubMembers', { limit: 100 }],
    ['hub members --status pending', 'hubMembers', { status: 'pending', limit: 100 }],
    [
      `hub members --own-node --kind organization --name bakery --after ${BOB} --limit 7`,
      'hubMembers',
      { hosted: false, kind: 'organization', name: 'bakery', after: BOB, limit: 7 },
    ],
    ['hub disagreements --standing', 'hubDisagreements', { standing: true }],
    [
      `hub disagreements show UAH ${BOB} ${BOB}`,
      'hubEvidence',
      { equivalent: 'UAH', low: BOB, high: BOB },
    ],
    [`hub members approve ${BOB}`, 'changeMember', { member: BOB, act: 'approve', reason: '' }],
    [
      `hub members refuse ${BOB} --reason lost_her_key`,
      'changeMember',
      { ...member, act: 'refuse' },
    ],
    [
      `hub members suspend ${BOB} --reason lost_her_key`,
      'changeMember',
      { ...member, act: 'suspend' },
    ],
    [`hub members reinstate ${BOB}`, 'changeMember', { member: BOB, act: 'reinstate', reason: '' }],
    [
      `hub members remove ${BOB} --reason lost_her_key`,
      'changeMember',
      { ...member, act: 'remove' },
    ],
    ['hub members confirm --reason compared', 'confirmMembers', { reason: 'compared' }],
    ['hub invite', 'invite', { uses: 1, note: '' }],
    [
      'hub invite --uses 20 --days 3 --note choir',
      'invite',
      { uses: 20, life_ms: 259_200_000, note: 'choir' },
    ],
    ['hub invite list', 'invitations', undefined],
    [
      'hub invite revoke aaaaaa --reason posted',
      'revokeInvitation',
      { invitation: 'aaaaaa', reason: 'posted' },
    ],
    ['hub equivalents', 'offeredEquivalents', undefined],
    [
      'hub equivalents add HOUR --precision 1 --name hour --meta unit=h',
      'offerEquivalent',
      { code: 'HOUR', precision: 1, metadata: { name: 'hour', unit: 'h' }, reason: '' },
    ],
    [
      'hub equivalents withdraw HOUR --reason unused',
      'withdrawEquivalent',
      { code: 'HOUR', reason: 'unused' },
    ],
    ['hub operators', 'operators', undefined],
    [
      'hub operators set bob operator',
      'appointOperator',
      { operator: 'bob', role: 'operator', reason: '' },
    ],
    [
      'hub operators set bob none --reason gone',
      'appointOperator',
      { operator: 'bob', role: null, reason: 'gone' },
    ],
    ['hub audit', 'hubActs', {}],
    ['hub audit --after 3 --limit 5', 'hubActs', { after: 3, limit: 5 }],
    ['hub audit --verify', 'checkJournal', {}],
    [`hub audit --verify --head ${'a'.repeat(64)}`, 'checkJournal', { head: 'a'.repeat(64) }],
    [`join ${address}`, 'join', { address, name: '', about: '', kind: 'person' }],
    [
      `join ${address} --code X --name Bakery --about bread --kind organization`,
      'join',
      { address, code: 'X', name: 'Bakery', about: 'bread', kind: 'organization' },
    ],
    ['memberships', 'memberships', undefined],
    [`leave ${BOB}`, 'leave', { hub: BOB }],
  ])('geo %s', async (words, method, argument) => {
    const argv = words.split(' ');
    for (const columns of [60, 80, 200]) {
      const text = await run(argv, columns);
      expect(text).toMatchObject({ code: 0, err: '' });
      const widest = Math.max(...text.out.split('\n').map((line) => line.length));
      // What cannot be cut short (a hash, an address) may stand beyond the edge in a list of facts.
      if (text.out.includes('PID  ')) expect(widest).toBeLessThanOrEqual(columns);
    }
    expect(service.calls).toContainEqual({ method, argument });
    const json = await run([...argv, '--json']);
    const answer = (service[method as 'status'] as () => unknown)();
    expect(JSON.parse(json.out)).toEqual(answer);
  });
});

describe('with --at', () => {
  it('the node asks the other hub, in the name of its participant', async () => {
    const suspended = { ...(service.hubMembers({}) as [object])[0], status: 'suspended' };
    service.answerWith('operateAt', { result: suspended });
    const argv = ['hub', 'members', 'suspend', BOB, '--reason', 'a dispute', '--at', 'council'];
    const { code, out } = await run(argv, 80);
    expect(code).toBe(0);
    expect(out).toContain('suspended');
    expect(service.calls).toContainEqual({
      method: 'operateAt',
      argument: {
        hub: 'council',
        method: 'changeMember',
        argument: { member: BOB, act: 'suspend', reason: 'a dispute' },
      },
    });
  });
});

describe('outcomes', () => {
  it('a journal that does not hold is exit code 1', async () => {
    const check = { held: false, acts: 3, head: null, problem: 'act 4 is missing' };
    service.answerWith('checkJournal', check);
    const { code, out } = await run(['hub', 'audit', '--verify']);
    expect(code).toBe(1);
    expect(out).toContain('act 4 is missing');
  });

  it('a refusal to join is exit code 1, with the reason of the hub', async () => {
    const reason = 'The invitation has expired.';
    const refused = {
      ...(service.memberships() as [object])[0],
      status: 'refused',
      fault: 'code_expired',
      reason,
    };
    service.answerWith('join', refused);
    const { code, out } = await run(['join', address]);
    expect(code).toBe(1);
    expect(out).toContain(reason);
  });

  it('what is missing on the command line is said without asking the node', async () => {
    service.calls.length = 0;
    for (const argv of [
      ['hub', 'equivalents', 'add', 'HOUR'],
      ['hub', 'operators', 'set', 'bob', 'king'],
      ['hub', 'audit', '--head', 'a'.repeat(64)],
      ['hub', 'members', 'confirm'],
    ]) {
      expect((await run(argv)).code).toBe(2);
    }
    expect(service.calls).toEqual([]);
  });
});

describe('geo hub init', () => {
  async function home(config?: string): Promise<string> {
    const at = await mkdtemp(join(directory, 'home-'));
    await runCli(['init', '--home', at], createMemoryTerminal({}));
    if (config !== undefined) await writeFile(join(at, 'config.yaml'), config);
    return at;
  }
  const init = async (at: string, ...more: string[]) => {
    const terminal = createMemoryTerminal({});
    const code = await runCli(['hub', 'init', ...more, '--home', at], terminal);
    return { code, ...terminal.written };
  };

  it('makes a hub of a node without a configuration', async () => {
    const at = await home();
    expect(await init(at, '--name', 'The village', '--admission', 'code')).toMatchObject({
      code: 0,
    });
    expect(loadConfig({ home: at, env: {} }).hub).toMatchObject({
      enabled: true,
      name: 'The village',
      admission: 'code',
    });
  });

  it('leaves everything else in the file as it is', async () => {
    const at = await home(
      '# ours\nlisten: [/ip4/0.0.0.0/tcp/4848] # fixed\nhub:\n  members_max: 7\n',
    );
    expect(await init(at, '--about', 'by the mill')).toMatchObject({ code: 0 });
    const text = await readFile(join(at, 'config.yaml'), 'utf8');
    expect(text).toContain('# ours');
    expect(text).toContain('# fixed');
    expect(loadConfig({ home: at, env: {} })).toMatchObject({
      listen: ['/ip4/0.0.0.0/tcp/4848'],
      hub: { enabled: true, members_max: 7, description: 'by the mill' },
    });
  });

  it('writes nothing that the node would refuse', async () => {
    const at = await home('log: {level: warn}\n');
    const { code, err } = await init(at, '--name', 'x'.repeat(81));
    expect(code).toBe(4);
    expect(err).toContain('80 bytes');
    expect(await readFile(join(at, 'config.yaml'), 'utf8')).toBe('log: {level: warn}\n');
  });

  it('says what to do first where there is no key', async () => {
    const { code, err } = await init(await mkdtemp(join(directory, 'empty-')));
    expect(code).toBe(4);
    expect(err).toContain('geo init');
  });
});
