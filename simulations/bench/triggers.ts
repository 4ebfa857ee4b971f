/**
 * `bench triggers`: what it costs a hub that a payment has changed a debt. A whole node without network or disk, with
 * real signatures, carries out its members' payments, looks for cycles after each of them, and clears what it
 * finds.
 */
import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { type Column, type Page, table } from '../../cli/page.ts';
import { loadConfig } from '../../config/load.ts';
import { createNode } from '../../node/node.ts';
import { nativeSigner, nativeVerify } from '../../node/platform/native-ed25519.ts';
import { createLog, realClock, realEntropy } from '../../node/platform/platform.ts';
import type { Ports } from '../../node/ports.ts';
import { createMemoryStore } from '../../node/store/memory.ts';
import { createMemoryNetwork } from '../../node/transport/memory.ts';
import { pidFromPublicKey } from '../../protocol/identity/pid.ts';
import { openNote } from '../../protocol/identity/sealed-note.ts';
import type { Community } from '../community/community.ts';
import { HubMembers, randomCommunity } from './hub-members.ts';
import { keepInFlight, percentile } from './load.ts';
import { EQUIVALENT } from './node-worker.ts';
import { parse, wholeNumber } from './options.ts';
import { TriggerMeter } from './trigger-meter.ts';

export const TRIGGERS_USAGE = `triggers    what each debt that a payment has changed costs a hub that looks for cycles through it
  --members N, --lines N   of the random community (default 500 and 3000)
  --payments N, --in-flight N   how many, and how many at once (default 4000 and 16); a quarter are not counted
  --max-length N       members of a cycle at most (3 to 6, default 6)
  --shortening         all lines allow that chains are shortened, and there is one back for each
`;

export interface TriggersOptions {
  readonly members: number;
  readonly lines: number;
  readonly payments: number;
  readonly inFlight: number;
  readonly maxLength: number;
  readonly shortening: boolean;
  readonly json: boolean;
}

/** Times in ms on the thread on which payments run. */
export interface TriggersReport {
  readonly members: number;
  readonly lines: number;
  readonly payments: number;
  readonly failed: number;
  readonly payments_per_s: number;
  /** Changed debts that were looked at. */
  readonly triggers: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  /** In the index, by one trigger on average: what the time depends on, on any machine. */
  readonly debts_looked_at: number;
  /** Clearings that came of it, and those of them that shortened a chain. */
  readonly cleared: number;
  readonly shortened: number;
}

/** Units of one payment at most: debts of different sizes arise. */
const AMOUNT_MAX = 1_000;
const COUNTED_PART = 0.75;
const SECONDS_MAX = 600;

/** @throws GeoError E009 `usage` */
export function readTriggersOptions(argv: readonly string[]): TriggersOptions {
  const values = parse(() =>
    parseArgs({
      args: [...argv],
      options: {
        members: { type: 'string', default: '500' },
        lines: { type: 'string', default: '3000' },
        payments: { type: 'string', default: '4000' },
        'in-flight': { type: 'string', default: '16' },
        'max-length': { type: 'string', default: '6' },
        shortening: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    }),
  );
  const members = wholeNumber('members', values.members, 3, 100_000);
  return {
    members,
    lines: wholeNumber('lines', values.lines, 1, members * (members - 1)),
    payments: wholeNumber('payments', values.payments, 4, 10_000_000),
    inFlight: wholeNumber('in-flight', values['in-flight'], 1, 1_024),
    maxLength: wholeNumber('max-length', values['max-length'], 3, 6),
    shortening: values.shortening,
    json: values.json,
  };
}

export async function benchTriggers(
  options: TriggersOptions,
  say: (line: string) => void,
): Promise<TriggersReport> {
  const meter = new TriggerMeter();
  meter.install();
  const { node, publicKey } = await startHub(options);
  const { service } = node;
  try {
    await service.defineEquivalent({ code: EQUIVALENT, precision: 2, metadata: {} });
    const hub = { pid: pidFromPublicKey(publicKey), publicKey };
    const one = randomCommunity(options.members, options.lines);
    const community = options.shortening ? withLinesBack(one) : one;
    const members = new HubMembers(community, hub, options.shortening);
    say(`${options.members} members join, with ${community.trustLines.length} lines.`);
    for (const frames of [members.joins(), members.grants(), members.lines()]) {
      await Promise.all(frames.map((frame) => service.submitEnvelope({ frame })));
    }
    const carry = (count: number) => {
      const orders = members.orders(count, AMOUNT_MAX);
      let next = 0;
      const load = { inFlight: options.inFlight, seconds: SECONDS_MAX };
      return keepInFlight({ ...load, until: () => next >= count }, async () => {
        const { payment } = await service.submitEnvelope({ frame: orders[next++]! });
        return payment?.state === 'COMMITTED' ? undefined : String(payment?.reason?.details.fault);
      });
    };
    const counted = Math.floor(options.payments * COUNTED_PART);
    await carry(options.payments - counted);
    await meter.calm();
    meter.take();
    const result = await carry(counted);
    await meter.calm();
    const { ms, looked } = meter.take();
    const totals = await service.clearingTotals();
    return {
      members: options.members,
      lines: community.trustLines.length,
      payments: result.done,
      failed: Object.values(result.failures).reduce((sum, count) => sum + count, 0),
      payments_per_s: Math.round(result.done / result.seconds),
      triggers: ms.length,
      p50_ms: thousandths(percentile(ms, 0.5)),
      p99_ms: thousandths(percentile(ms, 0.99)),
      debts_looked_at: Math.round(looked / Math.max(1, ms.length)),
      cleared: totals.reduce((sum, { cycles }) => sum + cycles, 0),
      shortened: totals.reduce((sum, { shortened }) => sum + shortened.chains, 0),
    };
  } finally {
    await node.stop();
  }
}

/** Whoever may come to owe somebody has a line to him, and so a say. */
function withLinesBack(community: Community): Community {
  const { trustLines } = community;
  const known = new Set(trustLines.map(({ from, to }) => `${from}>${to}`));
  const back = trustLines
    .filter(({ from, to }) => !known.has(`${to}>${from}`))
    .map((line) => ({ ...line, from: line.to, to: line.from, limit: 0n }));
  return { ...community, trustLines: [...trustLines, ...back] };
}

async function startHub({ maxLength }: TriggersOptions) {
  const seed = new Uint8Array(createHash('sha256').update('the hub of bench triggers').digest());
  const signer = nativeSigner(seed);
  const config = loadConfig({ env: {} });
  const limits = {
    members_max: 1_000_000,
    joins_per_minute: 1_000_000,
    signed_per_second: 1_000_000,
  };
  const settings = {
    ...config,
    version: 'bench',
    limits: { ...config.limits, pending_orders: 10_000 },
    hub: {
      ...config.hub,
      ...limits,
      enabled: true,
      admission: 'open' as const,
      joins_per_minute_per_peer: 100_000,
    },
    clearing: { ...config.clearing, trigger: true, trigger_max_length: maxLength, pass_ms: 0 },
  };
  const ports: Ports = {
    clock: realClock,
    entropy: realEntropy,
    signer,
    verify: nativeVerify,
    openNote: (sealed, aad) => openNote(sealed, seed, aad),
    store: createMemoryStore(),
    transport: createMemoryNetwork(realClock).transport({ publicKey: signer.publicKey }),
    log: createLog({ level: 'error' }),
  };
  const node = createNode(settings, ports);
  await node.start();
  return { node, publicKey: signer.publicKey };
}

const COLUMNS: readonly Column<TriggersReport>[] = [
  { title: 'MEMBERS', cell: ({ members }) => String(members), right: true },
  { title: 'LINES', cell: ({ lines }) => String(lines), right: true },
  { title: 'PAYMENTS', cell: ({ payments }) => String(payments), right: true },
  { title: 'PER S', cell: ({ payments_per_s: rate }) => String(rate), right: true },
  { title: 'TRIGGERS', cell: ({ triggers }) => String(triggers), right: true },
  { title: 'P50', cell: ({ p50_ms: ms }) => `${ms} ms`, right: true },
  { title: 'P99', cell: ({ p99_ms: ms }) => `${ms} ms`, right: true },
  { title: 'DEBTS', cell: ({ debts_looked_at: debts }) => String(debts), right: true },
  { title: 'CLEARED', cell: ({ cleared }) => String(cleared), right: true },
  { title: 'CHAINS', cell: ({ shortened }) => String(shortened), right: true },
];

export function triggersText(page: Page, report: TriggersReport): string {
  return table(page, COLUMNS, [report]);
}

const thousandths = (ms: number) => Math.round(ms * 1_000) / 1_000;
