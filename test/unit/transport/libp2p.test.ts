/** What only the libp2p adapter can get wrong: hostile streams, wrong answers, private networks. */

import { noise } from '@chainsafe/libp2p-noise';
import { generateKeyPair, generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { identify } from '@libp2p/identify';
import type { Stream } from '@libp2p/interface';
import { ping } from '@libp2p/ping';
import { tcp } from '@libp2p/tcp';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { ed25519 } from '@noble/curves/ed25519.js';
import { createLibp2p, type Libp2p } from 'libp2p';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { encodeFrames } from '../../../node/transport/frames.ts';
import {
  createLibp2pTransport,
  type Libp2pTransport,
  type Libp2pTransportOptions,
} from '../../../node/transport/libp2p.ts';
import { peerIdOf } from '../../../node/transport/peer-id.ts';
import {
  type PublicKey,
  pidFromPublicKey,
  publicKeyFromBytes,
} from '../../../protocol/identity/pid.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };
const seed = (n: number) => new Uint8Array(32).fill(n);
const keyOf = (n: number): PublicKey => publicKeyFromBytes(ed25519.getPublicKey(seed(n)));

interface Started {
  transport: Libp2pTransport;
  frames: Uint8Array[];
  events: string[];
}

const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(endings.splice(0).map((end) => end()));
});

async function start(n: number, options: Partial<Libp2pTransportOptions> = {}): Promise<Started> {
  const transport = await createLibp2pTransport({
    seed: seed(n),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    dht: false,
    mdns: false,
    log,
    ...options,
  });
  const started: Started = { transport, frames: [], events: [] };
  await transport.start({
    frame: (_, bytes) => started.frames.push(bytes),
    connected: (peer) => started.events.push(`connected ${peer}`),
    disconnected: (peer) => started.events.push(`disconnected ${peer}`),
  });
  endings.push(() => transport.stop());
  return started;
}

/** A libp2p host that keeps to no rule of ours. */
async function rawHost(n: number | 'secp256k1'): Promise<Libp2p> {
  const host = await createLibp2p({
    privateKey:
      n === 'secp256k1'
        ? await generateKeyPair('secp256k1')
        : await generateKeyPairFromSeed('Ed25519', seed(n)),
    addresses: { listen: ['/ip4/127.0.0.1/tcp/0'] },
    transports: [tcp()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    services: { identify: identify(), ping: ping() },
  });
  endings.push(async () => host.stop());
  return host;
}

const rawStream = (host: Libp2p, to: Libp2pTransport): Promise<Stream> =>
  host.dialProtocol(multiaddr(to.addresses()[0]!), '/geo/0.1.0');

const until = (condition: () => boolean) =>
  vi.waitFor(() => expect(condition()).toBe(true), { timeout: 8_000, interval: 5 });

describe('libp2p transport', () => {
  it('refuses an address at which someone else answers', async () => {
    const a = await start(1);
    const b = await start(2);
    const address = b.transport.addresses()[0]!.replace(/p2p\/.*/, `p2p/${peerIdOf(keyOf(3))}`);
    await expect(a.transport.connect(address)).rejects.toMatchObject({
      code: 'E005',
      details: { fault: 'wrong_peer' },
    });
    expect(a.events).toEqual([]);
  });

  it('reaches by WebSocket, without listening on one, who listens on nothing else', async () => {
    const alice = await start(1);
    const bob = await start(2, { listen: ['/ip4/127.0.0.1/tcp/0/ws'] });
    expect(await alice.transport.connect(bob.transport.addresses()[0]!)).toBe(keyOf(2));
    alice.transport.send(keyOf(2), new Uint8Array([7]));
    await until(() => bob.frames.length === 1);
  });

  it('refuses to speak with a host that does not know the protocol', async () => {
    const a = await start(1);
    const host = await rawHost(2);
    await expect(a.transport.connect(host.getMultiaddrs()[0]!.toString())).rejects.toMatchObject({
      code: 'E007',
      details: { fault: 'unreachable', reason: 'protocol' },
    });
  });

  it('lets nobody in whose identity is not an Ed25519 key', async () => {
    const a = await start(1);
    const host = await rawHost('secp256k1');
    await expect(rawStream(host, a.transport)).rejects.toThrow();
    expect(a.transport.metrics().refused.by_list).toBeGreaterThan(0);
    expect(a.events).toEqual([]);
  });

  it('lets in only those on the allow list', async () => {
    const a = await start(1, { allow: [pidFromPublicKey(keyOf(2))] });
    const b = await start(2);
    const c = await start(3);
    const address = a.transport.addresses()[0]!;
    await expect(c.transport.connect(address)).rejects.toMatchObject({ code: 'E007' });
    expect(await b.transport.connect(address)).toBe(keyOf(1));
    await until(() => a.events.length === 1);
    expect(a.events).toEqual([`connected ${keyOf(2)}`]);
  });

  it('cuts off a peer that breaks the framing, and stays up', async () => {
    const a = await start(1);
    const host = await rawHost(2);
    const stream = await rawStream(host, a.transport);
    stream.send(encodeFrames([new Uint8Array([1])]));
    stream.send(new Uint8Array(1000).fill(255));
    await until(() => a.events.length === 2);
    expect(a.frames).toEqual([new Uint8Array([1])]);
    expect(a.events[1]).toBe(`disconnected ${keyOf(2)}`);
    expect(a.transport.metrics().refused.by_bad_frame).toBe(1);
    const b = await start(3);
    expect(await b.transport.connect(a.transport.addresses()[0]!)).toBe(keyOf(1));
  });

  it('drops what is over the rate, then disconnects and refuses the flooding peer only', async () => {
    const rates = {
      frames: { perSecond: 1, burst: 50 },
      bytes: { perSecond: 1e6, burst: 1e6 },
    };
    const a = await start(1, {
      limits: { stranger: rates, breaches: { perSecond: 0, burst: 20 }, penaltyMs: 60_000 },
    });
    const honest = await start(3);
    await honest.transport.connect(a.transport.addresses()[0]!);
    const host = await rawHost(2);
    const stream = await rawStream(host, a.transport);
    stream.send(encodeFrames(Array.from({ length: 200 }, () => new Uint8Array([1]))));
    await until(() => a.events.includes(`disconnected ${keyOf(2)}`));
    expect(a.frames).toHaveLength(50);
    expect(a.transport.metrics().dropped.over_peer_rate).toBe(21);
    await until(() => host.getConnections().length === 0);
    await expect(rawStream(host, a.transport)).rejects.toThrow();
    expect(a.transport.metrics().refused.by_penalty).toBe(1);
    honest.transport.send(keyOf(1), new Uint8Array([2]));
    await until(() => a.frames.length === 51);
  });

  it('drops what strangers send once they made it compute enough, and serves the known', async () => {
    const a = await createLibp2pTransport({
      seed: seed(1),
      listen: ['/ip4/127.0.0.1/tcp/0'],
      dht: false,
      mdns: false,
      log,
      limits: { strangersCpuMs: { perSecond: 0, burst: 5 } },
    });
    endings.push(() => a.stop());
    const served: PublicKey[] = [];
    const frame = (from: PublicKey) => {
      served.push(from);
      const begin = process.threadCpuUsage();
      while (process.threadCpuUsage(begin).user < 20_000);
    };
    await a.start({ frame, connected: () => undefined, disconnected: () => undefined });
    a.remember(keyOf(3), []);
    const [stranger, friend] = [await start(2), await start(3)];
    for (const { transport } of [stranger, friend]) {
      await transport.connect(a.addresses()[0]!);
      for (let i = 0; i < 3; i += 1) transport.send(keyOf(1), new Uint8Array([i]));
    }
    await until(() => served.length === 4 && a.metrics().dropped.over_strangers_rate === 2);
    expect(served.filter((from) => from === keyOf(2))).toHaveLength(1);
  });

  it('lets only so many strangers hold a stream, and always the known', async () => {
    const a = await start(1, { limits: { strangers: 2 } });
    const address = a.transport.addresses()[0]!;
    for (const n of [2, 3])
      expect(await (await start(n)).transport.connect(address)).toBe(keyOf(1));
    await until(() => a.events.length === 2);
    const late = await start(4);
    await late.transport.connect(address).catch(() => undefined);
    await until(() => a.transport.metrics().refused.by_stranger_count > 0);
    a.transport.remember(keyOf(5), []);
    const friend = await start(5);
    await friend.transport.connect(address);
    await until(() => a.events.length === 3);
    expect(a.events[2]).toBe(`connected ${keyOf(5)}`);
  });

  it('lets one peer hold only so many streams', async () => {
    const a = await start(1, { limits: { streamsPerPeer: 2 } });
    const host = await rawHost(2);
    const connection = await host.dial(multiaddr(a.transport.addresses()[0]!));
    const streams: (Stream | undefined)[] = [];
    for (let i = 0; i < 4; i += 1) {
      streams.push(await connection.newStream('/geo/0.1.0').catch(() => undefined));
    }
    await until(() => streams.filter((stream) => stream?.status === 'open').length === 2);
  });

  it('disconnects a stranger that stays silent', async () => {
    const a = await start(1, { limits: { strangerIdleMs: 200 } });
    const b = await start(2);
    await b.transport.connect(a.transport.addresses()[0]!);
    await until(() => a.events.includes(`disconnected ${keyOf(2)}`));
    await until(() => b.events.includes(`disconnected ${keyOf(1)}`));
  });

  it('drops what exceeds the queue of a peer that does not read, and counts it', async () => {
    const a = await start(1, { limits: { queueBytesPerPeer: 1_000_000 } });
    const host = await rawHost(2);
    const stream = await rawStream(host, a.transport);
    stream.pause();
    await until(() => a.events.length === 1);
    for (let i = 0; i < 300; i += 1) a.transport.send(keyOf(2), new Uint8Array(60_000));
    const { dropped, frames } = a.transport.metrics();
    expect(dropped.queue_full).toBeGreaterThan(200);
    expect(frames.out + dropped.queue_full).toBeLessThanOrEqual(300);
    // What was accepted is kept until the peer reads.
    let readBytes = 0;
    stream.addEventListener('message', ({ data }) => {
      readBytes += data.byteLength;
    });
    stream.resume();
    await until(() => readBytes === (300 - dropped.queue_full) * 60_004);
    expect(a.events).toEqual([`connected ${keyOf(2)}`]);
  });

  it('stops as soon as the peer has read everything', async () => {
    const a = await start(1, { limits: { stopTimeoutMs: 3_600_000 } });
    const b = await start(2);
    await a.transport.connect(b.transport.addresses()[0]!);
    for (let i = 0; i < 100; i += 1) a.transport.send(keyOf(2), new Uint8Array(60_000));
    await a.transport.stop();
    expect(b.frames).toHaveLength(100);
  });

  it('stops in bounded time even if a peer does not read', async () => {
    const a = await start(1, { limits: { stopTimeoutMs: 300 } });
    const host = await rawHost(2);
    const stream = await rawStream(host, a.transport);
    stream.pause();
    await until(() => a.events.length === 1);
    for (let i = 0; i < 50; i += 1) a.transport.send(keyOf(2), new Uint8Array(60_000));
    // Without the bound this would wait for ever.
    await a.transport.stop();
    expect(a.transport.peers()).toEqual([]);
  });

  it('connects only within a network of the same pre-shared key', async () => {
    const one = '11'.repeat(32);
    const a = await start(1, { presharedKey: one });
    const b = await start(2, { presharedKey: one });
    const outsider = await start(3, { presharedKey: '22'.repeat(32) });
    const address = a.transport.addresses()[0]!;
    expect(await b.transport.connect(address)).toBe(keyOf(1));
    await expect(outsider.transport.connect(address)).rejects.toMatchObject({ code: 'E007' });
  });

  it('finds its bootstrap peer, also one that comes up later', async () => {
    const first = await start(2);
    const address = first.transport.addresses()[0]!;
    await first.transport.stop();
    const a = await start(1, { bootstrap: [address] });
    const again = await start(2, { listen: [address.replace(/\/p2p\/.*/, '')] });
    await until(() => again.transport.metrics().handshakes.inbound === 1);
    expect(a.transport.metrics().handshakes.outbound).toBe(1);
  });

  it('goes on when the node fails to handle a frame', async () => {
    const b = await start(2);
    const got: number[] = [];
    const errors: object[] = [];
    const clumsy = await createLibp2pTransport({
      seed: seed(1),
      listen: ['/ip4/127.0.0.1/tcp/0'],
      dht: false,
      mdns: false,
      log: { ...log, error: (fields) => errors.push(fields) },
    });
    endings.push(() => clumsy.stop());
    await clumsy.start({
      frame(_, bytes) {
        got.push(bytes[0]!);
        if (bytes[0] === 1) throw new Error('a mistake');
      },
      connected: () => undefined,
      disconnected: () => undefined,
    });
    await b.transport.connect(clumsy.addresses()[0]!);
    for (const n of [0, 1, 2]) b.transport.send(keyOf(1), new Uint8Array([n]));
    await until(() => got.length === 3);
    expect(got).toEqual([0, 1, 2]);
    expect(errors).toMatchObject([{ err: { message: 'a mistake' } }]);
  });

  it('puts many frames into few writes', async () => {
    const a = await start(1);
    const b = await start(2);
    await a.transport.connect(b.transport.addresses()[0]!);
    for (let i = 0; i < 1600; i += 1) a.transport.send(keyOf(2), new Uint8Array(100));
    await until(() => b.frames.length === 1600);
    const { writes, frames, bytes } = a.transport.metrics();
    expect({ writes, frames, bytes }).toEqual({
      writes: 100,
      frames: { in: 0, out: 1600 },
      bytes: { in: 0, out: 160_000 },
    });
  });

  it('says what is wrong with its settings', async () => {
    const bad = (options: Partial<Libp2pTransportOptions>) => start(1, options);
    await expect(bad({ seed: new Uint8Array(31) })).rejects.toMatchObject({
      details: { fault: 'bad_seed' },
    });
    await expect(bad({ listen: ['here'] })).rejects.toMatchObject({
      details: { fault: 'bad_address' },
    });
    await expect(bad({ bootstrap: ['there'] })).rejects.toMatchObject({
      details: { fault: 'bad_address' },
    });
    await expect(bad({ presharedKey: 'secret' })).rejects.toMatchObject({
      details: { fault: 'bad_preshared_key' },
    });
    const a = await start(1);
    const taken = a.transport.addresses()[0]!.replace(/\/p2p\/.*/, '');
    await expect(start(2, { listen: [taken] })).rejects.toMatchObject({
      code: 'E008',
      details: { fault: 'listen_failed' },
    });
  });
});
