/**
 * What a frame costs between two processes over one stream: `node simulations/bench/transport.ts [--json]`.
 *
 * Two figures of the same transport. One way: how fast frames leave and arrive, with what CPU time on
 * each side. Round trips: frames answered one for one, with so many under way at once.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { parseArgs } from 'node:util';
import { createLibp2pTransport } from '../../node/transport/libp2p.ts';
import { TRANSPORT_LIMITS } from '../../node/transport/limits.ts';
import type { PublicKey } from '../../protocol/identity/pid.ts';

const REQUEST_BYTES = 400;
const ANSWER_BYTES = 200;
const unlimited = {
  frames: { perSecond: 1e9, burst: 1e9 },
  bytes: { perSecond: 1e12, burst: 1e12 },
};
const log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

function cpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

async function makeTransport(fill: number) {
  return createLibp2pTransport({
    seed: new Uint8Array(32).fill(fill),
    listen: ['/ip4/127.0.0.1/tcp/0'],
    dht: false,
    mdns: false,
    limits: { knownPeer: unlimited, stranger: unlimited, allStrangers: unlimited },
    log,
  });
}

/** Answers frames that ask for it (first byte 1), swallows the others, and tells its CPU time. */
async function serve(): Promise<void> {
  const transport = await makeTransport(2);
  const answer = new Uint8Array(ANSWER_BYTES);
  let received = 0;
  await transport.start({
    frame(from, bytes) {
      received += 1;
      if (bytes[0] === 1) transport.send(from, answer);
    },
    connected: () => undefined,
    disconnected: () => undefined,
  });
  process.on('message', (message) => {
    if (message === 'report') process.send?.({ cpuUs: cpuUs(), received });
    else void transport.stop().then(() => process.disconnect());
  });
  process.send?.({ address: transport.addresses()[0] });
}

interface ServerReport {
  readonly cpuUs: number;
  readonly received: number;
}

function reply<T>(server: ChildProcess): Promise<T> {
  return new Promise((resolve) => server.once('message', (message) => resolve(message as T)));
}

function report(server: ChildProcess): Promise<ServerReport> {
  const answer = reply<ServerReport>(server);
  server.send('report');
  return answer;
}

interface Run {
  readonly name: string;
  readonly frames: number;
  readonly frames_per_s: number;
  readonly sender_cpu_us_per_frame: number;
  readonly receiver_cpu_us_per_frame: number;
  readonly frames_per_write: number;
}

async function measure(): Promise<Run[]> {
  const server = fork(import.meta.filename, ['--serve']);
  const { address } = await reply<{ address: string }>(server);
  const transport = await makeTransport(1);
  let onAnswer = (): void => undefined;
  await transport.start({
    frame: () => onAnswer(),
    connected: () => undefined,
    disconnected: () => undefined,
  });
  const peer = await transport.connect(address);

  async function timed(name: string, frames: number, work: () => Promise<void>): Promise<Run> {
    const before = { server: await report(server), cpu: cpuUs(), out: transport.metrics() };
    const begun = performance.now();
    await work();
    const ms = performance.now() - begun;
    const ownCpu = cpuUs() - before.cpu;
    const after = await report(server);
    const out = transport.metrics();
    return {
      name,
      frames,
      frames_per_s: Math.round((frames * 1000) / ms),
      sender_cpu_us_per_frame: round(ownCpu / frames),
      receiver_cpu_us_per_frame: round((after.cpuUs - before.server.cpuUs) / frames),
      frames_per_write: round(
        (out.frames.out - before.out.frames.out) / (out.writes - before.out.writes),
      ),
    };
  }

  const roundTrips = (count: number, inFlight: number) => async () => {
    const request = new Uint8Array(REQUEST_BYTES);
    request[0] = 1;
    const { promise, resolve } = Promise.withResolvers<void>();
    let sent = 0;
    let answered = 0;
    const next = () => {
      if (sent >= count) return;
      sent += 1;
      transport.send(peer, request);
    };
    onAnswer = () => {
      answered += 1;
      if (answered === count) resolve();
      else next();
    };
    for (let i = 0; i < inFlight; i += 1) next();
    await promise;
  };

  const runs: Run[] = [];
  await roundTrips(20_000, 64)();
  runs.push(await timed('one way', 200_000, () => oneWay(transport, server, peer, 200_000)));
  for (const [count, inFlight] of [
    [20_000, 1],
    [100_000, 16],
    [200_000, 64],
  ] as const) {
    runs.push(
      await timed(`round trips, ${inFlight} under way`, count, roundTrips(count, inFlight)),
    );
  }
  await transport.stop();
  server.send('stop');
  return runs;
}

/** Sends as fast as the queue takes it, and ends when all have arrived. */
async function oneWay(
  transport: Awaited<ReturnType<typeof makeTransport>>,
  server: ChildProcess,
  peer: PublicKey,
  count: number,
): Promise<void> {
  const frame = new Uint8Array(REQUEST_BYTES);
  const start = (await report(server)).received;
  const ahead = Math.floor(TRANSPORT_LIMITS.queueBytesPerPeer / (REQUEST_BYTES + 128) / 4);
  const base = transport.metrics().frames.out;
  for (let sent = 0; sent < count; ) {
    const left = transport.metrics().frames.out - base;
    for (const end = Math.min(count, left + ahead); sent < end; sent += 1)
      transport.send(peer, frame);
    await new Promise((resolve) => setImmediate(resolve));
  }
  while ((await report(server)).received - start < count) {
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

const { values } = parseArgs({
  options: { serve: { type: 'boolean' }, json: { type: 'boolean' } },
});
if (values.serve === true) {
  await serve();
} else {
  const runs = await measure();
  if (values.json === true) console.log(JSON.stringify({ runs }));
  else console.table(runs);
}
