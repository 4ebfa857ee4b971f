/** The five-minute walk of the README, typed as it stands there: a page that does not work fails here. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { cleanEnvironment, type Ended, LAUNCHER } from '../unit/cli/cli-process.ts';

const README = new URL('../../README.md', import.meta.url);
/** `npx geo` without npm's own second of thinking. */
const NPX = `npx() { shift; "${process.execPath}" "${LAUNCHER}" "$@"; }\n`;
/** The walk must not meet other nodes of this network. */
const ALONE = { GEO_NETWORK_MDNS: 'false', GEO_NETWORK_DHT: 'false' };

let root: string;
let readme: string;
const nodes: ChildProcess[] = [];

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'geo-readme-'));
  const text = await readFile(README, 'utf8');
  readme = text
    .replaceAll('/tmp/', `${root}/`)
    .replaceAll('/tcp/4801', `/tcp/${await freePort()}`)
    .replaceAll('/tcp/4802', `/tcp/${await freePort()}`);
});
afterAll(async () => {
  // Each shell leads its own group, with the node in it.
  for (const { pid, exitCode } of nodes) {
    if (pid !== undefined && exitCode === null) process.kill(-pid, 'SIGKILL');
  }
  await rm(root, { recursive: true, force: true });
});

/** The shell blocks under a heading. */
function blocksUnder(heading: string): string[] {
  const part = readme.split(/^## /m).find((each) => each.startsWith(heading)) ?? '';
  return [...part.matchAll(/```sh\n(.*?)```/gs)].map((match) => match[1] ?? '');
}

function shell(script: string): ChildProcess {
  return spawn('bash', ['-ec', NPX + script], {
    env: cleanEnvironment(ALONE),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
}

function type(script: string): Promise<Ended> {
  const child = shell(script);
  let out = '';
  let err = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  return new Promise((resolve) => child.on('close', (code) => resolve({ code, out, err })));
}

it('names the two commands', () => {
  expect(blocksUnder('See it run')).toEqual(['npm ci && npm run demo\n', 'npm ci && npm test\n']);
});

it('walks through two nodes', async () => {
  const [anna, bob, acquaint, trustAndPay, tooMuch, receipt, ...more] = blocksUnder('Five minutes');
  expect(more).toEqual([]);
  for (const script of [anna, bob]) nodes.push(shell(script ?? ''));
  for (const name of ['anna', 'bob']) {
    await expect
      .poll(() => existsSync(join(root, name, 'api.json')), { timeout: 15_000 })
      .toBe(true);
  }
  expect(await type(acquaint ?? '')).toMatchObject({ code: 0, err: '' });
  const paid = await type(trustAndPay ?? '');
  expect(paid).toMatchObject({ code: 0, err: '' });
  expect(paid.out).toMatch(/^state +COMMITTED$/m);
  expect(paid.out).toMatch(/^UAH +12\.50 +0\.00 +12\.50 /m);
  const refused = await type(tooMuch ?? '');
  expect(refused.code).toBe(1);
  expect(refused.out).toMatch(/^reason .*E002 insufficient_capacity\)$/m);
  const checked = await type(receipt ?? '');
  expect(checked.code).toBe(0);
  expect(checked.out).toMatch(/^note +for the honey$/m);
  expect(checked.out).toMatch(/^receipt +valid$/m);
}, 60_000);
