/** Whole nodes that share processes: each with its own host, store and API, killed together, back together. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { BookRow } from '../../node/service/shapes.ts';
import { parsePid } from '../../protocol/identity/pid.ts';
import { readStoppedStore } from '../../simulations/testnet/stopped-store.ts';
import { Testnet } from '../../simulations/testnet/supervisor.ts';

let directory: string;
let net: Testnet;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'geo-workers-'));
  net = await Testnet.start({
    directory,
    participants: ['anna', 'boris', 'vira', 'dana'],
    processes: 2,
    seed: '7',
  });
});

afterAll(async () => {
  await net?.stop();
  await rm(directory, { recursive: true, force: true });
});

/** Books have no order of their own. */
function byPeer(books: readonly BookRow[]): BookRow[] {
  return books.toSorted((a, b) => a.peer.localeCompare(b.peer));
}

/** `from` lets `to` owe it 100, in their shared equivalent. */
async function trust(from: string, to: string): Promise<void> {
  const [owner, other] = [net.node(from), net.node(to)];
  for (const [one, two] of [
    [owner, other],
    [other, owner],
  ] as const) {
    await one.client.defineEquivalent({ code: 'UAH', precision: 2, metadata: {} });
    const { pid, addresses } = two.identity;
    await one.client.addContact({ name: two.participant, pid, address: addresses[0] ?? '' });
  }
  const line = { peer: other.identity.pid, equivalent: 'UAH', limit: '100.00' };
  await owner.client.setTrustLine(line);
  await vi.waitFor(async () => {
    const lines = [...(await owner.client.trustLines()), ...(await other.client.trustLines())];
    const ends = lines.filter(
      ({ peer, state }) =>
        state === 'COMMITTED' && [owner.identity.pid, other.identity.pid].includes(peer),
    );
    expect(ends).toHaveLength(2);
  }, 10_000);
}

describe('nodes that share processes', () => {
  it('have a process for two of them each, and ports, keys and stores of their own', () => {
    const { nodes } = net;
    expect(new Set(nodes.map((node) => node.process)).size).toBe(2);
    expect(net.node('anna').process).toBe(net.node('vira').process);
    for (const own of [
      nodes.map((node) => node.identity.pid),
      nodes.map((node) => node.home.storeDirectory),
      nodes.flatMap((node) => node.identity.addresses),
    ]) {
      expect(new Set(own).size).toBe(own.length);
    }
  });

  it('pay each other, within a process and across', async () => {
    await trust('vira', 'anna');
    await trust('boris', 'vira');
    const { client } = net.node('anna');
    const payment = { equivalent: 'UAH', amount: '12.34' };
    const inside = await client.pay({ ...payment, peer: net.node('vira').identity.pid });
    expect(inside).toMatchObject({ state: 'COMMITTED', reason: null });
    const across = await client.pay({ ...payment, peer: net.node('boris').identity.pid });
    expect(across).toMatchObject({ state: 'COMMITTED', reason: null });
    expect(across.routes[0]?.path).toHaveLength(3);
  });

  it('come back together after SIGKILL, with the books that they had', async () => {
    const books = async (id: string) => byPeer(await net.node(id).client.books());
    const before = { anna: await books('anna'), vira: await books('vira') };
    const addresses = net.node('anna').identity.addresses;
    expect(await net.kill('anna')).toEqual(['anna', 'vira']);
    await net.restart('vira');
    expect(await books('anna')).toEqual(before.anna);
    expect(await books('vira')).toEqual(before.vira);
    expect(net.node('anna').identity.addresses).toEqual(addresses);
  });

  it('leave in their stores the books and receipts that an auditor reads', async () => {
    const { home, identity, client } = net.node('vira');
    const books = byPeer(await client.books());
    expect(await net.stop()).toEqual([]);
    const [reading] = await readStoppedStore(home.storeDirectory, [parsePid(identity.pid)]);
    expect(byPeer(reading!.books)).toEqual(books);
    expect(reading!.receipts).toHaveLength(2);
    for (const { receipt } of reading!.receipts) expect(receipt.length).toBeGreaterThan(100);
  });
});
