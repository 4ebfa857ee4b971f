/** Endpoints of routes, payments and transactions. */
import type { PaymentOperations } from '../../service/contract.ts';
import * as shapes from '../../service/shapes.ts';
import type { RoutesOf } from '../route.ts';

export const PAYMENT_ROUTES: RoutesOf<PaymentOperations> = {
  routes: {
    method: 'GET',
    path: '/routes',
    tag: 'payments',
    summary:
      'Ways from the caller to a payee, how much could be paid now, and what is in the way of more; holds nothing',
    access: 'member',
    input: { in: 'query', shape: shapes.RoutesRequest },
    response: shapes.Routes,
  },
  pay: {
    method: 'POST',
    path: '/payments',
    tag: 'payments',
    summary: 'Pay; answers with the outcome, a refused payment being ABORTED with its reason',
    access: 'local',
    input: { in: 'body', shape: shapes.PayRequest },
    response: shapes.Payment,
  },
  transactions: {
    method: 'GET',
    path: '/transactions',
    tag: 'payments',
    summary: 'Payments and clearings, newest first; `next` is the cursor of the page after',
    access: 'member',
    input: { in: 'query', shape: shapes.TransactionsQuery },
    response: shapes.TransactionsPage,
  },
  transaction: {
    method: 'GET',
    path: '/transactions/:tx_id',
    tag: 'payments',
    summary: 'One transaction: state, routes, votes, certificate',
    access: 'member',
    input: { in: 'params', shape: shapes.TransactionRef, field: 'tx_id' },
    response: shapes.Transaction,
  },
};
