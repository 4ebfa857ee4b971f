/**
 * Participants whom nobody can dial pay each other through relays, one of which is killed in the
 * middle: every payment is decided, the books agree, and paying goes on over another relay.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../../simulations/testnet/at-once.ts';
import { Testnet } from '../../simulations/testnet/supervisor.ts';

const GEO = fileURLToPath(new URL('../../cli/main.ts', import.meta.url));
const HIDDEN = ['anna', 'boris', 'cyril'];
/** Lookups, reservations and dials of strangers on a busy machine. */
const FOUND_MS = 90_000;
const POLL_MS = 200;
const PAYMENTS = 24;

const start =
  (...settings: readonly string[]) =>
  (homes: readonly string[]) => [
    GEO,
    'start',
    '--home',
    homes[0]!,
    ...settings.flatMap((setting) => ['--set', setting]),
  ];

describe('participants behind relays', () => {
  const nets: Testnet[] = [];
  let directory = '';
  const node = (name: string) => nets[1]!.node(name);

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'geo-relay-'));
    nets.push(
      await Testnet.start({
        directory: join(directory, 'relays'),
        participants: ['first', 'second'],
        script: start('network.dht=true', 'hub.enabled=true'),
      }),
    );
    const entrances = nets[0]!.nodes.map(({ identity }) => identity.addresses[0]!).join(',');
    // Until the first one dies there is no other way between the hidden ones.
    await nets[0]!.kill('second');
    nets.push(
      await Testnet.start({
        directory: join(directory, 'hidden'),
        participants: HIDDEN,
        script: start(
          'listen=',
          `bootstrap=${entrances}`,
          'network.dht=true',
          'network.relay_client=true',
        ),
      }),
    );
  }, 180_000);

  afterAll(async () => {
    for (const net of nets) await net.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const pay = (amount: string) =>
    node('anna').client.pay({
      peer: node('cyril').identity.pid,
      equivalent: 'UAH',
      amount,
      timeout_ms: 20_000,
    });
  const settled = (name: string) => async () => {
    const { attempts_live, outbox, edges_not_compared } = await node(name).client.status();
    return attempts_live + outbox + edges_not_compared === 0 || undefined;
  };

  it('pay, lose a relay in the middle of it, and pay on', async () => {
    for (const name of HIDDEN) {
      const { client } = node(name);
      await client.defineEquivalent({ code: 'UAH', precision: 2, metadata: {} });
      const reachable = async () => {
        const { addresses } = await client.identity();
        return addresses.some((address) => address.includes('/p2p-circuit/')) || undefined;
      };
      expect(await eventually(FOUND_MS, POLL_MS, reachable)).toBe(true);
      expect((await client.identity()).addresses.every((a) => a.includes('/p2p-circuit'))).toBe(
        true,
      );
    }
    for (const [from, to] of [
      ['boris', 'anna'],
      ['cyril', 'boris'],
    ] as const) {
      const line = { peer: node(to).identity.pid, equivalent: 'UAH', limit: '1000' };
      await node(from).client.setTrustLine(line);
    }
    for (const name of HIDDEN) {
      expect(await eventually(FOUND_MS, POLL_MS, settled(name))).toBe(true);
    }
    expect((await pay('1')).state).toBe('COMMITTED');

    const paying = Array.from({ length: PAYMENTS }, async (_, i) => {
      if (i !== PAYMENTS / 2) return await pay('0.10');
      await nets[0]!.kill('first');
      const last = pay('0.10');
      await nets[0]!.restart('second');
      return await last;
    });
    const ended = await Promise.all(paying);
    for (const name of HIDDEN) {
      expect(await eventually(FOUND_MS, POLL_MS, settled(name))).toBe(true);
    }
    const again = async () => (await pay('2')).state === 'COMMITTED' || undefined;
    expect(await eventually(FOUND_MS, POLL_MS, again)).toBe(true);
    for (const name of HIDDEN) {
      expect(await eventually(FOUND_MS, POLL_MS, settled(name))).toBe(true);
    }

    // What a caller was told may have been "not decided yet"; the record says how it ended.
    const ends = await Promise.all(
      ended.map(async ({ tx_id }) => (await node('anna').client.transaction(tx_id)).state),
    );
    expect(ends.filter((state) => state !== 'COMMITTED' && state !== 'ABORTED')).toEqual([]);
    const committed = ends.filter((state) => state === 'COMMITTED').length;
    const [book] = await node('cyril').client.books();
    const [first] = await node('anna').client.books();
    expect(book?.balance).toBe((3 + committed / 10).toFixed(2));
    expect(first?.balance).toBe(`-${book?.balance}`);
  }, 300_000);
});
