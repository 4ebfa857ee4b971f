/** The history as it is asked for: newest last, filtered, bounded. */
import { invalid } from '../../protocol/errors.ts';
import type { Pid } from '../../protocol/identity/pid.ts';
import { formatAmount } from '../../protocol/money/amount.ts';
import type { State } from '../engine/state.ts';
import type { Store } from '../ports.ts';
import { historyOf as historyRange, keys } from '../store/keys.ts';
import { decodeRecord, HistoryRecord } from '../store/records.ts';
import type { HistoryQuery, HistoryRow } from './shapes.ts';
import { isoTime } from './views.ts';

const ROWS_DEFAULT = 1_000;

/** Which entries, and whose. */
export interface HistoryFilter extends Omit<HistoryQuery, 'peer' | 'limit'> {
  readonly peer?: Pid | undefined;
  /** Whose history, if not this node's own. */
  readonly member?: Pid | undefined;
}

export interface HistoryEntry {
  readonly id: string;
  readonly record: HistoryRecord;
}

/** Entries are in the order in which they were made, and a clock may have been set back meanwhile, ms. */
const CLOCK_BACK_MS_MAX = 24 * 3_600_000;

/**
 * Newest first.
 * @throws GeoError E009 `bad_time`
 */
export async function* historyOf(
  store: Store,
  filter: HistoryFilter,
): AsyncGenerator<HistoryEntry> {
  const { type, peer, equivalent, member, before } = filter;
  const since = filter.since === undefined ? 0 : timeIn(filter.since);
  const until = filter.until === undefined ? Number.POSITIVE_INFINITY : timeIn(filter.until);
  const range = historyRange(member);
  const lt = before === undefined ? range.lt : keyOf(Number(before), member);
  for await (const [key, value] of store.scan({ ...range, lt, reverse: true })) {
    const record = decodeRecord(HistoryRecord, value);
    if (record.time < since - CLOCK_BACK_MS_MAX) break;
    if (record.time < since || record.time >= until) continue;
    if (type !== undefined && record.type !== type) continue;
    if (peer !== undefined && record.peer !== peer) continue;
    if (equivalent !== undefined && record.equivalent !== equivalent) continue;
    yield { id: String(Number(key.split('/').at(-1))), record };
  }
}

/**
 * Newest last; a bound keeps the newest.
 * @throws GeoError E009 `bad_time`
 */
export async function readHistory(
  store: Store,
  state: State,
  filter: HistoryFilter,
  limit = ROWS_DEFAULT,
): Promise<HistoryRow[]> {
  const rows: HistoryRow[] = [];
  for await (const entry of historyOf(store, filter)) {
    rows.push(rowOf(entry, state));
    if (rows.length >= limit) break;
  }
  return rows.reverse();
}

/** @throws GeoError E009 `bad_time` */
export function timeIn(text: string): number {
  const time = Date.parse(text);
  if (!Number.isNaN(time)) return time;
  throw invalid(
    'bad_time',
    `"${text}" is not a time; write for example 2026-01-31 or 2026-01-31T12:00:00Z.`,
  );
}

function keyOf(number: number, member: Pid | undefined): string {
  return member === undefined ? keys.history(number) : keys.account(member, number);
}

function rowOf({ id, record }: HistoryEntry, state: State): HistoryRow {
  const { equivalent, amount } = record;
  const precision = equivalent && state.equivalents.get(equivalent)?.precision;
  return {
    id,
    time: isoTime(record.time),
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
