/**
 * The operator's guide, followed by somebody who has nothing else: a hub is set up, watched, backed up and restored on
 * another machine, and runs an add-on from the template as an npm package. Commands are typed as the pages have
 * them; one that a page has no more fails here.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cleanEnvironment, type Ended, LAUNCHER } from '../unit/cli/cli-process.ts';

const GEO = `geo() { "${process.execPath}" "${LAUNCHER}" "$@"; }\n`;
/** The walk must not meet other nodes of this network, nor need a port of its own. */
const ALONE = {
  GEO_NETWORK_MDNS: 'false',
  GEO_NETWORK_DHT: 'false',
  GEO_LISTEN: '/ip4/127.0.0.1/tcp/0',
};
const READY_MS = 60_000;

let root: string;
const pages: string[] = [];
const daemons: ChildProcess[] = [];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'geo-guide-'));
  for (const page of ['OPERATOR.md', 'ADDONS.md']) {
    pages.push(await readFile(new URL(`../../docs/${page}`, import.meta.url), 'utf8'));
  }
});
afterAll(async () => {
  // Each shell leads its own group, with the node in it.
  for (const { pid, exitCode } of daemons) {
    if (pid !== undefined && exitCode === null) process.kill(-pid, 'SIGKILL');
  }
  await rm(root, { recursive: true, force: true });
});

/** A computer of its own, as far as `geo` can see: another person's home directory. */
class Machine {
  readonly user: string;
  readonly home: string;
  #daemon: ChildProcess | undefined;

  constructor(name: string) {
    this.user = join(root, name);
    this.home = join(this.user, '.geo');
  }

  /**
   * Types what the pages have, word by word.
   * @param replace words of the page that stand for something else here
   */
  type(
    command: string,
    replace: Readonly<Record<string, string>> = {},
    input = '',
  ): Promise<Ended> {
    if (!pages.some((page) => page.includes(command))) {
      throw new Error(`no page has the command ${command}`);
    }
    const line = Object.entries(replace).reduce((text, [a, b]) => text.replaceAll(a, b), command);
    return this.run(line, input);
  }

  /** Types something that belongs to no page. */
  async run(line: string, input = ''): Promise<Ended> {
    const child = this.#shell(line);
    let out = '';
    let err = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      out += text;
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      err += text;
    });
    child.stdin?.end(input);
    return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
  }

  /** Types `geo start`, and waits until the node answers. */
  async start(): Promise<void> {
    this.#daemon = this.#shell('geo start --set log.level=warn');
    daemons.push(this.#daemon);
    await expect
      .poll(() => existsSync(join(this.home, 'api.json')), { timeout: READY_MS })
      .toBe(true);
  }

  /** Ctrl-C. */
  async stop(): Promise<void> {
    const ended = new Promise((resolve) => this.#daemon?.once('close', resolve));
    process.kill(-this.#daemon!.pid!, 'SIGINT');
    await ended;
  }

  /** What a monitoring system gets. */
  async get(path: string): Promise<Response> {
    const { url } = JSON.parse(await readFile(join(this.home, 'api.json'), 'utf8'));
    const token = (await readFile(join(this.home, 'api.token'), 'utf8')).trim();
    return fetch(url + path, { headers: { authorization: `Bearer ${token}` } });
  }

  #shell(line: string): ChildProcess {
    return spawn('bash', ['-ec', GEO + line], {
      env: cleanEnvironment({ ...ALONE, HOME: this.user }),
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    });
  }
}

const good = (ended: Ended) => {
  expect(ended).toMatchObject({ code: 0, err: '' });
  return ended.out;
};

describe('a stranger with the guide', () => {
  let hub: Machine;
  let other: Machine;
  let anna: Machine;
  let words: string;

  it('sets up a hub, and a neighbour joins it by a code', async () => {
    hub = new Machine('one');
    anna = new Machine('anna');
    for (const { user } of [hub, anna]) await mkdir(user);
    const made = good(await hub.type('geo init --show-words'));
    words = [...made.matchAll(/\d+ ([a-z]{3,8})\b/g)].map((match) => match[1]).join(' ');
    good(await hub.type('geo hub init --name "The village" --admission approval'));
    await hub.start();
    good(await hub.type('geo hub equivalents add HOUR --precision 1 --name "an hour of work"'));
    const invited = good(await hub.type('geo hub invite --uses 20 --note "for the meeting"'));
    const code = /^code +(\S+)/m.exec(invited)?.[1] ?? '';
    const { addresses, pid } = JSON.parse(good(await hub.run('geo id --json')));
    expect(addresses, pid).not.toEqual([]);
    good(await anna.run('geo init'));
    await anna.start();
    const join = 'geo join ADDRESS --code CODE --name Anna';
    good(await anna.type(join, { ADDRESS: addresses[0], CODE: code }));
    await expect
      .poll(async () => (await hub.run('geo hub members')).out, { timeout: READY_MS })
      .toMatch(/Anna.*active/);
  }, 180_000);

  it('watches it', async () => {
    expect(good(await hub.type('geo status'))).toMatch(/^store +ok$/m);
    good(await hub.type('geo audit'));
    expect((await hub.type('geo doctor')).out).toMatch(/^node +ok/m);
    expect((await hub.get('/health/ready')).status).toBe(200);
    expect(await (await hub.get('/metrics')).text()).toMatch(/^geo_store_ok 1$/m);
    good(await hub.type('geo verify store'));
  }, 60_000);

  it('backs it up, whole and to the second', async () => {
    await mkdir(join(hub.user, 'backups'));
    good(await hub.type('geo backup ~/backups/anna-$(date +%F).geo'));
    const kept = { '/mnt/other-disk/anna': join(root, 'other-disk') };
    good(await hub.type('geo backup --incremental /mnt/other-disk/anna', kept));
    // What comes after the copy is in it too.
    good(await hub.type('geo hub equivalents add HOUR', { 'add HOUR': 'add LOAF --precision 0' }));
    await expect
      .poll(async () => (await hub.run('geo backup --json')).out, { timeout: READY_MS })
      .toMatch(/"waiting_bytes":0\b/);
    await hub.stop();
  }, 60_000);

  it('restores it on another machine, where everything is as it was', async () => {
    other = new Machine('two');
    await mkdir(other.user);
    good(await other.type('geo init --words -', {}, `${words}\n`));
    const kept = { '/mnt/other-disk/anna': join(root, 'other-disk') };
    good(await other.type('geo restore /mnt/other-disk/anna', kept));
    good(await other.type('geo verify store'));
    good(await other.type('geo hub init --name "The village" --admission approval'));
    await other.start();
    expect((await other.run('geo hub members')).out).toMatch(/Anna.*active/);
    expect((await other.run('geo hub equivalents')).out).toMatch(/LOAF/);
    good(await other.type('geo hub members confirm --reason "compared with the notes of March"'));
    await other.stop();
  }, 120_000);

  it('writes an add-on from the template, and installs it as a package', async () => {
    const project = join(root, 'greeter');
    await mkdir(project);
    good(
      await other.type('geo addons new greeter', { greeter: `greeter --out ${project}/index.ts` }),
    );
    const source = await readFile(join(project, 'index.ts'), 'utf8');
    await writeFile(join(project, 'index.js'), stripTypeScriptTypes(source));
    const description = {
      name: 'geo-addon-greeter',
      version: '0.1.0',
      type: 'module',
      main: 'index.js',
      files: ['index.js'],
    };
    await writeFile(join(project, 'package.json'), JSON.stringify(description));
    good(await other.run(`cd ${project} && npm pack --silent >/dev/null`));
    const tarball = join(project, 'geo-addon-greeter-0.1.0.tgz');
    const installed = await other.type('npm install --prefix HOME NAME', {
      HOME: other.home,
      NAME: `${tarball} --offline --no-audit --no-fund --silent`,
    });
    expect(installed.code, installed.err).toBe(0);
    const config = join(other.home, 'config.yaml');
    const load = `addons:\n  load:\n    - use: geo-addon-greeter\n      grant: [books, events]\n      config: {currency: HOUR}\n`;
    await writeFile(config, (await readFile(config, 'utf8')) + load);
    await other.start();
    await expect
      .poll(async () => (await other.type('geo addons')).out, { timeout: READY_MS })
      .toMatch(/greeter +0\.1\.0 +running/);
    good(await other.type('geo addons call greeter /payers'));
    await other.stop();
  }, 120_000);
});
