/** Debts that lead on from participants, step by step, as the own books have them. */
import type { Pid } from '../../protocol/identity/pid.ts';
import { counterparty, debtOf, type Edge } from '../../protocol/ledger/edge.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import type { State } from '../engine/state.ts';

/** Edges that one search looks at in its own books: a fraction of a millisecond. What lies behind waits for a pass. */
const EDGES_MAX = 2_000;

export interface OwedOn {
  readonly edge: Edge;
  readonly debtor: Pid;
  readonly creditor: Pid;
}

interface Search {
  readonly from: Iterable<Pid>;
  readonly equivalent: EquivalentCode;
  /** Steps along debts at most. */
  readonly steps: number;
  /** Edges that are looked at, if not as many as any search may look at. */
  readonly edgesMax?: number;
}

/** Nearest first; each debt once. Only whom this node serves has all its edges here, and is gone on from. */
export function* debtsFrom(
  state: Pick<State, 'edgesOf'>,
  isServed: (participant: Pid) => boolean,
  { from, equivalent, steps, edgesMax = EDGES_MAX }: Search,
): Generator<OwedOn> {
  const seen = new Set(from);
  let level = [...seen];
  let looked = 0;
  for (let step = 0; step < steps && level.length > 0; step++) {
    const next: Pid[] = [];
    for (const debtor of level) {
      if (!isServed(debtor)) continue;
      for (const edge of state.edgesOf(debtor)) {
        if (++looked > edgesMax) return;
        if (edge.equivalent !== equivalent || debtOf(edge, debtor) === 0n) continue;
        const creditor = counterparty(edge, debtor);
        yield { edge, debtor, creditor };
        if (seen.has(creditor)) continue;
        seen.add(creditor);
        next.push(creditor);
      }
    }
    level = next;
  }
}
