/** The history as it is asked for: newest last, filtered, bounded. */
import { invalid } from '../../protocol/errors.ts';
import type { Pid } from '../../protocol/identity/pid.ts';
import { formatAmount } from '../../protocol/money/amount.ts';
import type { HistoryQuery, HistoryRow } from '../api/shapes.ts';
import type { State } from '../engine/state.ts';
import type { Store } from '../ports.ts';
import { historySince, keys } from '../store/keys.ts';
import { decodeRecord, HistoryRecord } from '../store/records.ts';
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
  readonly time: number;
  readonly record: HistoryRecord;
}

/**
 * Newest first.
 * @throws GeoError E009 `bad_time`
 */
export async function* historyOf(
  store: Store,
  filter: HistoryFilter,
): AsyncGenerator<HistoryEntry> {
  const { type, peer, equivalent, member } = filter;
  const since = filter.since === undefined ? 0 : timeIn(filter.since);
  const until = filter.until === undefined ? undefined : timeIn(filter.until);
  const range = historySince(Math.max(since, 0), member);
  const ends = [
    range.lt!,
    ...(until === undefined ? [] : [historyKey(Math.max(until, 0), 0, member)]),
    ...(filter.before === undefined ? [] : [keyOfPlace(filter.before, member)]),
  ];
  const lt = ends.reduce((first, end) => (end < first ? end : first));
  if (lt <= range.gte!) return;
  for await (const [key, value] of store.scan({ ...range, lt, reverse: true })) {
    const record = decodeRecord(HistoryRecord, value);
    if (type !== undefined && record.type !== type) continue;
    if (peer !== undefined && record.peer !== peer) continue;
    if (equivalent !== undefined && record.equivalent !== equivalent) continue;
    const [time, counter] = key.split('/').slice(-2).map(Number);
    yield { id: `${time}-${counter}`, time: time!, record };
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

function historyKey(time: number, counter: number, member: Pid | undefined): string {
  return member === undefined ? keys.history(time, counter) : keys.account(member, time, counter);
}

function keyOfPlace(place: string, member: Pid | undefined): string {
  const [time, counter] = place.split('-').map(Number);
  return historyKey(time!, counter!, member);
}

function rowOf({ id, time, record }: HistoryEntry, state: State): HistoryRow {
  const { equivalent, amount } = record;
  const precision = equivalent && state.equivalents.get(equivalent)?.precision;
  return {
    id,
    time: isoTime(time),
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
