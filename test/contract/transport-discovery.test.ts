/** Nodes that know one entrance, or only a relay, find each other and exchange frames. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  createLibp2pTransport,
  type Libp2pTransport,
  type Libp2pTransportOptions,
} from '../../node/transport/libp2p.ts';
import { peerIdOf } from '../../node/transport/peer-id.ts';
import { publicKeyFromSeed } from '../../protocol/identity/keys.ts';
import { type Pid, type PublicKey, pidFromPublicKey } from '../../protocol/identity/pid.ts';
import { seedOf, silentLog } from './transport-harness.ts';

interface Member {
  readonly key: PublicKey;
  readonly pid: Pid;
  readonly transport: Libp2pTransport;
  readonly texts: string[];
  readonly events: string[];
}

const members: Member[] = [];
afterEach(async () => {
  await Promise.all(members.splice(0).map(({ transport }) => transport.stop()));
});

async function join(name: string, options: Partial<Libp2pTransportOptions> = {}): Promise<Member> {
  const seed = seedOf(name);
  const key = publicKeyFromSeed(seed);
  const transport = await createLibp2pTransport({
    seed,
    listen: ['/ip4/127.0.0.1/tcp/0'],
    dht: false,
    mdns: false,
    log: silentLog,
    ...options,
  });
  const member: Member = { key, pid: pidFromPublicKey(key), transport, texts: [], events: [] };
  await transport.start({
    frame: (_, bytes) => member.texts.push(new TextDecoder().decode(bytes)),
    connected: () => member.events.push('connected'),
    disconnected: () => member.events.push('disconnected'),
  });
  members.push(member);
  return member;
}

const eventually = (check: () => void | Promise<void>) =>
  vi.waitFor(check, { timeout: 25_000, interval: 50 });
const bytesOf = (text: string) => new TextEncoder().encode(text);

describe('discovery by PID', () => {
  it('finds everyone from one entrance, and reaches them', { timeout: 60_000 }, async () => {
    const entrance = await join('entrance', { dht: true });
    const bootstrap = [entrance.transport.addresses()[0]!];
    const others: Member[] = [];
    for (let i = 0; i < 6; i += 1) others.push(await join(`member ${i}`, { dht: true, bootstrap }));
    for (const [i, from] of others.entries()) {
      const to = others[(i + 1) % others.length]!;
      await eventually(async () => {
        const found = await from.transport.resolve(to.pid);
        expect(found?.publicKey).toBe(to.key);
        expect(found?.addresses).toContain(to.transport.addresses()[0]);
      });
      from.transport.send(to.key, bytesOf(`to ${i}`));
    }
    await eventually(() => {
      for (const [i, from] of others.entries()) {
        expect(others[(i + 1) % others.length]!.texts).toEqual([`to ${i}`]);
        expect(from.events.length).toBeGreaterThan(0);
      }
    });
  });

  it('follows a peer to its new address', { timeout: 60_000 }, async () => {
    const entrance = await join('entrance', { dht: true });
    const bootstrap = [entrance.transport.addresses()[0]!];
    const a = await join('alice', { dht: true, bootstrap });
    const b = await join('bob', { dht: true, bootstrap });
    await eventually(async () => {
      expect((await a.transport.resolve(b.pid))?.publicKey).toBe(b.key);
    });
    a.transport.send(b.key, bytesOf('first'));
    await eventually(() => expect(b.texts).toEqual(['first']));
    await b.transport.stop();
    members.splice(members.indexOf(b), 1);
    const moved = await join('bob', { dht: true, bootstrap });
    await eventually(() => {
      a.transport.send(b.key, bytesOf('again'));
      expect(moved.texts).toContain('again');
    });
    expect(moved.transport.addresses()).not.toEqual(b.transport.addresses());
  });

  it('says nothing of a participant that never published', { timeout: 30_000 }, async () => {
    const entrance = await join('entrance', { dht: true });
    const a = await join('alice', { dht: true, bootstrap: [entrance.transport.addresses()[0]!] });
    await eventually(() => expect(a.transport.metrics().handshakes.outbound).toBe(1));
    const nobody = pidFromPublicKey(publicKeyFromSeed(seedOf('nobody')));
    expect(await a.transport.resolve(nobody)).toBeUndefined();
  });

  it('tells a node that another one runs with its key', { timeout: 30_000 }, async () => {
    const entrance = await join('entrance', { dht: true });
    const bootstrap = [entrance.transport.addresses()[0]!];
    const first = await join('alice', { dht: true, bootstrap, hubs: () => [entrance.pid] });
    const b = await join('bob', { dht: true, bootstrap });
    await eventually(async () => {
      expect((await b.transport.resolve(first.pid))?.hubs).toEqual([entrance.pid]);
    });
    const reports: unknown[] = [];
    await join('alice', { dht: true, bootstrap, onTwin: (error) => reports.push(error) });
    await eventually(() => expect(reports).toHaveLength(1));
    expect(reports[0]).toMatchObject({
      code: 'E008',
      details: { fault: 'key_in_use', address: first.transport.addresses()[0] },
    });
  });

  it('does not take its own earlier life for a twin', { timeout: 30_000 }, async () => {
    const entrance = await join('entrance', { dht: true });
    const bootstrap = [entrance.transport.addresses()[0]!];
    const first = await join('alice', { dht: true, bootstrap, hubs: () => [entrance.pid] });
    const b = await join('bob', { dht: true, bootstrap });
    await eventually(async () => {
      expect((await b.transport.resolve(first.pid))?.hubs).toEqual([entrance.pid]);
    });
    await first.transport.stop();
    members.splice(members.indexOf(first), 1);
    const reports: unknown[] = [];
    const hubs = () => [b.pid];
    await join('alice', { dht: true, bootstrap, hubs, onTwin: (error) => reports.push(error) });
    // The new record is published only after the old one was looked into.
    await eventually(async () => {
      expect((await b.transport.resolve(first.pid))?.hubs).toEqual([b.pid]);
    });
    expect(reports).toEqual([]);
  });

  it('names the hubs that serve a participant', { timeout: 30_000 }, async () => {
    const entrance = await join('entrance', { dht: true });
    const bootstrap = [entrance.transport.addresses()[0]!];
    await join('alice', { dht: true, bootstrap, hubs: () => [entrance.pid] });
    const b = await join('bob', { dht: true, bootstrap });
    const alice = pidFromPublicKey(publicKeyFromSeed(seedOf('alice')));
    await eventually(async () => {
      expect((await b.transport.resolve(alice))?.hubs).toEqual([entrance.pid]);
    });
  });
});

describe('relayed connections', () => {
  const payment = 'x'.repeat(700);

  it('carry frames between two that only know the relay', { timeout: 40_000 }, async () => {
    const relay = await join('relay', { relay: { serve: true } });
    const relayAddress = relay.transport.addresses()[0]!;
    const hidden = { listen: [], bootstrap: [relayAddress] };
    const a = await join('alice', { ...hidden, relay: { listen: true } });
    const b = await join('bob', { ...hidden, relay: { listen: true } });
    await eventually(() => {
      expect(a.transport.addresses()).toContain(
        `${relayAddress}/p2p-circuit/p2p/${peerIdOf(a.key)}`,
      );
    });
    b.transport.remember(a.key, [a.transport.addresses()[0]!]);
    b.transport.send(a.key, bytesOf(payment));
    await eventually(() => expect(a.texts).toEqual([payment]));
    a.transport.send(b.key, bytesOf(payment));
    await eventually(() => expect(b.texts).toEqual([payment]));
    expect(relay.texts).toEqual([]);
  });

  it('give way to a direct one', { timeout: 40_000 }, async () => {
    const relay = await join('relay', { relay: { serve: true } });
    const bootstrap = [relay.transport.addresses()[0]!];
    const a = await join('alice', { bootstrap, relay: { listen: true } });
    const b = await join('bob', { bootstrap, relay: { dial: true } });
    const relayed = () => a.transport.addresses().find((each) => each.includes('/p2p-circuit/'));
    await eventually(() => expect(relayed()).toBeDefined());
    expect(await b.transport.connect(relayed()!)).toBe(a.key);
    const direct = a.transport.addresses().find((each) => !each.includes('/p2p-circuit'));
    await b.transport.connect(direct!);
    await relay.transport.stop();
    b.transport.send(a.key, bytesOf(payment));
    await eventually(() => expect(a.texts).toEqual([payment]));
  });
});
