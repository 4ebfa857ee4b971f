/** How `geo start` begins and ends: what it refuses, what it prints, which signals it obeys. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cleanEnvironment, geo, LAUNCHER } from '../unit/cli/cli-process.ts';

const ALONE = {
  GEO_LISTEN: '/ip4/127.0.0.1/tcp/0',
  GEO_NETWORK_MDNS: 'false',
  GEO_NETWORK_DHT: 'false',
  GEO_LOG_LEVEL: 'error',
};

let root: string;
let homes = 0;
const running = new Set<ChildProcessWithoutNullStreams>();

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'geo-start-'));
  await writeFile(join(root, 'passphrase'), 'open sesame\n');
});
afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

async function newHome(...argv: readonly string[]): Promise<string> {
  const home = join(root, `home-${homes++}`);
  expect((await geo(['init', '--home', home, ...argv])).code).toBe(0);
  return home;
}

function start(
  argv: readonly string[],
  env: Readonly<Record<string, string>> = {},
  flags: readonly string[] = [],
) {
  const child = spawn(process.execPath, [...flags, LAUNCHER, 'start', ...argv], {
    env: cleanEnvironment({ ...ALONE, ...env }),
  });
  running.add(child);
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  const ended = new Promise<number | null>((resolve) => {
    child.once('close', (code) => {
      running.delete(child);
      resolve(code);
    });
  });
  const ready = async () => {
    await expect.poll(() => out, { timeout: 15_000 }).toContain('\n');
    return out;
  };
  return { child, ended, ready };
}

describe('geo start', () => {
  it.each(['SIGINT', 'SIGTERM'] as const)(
    'says once that it is ready, and ends with 0 at %s',
    async (signal) => {
      const home = await newHome();
      const { child, ended, ready } = start(['--home', home]);
      expect(await ready()).toMatch(
        /^Ready\. PID \w{43,44}, API http:\/\/127\.0\.0\.1:\d+, addresses \/ip4\/127\.0\.0\.1\/tcp\/\d+\/p2p\/\w+\n$/,
      );
      expect((await stat(join(home, 'api.token'))).mode & 0o777).toBe(0o600);
      child.kill(signal);
      expect(await ended).toBe(0);
      expect(existsSync(join(home, 'api.json'))).toBe(false);
    },
  );

  it.runIf(process.platform === 'linux')(
    'gives a hub more memory for what it throws away, in the same process',
    async () => {
      const home = await newHome();
      const small = '--max-semi-space-size=4';
      const commandOf = async (hub: string) => {
        const { child, ready, ended } = start(['--home', home], { GEO_HUB_ENABLED: hub }, [small]);
        await ready();
        const command = await readFile(`/proc/${child.pid}/cmdline`, 'utf8');
        child.kill('SIGTERM');
        expect(await ended).toBe(0);
        return command.split('\0').filter((word) => word.startsWith('--max-semi-space-size'));
      };
      expect(await commandOf('false')).toEqual([small]);
      expect(await commandOf('true')).toEqual(['--max-semi-space-size=16']);
    },
  );

  it('obeys a signal that comes while it is still starting', async () => {
    const home = await newHome();
    // LevelDB begins a new log of its own whenever a store is opened. Its inode may be one used before.
    const opened = async () => (await stat(join(home, 'store', 'LOG'))).mtimeMs;
    const before = await opened();
    const { child, ended } = start(['--home', home]);
    await expect.poll(opened, { timeout: 15_000, interval: 5 }).not.toBe(before);
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });

  it('opens an encrypted key with a passphrase from a file or the environment', async () => {
    const file = join(root, 'passphrase');
    const home = await newHome('--passphrase-file', file);
    for (const node of [
      start(['--home', home, '--passphrase-file', file]),
      start(['--home', await newHome('--passphrase-file', file)], {
        GEO_PASSPHRASE: 'open sesame',
      }),
    ]) {
      await node.ready();
      node.child.kill('SIGTERM');
      expect(await node.ended).toBe(0);
    }
  });

  it('refuses what it cannot start with, and says what to do', async () => {
    const encrypted = await newHome('--passphrase-file', join(root, 'passphrase'));
    const plain = await newHome();
    const cases: [string[], Record<string, string>, string][] = [
      [['--home', join(root, 'nowhere')], {}, 'no_key'],
      [['--home', encrypted], {}, 'passphrase_needed'],
      [['--home', encrypted], { GEO_PASSPHRASE: 'wrong' }, 'wrong_passphrase'],
      [['--home', plain, '--set', 'api.port=99999', 'log.level=loud'], {}, 'bad_config'],
      [['--home', plain, '--config', join(root, 'missing.yaml')], {}, 'bad_config'],
    ];
    for (const [argv, env, fault] of cases) {
      const ended = await geo(['start', ...argv, '--json'], { env: { ...ALONE, ...env } });
      expect(ended.code).toBe(4);
      expect(JSON.parse(ended.out)).toMatchObject({ error: { details: { fault }, exit: 4 } });
    }
  });

  it('does not take a store that has gone for a new one', async () => {
    const home = await newHome();
    await rm(join(home, 'store'), { recursive: true });
    const refused = await geo(['start', '--home', home, '--json'], { env: ALONE });
    expect(refused.code).toBe(4);
    expect(JSON.parse(refused.out)).toMatchObject({
      error: { message: expect.stringContaining('geo restore'), details: { fault: 'no_store' } },
    });
    expect(existsSync(join(home, 'store'))).toBe(false);
  });

  it('leaves nothing open when its API port is taken', async () => {
    const home = await newHome();
    const other = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => other.once('listening', resolve));
    const address = other.address();
    const port = address !== null && typeof address === 'object' ? String(address.port) : '';
    const refused = await geo(['start', '--home', home, '--json'], {
      env: { ...ALONE, GEO_API_PORT: port },
    });
    other.close();
    expect(refused.code).toBe(4);
    expect(JSON.parse(refused.out)).toMatchObject({
      error: { details: { fault: 'api_port_taken' } },
    });
    const { child, ended, ready } = start(['--home', home]);
    await ready();
    child.kill('SIGTERM');
    expect(await ended).toBe(0);
  });
});
