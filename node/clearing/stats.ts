/** What clearing has done for this participant so far, from the records of its transactions. */
import type { TxId } from '../../protocol/identity/pid.ts';
import type { OpenClearing } from '../../protocol/machines/manifest.ts';
import { formatAmount } from '../../protocol/money/amount.ts';
import type { State } from '../engine/state.ts';
import type { Store } from '../ports.ts';
import type { ClearingStats } from '../service/shapes.ts';
import { rangeOf } from '../store/keys.ts';
import { decodeRecord, HistoryRecord } from '../store/records.ts';
import { committedOf } from './committed.ts';

interface Sum {
  readonly precision: number;
  readonly byLength: Map<number, { cycles: number; amount: bigint }>;
  readonly shortened: { chains: number; removed: bigint };
}

/** Time: in the length of the history, read in the background. */
export async function clearingStats(store: Store, state: State): Promise<ClearingStats[]> {
  const sums = new Map<string, Sum>();
  const seen = new Set<TxId>();
  for await (const [, value] of store.scan(rangeOf('history'))) {
    const { type, tx } = decodeRecord(HistoryRecord, value);
    if (type !== 'clearing' || tx === undefined || seen.has(tx)) continue;
    seen.add(tx);
    const open = committedOf(state, tx);
    if (open !== undefined) add(sums, open);
  }
  return [...sums].map(([equivalent, { precision, byLength, shortened }]) => {
    const text = (units: bigint) => formatAmount(units, precision);
    const rows = [...byLength].sort(([a], [b]) => a - b);
    const total = (of: (length: number, amount: bigint) => bigint) =>
      text(rows.reduce((sum, [length, { amount }]) => sum + of(length, amount), 0n));
    return {
      equivalent,
      cycles: rows.reduce((sum, [, { cycles }]) => sum + cycles, 0),
      removed: total((length, amount) => amount * BigInt(length)),
      mine: total((_, amount) => amount),
      lengths: rows.map(([length, { cycles, amount }]) => ({
        length,
        cycles,
        removed: text(amount * BigInt(length)),
      })),
      shortened: { chains: shortened.chains, removed: text(shortened.removed) },
    };
  });
}

function add(sums: Map<string, Sum>, { proposal, amount }: OpenClearing): void {
  const { equivalent, precision, cycle, shortens } = proposal;
  const known = sums.get(equivalent);
  const sum = known ?? { precision, byLength: new Map(), shortened: { chains: 0, removed: 0n } };
  sums.set(equivalent, sum);
  if (shortens === true) {
    sum.shortened.chains++;
    // All its debts but the one that comes instead.
    sum.shortened.removed += amount * BigInt(cycle.length - 2);
    return;
  }
  const row = sum.byLength.get(cycle.length) ?? { cycles: 0, amount: 0n };
  sum.byLength.set(cycle.length, { cycles: row.cycles + 1, amount: row.amount + amount });
}
