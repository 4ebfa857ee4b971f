/** The books of one participant as this node has them: lines, debts, balance, history, transactions. */
import { bytesToHex } from '@noble/hashes/utils.js';
import { GeoError } from '../../protocol/errors.ts';
import type { Pid, TxId } from '../../protocol/identity/pid.ts';
import { readSigned } from '../../protocol/wire/envelope.ts';
import type { TransactionRecord } from '../store/records.ts';
import { clearingStats } from './clearing-stats.ts';
import type { OwnBooks } from './contract.ts';
import { readHistory } from './history.ts';
import type { Rooms } from './rooms.ts';
import type * as shapes from './shapes.ts';
import { transactionsPage } from './transactions.ts';
import { Views } from './views.ts';

/** @param member who sees nothing but what is its own */
export function ownBooks(rooms: Rooms, member: Pid): OwnBooks {
  const { ports, agents, hall } = rooms;
  const { state } = hall;
  const views = new Views(state, member, member === rooms.me);
  return {
    trustLines: () => views.edges().flatMap((edge) => views.lines(edge)),

    balance: () =>
      [...Map.groupBy(views.edges(), (edge) => edge.equivalent).values()].map((group) =>
        views.balance(group),
      ),

    debts: () => views.edges().flatMap((edge) => views.debts(edge)),

    books: () => views.edges().map((edge) => views.book(edge)),

    pendingClearings: () =>
      rooms.clearing.pendingOf(member).map((tx) => views.clearing(tx, state.transactionOf(tx)!)),

    clearingStats: () => clearingStats(rooms, member),

    history: ({ peer, limit, ...query }) =>
      readHistory(
        ports.store,
        state,
        { ...query, peer: peer as Pid | undefined, member: agents.historyOf(member) },
        limit,
      ),

    transactions: ({ peer, ...query }) =>
      transactionsPage(rooms, views, { ...query, peer: peer as Pid | undefined }, member),

    transaction: async (text) => {
      const tx = text as TxId;
      const record = state.transactionOf(tx);
      const seen = record && views.transaction(tx, record, null);
      if (seen === undefined || !partiesOf(seen).includes(member)) {
        throw new GeoError('E009', 'This node knows no such transaction of the member.', {
          fault: 'unknown_transaction',
        });
      }
      if (seen.kind === 'clearing') return seen;
      const own = { ...seen, role: views.roleIn(seen) };
      return seen.payee === member ? { ...own, ...sealedNoteIn(record!) } : own;
    },
  };
}

function sealedNoteIn({ note, order }: TransactionRecord) {
  if (note === undefined) return {};
  const { nonce } = readSigned('PAYMENT_REQUEST', order).body;
  return { sealed_note: { sealed: bytesToHex(note), nonce: bytesToHex(nonce) } };
}

function partiesOf(seen: shapes.Transaction): readonly string[] {
  if (seen.kind === 'clearing') return seen.cycle;
  return [seen.payer, seen.payee, ...seen.routes.flatMap(({ path }) => path)];
}
