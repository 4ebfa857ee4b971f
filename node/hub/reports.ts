/**
 * EDGE_REPORTs at a hub (docs/PROTOCOL.md, "Hub routes"): who may report what, the newest of each end
 * in the store, and all of it in the index.
 */
import { GeoError } from '../../protocol/errors.ts';
import { type Pid, type PublicKey, pidFromPublicKey } from '../../protocol/identity/pid.ts';
import { requireSignedBy, type Unverified } from '../../protocol/wire/envelope.ts';
import type { EdgeReport, ReportedEdge } from '../../protocol/wire/messages/report.ts';
import type { Agents } from '../engine/agents.ts';
import type { Turn } from '../engine/turn.ts';
import type { Store, VerifySignature } from '../ports.ts';
import { ReportRecord } from '../store/hub-records.ts';
import { keys, rangeOf } from '../store/keys.ts';
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
  readonly settings: {
    readonly report_life_ms: number;
    readonly report_edges_per_s_per_member: number;
  };
}

/** What may come at once, in seconds of the long-run rate: a node with many edges reports them all at its start. */
const BURST_S = 60;

export class Reports {
  readonly #context: ReportsContext;
  readonly #budgets = new Map<Pid, TokenBucket>();
  /** Highest sequence of each reporter since the start. */
  readonly #newest = new Map<Pid, number>();

  constructor(context: ReportsContext) {
    this.#context = context;
  }

  /** Reads what was reported before the start. */
  async load(now: number): Promise<void> {
    const { store, index, settings } = this.#context;
    for await (const [, value] of store.scan(rangeOf('report'))) {
      const { edge, teller, received } = decodeRecord(ReportRecord, value);
      if (received + settings.report_life_ms > now) index.learn(edge, teller, received);
    }
  }

  /**
   * A member's node tells of its edges.
   * @throws GeoError E005 `bad_signature`, E006 `not_a_member` | `wrong_sender` | `wrong_receiver` |
   *   `not_your_edge` | `too_many_reports`; then nothing of the report counts
   */
  receive(turn: Turn, from: PublicKey, signed: Unverified<EdgeReport>): void {
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
    requireSignedBy(signed, from, verify);
    this.#newest.set(reporter, body.sequence);
    for (const [i, edge] of body.edges.entries()) {
      const teller = tellers[i]!;
      const record = { edge, teller, sequence: body.sequence, received: turn.now };
      turn.put(keys.report(edge, teller), encodeRecord(ReportRecord, record));
    }
    turn.onMerge(() => {
      for (const [i, edge] of body.edges.entries()) index.learn(edge, tellers[i]!, turn.now);
    });
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
    const perSecond = this.#context.settings.report_edges_per_s_per_member;
    let budget = this.#budgets.get(reporter);
    if (budget === undefined) {
      budget = new TokenBucket({ perSecond, burst: perSecond * BURST_S }, now);
      this.#budgets.set(reporter, budget);
    }
    if (budget.take(edges, now)) return;
    throw refused('too_many_reports', 'That are more reports than this hub takes from one member.');
  }
}

function refused(fault: string, sentence: string): GeoError {
  return new GeoError('E006', sentence, { fault });
}
