/**
 * EDGE_REPORTs at a hub (docs/PROTOCOL.md, "Hub routes"): who may report what, the newest of each end
 * in the store, and all of it in the index.
 */
import { GeoError } from '../../protocol/errors.ts';
import {
  type Hash,
  hashOf,
  type Pid,
  type PublicKey,
  pidFromPublicKey,
} from '../../protocol/identity/pid.ts';
import { requireSignedBy, type Unverified } from '../../protocol/wire/envelope.ts';
import type { EdgeReport, ReportedEdge } from '../../protocol/wire/messages/report.ts';
import type { Agents } from '../engine/agents.ts';
import type { Hall } from '../engine/hall.ts';
import type { Turn } from '../engine/turn.ts';
import type { Store, VerifySignature } from '../ports.ts';
import { ReportRecord } from '../store/hub-records.ts';
import { keys, rangeOf, tailOf } from '../store/keys.ts';
import { decodeRecord, encodeRecord } from '../store/records.ts';
import { TokenBucket } from '../token-bucket.ts';
import type { CommunityIndex } from './community-index.ts';
import type { Membership } from './membership.ts';

export interface ReportsContext {
  readonly me: Pid;
  readonly store: Store;
  readonly verify: VerifySignature;
  readonly agents: Agents;
  readonly membership: Membership;
  readonly index: CommunityIndex;
  /** Signed reports that are kept as evidence, whatever comes after them. */
  readonly evidence: () => Iterable<Hash>;
  readonly settings: {
    readonly report_life_ms: number;
    readonly report_edges_per_s_per_member: number;
    readonly reported_edges_max_per_member: number;
  };
}

/** Reports that are taken out of the store in one turn. */
const SWEPT_AT_ONCE = 500;

export class Reports {
  readonly #context: ReportsContext;
  readonly #budgets = new Map<Pid, TokenBucket>();
  /** Highest sequence of each reporter since the start. */
  readonly #newest = new Map<Pid, number>();
  /** Reports that were refused since the start, by fault. */
  readonly refused: Record<string, number> = {};

  constructor(context: ReportsContext) {
    this.#context = context;
  }

  /** Reads what was reported before the start. */
  async load(now: number): Promise<void> {
    const { store, index, settings } = this.#context;
    for await (const [, value] of store.scan(rangeOf('report'))) {
      const { edge, teller, received } = decodeRecord(ReportRecord, value);
      // What has come since the reading began is newer.
      const isOld = received + settings.report_life_ms <= now || index.isTold(edge, teller);
      if (!isOld && index.counts(edge)) index.learn(edge, teller, received);
    }
  }

  /** Forgets what has not been reported again, in the index and in the store. */
  async sweep(hall: Hall, now: number): Promise<void> {
    const { store, index, settings } = this.#context;
    const oldest = now - settings.report_life_ms;
    index.forgetBefore(oldest);
    let old: ReportRecord[] = [];
    // Signed reports that nothing names; those that come meanwhile are not among them.
    const unnamed = await this.#toldSoFar();
    for (const name of this.#context.evidence()) unnamed.delete(name);
    const forget = async (records: readonly ReportRecord[]) => {
      await hall.turn((turn) => {
        for (const { edge, teller } of records) {
          // Reported again since it was read.
          if (!index.isTold(edge, teller)) turn.del(keys.report(edge, teller));
        }
      });
    };
    for await (const [, value] of store.scan(rangeOf('report'))) {
      const record = decodeRecord(ReportRecord, value);
      if (record.received >= oldest) {
        if (record.told !== undefined) unnamed.delete(record.told);
      } else if (old.push(record) === SWEPT_AT_ONCE) {
        await forget(old);
        old = [];
      }
    }
    if (old.length > 0) await forget(old);
    await this.#dropTold(hall, [...unnamed]);
  }

  async #toldSoFar(): Promise<Set<Hash>> {
    const hashes = new Set<Hash>();
    for await (const [key] of this.#context.store.scan(rangeOf('told'))) {
      hashes.add(tailOf(key) as Hash);
    }
    return hashes;
  }

  async #dropTold(hall: Hall, hashes: readonly Hash[]): Promise<void> {
    for (let at = 0; at < hashes.length; at += SWEPT_AT_ONCE) {
      await hall.turn((turn) => {
        for (const hash of hashes.slice(at, at + SWEPT_AT_ONCE)) turn.del(keys.told(hash));
      });
    }
  }

  /**
   * A member's node tells of its edges.
   * @throws GeoError E005 `bad_signature`, E006 `not_a_member` | `wrong_sender` | `wrong_receiver` |
   *   `not_your_edge` | `too_many_reports` | `too_many_edges`; then nothing of the report counts
   */
  receive(turn: Turn, from: PublicKey, signed: Unverified<EdgeReport>): void {
    try {
      this.#receive(turn, from, signed);
    } catch (error) {
      if (error instanceof GeoError) {
        const { fault } = error.details;
        this.refused[fault] = (this.refused[fault] ?? 0) + 1;
      }
      throw error;
    }
  }

  #receive(turn: Turn, from: PublicKey, signed: Unverified<EdgeReport>): void {
    const { me, verify, membership, index } = this.#context;
    const { body } = signed;
    const reporter = pidFromPublicKey(from);
    if (!membership.may(reporter, 'report')) {
      throw refused(
        'not_a_member',
        'Only members of this community report to its hub; join it first.',
      );
    }
    if (body.reporter_key !== from) {
      throw refused('wrong_sender', 'A report must come from the node that has signed it.');
    }
    if (body.hub !== me) throw refused('wrong_receiver', 'That report is meant for another hub.');
    this.#spend(reporter, body.edges.length, turn.now);
    if (body.sequence <= (this.#newest.get(reporter) ?? 0)) return;
    const tellers = body.edges.map((edge) => this.#tellerOf(from, edge));
    const told = body.edges
      .map((edge, i) => ({ edge, teller: tellers[i]! }))
      .filter(({ edge }) => index.counts(edge));
    this.#requireRoom(told);
    requireSignedBy(signed, from, verify);
    this.#newest.set(reporter, body.sequence);
    const hash = hashOf(signed.bytes);
    turn.put(keys.told(hash), signed.bytes);
    for (const { edge, teller } of told) {
      const record = { edge, teller, sequence: body.sequence, received: turn.now, told: hash };
      turn.put(keys.report(edge, teller), encodeRecord(ReportRecord, record));
    }
    turn.onMerge(() => {
      for (const { edge, teller } of told) index.learn(edge, teller, turn.now);
    });
  }

  /** An edge with somebody made up looks like any other: the index must not grow by them without end. */
  #requireRoom(told: readonly { edge: ReportedEdge; teller: 'low' | 'high' }[]): void {
    const { index, settings } = this.#context;
    const fresh = new Map<Pid, number>();
    for (const { edge, teller } of told) {
      if (index.isTold(edge, teller)) continue;
      fresh.set(edge[teller], (fresh.get(edge[teller]) ?? 0) + 1);
    }
    for (const [end, count] of fresh) {
      if (index.toldBy(end) + count <= settings.reported_edges_max_per_member) continue;
      throw refused(
        'too_many_edges',
        'That are more edges than this hub knows of one participant.',
      );
    }
  }

  /** Which end of an edge the reporter speaks for. */
  #tellerOf(from: PublicKey, { low, high }: ReportedEdge): 'low' | 'high' {
    const { agents } = this.#context;
    if (low !== high && agents.isAgent(from, low)) return 'low';
    if (low !== high && agents.isAgent(from, high)) return 'high';
    throw refused(
      'not_your_edge',
      'A report names an edge of others; a node reports the edges of those that it votes for.',
    );
  }

  #spend(reporter: Pid, edges: number, now: number): void {
    const { settings } = this.#context;
    let budget = this.#budgets.get(reporter);
    if (budget === undefined) {
      // A node reports all its edges when it joins: as many as it may have come at once.
      const burst = settings.reported_edges_max_per_member;
      budget = new TokenBucket({ perSecond: settings.report_edges_per_s_per_member, burst }, now);
      this.#budgets.set(reporter, budget);
    }
    if (budget.take(edges, now)) return;
    throw refused('too_many_reports', 'That are more reports than this hub takes from one member.');
  }
}

function refused(fault: string, sentence: string): GeoError {
  return new GeoError('E006', sentence, { fault });
}
