/**
 * The invariants of docs/PROTOCOL.md that one node can check alone, from what its store holds. This finds;
 * it never repairs. It goes through the store in slices, between which the node does its work.
 */
import type { TxId } from '../../protocol/identity/pid.ts';
import { addToChecksum, checksumText, edgeChecksum } from '../../protocol/ledger/checksum.ts';
import {
  applyChange,
  debtOf,
  type Edge,
  type EdgeId,
  edgeKey,
  lineOf,
  newEdge,
} from '../../protocol/ledger/edge.ts';
import type { Store } from '../ports.ts';
import { isOf, keys, rangeOf } from '../store/keys.ts';
import { AttemptRecord, decodeRecord, EdgeRecord, TransactionRecord } from '../store/records.ts';
import { checkAuditLog, type LogCheck } from './audit-log.ts';
import type { EquivalentChecksum } from './checksums.ts';

/** What is checked, as people read it. */
export const INVARIANTS = {
  limits: 'debts within limits',
  certificates: 'debts are the sum of stored certificates',
  holds: 'every hold belongs to a live attempt',
  once: 'at most one committed attempt per order',
  checksums: 'the books in memory are those of the store',
  log: 'the audit log is whole',
} as const;
export type InvariantName = keyof typeof INVARIANTS;

/** One edge that breaks one invariant. */
export interface Finding {
  readonly invariant: InvariantName;
  readonly edge: EdgeId;
  /** What the store has, and what it should have. */
  readonly detail: string;
  /** As stored, and as the stored attempts make it. */
  readonly stored: Edge;
  readonly proven: Edge;
}

export interface InvariantRow {
  readonly invariant: InvariantName;
  readonly name: string;
  readonly held: boolean;
  readonly detail: string;
}

export interface AuditReport {
  readonly rows: readonly InvariantRow[];
  readonly findings: readonly Finding[];
  /** Of what the store holds. */
  readonly checksums: readonly EquivalentChecksum[];
}

/** Records between two rests. */
const SLICE = 1_000;
/** Edges that are named in a row. */
const NAMED = 5;

/** What the attempts of the store come to. */
class Proof {
  readonly edges = new Map<string, Edge>();
  readonly held = new Map<string, bigint>();
  live = 0;
  committed = 0;
  /** Orders of which two attempts seem to have committed, and the edges of the second. */
  readonly doubled = new Map<TxId, readonly EdgeId[]>();
  /** 48 bits of each order that was carried out: little memory, and whatever is here twice is looked at. */
  readonly #orders = new Set<number>();

  add({ tx, attempt, phase, effects }: AttemptRecord): void {
    if (phase === 'COMMITTED') {
      this.committed++;
      const order = Number.parseInt(tx.slice(0, 12), 16);
      if (this.#orders.has(order)) this.doubled.set(tx, effects);
      this.#orders.add(order);
    } else if (phase !== 'ABORTED') this.live++;
    for (const { change, ...id } of effects) {
      const name = edgeKey(id);
      if (phase === 'COMMITTED') {
        this.edges.set(name, applyChange(this.edge(id), tx, attempt, change));
      } else if (phase !== 'ABORTED') {
        this.held.set(name, (this.held.get(name) ?? 0n) + (change > 0n ? change : -change));
      }
    }
  }

  edge(id: EdgeId): Edge {
    return this.edges.get(edgeKey(id)) ?? newEdge(id, 0);
  }
}

/**
 * One scan is one snapshot: edges and attempts fit together however much is going on.
 * @param expected checksums of what the node has in memory, if all of it is on the disk at this moment
 * @param rest called between slices; whoever rejects ends the audit
 */
export async function auditBooks(
  store: Store,
  expected: readonly EquivalentChecksum[] | undefined,
  rest: () => Promise<void>,
): Promise<AuditReport> {
  const stored: Edge[] = [];
  const proof = new Proof();
  let records = 0;
  for await (const [key, value] of store.scan({
    gte: rangeOf('attempt').gte,
    lt: rangeOf('edge').lt,
  })) {
    if (isOf('edge', key)) stored.push(decodeRecord(EdgeRecord, value));
    else if (isOf('attempt', key)) proof.add(decodeRecord(AttemptRecord, value));
    if (++records % SLICE === 0) await rest();
  }
  const findings = stored.flatMap((edge) => faultsOf(edge, proof));
  const twice = [...proof.doubled].filter(([tx]) => wasDoubled(store, tx));
  for (const [tx, edges] of twice) {
    for (const id of edges) {
      const edge = stored.find((each) => edgeKey(each) === edgeKey(id));
      if (edge !== undefined) {
        findings.push(finding('once', edge, proof, `order ${tx} was carried out more than once`));
      }
    }
  }
  const checksums = await checksumsOf(stored, rest);
  const row = (invariant: InvariantName, fine: string) => rowOf(invariant, findings, fine);
  return {
    findings,
    checksums,
    rows: [
      row('limits', `${stored.length} edges`),
      row('certificates', `${proof.committed} transactions`),
      row('holds', `${proof.live} live attempts`),
      twice.length === 0
        ? row('once', `${proof.committed} orders`)
        : {
            ...nameOf('once'),
            held: false,
            detail: `broken: ${firstOf(twice.map(([tx]) => tx))}`,
          },
      checksumRow(checksums, expected),
      logRow(await checkAuditLog(store, rest)),
    ],
  };
}

function faultsOf(edge: Edge, proof: Proof): Finding[] {
  const found: Finding[] = [];
  const add = (invariant: InvariantName, detail: string) =>
    found.push(finding(invariant, edge, proof, detail));
  const proven = proof.edge(edge);
  if (
    proven.balance !== edge.balance ||
    proven.count !== edge.count ||
    proven.digest !== edge.digest
  ) {
    add(
      'certificates',
      `the book says ${edge.balance} after ${edge.count} payments, the certificates ${proven.balance} after ${proven.count} (smallest unit; positive: the higher PID owes)`,
    );
  }
  const held = proof.held.get(edgeKey(edge)) ?? 0n;
  if (held !== edge.heldUp + edge.heldDown) {
    add('holds', `${edge.heldUp + edge.heldDown} is held, live attempts account for ${held}`);
  }
  for (const [owner, debtor] of [
    [edge.low, edge.high],
    [edge.high, edge.low],
  ] as const) {
    const debt = debtOf(edge, debtor);
    const limit = lineOf(edge, owner)?.limit ?? 0n;
    if (debt > limit) add('limits', `${debtor} owes ${debt}, the limit is ${limit}`);
  }
  return found;
}

function finding(invariant: InvariantName, stored: Edge, proof: Proof, detail: string): Finding {
  const { low, high, equivalent } = stored;
  return { invariant, edge: { low, high, equivalent }, detail, stored, proven: proof.edge(stored) };
}

/** Attempts are never deleted, and what committed stays so: reading after the scan finds no less. */
function wasDoubled(store: Store, tx: TxId): boolean {
  const value = store.get(keys.transaction(tx));
  // Books that were inherited have attempts without their transaction.
  if (value === undefined) return true;
  const committed = decodeRecord(TransactionRecord, value).attempts.filter((hash) => {
    const attempt = store.get(keys.attempt(hash));
    return attempt !== undefined && decodeRecord(AttemptRecord, attempt).phase === 'COMMITTED';
  });
  return committed.length > 1;
}

async function checksumsOf(
  edges: readonly Edge[],
  rest: () => Promise<void>,
): Promise<EquivalentChecksum[]> {
  const sums = new Map<Edge['equivalent'], { edges: number; sum: bigint }>();
  for (const [index, edge] of edges.entries()) {
    const known = sums.get(edge.equivalent) ?? { edges: 0, sum: 0n };
    sums.set(edge.equivalent, {
      edges: known.edges + 1,
      sum: addToChecksum(known.sum, edgeChecksum(edge)),
    });
    if ((index + 1) % SLICE === 0) await rest();
  }
  return [...sums]
    .map(([equivalent, { edges: count, sum }]) => ({
      equivalent,
      edges: count,
      checksum: checksumText(sum),
    }))
    .sort((a, b) => (a.equivalent < b.equivalent ? -1 : 1));
}

function logRow({ entries, problem }: LogCheck): InvariantRow {
  return { ...nameOf('log'), held: problem === undefined, detail: problem ?? `${entries} entries` };
}

function checksumRow(
  stored: readonly EquivalentChecksum[],
  expected: readonly EquivalentChecksum[] | undefined,
): InvariantRow {
  const name = nameOf('checksums');
  if (expected === undefined) {
    return { ...name, held: true, detail: 'not compared: turns were under way' };
  }
  const codes = [...new Set([...stored, ...expected].map(({ equivalent }) => equivalent))];
  const of = (rows: readonly EquivalentChecksum[], code: string) =>
    rows.find(({ equivalent }) => equivalent === code)?.checksum;
  const different = codes.filter((code) => of(stored, code) !== of(expected, code));
  if (different.length > 0)
    return { ...name, held: false, detail: `different in ${firstOf(different)}` };
  return { ...name, held: true, detail: `${codes.length} checksums` };
}

function rowOf(invariant: InvariantName, findings: readonly Finding[], fine: string): InvariantRow {
  const broken = findings.filter((each) => each.invariant === invariant);
  const detail =
    broken.length === 0
      ? fine
      : `${broken.length} broken: ${firstOf(broken.map(({ edge }) => edgeKey(edge)))}`;
  return { ...nameOf(invariant), held: broken.length === 0, detail };
}

function nameOf(invariant: InvariantName): Pick<InvariantRow, 'invariant' | 'name'> {
  return { invariant, name: INVARIANTS[invariant] };
}

function firstOf(names: readonly string[]): string {
  return names.slice(0, NAMED).join(', ') + (names.length > NAMED ? ', …' : '');
}
