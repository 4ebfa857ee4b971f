/**
 * Strangers that flood, lie and do not read, each a process of its own, all at once against a real
 * daemon: what they use up is their own. Its neighbour pays it meanwhile, and it does not grow.
 */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Daemons } from './daemons.ts';

const HOSTILE = fileURLToPath(new URL('hostile-host.ts', import.meta.url));
const KINDS = ['flood', 'large', 'deaf', 'liar'] as const;
const PAYMENTS = 20;
/** The first burst is over by then. */
const SUSTAINED_MS = 2_000;
/** What a busy node without attackers holds (docs/PERFORMANCE.md), and half as much again. */
const RESIDENT_MB_MAX = 450;

class Hostile {
  readonly #process: ChildProcessWithoutNullStreams;
  #said = '';

  constructor(kind: string, address: string, pid: string) {
    // The others' machines are not this one: they get what computing is left over.
    const words = ['-n', '19', process.execPath, HOSTILE, kind, address, pid];
    this.#process = spawn('nice', words, { stdio: 'pipe' });
    this.#process.stdout.setEncoding('utf8').on('data', (text: string) => {
      this.#said += text;
    });
  }

  get attacks(): boolean {
    return this.#said.startsWith('attacking');
  }

  async end(): Promise<{ thrown: number; refused: number }> {
    const closed = new Promise((resolve) => this.#process.once('close', resolve));
    this.#process.stdin.end();
    await closed;
    return JSON.parse(this.#said.trim().split('\n').at(-1)!);
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }
}

describe('a node among hostile strangers', () => {
  let net: Daemons;
  let hostile: Hostile[] = [];

  beforeAll(async () => {
    net = await Daemons.start(['anna', 'boris']);
    await net.trust('boris>anna 100');
    await net.settle();
    expect(await net.pay('anna', 'boris', '1')).toMatchObject({ state: 'COMMITTED' });
  }, 120_000);
  afterAll(async () => {
    const { execSync } = await import('node:child_process');
    execSync(
      'rm -rf /tmp/keep/logs; mkdir -p /tmp/keep/logs; cp /tmp/geo-*/*.log /tmp/keep/logs/ 2>/dev/null || true',
    );
    for (const each of hostile) each.kill();
    await net?.stop();
  });

  it('is paid by its neighbour, refuses them, and keeps nothing of theirs', async () => {
    const { addresses, pid } = net.net.node('boris').identity;
    hostile = KINDS.map((kind) => new Hostile(kind, addresses[0]!, pid));
    await expect.poll(() => hostile.every((each) => each.attacks), { timeout: 60_000 }).toBe(true);
    await setTimeout(SUSTAINED_MS);
    for (let i = 0; i < PAYMENTS; i++) {
      expect(await net.pay('anna', 'boris', '0.10')).toMatchObject({ state: 'COMMITTED' });
    }
    if (process.platform === 'linux') {
      const status = await readFile(`/proc/${net.net.node('boris').process}/status`, 'utf8');
      const resident = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1_000;
      expect(resident).toBeLessThan(RESIDENT_MB_MAX);
    }
    const did = await Promise.all(hostile.map((each) => each.end()));
    for (const { thrown, refused } of did) {
      expect(thrown).toBeGreaterThan(0);
      expect(refused).toBeGreaterThan(0);
    }
    await net.settle();
    expect(await net.owes('anna', 'boris')).toBe('3.00');
    expect(await net.client('boris').books()).toHaveLength(1);
  }, 180_000);
});
