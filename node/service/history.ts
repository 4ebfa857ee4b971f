/** The history as it is asked for: newest last, filtered, bounded. */
import { invalid } from '../../protocol/errors.ts';
import type { Pid } from '../../protocol/identity/pid.ts';
import { formatAmount } from '../../protocol/money/amount.ts';
import type { HistoryQuery, HistoryRow } from '../api/shapes.ts';
import type { State } from '../engine/state.ts';
import type { Store } from '../ports.ts';
import { historySince } from '../store/keys.ts';
import { decodeRecord, HistoryRecord } from '../store/records.ts';
import { isoTime } from './views.ts';

const ROWS_DEFAULT = 1_000;

/**
 * @param peer the participant that `query.peer` means
 * @param member whose history, if not this node's own
 * @throws GeoError E009 `bad_time`
 */
export async function readHistory(
  store: Store,
  state: State,
  query: HistoryQuery,
  peer: Pid | undefined,
  member?: Pid,
): Promise<HistoryRow[]> {
  const since = query.since === undefined ? 0 : Date.parse(query.since);
  if (Number.isNaN(since)) {
    throw invalid(
      'bad_time',
      `"${query.since}" is not a time; write for example 2026-01-31 or 2026-01-31T12:00:00Z.`,
    );
  }
  const rows: HistoryRow[] = [];
  const limit = query.limit ?? ROWS_DEFAULT;
  // Newest first, so that a bound keeps the newest.
  for await (const [key, value] of store.scan({
    ...historySince(Math.max(since, 0), member),
    reverse: true,
  })) {
    const record = decodeRecord(HistoryRecord, value);
    if (query.type !== undefined && record.type !== query.type) continue;
    if (peer !== undefined && record.peer !== peer) continue;
    rows.push(rowOf(key, record, state));
    if (rows.length >= limit) break;
  }
  return rows.reverse();
}

function rowOf(key: string, record: HistoryRecord, state: State): HistoryRow {
  const { equivalent, amount } = record;
  const precision = equivalent && state.equivalents.get(equivalent)?.precision;
  return {
    time: isoTime(Number(key.split('/').at(-2))),
    type: record.type,
    text: record.text,
    tx_id: record.tx ?? null,
    peer: record.peer ?? null,
    equivalent: equivalent ?? null,
    amount:
      amount === undefined || precision === undefined
        ? null
        : formatAmount(amount, precision as number),
  };
}
