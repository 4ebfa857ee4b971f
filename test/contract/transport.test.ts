/** One suite for every adapter of the Transport port: what a node may rely on, whichever it is given. */
import { ed25519 } from '@noble/curves/ed25519.js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createLibp2pTransport } from '../../node/transport/libp2p.ts';
import { createMemoryNetwork } from '../../node/transport/memory.ts';
import { peerIdOf } from '../../node/transport/peer-id.ts';
import {
  type PublicKey,
  pidFromPublicKey,
  publicKeyFromBytes,
} from '../../protocol/identity/pid.ts';
import { FRAME_BYTES_MAX } from '../../protocol/limits.ts';
import {
  type PeerOptions,
  type Station,
  seedOf,
  silentLog,
  startStation,
  type TransportNetwork,
} from './transport-harness.ts';

const keyOf = (seed: Uint8Array): PublicKey => publicKeyFromBytes(ed25519.getPublicKey(seed));

function libp2pNetwork(name: string, defaultListen: string): TransportNetwork {
  return {
    name,
    keyOf,
    create: ({ seed, listen, deny }) =>
      createLibp2pTransport({
        seed,
        listen: [listen === undefined ? defaultListen : listen.replace(/\/p2p\/.*/, '')],
        ...(deny !== undefined && { deny }),
        dht: false,
        mdns: false,
        log: silentLog,
      }),
    deadAddress: (key) => `/ip4/127.0.0.1/tcp/1/p2p/${peerIdOf(key)}`,
  };
}

function memoryNetwork(): TransportNetwork {
  const network = createMemoryNetwork({
    now: () => Date.now(),
    after(delayMs, task) {
      const timer = setTimeout(task, delayMs);
      return () => clearTimeout(timer);
    },
    soon: (task) => void setImmediate(task),
  });
  return {
    name: 'memory',
    keyOf,
    create: async ({ seed, deny }) =>
      network.transport({ publicKey: keyOf(seed), ...(deny !== undefined && { deny }) }),
    deadAddress: (key) => `/memory/1/p2p/${peerIdOf(key)}`,
  };
}

describe.each([
  memoryNetwork(),
  libp2pNetwork('libp2p over TCP', '/ip4/127.0.0.1/tcp/0'),
  libp2pNetwork('libp2p over WebSocket', '/ip4/127.0.0.1/tcp/0/ws'),
])('Transport contract: $name', (network) => {
  const running: Station[] = [];

  async function station(name: string, options: Partial<PeerOptions> = {}): Promise<Station> {
    const started = await startStation(network, { seed: seedOf(name), ...options });
    running.push(started);
    return started;
  }

  /** Two that know each other's address but are not connected yet. */
  async function pair(): Promise<[Station, Station]> {
    const a = await station('alice');
    const b = await station('bob');
    a.transport.remember(b.key, [b.address()]);
    b.transport.remember(a.key, [a.address()]);
    return [a, b];
  }

  const until = (condition: () => boolean) =>
    vi.waitFor(() => expect(condition()).toBe(true), { timeout: 10_000, interval: 5 });

  const texts = (to: Station) => to.frames.map(({ bytes }) => new TextDecoder().decode(bytes));
  const bytesOf = (text: string) => new TextEncoder().encode(text);

  afterEach(async () => {
    await Promise.all(running.splice(0).map(({ transport }) => transport.stop()));
  });

  it('names its addresses with the identity at the end', async () => {
    const a = await station('alice');
    expect(a.transport.addresses().length).toBeGreaterThan(0);
    for (const address of a.transport.addresses()) {
      expect(address.endsWith(`/p2p/${peerIdOf(a.key)}`)).toBe(true);
    }
  });

  it('dials by a remembered address, and says from whom a frame came', async () => {
    const [a, b] = await pair();
    a.transport.send(b.key, bytesOf('hello'));
    await until(() => b.frames.length === 1);
    expect(texts(b)).toEqual(['hello']);
    expect(b.frames[0]!.from).toBe(a.key);
  });

  it('answers over the same connection, without knowing an address', async () => {
    const a = await station('alice');
    const b = await station('bob');
    expect(await a.transport.connect(b.address())).toBe(b.key);
    await until(() => b.events.length === 1);
    b.transport.send(a.key, bytesOf('back'));
    await until(() => a.frames.length === 1);
    expect(a.frames[0]!.from).toBe(b.key);
  });

  it('reports connected and disconnected once for each change', async () => {
    const [a, b] = await pair();
    await a.transport.connect(b.address());
    await a.transport.connect(b.address());
    for (let i = 0; i < 20; i += 1) a.transport.send(b.key, bytesOf(`${i}`));
    await until(() => b.frames.length === 20);
    expect(a.events).toEqual([`connected ${b.key}`]);
    expect(b.events).toEqual([`connected ${a.key}`]);
    expect(a.transport.peers()).toMatchObject([
      { publicKey: b.key, connected: true, direction: 'outbound' },
    ]);
    await b.transport.stop();
    await until(() => a.events.length === 2);
    expect(a.events[1]).toBe(`disconnected ${b.key}`);
    expect(a.transport.peers()).toMatchObject([{ publicKey: b.key, connected: false }]);
    // One's own end is no news.
    expect(b.events).toEqual([`connected ${a.key}`]);
  });

  it('keeps the order of frames on one connection', async () => {
    const [a, b] = await pair();
    await a.transport.connect(b.address());
    const sent = Array.from({ length: 500 }, (_, i) => `${i}`.padStart(1 + (i % 90), '.'));
    for (const text of sent) a.transport.send(b.key, bytesOf(text));
    await until(() => b.frames.length === sent.length);
    expect(texts(b)).toEqual(sent);
  });

  it('delivers a burst of 10,000 frames', async () => {
    const [a, b] = await pair();
    const frame = new Uint8Array(400);
    for (let i = 0; i < 10_000; i += 1) {
      const copy = frame.slice();
      new DataView(copy.buffer).setUint32(0, i);
      a.transport.send(b.key, copy);
    }
    await until(() => b.frames.length === 10_000);
    const order = b.frames.map(({ bytes }) =>
      new DataView(bytes.buffer, bytes.byteOffset).getUint32(0),
    );
    expect(order).toEqual(Array.from({ length: 10_000 }, (_, i) => i));
  });

  it('carries the largest frame, and refuses a larger or an empty one without harm', async () => {
    const [a, b] = await pair();
    const largest = new Uint8Array(FRAME_BYTES_MAX).map((_, i) => i % 251);
    a.transport.send(b.key, new Uint8Array(FRAME_BYTES_MAX + 1));
    a.transport.send(b.key, new Uint8Array(0));
    for (let i = 0; i < 20; i += 1) a.transport.send(b.key, largest);
    a.transport.send(b.key, bytesOf('last'));
    await until(() => b.frames.length === 21);
    for (let i = 0; i < 20; i += 1) {
      expect(Buffer.compare(b.frames[i]!.bytes, largest)).toBe(0);
    }
    expect(new TextDecoder().decode(b.frames[20]!.bytes)).toBe('last');
  });

  it('hands out frames that stay as they are', async () => {
    const [a, b] = await pair();
    const buffer = bytesOf('first');
    a.transport.send(b.key, buffer);
    await until(() => b.frames.length === 1);
    for (let i = 0; i < 200; i += 1) a.transport.send(b.key, bytesOf(`filler ${i}`));
    await until(() => b.frames.length === 201);
    expect(texts(b)[0]).toBe('first');
  });

  it('survives sending to a peer that nobody knows, and one that is not there', async () => {
    const [a, b] = await pair();
    const nobody = keyOf(seedOf('nobody'));
    const absent = keyOf(seedOf('absent'));
    a.transport.remember(absent, [network.deadAddress(absent)]);
    for (let i = 0; i < 100; i += 1) {
      a.transport.send(nobody, bytesOf('?'));
      a.transport.send(absent, bytesOf('?'));
      a.transport.send(a.key, bytesOf('to myself'));
    }
    a.transport.send(b.key, bytesOf('still here'));
    await until(() => b.frames.length === 1);
    expect(a.frames).toEqual([]);
    expect(a.events).toEqual([`connected ${b.key}`]);
  });

  it('lets dials cross, and delivers what both sent', async () => {
    const [a, b] = await pair();
    for (let i = 0; i < 50; i += 1) {
      a.transport.send(b.key, bytesOf(`a${i}`));
      b.transport.send(a.key, bytesOf(`b${i}`));
    }
    await until(() => a.frames.length === 50 && b.frames.length === 50);
    expect(new Set(texts(a))).toEqual(new Set(Array.from({ length: 50 }, (_, i) => `b${i}`)));
    expect(new Set(texts(b))).toEqual(new Set(Array.from({ length: 50 }, (_, i) => `a${i}`)));
    expect(a.events).toEqual([`connected ${b.key}`]);
    expect(b.events).toEqual([`connected ${a.key}`]);
  });

  it('finds a peer again after it restarted', async () => {
    const [a, b] = await pair();
    await a.transport.connect(b.address());
    const listen = b.address();
    await b.transport.stop();
    await until(() => a.events.includes(`disconnected ${b.key}`));
    const again = await station('bob', { listen });
    // Best effort: a node repeats what matters until it is answered.
    await vi.waitFor(
      () => {
        a.transport.send(b.key, bytesOf('are you back?'));
        expect(again.frames.length).toBeGreaterThan(0);
      },
      { timeout: 10_000, interval: 50 },
    );
    expect(again.events[0]).toBe(`connected ${a.key}`);
    expect(a.events.at(-1)).toBe(`connected ${b.key}`);
  });

  it('delivers what is queued before it stops', async () => {
    const [a, b] = await pair();
    await a.transport.connect(b.address());
    for (let i = 0; i < 2_000; i += 1) a.transport.send(b.key, new Uint8Array(1_000).fill(i % 256));
    await a.transport.stop();
    await until(() => b.frames.length === 2_000);
    await until(() => b.events.includes(`disconnected ${a.key}`));
  });

  it('delivers even what was queued for a peer that it had yet to dial', async () => {
    const [a, b] = await pair();
    for (let i = 0; i < 10; i += 1) a.transport.send(b.key, bytesOf(`${i}`));
    await a.transport.stop();
    await until(() => b.frames.length === 10);
  });

  it('is silent once it has stopped', async () => {
    const [a, b] = await pair();
    await a.transport.connect(b.address());
    await a.transport.stop();
    a.transport.send(b.key, bytesOf('too late'));
    await until(() => b.events.includes(`disconnected ${a.key}`));
    expect(b.frames).toEqual([]);
  });

  it('keeps denied peers out, whoever dials', async () => {
    const intruder = keyOf(seedOf('intruder'));
    const a = await station('alice', { deny: [pidFromPublicKey(intruder)] });
    const other = await station('intruder');
    await expect(a.transport.connect(other.address())).rejects.toMatchObject({
      code: 'E006',
      details: { fault: 'peer_denied' },
    });
    await expect(other.transport.connect(a.address())).rejects.toMatchObject({
      code: 'E007',
      details: { fault: 'unreachable' },
    });
    other.transport.remember(a.key, [a.address()]);
    other.transport.send(a.key, bytesOf('let me in'));
    a.transport.send(other.key, bytesOf('no'));
    const b = await station('bob');
    await b.transport.connect(a.address());
    await until(() => a.events.length > 0);
    expect(a.events).toEqual([`connected ${b.key}`]);
    expect(a.frames).toEqual([]);
    expect(other.frames).toEqual([]);
  });

  it('says why an address does not lead to a peer', async () => {
    const a = await station('alice');
    const absent = keyOf(seedOf('absent'));
    await expect(a.transport.connect('not an address')).rejects.toMatchObject({
      code: 'E009',
      details: { fault: 'bad_address' },
    });
    await expect(a.transport.connect(network.deadAddress(absent))).rejects.toMatchObject({
      code: 'E007',
      details: { fault: 'unreachable' },
    });
    await expect(a.transport.connect(a.address())).rejects.toMatchObject({
      code: 'E009',
      details: { fault: 'bad_address' },
    });
  });
});
