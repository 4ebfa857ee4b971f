/** Every online command against a fake node behind the real HTTP door. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { runCli } from '../../../cli/main.ts';
import { type Api, startApi } from '../../../node/api/server.ts';
import { homeAt } from '../../../node/home/home.ts';
import type { Log } from '../../../node/ports.ts';
import { GeoError } from '../../../protocol/errors.ts';
import { status } from '../api/fake-node.ts';
import {
  ANNA,
  BOB,
  createFakeService,
  type FakeService,
  payment,
  TX,
  transaction,
} from '../api/fake-service.ts';
import { geo } from './cli-process.ts';
import { createMemoryTerminal, type MemoryTerminalOptions } from './memory-terminal.ts';

const TOKEN = 'token-of-this-home';
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} };

let service: FakeService;
let api: Api;
let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'geo-cli-'));
});
afterAll(async () => {
  await rm(directory, { recursive: true });
});
beforeEach(async () => {
  service = createFakeService();
  api = await startApi({ service, host: '127.0.0.1', port: 0, token: TOKEN, log: silent });
  const home = homeAt(directory);
  await writeFile(home.apiEndpointFile, JSON.stringify({ url: api.url, pid: ANNA, process_id: 1 }));
  await writeFile(home.apiTokenFile, `${TOKEN}\n`);
  return () => api.stop();
});

async function run(argv: readonly string[], options: MemoryTerminalOptions = {}) {
  const terminal = createMemoryTerminal(options);
  const code = await runCli([...argv, '--home', directory], terminal);
  return { code, ...terminal.written };
}

describe('what each command asks the node for', () => {
  const line = { peer: 'bob', equivalent: 'UAH' };
  const sum = { ...line, amount: '12.50' };
  it.each<[string, string, unknown]>([
    ['status', 'status', undefined],
    ['events --limit 7', 'events', { after: 'oldest', limit: 7 }],
    ['peers', 'peers', undefined],
    ['connect /ip4/192.0.2.7/tcp/4848', 'connect', '/ip4/192.0.2.7/tcp/4848'],
    [`contact add bob ${BOB}`, 'addContact', { name: 'bob', pid: BOB }],
    [
      `contact add bob ${BOB}@/ip4/192.0.2.7/tcp/4848`,
      'addContact',
      { name: 'bob', pid: BOB, address: '/ip4/192.0.2.7/tcp/4848' },
    ],
    ['contact list', 'contacts', undefined],
    [
      'equivalent define UAH --precision 2',
      'defineEquivalent',
      { code: 'UAH', precision: 2, metadata: {} },
    ],
    [
      'equivalent define HOURS --precision 1 --name hours --meta backed_by=work unit=h',
      'defineEquivalent',
      { code: 'HOURS', precision: 1, metadata: { name: 'hours', backed_by: 'work', unit: 'h' } },
    ],
    ['equivalent list', 'equivalents', undefined],
    ['trust set bob 100 UAH', 'setTrustLine', { ...line, limit: '100' }],
    [
      `trust set bob 100 UAH --auto-clearing off --can-be-intermediate on --daily-limit 5 --block ${ANNA} bob`,
      'setTrustLine',
      {
        ...line,
        limit: '100',
        policy: {
          auto_clearing: false,
          can_be_intermediate: true,
          daily_limit: '5',
          blocked_participants: [ANNA, BOB],
        },
      },
    ],
    [
      'trust set bob 100 UAH --daily-limit none --unblock-all',
      'setTrustLine',
      { ...line, limit: '100', policy: { daily_limit: null, blocked_participants: [] } },
    ],
    ['trust freeze bob UAH', 'freezeTrustLine', line],
    ['trust close bob UAH', 'closeTrustLine', line],
    ['trust list', 'trustLines', undefined],
    ['routes bob 12.50 UAH --max-hops 3', 'routes', { ...sum, max_hops: 3 }],
    ['pay bob 12.50 UAH', 'pay', sum],
    [
      'pay bob 12.50 UAH --note хліб --max-hops 3 --max-paths 2 --timeout 30 --nonce 00112233445566778899aabbccddeeff',
      'pay',
      {
        ...sum,
        note: 'хліб',
        max_hops: 3,
        max_paths: 2,
        timeout_ms: 30_000,
        nonce: '00112233445566778899aabbccddeeff',
      },
    ],
    ['pay bob -5 UAH', 'pay', { ...sum, amount: '-5' }],
    [`tx ${TX}`, 'transaction', TX],
    ['clear now', 'clearNow', { dry_run: false }],
    [
      'clear now UAH --max-length 4 --dry-run',
      'clearNow',
      { equivalent: 'UAH', max_length: 4, dry_run: true },
    ],
    ['clear stats', 'clearingTotals', undefined],
    ['clear pass', 'clearingPasses', undefined],
    ['clear pass UAH', 'beginPass', { equivalent: 'UAH' }],
    ['clear cancel', 'cancelPass', undefined],
    ['history --type clearing', 'history', { type: 'clearing' }],
    ['clear pending', 'pendingClearings', undefined],
    [`clear accept ${TX}`, 'answerClearing', { tx_id: TX, accept: true }],
    [`clear reject ${TX.slice(0, 8)}`, 'answerClearing', { tx_id: TX, accept: false }],
    [`tx ${TX.slice(0, 8)}`, 'transaction', TX],
    ['edge show bob UAH', 'edge', line],
    ['export statement bob UAH', 'statement', line],
    ['backup /backups/anna.geo', 'backup', '/backups/anna.geo'],
    ['balance', 'balance', undefined],
    ['debts', 'debts', undefined],
    ['history', 'history', {}],
    [
      'history --since 2026-03-01 --type payment --peer bob --limit 5',
      'history',
      { since: '2026-03-01', type: 'payment', peer: 'bob', limit: 5 },
    ],
    ['books', 'books', undefined],
    ['audit', 'audit', undefined],
    ['participation frozen', 'setParticipation', 'frozen'],
  ])('geo %s', async (words, method, argument) => {
    const argv = words.split(' ');
    const text = await run(argv, { interactive: true, columns: 80 });
    expect(service.calls).toContainEqual({ method, argument });
    expect(text).toMatchObject({ code: 0, err: '' });
    expect(text.out.length).toBeGreaterThan(10);

    const json = await run([...argv, '--json']);
    expect(json).toMatchObject({ code: 0, err: '' });
    const answer = (service[method as 'status'] as () => unknown)();
    expect(JSON.parse(json.out)).toEqual(answer);
  });
});

describe('outcomes', () => {
  const pay = ['pay', 'bob', '12.50', 'UAH'];
  const reason = {
    code: 'E002' as const,
    message: 'Only 3.00 UAH can reach bob.',
    details: { fault: 'capacity', payable: '3.00' },
  };

  it('an aborted payment is exit 1 with its reason', async () => {
    service.answerWith('pay', { ...payment, state: 'ABORTED', reason, routes: [] });
    const text = await run(pay);
    expect(text.code).toBe(1);
    expect(text.out).toContain('Only 3.00 UAH can reach bob. (E002 capacity)');
    const json = await run([...pay, '--json']);
    expect(json.code).toBe(1);
    expect(JSON.parse(json.out)).toMatchObject({ state: 'ABORTED', reason });
  });

  it('a payment without an outcome is exit 6, not a failure to be repeated', async () => {
    service.answerWith('pay', {
      ...payment,
      state: 'PREPARE_IN_PROGRESS',
      ms: null,
      finished: null,
    });
    expect((await run(pay)).code).toBe(6);
  });

  it('too little capacity, a broken invariant or a failed line is exit 1', async () => {
    service.answerWith('routes', {
      routes: [],
      payable: '0.00',
      enough: false,
      reason: {
        code: 'E001',
        message: 'No chain of trust lines leads there.',
        details: { fault: 'no_route' },
      },
      messages: 4,
    });
    expect(await run(['routes', 'bob', '5', 'UAH'])).toMatchObject({
      code: 1,
      out: expect.stringContaining('No route.'),
    });
    service.answerWith('audit', [
      { invariant: 'limits', name: 'limits', held: false, detail: 'debt above limit' },
    ]);
    expect((await run(['audit'])).code).toBe(1);
  });

  it.each([
    [new GeoError('E001', 'No route to bob.', { fault: 'no_route' }), 1],
    [new GeoError('E009', 'There is no bob.', { fault: 'unknown_peer' }), 1],
    [new GeoError('E010', 'The disk is full.', { fault: 'store_write_failed' }), 5],
    [new TypeError('a bug'), 5],
  ])('%s ends in exit %d', async (error, code) => {
    service.failNext(error);
    const text = await run(pay);
    expect(text).toMatchObject({ code, out: '' });
    service.failNext(error);
    const json = await run([...pay, '--json']);
    expect(json.code).toBe(code);
    expect(JSON.parse(json.out)).toMatchObject({
      error: { code: expect.stringMatching(/^E0/), exit: code },
    });
    if (error instanceof GeoError) {
      expect(text.err).toBe(`${error.message} (${error.code} ${error.details.fault})\n`);
      expect(JSON.parse(json.out)).toEqual({ error: { ...error.toJSON(), exit: code } });
    }
  });

  it('a node that is gone is exit 3, with or without its endpoint file', async () => {
    await api.stop();
    expect(await run(['status'])).toMatchObject({
      code: 3,
      err: expect.stringContaining('geo start'),
    });
    await rm(homeAt(directory).apiEndpointFile);
    expect(await run(['status'])).toMatchObject({
      code: 3,
      err: expect.stringContaining('geo start'),
    });
  });

  it('a token of another home is exit 4', async () => {
    await writeFile(homeAt(directory).apiTokenFile, 'other');
    expect(await run(['status'])).toMatchObject({
      code: 4,
      err: expect.stringContaining('bad_token'),
    });
  });
});

describe('tx', () => {
  it('saves the certificate once and never over another file', async () => {
    const file = join(directory, 'receipt.geo');
    const saved = await run(['tx', TX, '--certificate', file, '--json']);
    expect(saved).toMatchObject({ code: 0, err: expect.stringContaining('geo verify') });
    expect(await readFile(file)).toEqual(Buffer.from(transaction.certificate ?? '', 'hex'));
    const again = await run(['tx', TX, '--certificate', file]);
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining('file_unwritable') });
  });

  it('says that only a committed payment has a certificate', async () => {
    service.answerWith('transaction', { ...transaction, state: 'ABORTED', certificate: null });
    const refused = await run(['tx', TX, '--certificate', join(directory, 'none.geo')]);
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('no_certificate') });
  });

  it('wants a beginning that is known and unique', async () => {
    expect(await run(['tx', 'bbbb'])).toMatchObject({ code: 2 });
    expect(await run(['tx', 'cccccccc'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('unknown_transaction'),
    });
    const rows = service.history({}) as unknown as object[];
    service.answerWith('history', [...rows, { ...rows[0], tx_id: `${'b'.repeat(63)}c` }]);
    expect(await run(['tx', 'bbbbbbbb'])).toMatchObject({
      code: 1,
      err: expect.stringContaining('ambiguous_transaction'),
    });
  });
});

describe('manners', () => {
  it('a real process writes results to stdout alone and colours only for people', async () => {
    const ended = await geo(['status', '--home', directory], { env: { FORCE_COLOR: '1' } });
    expect(ended).toMatchObject({ code: 0, err: '' });
    expect(ended.out).toContain(status.pid);
    expect(ended.out).not.toContain('\u001b');
    expect(
      (await run(['status'], { interactive: true, columns: 80, colours: true })).out,
    ).toContain('\u001b[');
  });

  it('GEO_HOME names the home, --home overrules it', async () => {
    const byEnvironment = await geo(['id', '--json'], {
      env: { GEO_HOME: join(directory, 'nothing') },
    });
    expect(byEnvironment.out).toContain(join(directory, 'nothing'));
    const byFlag = await geo(['--home', directory, 'peers', '--json'], {
      env: { GEO_HOME: '/nowhere' },
    });
    expect(byFlag.code).toBe(0);
  });

  it('a note cannot steer the terminal', async () => {
    service.answerWith('transaction', {
      ...transaction,
      note: 'thanks\u001b]0;owned\u0007\nstate  COMMITTED',
    });
    const { out } = await run(['tx', TX], { interactive: true, columns: 80 });
    expect(out).not.toContain('\u001b');
    expect(out.split('\n').filter((each) => each.startsWith('state'))).toHaveLength(1);
  });
});
