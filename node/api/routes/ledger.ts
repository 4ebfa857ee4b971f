/** Endpoints of balances, books and history. */
import { z } from 'zod';
import type { LedgerOperations } from '../../service/contract.ts';
import * as shapes from '../../service/shapes.ts';
import type { RoutesOf } from '../route.ts';

export const LEDGER_ROUTES: RoutesOf<LedgerOperations> = {
  balance: {
    method: 'GET',
    path: '/balance',
    tag: 'ledger',
    summary: 'Sums per equivalent: owed to me, owed by me, what can be spent and received',
    access: 'member',
    input: null,
    response: z.array(shapes.BalanceRow),
  },
  debts: {
    method: 'GET',
    path: '/debts',
    tag: 'ledger',
    summary: 'Who owes whom, per peer and equivalent',
    access: 'member',
    input: null,
    response: z.array(shapes.DebtRow),
  },
  history: {
    method: 'GET',
    path: '/history',
    tag: 'ledger',
    summary: 'What happened, newest last; a bound keeps the newest',
    access: 'member',
    input: { in: 'query', shape: shapes.HistoryQuery },
    response: z.array(shapes.HistoryRow),
  },
  books: {
    method: 'GET',
    path: '/books',
    tag: 'ledger',
    summary: 'One row per edge, as the store of this node has it',
    access: 'member',
    input: null,
    response: z.array(shapes.BookRow),
  },
  edge: {
    method: 'GET',
    path: '/edge',
    tag: 'ledger',
    summary: 'One edge: own book, what the other end says, dispute, newest statement',
    access: 'local',
    input: { in: 'query', shape: shapes.EdgeRef },
    response: shapes.Edge,
  },
  statement: {
    method: 'POST',
    path: '/edge/statement',
    tag: 'ledger',
    summary: 'The account statement of an edge as it stands now, signed by both ends',
    access: 'local',
    input: { in: 'body', shape: shapes.EdgeRef },
    response: shapes.Statement,
  },
  audit: {
    method: 'GET',
    path: '/audit',
    tag: 'ledger',
    summary: 'The invariants that this node can check alone',
    access: 'auditor',
    input: null,
    response: z.array(shapes.Invariant),
  },
  checksums: {
    method: 'GET',
    path: '/checksums',
    tag: 'ledger',
    summary: 'One number for each equivalent that changes with every book in it',
    access: 'auditor',
    input: null,
    response: z.array(shapes.Checksum),
  },
  releaseEdge: {
    method: 'POST',
    path: '/edge/release',
    tag: 'ledger',
    summary: 'Open an edge again that an audit has frozen, if it is sound now',
    access: 'local',
    input: { in: 'body', shape: shapes.ReleaseRequest },
    response: shapes.Edge,
  },
};
