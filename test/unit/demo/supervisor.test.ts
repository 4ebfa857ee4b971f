import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { loadConfig } from '../../../config/load.ts';
import { Testnet, type TestnetOptions } from '../../../simulations/testnet/supervisor.ts';

const FAKE_NODE = fileURLToPath(new URL('fake-node.ts', import.meta.url));
const SUPERVISOR = new URL('../../../simulations/testnet/supervisor.ts', import.meta.url);

let directory: string;
let net: Testnet | undefined;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'geo-testnet-test-'));
});

afterEach(async () => {
  await net?.stop();
  net = undefined;
  await rm(directory, { recursive: true, force: true });
});

async function start(options: Partial<TestnetOptions>, behaviour = 'obedient'): Promise<Testnet> {
  net = await Testnet.start({
    directory,
    participants: ['anna', 'boris'],
    script: (homes) => [FAKE_NODE, behaviour, ...homes],
    ...options,
  });
  return net;
}

function isAlive(processId: number): boolean {
  try {
    return process.kill(processId, 0);
  } catch {
    return false;
  }
}

/** Real processes, each of which is seconds of work, on a machine that may have other work to do. */
const PATIENCE_MS = 90_000;

describe('a testnet', { timeout: PATIENCE_MS }, () => {
  it('starts one process per node and hands out clients', async () => {
    const { nodes } = await start({});
    expect(nodes.map((node) => node.participant)).toEqual(['anna', 'boris']);
    expect(new Set(nodes.map((node) => node.process)).size).toBe(2);
    for (const node of nodes) {
      expect(await node.client.identity()).toEqual(node.identity);
      expect((await stat(node.home.keyFile)).mode & 0o777).toBe(0o600);
      expect(loadConfig({ home: node.home.directory, env: {} }).network.dht).toBe(false);
    }
  });

  it('spreads nodes over the processes that it may use', async () => {
    const ready: number[] = [];
    const participants = ['a', 'b', 'c', 'd', 'e'];
    const { nodes } = await start({ participants, processes: 2, onReady: (n) => ready.push(n) });
    const shares = Map.groupBy(nodes, (node) => node.process);
    expect([...shares.values()].map((share) => share.length)).toEqual([3, 2]);
    expect(ready).toEqual([1, 2, 3, 4, 5]);
    expect(new Set(nodes.map((node) => node.identity.pid)).size).toBe(5);
  });

  it('makes the same keys from the same seed and others from none', async () => {
    const pids = async (name: string, seed?: string) => {
      const own = await start({ directory: join(directory, name), processes: 1, seed });
      const found = own.nodes.map((node) => node.identity.pid);
      await own.stop();
      return found;
    };
    const first = await pids('one', '42');
    expect(await pids('two', '42')).toEqual(first);
    expect(await pids('three')).not.toEqual(first);
  });

  it('kills a node without warning and starts it again on the ports it had', async () => {
    const running = await start({});
    const before = running.node('anna');
    const listenOf = () => loadConfig({ home: before.home.directory, env: {} }).listen;
    const ports = listenOf();
    expect(await running.kill('anna')).toEqual(['anna']);
    expect(running.isUp('anna')).toBe(false);
    expect(isAlive(before.process)).toBe(false);
    await expect(before.client.identity()).rejects.toMatchObject({ code: 'E007' });
    expect((await readFile(before.home.apiEndpointFile, 'utf8')).length).toBeGreaterThan(0);

    await running.restart('anna');
    const after = running.node('anna');
    expect(after.process).not.toBe(before.process);
    expect(await after.client.identity()).toEqual(before.identity);
    expect(listenOf()).toEqual(ports);
    // The system gives none of these to a connection that somebody makes meanwhile.
    for (const address of ports) expect(Number(address.split('/')[4])).toBeLessThan(32_768);
    expect(running.node('boris').process).not.toBe(after.process);
  });

  it('kills every node of a shared process together', async () => {
    const running = await start({ processes: 1 });
    expect(await running.kill('boris')).toEqual(['anna', 'boris']);
    await running.restart('anna');
    expect(running.isUp('boris')).toBe(true);
  });

  it('names the reason when a node does not start, and leaves nothing running', async () => {
    const failure = start({}, 'dies');
    await expect(failure).rejects.toMatchObject({
      code: 'E010',
      message: expect.stringContaining('the disk is on fire'),
    });
  });

  it('tells when a process ends by itself, but not when it is killed on purpose', async () => {
    const running = await start({});
    let died: unknown;
    running.death.catch((error: unknown) => {
      died = error;
    });
    await running.kill('anna');
    await running.restart('anna');
    expect(died).toBeUndefined();
    process.kill(running.node('boris').process, 'SIGKILL');
    await expect(running.death).rejects.toMatchObject({
      code: 'E010',
      details: { fault: 'node_died' },
    });
  });

  it('stops all processes and says which of them did not stop by themselves', async () => {
    const running = await start({});
    const processes = running.nodes.map((node) => node.process);
    await running.kill('boris');
    expect(await running.stop()).toEqual([]);
    expect(processes.filter(isAlive)).toEqual([]);
  });

  it('refuses to start anything once it was stopped', async () => {
    const running = await start({});
    await running.stop();
    await expect(running.restart('anna')).rejects.toMatchObject({ code: 'E008' });
  });

  it.each(['SIGKILL', 'SIGINT', 'exit'] as const)(
    'leaves no process behind when its supervisor ends by %s',
    async (ending) => {
      const script = `
        const { Testnet } = await import(${JSON.stringify(SUPERVISOR.href)});
        const net = await Testnet.start({
          directory: ${JSON.stringify(directory)},
          participants: ['anna', 'boris'],
          script: (homes) => [${JSON.stringify(FAKE_NODE)}, 'obedient', ...homes],
        });
        console.log(JSON.stringify(net.nodes.map((node) => node.process)));
        ${ending === 'exit' ? 'process.exit(1);' : 'setInterval(() => {}, 1000);'}
      `;
      const supervisor = spawn(process.execPath, ['--input-type=module', '--eval', script], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      const ended = once(supervisor, 'exit');
      const [line] = await once(supervisor.stdout, 'data');
      const processes: number[] = JSON.parse(String(line));
      expect(processes).toHaveLength(2);
      if (ending !== 'exit') supervisor.kill(ending);
      await ended;
      await vi.waitFor(() => expect(processes.filter(isAlive)).toEqual([]), 5_000);
    },
  );
});
