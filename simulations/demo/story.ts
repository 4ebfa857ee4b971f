/** The whole cycle: nodes up, trust lines, payments with a crash among them, clearings, everyone's books, an audit. */
import { randomBytes } from 'node:crypto';
import type { PublicKey } from '../../protocol/identity/pid.ts';
import type { Balance, InvariantRow } from '../audit/record.ts';
import { audit } from '../auditor.ts';
import type { Community, CommunityHub } from '../community/community.ts';
import { makePayments } from '../community/workload.ts';
import { seededRandom } from '../random.ts';
import { keySeed } from '../testnet/homes.ts';
import { HostedMember } from '../testnet/hosted-member.ts';
import { Testnet } from '../testnet/supervisor.ts';
import { type Clearings, clearCircles } from './clearing.ts';
import { type Evidence, evidenceFromNodes, evidenceFromStores, ownAudits } from './evidence.ts';
import { openCommunity } from './opening.ts';
import type { DemoOptions } from './options.ts';
import { type Crash, type MadePayment, type Payments, payAll } from './paying.ts';
import type { Progress } from './progress.ts';
import type { DemoReport, NodeRow } from './report.ts';
import { Roster } from './roster.ts';
import { type Undecided, waitUntilDecided, withFinalStates } from './settling.ts';

/** Payments that follow the file's own unless `--payments` says how many there are to be in all. */
const GENERATED_MIN = 20;
const PAYMENTS_PER_PARTICIPANT = 2;
const WORKLOAD_SEED = 1;

export interface Story {
  readonly report: DemoReport;
  readonly payments: readonly MadePayment[];
  readonly crash: Crash | null;
  /** All balances as they were before the clearings. */
  readonly balancesBefore: readonly Balance[];
}

/** Starts the nodes; the caller stops them, whatever happens afterwards. */
export function startNodes(
  community: Community,
  options: DemoOptions,
  directory: string,
  progress: Progress,
): Promise<Testnet> {
  const { hub } = community;
  const participants =
    hub === null ? community.participants.map((each) => each.id) : [hub.id, ...hub.ownNodes];
  return progress.step(
    'nodes up',
    participants.length,
    (step) =>
      Testnet.start({
        directory,
        participants,
        processes: options.processes ?? undefined,
        seed: options.seed === null ? undefined : String(options.seed),
        settings: (name) => (hub?.id === name ? hubSettings(hub) : {}),
        onReady: (ready) => step.update(ready),
      }),
    (net) => `${participants.length} nodes in ${net.processes} processes`,
  );
}

function hubSettings({ name }: CommunityHub) {
  // Everyone of the village joins within a second, and from one address.
  const rates = { joins_per_minute: 100_000, joins_per_minute_per_peer: 1_000 };
  return { hub: { enabled: true, admission: 'code', name, ...rates } };
}

/** Keys of those without a node: they are in this process alone. */
function hostedMembers(
  community: Community,
  options: DemoOptions,
  net: Testnet,
): Map<string, HostedMember> {
  const { hub, participants, equivalents } = community;
  if (hub === null) return new Map();
  const hosted = participants.filter(({ id }) => !hub.ownNodes.includes(id));
  const hubNow = () => {
    const { client, identity } = net.node(hub.id);
    return { client, key: identity.public_key as PublicKey };
  };
  const precisions = new Map<string, number>(
    equivalents.map((each) => [each.code, each.precision]),
  );
  return new Map(
    hosted.map(({ id }) => {
      const seed =
        options.seed === null ? new Uint8Array(randomBytes(32)) : keySeed(String(options.seed), id);
      const member = new HostedMember({
        seed,
        hub: hubNow,
        precisionOf: (equivalent) => precisions.get(equivalent) ?? 0,
        random: (count) => new Uint8Array(randomBytes(count)),
      });
      return [id, member];
    }),
  );
}

/** Stops the nodes to read their stores, unless they are to be kept. */
export async function playStory(
  community: Community,
  options: DemoOptions,
  net: Testnet,
  progress: Progress,
): Promise<Story> {
  const roster = new Roster(community, net, hostedMembers(community, options, net));
  await openCommunity(roster, progress);
  const { rows, crash } = await pay(roster, options, progress);
  await waitUntilDecided(roster, progress, 'payments');
  const clearings = await clearCircles(roster, progress);
  const undecided = await waitUntilDecided(roster, progress, 'clearings');
  const payments = await withFinalStates(roster, rows);
  const nodes = nodeRows(roster, net);
  const own = await progress.step(
    'own audits',
    roster.nodeIds.length,
    () => ownAudits(roster),
    (row) => row.detail,
  );
  const stopped = options.keep ? null : await stopNodes(net, progress);
  const evidence = await progress.step(
    'books read',
    nodes.length,
    (step) =>
      stopped === null ? evidenceFromNodes(roster, step) : evidenceFromStores(roster, step),
    ({ books, transactions }) => `${books.length} books, ${transactions.length} certificates`,
  );
  const invariants = await progress.step(
    'audit',
    1,
    async () => [
      ...audit(auditRecord(roster, payments, clearings, evidence, undecided)),
      own,
      ...(stopped === null ? [] : [stopped]),
    ],
    (all) => `${all.filter((row) => row.held).length} of ${all.length} invariants hold`,
  );
  const { books } = evidence;
  const { rows: cleared, before: balancesBefore } = clearings;
  const { steps } = progress;
  const report = { nodes, payments, clearings: cleared, books, invariants, steps };
  return { report, payments, crash, balancesBefore };
}

/** Whoever takes part with the process that votes for it, and the hub. */
function nodeRows(roster: Roster, net: Testnet): NodeRow[] {
  const { hub } = roster.community;
  const ids = hub === null ? roster.ids : [hub.id, ...roster.ids];
  return ids.map((id) => ({
    participant: id,
    pid: roster.pid(id),
    process: net.node(roster.agentOf(id)).process,
  }));
}

async function pay(roster: Roster, options: DemoOptions, progress: Progress): Promise<Payments> {
  const { community } = roster;
  const suitable = Math.max(
    community.payments.length + GENERATED_MIN,
    community.participants.length * PAYMENTS_PER_PARTICIPANT,
  );
  const total = options.payments ?? suitable;
  const own = community.payments.slice(0, total);
  const random = seededRandom(options.seed ?? WORKLOAD_SEED);
  const missing = total - own.length;
  const generated = missing === 0 ? [] : makePayments(community, missing, random);
  return await payAll(roster, own, generated, progress);
}

async function stopNodes(net: Testnet, progress: Progress): Promise<InvariantRow> {
  const unclean = await progress.step(
    'nodes stopped',
    net.processes,
    () => net.stop(),
    (names) =>
      names.length === 0 ? 'all by themselves' : `not by themselves: ${names.join(', ')}`,
  );
  const held = unclean.length === 0;
  const detail = held
    ? `${net.processes} processes stopped when asked, with their books closed`
    : `did not stop by themselves: ${unclean.join(', ')}`;
  return { name: 'stopped_cleanly', held, detail };
}

function auditRecord(
  roster: Roster,
  payments: readonly MadePayment[],
  clearings: Clearings,
  evidence: Evidence,
  undecided: readonly Undecided[],
) {
  return {
    equivalents: roster.community.equivalents,
    lines: roster.community.trustLines.map(({ from, to, equivalent, limit }) => {
      return { from, to, equivalent, limit: roster.text(limit, equivalent) };
    }),
    payments,
    clearings: clearings.rows,
    balancesBefore: clearings.before,
    ...evidence,
    undecided,
  };
}
