/**
 * What clearing has done so far, counted in the turn that commits a clearing: for each participant that
 * this node serves, and for all of them together; at a hub that is nearly its whole community.
 */
import type { Pid, TxId } from '../../protocol/identity/pid.ts';
import type { OpenClearing } from '../../protocol/machines/manifest.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import type { Agents } from '../engine/agents.ts';
import type { Hall } from '../engine/hall.ts';
import type { Shelf } from '../engine/shelf.ts';
import type { Turn } from '../engine/turn.ts';
import { ClearedRecord } from '../store/cleared-record.ts';
import { removedBy } from './committed.ts';

/** By equivalent: everything; by equivalent and PID: with that participant. */
export const CLEARED: Shelf<ClearedRecord> = { prefix: 'cleared', schema: ClearedRecord };

interface ClearedContext {
  readonly hall: Hall;
  readonly agents: Agents;
  /** A clearing of this node is committed in this turn. */
  readonly committed: (turn: Turn, clearing: OpenClearing) => void;
}

export class Cleared {
  readonly #context: ClearedContext;
  readonly #kept: ReadonlyMap<string, ClearedRecord>;

  constructor(context: ClearedContext) {
    this.#context = context;
    this.#kept = context.hall.state.shelf(CLEARED);
    context.hall.beforeSeal((turn) => {
      for (const notice of turn.notices) {
        if (notice.type !== 'clearing' || notice.state !== 'COMMITTED') continue;
        const clearing = committedIn(turn, notice.tx);
        if (clearing !== undefined) this.#count(turn, clearing);
      }
    });
  }

  /** @param participant without one: everything that this node had a part in */
  of(equivalent: EquivalentCode, participant?: Pid): ClearedRecord | undefined {
    return this.#kept.get(nameOf(equivalent, participant));
  }

  #count(turn: Turn, clearing: OpenClearing): void {
    const { agents, committed } = this.#context;
    const { equivalent, cycle } = clearing.proposal;
    for (const participant of [undefined, ...cycle.filter((pid) => agents.served(pid))]) {
      const name = nameOf(equivalent, participant);
      turn.shelve(CLEARED, name, withOneMore(this.#kept.get(name), clearing));
    }
    committed(turn, clearing);
  }
}

function nameOf(equivalent: EquivalentCode, participant: Pid | undefined): string {
  return participant === undefined ? equivalent : `${equivalent}/${participant}`;
}

/** The attempt by which a clearing commits in this turn. */
function committedIn(turn: Turn, tx: TxId): OpenClearing | undefined {
  const attempts = turn.transaction(tx)?.attempts.map((hash) => turn.attempt(hash)) ?? [];
  const open = attempts.find((attempt) => attempt?.commit.phase === 'COMMITTED')?.open;
  return open?.kind === 'clearing' ? open : undefined;
}

function withOneMore(before: ClearedRecord | undefined, open: OpenClearing): ClearedRecord {
  const { amount, proposal } = open;
  const { cycle, shortens, precision } = proposal;
  const kept = before ?? { precision, lengths: [], chains: 0, shortened: 0n };
  const members = cycle.length;
  if (shortens === true) {
    return { ...kept, chains: kept.chains + 1, shortened: kept.shortened + removedBy(open) };
  }
  const row = kept.lengths.find((each) => each.members === members);
  const next = {
    members,
    cycles: (row?.cycles ?? 0) + 1,
    amount: (row?.amount ?? 0n) + amount,
  };
  const lengths = [...kept.lengths.filter((each) => each !== row), next];
  return { ...kept, lengths: lengths.sort((a, b) => a.members - b.members) };
}
