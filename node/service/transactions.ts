/** Payments and clearings as a list: those under way first, then those that ended, newest first. */
import type { Pid, TxId } from '../../protocol/identity/pid.ts';
import type { State } from '../engine/state.ts';
import type { TransactionRecord } from '../store/records.ts';
import { historyOf, timeIn } from './history.ts';
import type { Rooms } from './rooms.ts';
import type { TransactionRow, TransactionsPage, TransactionsQuery } from './shapes.ts';
import type { Views } from './views.ts';

const ROWS_DEFAULT = 100;
const ENDINGS: ReadonlySet<string> = new Set(['payment', 'payment_failed', 'clearing']);

export interface TransactionsFilter extends Omit<TransactionsQuery, 'peer'> {
  readonly peer?: Pid | undefined;
}

/**
 * @param views of whom the list is
 * @param owner the participant whom this node serves
 * @throws GeoError E009 `bad_time`
 */
export async function transactionsPage(
  rooms: Rooms,
  views: Views,
  filter: TransactionsFilter,
  owner: Pid,
): Promise<TransactionsPage> {
  const { state } = rooms.hall;
  const { limit = ROWS_DEFAULT, since, until, cursor: before, equivalent } = filter;
  const fits = filterOf(filter);
  const rowOf = rowsFor(views, owner, owner === rooms.me);
  const items = before === undefined ? underWay(state, rowOf).filter(fits) : [];
  const seen = new Set<string>();
  for await (const { id, record } of historyOf(rooms.ports.store, {
    since,
    until,
    before,
    equivalent,
    member: rooms.agents.historyOf(owner),
  })) {
    const { tx, type, time } = record;
    if (tx === undefined || !ENDINGS.has(type) || seen.has(tx)) continue;
    const transaction = state.readTransaction(tx);
    // One has several entries: it stands where it ended.
    if (transaction?.finished !== time) continue;
    seen.add(tx);
    const row = rowOf(tx, transaction);
    if (row === undefined || !fits(row)) continue;
    items.push(row);
    // The others of the same moment come on the next page with what is older.
    if (items.length >= limit) return { items, next: id };
  }
  return { items, next: null };
}

type RowOf = (tx: TxId, record: TransactionRecord) => TransactionRow | undefined;

/**
 * A handful, whatever the limit: what is under way is bounded by settings. What this node has begun, what waits for
 * somebody's word, and whatever else is being voted on.
 */
function underWay(state: State, rowOf: RowOf): TransactionRow[] {
  const votedOn = [...state.attempts.values()].map(({ open }) => open.tx);
  const rows = [...new Set([...state.open, ...state.clearings, ...votedOn])].flatMap((tx) => {
    const record = state.transactionOf(tx);
    // What has ended stands in the history, although not everybody may know it yet.
    if (record === undefined || record.finished !== undefined) return [];
    return rowOf(tx, record) ?? [];
  });
  return rows.sort((a, b) => (a.created < b.created ? 1 : -1));
}

function filterOf(query: TransactionsFilter) {
  const since = query.since === undefined ? undefined : timeIn(query.since);
  return (row: TransactionRow) =>
    (query.kind ?? row.kind) === row.kind &&
    (query.state ?? row.state) === row.state &&
    (query.role ?? row.role) === row.role &&
    (query.equivalent ?? row.equivalent) === row.equivalent &&
    (query.peer ?? row.peer) === row.peer &&
    (since === undefined || Date.parse(row.finished ?? row.created) >= since);
}

/** @param isNode whether the owner is this node itself, which has its part of transactions of others too */
function rowsFor(views: Views, owner: Pid, isNode: boolean): RowOf {
  return (tx, record) => {
    if (record.clearing !== undefined) {
      const { reason, cleared, amount, cycle, ...clearing } = views.clearing(tx, record);
      if (!isNode && !cycle.includes(owner)) return undefined;
      const { state, role, equivalent, created, finished } = clearing;
      const facts = { tx_id: tx, state, role, equivalent, created, finished };
      const text = reason?.message ?? null;
      return { ...facts, kind: 'clearing', peer: null, amount: cleared ?? amount, reason: text };
    }
    const { reason, ...payment } = views.paymentSummary(tx, record);
    const { state, payer, payee, equivalent, amount, created, finished } = payment;
    if (!isNode && payer !== owner && payee !== owner) return undefined;
    const role = isNode ? payment.role : payer === owner ? 'payer' : 'payee';
    const facts = { tx_id: tx, state, role, equivalent, amount, created, finished };
    const peer = payee === owner ? payer : payee;
    return { ...facts, kind: 'payment', peer, reason: reason?.message ?? null };
  };
}
