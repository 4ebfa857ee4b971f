/** What clearing has done: for one participant, and for everyone whom this node knows of. */
import type { Pid } from '../../protocol/identity/pid.ts';
import { formatAmount } from '../../protocol/money/amount.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import type { ClearedRecord } from '../store/cleared-record.ts';
import type { Rooms } from './rooms.ts';
import type * as shapes from './shapes.ts';
import { isoTime } from './views.ts';

/** Equivalents in which nothing was cleared with a part of the participant are left out. */
export function clearingStats({ clearing, hall }: Rooms, participant: Pid): shapes.ClearingStats[] {
  return [...hall.state.equivalents.keys()].flatMap(
    (equivalent) => statsOf(equivalent, clearing.cleared.of(equivalent, participant)) ?? [],
  );
}

function statsOf(
  equivalent: EquivalentCode,
  record: ClearedRecord | undefined,
): shapes.ClearingStats | undefined {
  if (record === undefined) return undefined;
  const mine = record.lengths.reduce((sum, { amount }) => sum + amount, 0n);
  const { cycles, removed, ...parts } = sums(record);
  return { equivalent, cycles, removed, mine: formatAmount(mine, record.precision), ...parts };
}

/** Every equivalent that this node knows. */
export async function clearingTotals({
  clearing,
  hall,
  me,
}: Rooms): Promise<shapes.ClearingTotals[]> {
  const rows: shapes.ClearingTotals[] = [];
  for (const [equivalent, { precision }] of hall.state.equivalents) {
    const nothing = { precision, lengths: [], chains: 0, shortened: 0n };
    const { since, debt, withoutClearing } = clearing.averages.averages(equivalent);
    const clearable = await clearing.clearable.now(equivalent);
    rows.push({
      equivalent,
      ...sums(clearing.cleared.of(equivalent) ?? nothing),
      debt: formatAmount(clearing.averages.debt(equivalent), precision),
      clearable: clearable === undefined ? null : formatAmount(clearable.optimum, precision),
      clearable_share: clearable === undefined ? null : shareOf(clearable.optimum, clearable.total),
      mine: statsOf(equivalent, clearing.cleared.of(equivalent, me)) ?? null,
      since: isoTime(since),
      average_debt: formatAmount(debt, precision),
      average_without_clearing: formatAmount(withoutClearing, precision),
    });
  }
  return rows;
}

function sums({ precision, lengths, chains, shortened }: ClearedRecord) {
  const text = (units: bigint) => formatAmount(units, precision);
  const rows = lengths.map(({ members, cycles, amount }) => ({
    length: members,
    cycles,
    units: amount * BigInt(members),
  }));
  return {
    cycles: rows.reduce((sum, { cycles }) => sum + cycles, 0),
    removed: text(rows.reduce((sum, { units }) => sum + units, 0n)),
    lengths: rows.map(({ length, cycles, units }) => ({ length, cycles, removed: text(units) })),
    shortened: { chains, removed: text(shortened) },
  };
}

/** Parts of a million are enough for anyone. */
function shareOf(part: bigint, whole: bigint): number {
  return whole === 0n ? 0 : Number((part * 1_000_000n) / whole) / 1_000_000;
}
