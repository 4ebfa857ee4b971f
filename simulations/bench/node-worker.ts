/** `node node-worker.ts HOME`: one whole node without its HTTP door, with counted ports, under orders over IPC. */
import { Session } from 'node:inspector/promises';
import { loadConfig } from '../../config/load.ts';
import { softwareVersion } from '../../config/version.ts';
import { createHome } from '../../node/home/home.ts';
import { openKeyFile } from '../../node/home/keyring.ts';
import { createNode, type Node } from '../../node/node.ts';
import { nativeVerify, opensslVerifyAside } from '../../node/platform/native-ed25519.ts';
import { createLog, realClock, realEntropy } from '../../node/platform/platform.ts';
import type { Store } from '../../node/ports.ts';
import type { PayRequest } from '../../node/service/shapes.ts';
import { keys, rangeOf, tailOf } from '../../node/store/keys.ts';
import { openLevelStore } from '../../node/store/level/level.ts';
import { AttemptRecord, decodeRecord } from '../../node/store/records.ts';
import { createLibp2pTransport } from '../../node/transport/libp2p.ts';
import { transportOptions } from '../../node/transport-options.ts';
import type { Hash } from '../../protocol/identity/pid.ts';
import { openNote } from '../../protocol/identity/sealed-note.ts';
import { serve } from '../worker-process.ts';
import { collectGarbage } from './collect.ts';
import { keepInFlight, type Load } from './load.ts';
import type { Specimens } from './meter.ts';
import { Meter } from './meter.ts';
import { type Fill, fillStore } from './prepared-store.ts';

/** How long payments may take before they count as failed, ms. */
const PAYMENT_MS = 30_000;

const IN_DOUBT = new Set(['DOUBT', 'WITHDRAWN', 'DECIDED']);

const meter = new Meter();
const profiler = new Session();

async function open(directory: string, store: Store): Promise<Node> {
  const config = loadConfig({ home: directory });
  const { seed, signer } = await openKeyFile(directory);
  const log = createLog({ level: 'error' });
  const ports = meter.metered({
    clock: realClock,
    entropy: realEntropy,
    signer,
    verify: nativeVerify,
    verifyAside: opensslVerifyAside,
    openNote: (sealed, aad) => openNote(sealed, seed, aad),
    store,
    transport: await createLibp2pTransport(await transportOptions(config, seed, log)),
    log,
  });
  const node = createNode({ ...config, version: softwareVersion() }, ports);
  await node.start();
  return node;
}

async function oldestDoubtMs(store: Store): Promise<number> {
  let oldest = Date.now();
  for await (const [key] of store.scan(rangeOf('live'))) {
    const value = store.get(keys.attempt(tailOf(key) as Hash));
    const attempt = value && decodeRecord(AttemptRecord, value);
    // It may have ended while this was looking.
    if (attempt !== undefined && IN_DOUBT.has(attempt.phase)) {
      oldest = Math.min(oldest, attempt.started);
    }
  }
  return Date.now() - oldest;
}

export function nodeCalls(directory: string) {
  let running: Node | undefined;
  let store: Store | undefined;
  let orders: readonly string[] = [];
  const service = () => {
    if (running === undefined) throw new Error('the node has not been opened');
    return running.service;
  };

  return {
    /** Puts what an old node has collected into the store of one that was never opened. */
    fill: (fill: Fill) => fillStore(directory, fill),

    async open() {
      const home = await createHome(directory);
      store = await openLevelStore(home.storeDirectory);
      running = await open(home.directory, store);
      return service().identity();
    },

    /** Knows a peer and how to reach it. */
    async meet({ name, pid, address }: { name: string; pid: string; address: string }) {
      return service().addContact({ name, pid, address });
    },

    /** Lets a peer owe this node. */
    async trust({ peer, limit }: { peer: string; limit: string }) {
      return service().setTrustLine({ peer, equivalent: EQUIVALENT, limit });
    },

    async define(equivalent = { code: EQUIVALENT, precision: 2 }) {
      return service().defineEquivalent({ ...equivalent, metadata: {} });
    },

    /** Hands in what members have signed, all at once. */
    async submit(frames: readonly string[]) {
      await Promise.all(frames.map((frame) => service().submitEnvelope({ frame })));
    },

    /** Keeps orders at hand that members have signed: reading them from the channel is no part of carrying them out. */
    receive(frames: readonly string[]) {
      orders = frames;
    },

    /** Carries out the orders at hand, so many at a time, until the time is over or none is left. */
    async carry(load: Load) {
      let next = 0;
      return keepInFlight({ ...load, until: () => next >= orders.length }, async () => {
        const { payment } = await service().submitEnvelope({ frame: orders[next++]! });
        if (payment?.state === 'COMMITTED') return undefined;
        return `${payment?.state} ${payment?.reason?.details.fault ?? ''}`.trim();
      });
    },

    lines: () => service().trustLines(),
    status: () => service().status(),
    audit: () => service().audit(),
    tally: () => meter.tally(),
    specimens: (): Specimens => meter.specimens(),
    keepSpecimens(keep: boolean) {
      meter.keepsSpecimens = keep;
    },

    /** How long the oldest attempt has been in doubt, ms; 0 if none is. */
    oldestDoubtMs: () => oldestDoubtMs(store!),

    /** What is in use: garbage is collected first. */
    memory() {
      collectGarbage();
      return {
        rssBytes: process.memoryUsage.rss(),
        heapBytes: process.memoryUsage().heapUsed,
        handles: process.getActiveResourcesInfo().length,
      };
    },

    /** Pays the smallest amount, so many at a time. */
    async pay({ payee, load }: { payee: string; load: Load }) {
      const request: PayRequest = {
        peer: payee,
        equivalent: EQUIVALENT,
        amount: '0.01',
        timeout_ms: PAYMENT_MS,
      };
      return keepInFlight(load, async () => {
        const payment = await service().pay(request);
        if (payment.state === 'COMMITTED') return undefined;
        return `${payment.state} ${payment.reason?.details.fault ?? ''}`.trim();
      });
    },

    async profile() {
      profiler.connect();
      await profiler.post('Profiler.enable');
      await profiler.post('Profiler.setSamplingInterval', { interval: 200 });
      await profiler.post('Profiler.start');
    },
    async profiled() {
      const { profile } = await profiler.post('Profiler.stop');
      profiler.disconnect();
      return profile;
    },

    async close() {
      await running?.stop();
    },
  };
}

export type NodeCalls = ReturnType<typeof nodeCalls>;

/** What the payments are counted in. */
export const EQUIVALENT = 'BENCH';

if (import.meta.main) serve(nodeCalls(process.argv[2]!));
