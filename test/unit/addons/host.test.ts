/** What an add-on can do, and what it cannot do to the node. */
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { GeoError } from '../../../protocol/errors.ts';
import { AddonStage } from './stage.ts';

const fixture = (file: URL) => fileURLToPath(file);
const GREETER_FILE = fixture(new URL('./fixtures/greeter.ts', import.meta.url));
const TROUBLE_FILE = fixture(new URL('./fixtures/troublemaker.ts', import.meta.url));
const GREETER = { use: GREETER_FILE, grant: ['books', 'events'], config: {} };
const TROUBLE = { use: TROUBLE_FILE, grant: ['events'], config: {} };

let stage: AddonStage;
const open = (settings: ConstructorParameters<typeof AddonStage>[0]) => {
  stage = new AddonStage(settings);
  return stage;
};
afterEach(() => stage.addons.stop());

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.catch((thrown: unknown) => thrown);
  if (!(error instanceof GeoError)) throw new Error(`it was not refused: ${String(error)}`);
  return error.details.fault;
}

describe('an add-on', () => {
  it('says what it is and what it reads', async () => {
    open({ load: [GREETER] });
    expect(await stage.becomes('running')).toMatchObject({
      name: 'greeter',
      version: '1.2.3',
      asks: ['books', 'events'],
      granted: ['books', 'events'],
      routes: expect.arrayContaining(['GET /hello/:name', 'PUT /kept/:key']),
      topics: ['payment.received'],
      jobs: ['tick'],
    });
  });

  it('answers at its routes, with its config', async () => {
    open({ load: [{ ...GREETER, config: { greeting: 'good day' } }] });
    await stage.becomes('running');
    const answer = await stage.get('/hello/anna');
    expect(answer).toEqual({
      status: 200,
      type: 'application/json',
      body: '{"text":"good day anna"}',
    });
    expect(await stage.get('/page')).toMatchObject({ type: 'image/svg+xml', body: '<svg/>' });
    expect(await refusal(stage.get('/nowhere'))).toBe('no_such_route');
    expect(await refusal(stage.call('DELETE', '/page'))).toBe('method_not_allowed');
  });

  it('reads of the node what it declares and is granted, and nothing else', async () => {
    open({ load: [GREETER] });
    await stage.becomes('running');
    const { body } = await stage.get('/balance');
    expect(JSON.parse(String(body))).toEqual(await stage.service.balance());
    expect(await refusal(stage.get('/stranger'))).toBe('addon_failed');
    expect(stage.service.calls.map(({ method }) => method)).not.toContain('hubStats');
  });

  it('serves who has signed in where it says so only', async () => {
    open({ load: [GREETER] });
    await stage.becomes('running');
    const caller = { participant: 'someone', isOperator: true };
    expect(await refusal(stage.call('GET', '/page', {}, undefined, caller))).toBe('not_allowed');
    const { body } = await stage.call('GET', '/me', {}, undefined, caller);
    expect(JSON.parse(String(body))).toEqual(caller);
    expect((await stage.get('/me')).body).toBe('null');
  });

  it('keeps what it writes, up to its quota', async () => {
    open({ load: [GREETER], stored_bytes_max: 200 });
    await stage.becomes('running');
    for (const key of ['b', 'a', 'c-d', 'é']) {
      expect(await stage.call('PUT', `/kept/${key}`, {}, 'x')).toMatchObject({
        status: 201,
      });
    }
    const listed = async (query: Record<string, string>) =>
      (JSON.parse(String((await stage.get('/kept', query)).body)) as { key: string }[])
        .map(({ key }) => key)
        .filter((key) => key !== 'ticked');
    expect(await listed({ after: 'a' })).toEqual(['b', 'c-d', 'é']);
    expect(await listed({ prefix: 'a' })).toEqual(['a']);
    expect(await refusal(stage.call('PUT', '/kept/long', {}, 'x'.repeat(300)))).toBe(
      'addon_failed',
    );
    expect(stage.kept('greeter')).not.toHaveProperty('long');
  });

  it('outlives names that are too long for a key', async () => {
    open({ load: [GREETER] });
    await stage.becomes('running');
    expect(await refusal(stage.call('PUT', `/kept/${'k'.repeat(201)}`, {}, 'x'))).toBe(
      'addon_failed',
    );
    expect(await refusal(stage.get('/kept', { after: 'k'.repeat(201) }))).toBe('addon_failed');
    await stage.get(`/hello/${'n'.repeat(5_000)}`);
    expect(stage.view()).toMatchObject({ state: 'running', restarts: 0 });
  });

  it('hears each event once its handler is done, and goes on there after a restart of the node', async () => {
    open({ load: [GREETER] });
    await stage.becomes('running');
    stage.happen('payment.received');
    stage.happen('trustline.changed');
    stage.happen('payment.received');
    await stage.until(() => 'event-0-3' in stage.kept('greeter'));
    expect(stage.kept('greeter')).not.toHaveProperty('event-0-2');
    await stage.addons.stop();
    stage.happen('payment.received');
    stage = new AddonStage({ load: [GREETER] }, stage);
    await stage.until(() => 'event-0-4' in stage.kept('greeter'));
  });

  it('runs its jobs, measures and says goodbye', async () => {
    open({ load: [GREETER] });
    await stage.becomes('running');
    await stage.get('/hello/anna');
    await stage.get('/hello/boris', { loud: 'yes "really"\n' });
    await stage.until(() => 'ticked' in stage.kept('greeter'));
    expect(stage.addons.metricsText()).toBe(
      '# HELP geo_addon_greeter_greetings_total How many were greeted.\n' +
        '# TYPE geo_addon_greeter_greetings_total counter\n' +
        'geo_addon_greeter_greetings_total{loud="no"} 1\n' +
        'geo_addon_greeter_greetings_total{loud="yes \\"really\\"\\n"} 1\n',
    );
    expect(stage.lines).toContainEqual({
      level: 'info',
      message: 'greeting',
      fields: { addon: 'greeter', fields: '{"to":"anna"}' },
    });
    await stage.addons.stop();
    expect(stage.kept('greeter')).toHaveProperty('stopped', true);
    expect(await refusal(stage.get('/page'))).toBe('addon_not_running');
  });

  it('is asked what fits the shapes that it declares, and nothing else', async () => {
    open({ load: [GREETER] });
    await stage.becomes('running');
    const sum = (query: Record<string, string>, body: unknown) =>
      stage.call('POST', '/sums/today', query, body);
    const { body } = await sum({ plus: '2' }, { terms: [1, 2] });
    expect(JSON.parse(String(body))).toEqual({ sum: 5 });
    for (const [query, given] of [
      [{ minus: '1' }, { terms: [] }],
      [{ plus: 'much' }, { terms: [] }],
      [{}, { terms: [-1] }],
      [{}, undefined],
    ] as const) {
      expect(await refusal(sum(query as Record<string, string>, given))).toBe('bad_request');
    }
    expect(stage.view()).toMatchObject({ failures: 0, sockets: ['/echo'] });
    const [{ routes }] = stage.addons.offers() as [ReturnType<typeof stage.addons.offers>[0]];
    expect(routes.find(({ path }) => path === '/sums/:title')).toMatchObject({
      access: 'member',
      summary: 'Adds up',
      body: { type: 'object', properties: { terms: { maxItems: 5 } } },
    });
    await stage.addons.stop();
    expect(stage.addons.offers()).toEqual([]);
  });

  it('speaks over WebSockets', async () => {
    open({ load: [GREETER] });
    await stage.becomes('running');
    const heard: string[] = [];
    let ended = false;
    const call = { name: 'greeter', path: ['echo'], query: {}, caller: null };
    const socket = stage.addons.openSocket(call, {
      send: (text) => heard.push(text),
      end: () => {
        ended = true;
      },
    });
    const member = { participant: 'someone', isOperator: false };
    expect(() =>
      stage.addons.openSocket({ ...call, caller: member }, { send: () => {}, end: () => {} }),
    ).toThrow('That is for operators and auditors');
    socket.hear('anna');
    await stage.until(() => heard.length > 0);
    expect(heard).toEqual(['hello anna']);
    await stage.addons.stop();
    expect(ended).toBe(true);
  });
});

describe('an add-on is refused', () => {
  it.each([
    ['without a grant that it asks for', { ...GREETER, grant: ['books'] }, /does not grant/],
    ['with a grant that there is not', { ...GREETER, grant: ['everything'] }, /no capability/],
    ['with a config that it does not take', { ...GREETER, config: { x: 1 } }, /config.*Unrec/],
    ['when its file is not there', { ...GREETER, use: './nobody.ts' }, /There is no file/],
    ['when its package is not there', { ...GREETER, use: 'no-such-package' }, /npm install/],
  ])('%s', async (_, entry, reason) => {
    open({ load: [entry] });
    const { reason: said } = await stage.becomes('refused');
    expect(said).toMatch(reason);
    await stage.until(() => stage.notices.length > 0);
    expect(stage.notices).toContainEqual({
      type: 'addon-failed',
      text: expect.stringMatching(reason),
    });
  });

  it('when another one has its name', async () => {
    open({ load: [GREETER, GREETER] });
    await stage.until(() => stage.addons.list().some(({ state }) => state === 'refused'));
    await stage.until(() => stage.addons.list().some(({ state }) => state === 'running'));
    expect(stage.notices.length).toBeLessThanOrEqual(1);
  });
});

describe('a file', () => {
  it('is a module, whatever a package.json above it says', async () => {
    const home = await mkdtemp(join(tmpdir(), 'geo-addon-'));
    await writeFile(join(home, 'package.json'), '{"type":"commonjs"}');
    await copyFile(GREETER_FILE, join(home, 'greeter.ts'));
    open({ load: [{ ...GREETER, use: join(home, 'greeter.ts') }] });
    await stage.becomes('running');
    await rm(home, { recursive: true });
  });
});

describe('an add-on that fails', () => {
  it('in a route fails the caller only', async () => {
    open({ load: [TROUBLE] });
    await stage.becomes('running');
    expect(await refusal(stage.get('/throw'))).toBe('addon_failed');
    expect(await refusal(stage.get('/nonsense'))).toBe('addon_failed');
    expect(await stage.get('/fine')).toMatchObject({ body: 'fine' });
    expect(stage.view()).toMatchObject({ state: 'running', failures: 2, restarts: 0 });
  });

  it.each([
    ['in a busy loop', '/spin', 'addon_silent'],
    ['by waiting for ever', '/hang', 'addon_silent'],
    ['by ending its process', '/exit', 'addon_silent'],
    ['by eating memory', '/eat', 'addon_silent'],
  ])('%s is ended and started again', async (_, path, fault) => {
    open({
      load: [TROUBLE],
      hang_ms: 1_500,
      call_ms_max: 3_000,
      heap_bytes_max: 16 * 1024 * 1024,
    });
    await stage.becomes('running');
    expect(await refusal(stage.get(path))).toBe(fault);
    await stage.becomes('running');
    expect(await stage.get('/fine')).toMatchObject({ body: 'fine' });
    expect(stage.view().restarts).toBe(1);
  });

  it('where nobody waits for it is started again too', async () => {
    open({ load: [TROUBLE] });
    await stage.becomes('running');
    await stage.get('/later');
    await stage.until(() => stage.view().restarts === 1);
    await stage.becomes('running');
  });

  it('is given up after a while, says so, and can be started again', async () => {
    open({ load: [{ ...TROUBLE, config: { setup: 'throws' } }], restarts_max: 1 });
    const { reason, restarts } = await stage.becomes('failed');
    expect([reason, restarts]).toEqual(['no setup today', 1]);
    await stage.until(() => stage.notices.length > 0);
    await stage.addons.restart(TROUBLE_FILE);
    expect(stage.view().state).toBe('starting');
    await stage.becomes('failed');
  });

  it('to hear an event hears it again', async () => {
    open({ load: [TROUBLE] });
    await stage.becomes('running');
    stage.happen('payment.received');
    await stage.until(() => stage.kept('troublemaker').heard === '0-1');
    expect(stage.kept('troublemaker')).toEqual({ tries: 3, heard: '0-1' });
    expect(stage.view().restarts).toBe(2);
  });
});

describe('a full disk', () => {
  it('is waited for: no add-on is given up for it, and no event is lost', async () => {
    open({ load: [GREETER], restarts_max: 0 });
    await stage.becomes('running');
    await stage.until(() => 'ticked' in stage.kept('greeter'));
    stage.isFull = true;
    stage.happen('payment.received');
    await stage.until(() => stage.lines.some(({ message }) => /store/.test(message)));
    expect(stage.view()).toMatchObject({ state: 'running', restarts: 0 });
    stage.isFull = false;
    await stage.until(() => 'event-0-1' in stage.kept('greeter'));
    expect(stage.view()).toMatchObject({ state: 'running', restarts: 0 });
  });
});

describe('the template', () => {
  it('runs as it is', async () => {
    const use = fixture(new URL('../../../node/addons/template.ts', import.meta.url));
    open({ load: [{ use, grant: ['books', 'events'], config: { currency: 'UAH' } }] });
    await stage.becomes('running');
    stage.happen('payment.received');
    await stage.until(() => 'received/0-1' in stage.kept('template'));
    expect(String((await stage.get('/payers')).body)).toContain('received/0-1');
    expect(await stage.get('/balance/UAH')).toMatchObject({ status: 200 });
    expect(await stage.get('/balance/XYZ')).toMatchObject({ status: 404 });
  });
});
