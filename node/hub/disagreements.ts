/**
 * Edges of which different things are told for longer than a report may be late: by their two ends, or by one
 * and the hub's own book. Both signed reports are kept as evidence, since a hub cannot see which of the two
 * lies; over the edge it leads no more than the smaller of both allows (docs/PROTOCOL.md, "Hub routes").
 */
import type { Hash, Pid } from '../../protocol/identity/pid.ts';
import { type EdgeId, edgeKey } from '../../protocol/ledger/edge.ts';
import type { State } from '../engine/state.ts';
import type { Turn } from '../engine/turn.ts';
import type { Log, Store } from '../ports.ts';
import { type DisagreementRecord, ReportRecord } from '../store/hub-records.ts';
import { keys } from '../store/keys.ts';
import { decodeRecord } from '../store/records.ts';
import type { CommunityIndex } from './community-index.ts';
import type { EdgeView } from './edge-view.ts';
import type { Told } from './equivalent-graph.ts';
import { DISAGREEMENTS } from './shelves.ts';

/** Records at most; beyond them the oldest that has ended goes, and a new one is not kept if none has. */
const KEPT_MAX = 500;

export interface DisagreementsContext {
  readonly state: State;
  readonly store: Store;
  readonly log: Log;
  readonly index: CommunityIndex;
  readonly settings: { readonly report_late_ms: number };
}

export class Disagreements {
  readonly #context: DisagreementsContext;
  readonly #known: ReadonlyMap<string, DisagreementRecord>;

  constructor(context: DisagreementsContext) {
    this.#context = context;
    this.#known = context.state.shelf(DISAGREEMENTS);
  }

  all(): Iterable<DisagreementRecord> {
    return this.#known.values();
  }

  /** How many stand at this moment in which a participant is one of the ends whose agent has reported. */
  standingOf(participant: Pid): number {
    let standing = 0;
    for (const { ended, low, high, by_low, by_high } of this.#known.values()) {
      if (ended !== undefined) continue;
      if ((low === participant && by_low) || (high === participant && by_high)) standing++;
    }
    return standing;
  }

  /** Signed reports that are kept for them. */
  *evidence(): Generator<Hash> {
    for (const { by_low, by_high } of this.#known.values()) {
      for (const told of [by_low?.told, by_high?.told]) if (told !== undefined) yield told;
    }
  }

  /** The reports themselves, as the agents of the two ends have signed them. */
  reportsOf({ by_low, by_high }: DisagreementRecord): { low?: Uint8Array; high?: Uint8Array } {
    const read = (hash: Hash | undefined) => hash && this.#context.store.get(keys.told(hash));
    const [low, high] = [read(by_low?.told), read(by_high?.told)];
    return { ...(low && { low }), ...(high && { high }) };
  }

  /** Looks at what stands by now, and at what has ended. */
  look(turn: Turn): void {
    const { index, settings, log } = this.#context;
    const standing = new Set<string>();
    for (const [id, precision, told] of index.differing(turn.now - settings.report_late_ms)) {
      const key = edgeKey(id);
      standing.add(key);
      const known = this.#known.get(key);
      const isNew = known === undefined || known.ended !== undefined;
      if (isNew && known === undefined && !this.#makeRoom(turn)) continue;
      const since = isNew ? turn.now : known.since;
      const record = { ...id, precision, since, ...this.#told(id, told) };
      if (!isNew && isSame(record, known)) continue;
      turn.shelve(DISAGREEMENTS, key, record);
      if (isNew) log.warn(id, 'two sides tell different things of an edge; their reports are kept');
    }
    for (const [key, record] of this.#known) {
      if (record.ended !== undefined || standing.has(key)) continue;
      turn.shelve(DISAGREEMENTS, key, { ...record, ended: turn.now });
    }
  }

  #told(id: EdgeId, { own, byLow, byHigh }: Told) {
    return {
      ...(own && { own: told(own) }),
      ...(byLow && { by_low: told(byLow, this.#reportOf(id, 'low')) }),
      ...(byHigh && { by_high: told(byHigh, this.#reportOf(id, 'high')) }),
    };
  }

  #reportOf(id: EdgeId, teller: 'low' | 'high'): Hash | undefined {
    const value = this.#context.store.get(keys.report(id, teller));
    return value && decodeRecord(ReportRecord, value).told;
  }

  #makeRoom(turn: Turn): boolean {
    if (this.#known.size < KEPT_MAX) return true;
    const oldest = [...this.#known]
      .filter(([, { ended }]) => ended !== undefined)
      .sort(([, a], [, b]) => a.ended! - b.ended!)[0];
    if (oldest !== undefined) turn.unshelve(DISAGREEMENTS, oldest[0]);
    return oldest !== undefined;
  }
}

function told({ balance, up, down }: EdgeView, report?: Hash) {
  return { balance, up, down, ...(report === undefined ? {} : { told: report }) };
}

function isSame(one: DisagreementRecord, other: DisagreementRecord): boolean {
  return (['own', 'by_low', 'by_high'] as const).every((side) => {
    const [a, b] = [one[side], other[side]];
    return a?.balance === b?.balance && a?.up === b?.up && a?.down === b?.down;
  });
}
