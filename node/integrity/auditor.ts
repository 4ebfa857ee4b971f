/**
 * The auditor of a node: audits its books from time to time and when it is asked. An edge that breaks an
 * invariant is frozen, the evidence is kept, and people and programs are alerted. Only a person releases it,
 * when the edge is sound again.
 */
import { GeoError } from '../../protocol/errors.ts';
import { type Edge, type EdgeId, edgeKey } from '../../protocol/ledger/edge.ts';
import { BOOKS_DIFFER } from '../engine/edges/dispute.ts';
import type { Hall } from '../engine/hall.ts';
import type { Turn } from '../engine/turn.ts';
import type { Ports } from '../ports.ts';
import { FindingRecord } from '../store/integrity-records.ts';
import { keys } from '../store/keys.ts';
import { encodeRecord, type HistoryRecord } from '../store/records.ts';
import {
  type AuditReport,
  auditBooks,
  type Finding,
  INVARIANTS,
  type InvariantRow,
} from './audit.ts';
import type { Checksums } from './checksums.ts';

/** Begins the reason of every dispute that an audit has found. */
const AUDIT_FOUND = 'the audit found';
/** Between two slices of a scheduled audit, ms: it may take long, and is in nobody's way. */
const REST_MS = 20;
/** Edges that one turn freezes. */
const FROZEN_PER_TURN = 100;

interface AuditorContext {
  readonly ports: Ports;
  readonly hall: Hall;
  readonly checksums: Checksums;
  /** Whether the edge's books have been equal since the start. */
  readonly isCompared: (id: EdgeId) => boolean;
}

export class Auditor {
  readonly #context: AuditorContext;
  #running: Promise<AuditReport> | undefined;
  #last: { readonly at: number; readonly broken: number } | undefined;
  readonly #begun: number;
  #stopped = false;
  #cancel = () => {};

  constructor(context: AuditorContext) {
    this.#context = context;
    this.#begun = context.ports.clock.now();
  }

  /** Since the newest audit, or since the start if there was none, ms. */
  get ageMs(): number {
    return Math.max(0, this.#context.ports.clock.now() - (this.#last?.at ?? this.#begun));
  }

  /** When the newest audit of this run ended (ms since 1970 UTC), and how many invariants it saw broken. */
  get last(): { readonly at: number; readonly broken: number } | undefined {
    return this.#last;
  }

  /** @param everyMs from the end of one audit to the next; 0: only when asked */
  auditRegularly(everyMs: number): void {
    if (everyMs === 0) return;
    const { clock, log } = this.#context.ports;
    const again = () => {
      this.#cancel = clock.after(everyMs, () => {
        const rest = () => new Promise<void>((resolve) => clock.after(REST_MS, resolve));
        this.#once(rest)
          .catch((error: unknown) => {
            if (!this.#stopped) log.error({ error: String(error) }, 'the audit could not be made');
          })
          .finally(() => {
            if (!this.#stopped) again();
          });
      });
    };
    again();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel();
  }

  /** Audits now. Whoever asks during an audit gets the result of that one. */
  audit(): Promise<AuditReport> {
    const { clock } = this.#context.ports;
    return this.#once(() => new Promise<void>((resolve) => clock.soon(resolve)));
  }

  /**
   * Opens an edge again that an audit has frozen, if it is sound now.
   * @param reason a person's words, for the history
   * @throws GeoError E004 `edge_not_broken` | `edge_broken`
   */
  async release(id: EdgeId, reason: string): Promise<void> {
    const name = edgeKey(id);
    const isFrozen = (edge: Edge | undefined) => edge?.dispute?.startsWith(AUDIT_FOUND) === true;
    if (!isFrozen(this.#context.hall.state.edges.get(name))) {
      throw new GeoError(
        'E004',
        'No audit has frozen this edge. `geo edge show` says how it is, and why it is frozen if it is.',
        { fault: 'edge_not_broken', edge: name },
      );
    }
    // Not one that began before the edge was mended.
    await this.#running?.catch(() => undefined);
    const { findings } = await this.audit();
    const left = findings.filter((each) => edgeKey(each.edge) === name && freezes(each));
    if (left.length > 0) {
      throw new GeoError(
        'E004',
        `The edge stays frozen, since its book is still not what its certificates say: ${left.map(sentence).join('; ')}.`,
        { fault: 'edge_broken', edge: name },
      );
    }
    await this.#context.hall.turn((turn) => {
      const edge = turn.edge(id);
      if (edge === undefined || !isFrozen(edge)) return;
      const { dispute: _, ...rest } = edge;
      turn.putEdge(rest);
      turn.del(keys.finding(id));
      turn.history(alert(id, `An edge was released after an audit: ${reason}`));
    });
  }

  async #once(rest: () => Promise<void>): Promise<AuditReport> {
    this.#running ??= this.#audit(rest).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #audit(rest: () => Promise<void>): Promise<AuditReport> {
    const { ports, hall, checksums } = this.#context;
    // While turns wait for the disk, memory is ahead of it: then there is nothing to compare.
    const expected = hall.commit.idle ? checksums.rows() : undefined;
    const report = await auditBooks(ports.store, expected, async () => {
      await rest();
      if (this.#stopped) throw new Error('the node is stopping');
    });
    const broken = report.rows.filter(({ held }) => !held);
    const before = this.#last?.broken ?? 0;
    this.#last = { at: ports.clock.now(), broken: broken.length };
    await this.#freeze(report.findings);
    if (broken.length > before) {
      for (const row of broken) ports.log.error({ ...row }, 'an invariant of the books is broken');
    }
    // What has frozen nothing is told of all the same.
    const told = broken.filter((row) => this.#isOnlyTold(row, report.findings));
    if (broken.length > before && told.length > 0) {
      await hall.turn((turn) =>
        tell(
          turn,
          told.map(({ name, detail }) => `${name}: ${detail}`),
        ),
      );
    }
    return report;
  }

  #isOnlyTold({ invariant }: InvariantRow, findings: readonly Finding[]): boolean {
    const found = findings.filter((each) => each.invariant === invariant);
    // A line that is on its way back to restored books may come after the debts on it.
    if (invariant === 'limits') return found.some(({ edge }) => this.#context.isCompared(edge));
    return found.length === 0;
  }

  async #freeze(findings: readonly Finding[]): Promise<void> {
    const { hall } = this.#context;
    const certain = findings.filter(freezes);
    const byEdge = [...Map.groupBy(certain, ({ edge }) => edgeKey(edge))].filter(([name]) =>
      mayFreeze(hall.state.edges.get(name)),
    );
    for (let from = 0; from < byEdge.length; from += FROZEN_PER_TURN) {
      const some = byEdge.slice(from, from + FROZEN_PER_TURN).map(([, found]) => found);
      await hall.turn((turn) => freeze(turn, some));
    }
  }
}

/**
 * A debt above its limit with every certificate there is a debt all the same: its owner has lowered the limit, or
 * the certificate came after that and had to be honoured (R8). Nothing new fits on the line anyway.
 */
function freezes({ invariant }: Finding): boolean {
  return invariant !== 'limits';
}

/** What an audit finds outlasts books that are equal again; what else has frozen the edge outlasts the audit. */
function mayFreeze(edge: Edge | undefined): edge is Edge {
  if (edge === undefined) return false;
  return edge.dispute === undefined || edge.dispute.startsWith(BOOKS_DIFFER);
}

/** @param found of each edge what it breaks */
function freeze(turn: Turn, found: readonly (readonly Finding[])[]): void {
  for (const findings of found) {
    const [{ edge: id, stored, proven }] = findings as [Finding];
    const edge = turn.edge(id);
    if (!mayFreeze(edge)) continue;
    const problems = findings.map((each) => within(sentence(each)));
    const text = within(`${AUDIT_FOUND}: ${problems.join('; ')}`);
    const { balance, count, digest } = proven;
    turn.putEdge({ ...edge, dispute: text });
    turn.put(
      keys.finding(id),
      encodeRecord(FindingRecord, {
        found: turn.now,
        problems,
        stored,
        proven: { balance, count, digest },
      }),
    );
    turn.history(alert(id, within(`An edge is frozen: ${text}`)));
  }
  tell(
    turn,
    found.map(([first]) => `${edgeKey(first!.edge)}: ${first!.detail}`),
  );
}

/** One alert for all that a turn has found. */
function tell(turn: Turn, problems: readonly string[]): void {
  const [first = '', ...others] = problems;
  const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
  turn.notice({ type: 'alert', text: within(`${AUDIT_FOUND}${more}: ${first}`) });
}

function alert({ equivalent }: EdgeId, text: string): Omit<HistoryRecord, 'time'> {
  return { type: 'alert', text, equivalent };
}

function sentence({ invariant, detail }: Finding): string {
  return `not so: ${INVARIANTS[invariant]}; ${detail}`;
}

/** All of it is ASCII but a person's reason, which is bounded where it comes in. */
function within(text: string): string {
  return text.length <= 400 ? text : `${text.slice(0, 397)}...`;
}
