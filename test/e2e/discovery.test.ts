/** Twelve processes that know one address between them find each other by PID, and pay. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../simulations/testnet/at-once.ts';
import { Testnet, type TestnetNode } from '../../simulations/testnet/supervisor.ts';

const GEO = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const NAMES = Array.from({ length: 12 }, (_, i) => `n${i}`);
/** Lookups in a DHT of strangers on a busy machine. */
const FOUND_MS = 90_000;
const POLL_MS = 200;

function start(bootstrap: string | undefined) {
  const flags = ['--set', 'network.dht=true'];
  if (bootstrap !== undefined) flags.push('--set', `bootstrap=${bootstrap}`);
  return (homes: readonly string[]) => [GEO, 'start', '--home', homes[0]!, ...flags];
}

describe('twelve nodes with one address between them', () => {
  const nets: Testnet[] = [];
  let directory = '';

  const node = (i: number): TestnetNode => nets[i === 0 ? 0 : 1]!.node(NAMES[i]!);
  const linesOf = async (i: number) =>
    (await node(i).client.trustLines()).map((line) => line.state);

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'geo-discovery-'));
    const [entrance, ...others] = NAMES;
    const first = join(directory, 'first');
    nets.push(
      await Testnet.start({
        directory: first,
        participants: [entrance!],
        script: start(undefined),
      }),
    );
    const address = node(0).identity.addresses[0]!;
    const rest = join(directory, 'rest');
    nets.push(
      await Testnet.start({ directory: rest, participants: others, script: start(address) }),
    );
  }, 120_000);

  afterAll(async () => {
    for (const net of nets) await net.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it('open trust by PID alone, along a line, and pay over several hops', async () => {
    for (const i of NAMES.keys()) {
      await node(i).client.defineEquivalent({ code: 'UAH', precision: 2, metadata: {} });
    }
    // Each trusts the one before it, knowing nothing but the PID.
    for (let i = 1; i < NAMES.length; i++) {
      const peer = node(i - 1).identity.pid;
      await node(i).client.setTrustLine({ peer, equivalent: 'UAH', limit: '100' });
    }
    for (let i = 0; i < NAMES.length; i++) {
      const expected = i === 0 || i === NAMES.length - 1 ? 1 : 2;
      const settled = async () => {
        const states = await linesOf(i);
        const done = states.filter((state) => state === 'COMMITTED').length;
        return done === expected || undefined;
      };
      expect(await eventually(FOUND_MS, POLL_MS, settled)).toBe(true);
    }
    const pay = (from: number, to: number, amount: string) =>
      node(from).client.pay({
        peer: node(to).identity.pid,
        equivalent: 'UAH',
        amount,
        max_hops: 10,
      });
    expect(await pay(0, 4, '7.50')).toMatchObject({ state: 'COMMITTED' });
    expect(await pay(3, 11, '2.25')).toMatchObject({ state: 'COMMITTED' });
    const [book] = await node(11).client.books();
    expect(book?.balance).toBe('2.25');
  }, 240_000);
});
