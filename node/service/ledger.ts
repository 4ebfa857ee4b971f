/** Balances, books and history. */

import { edgeIn, peerIn } from './asking.ts';
import { edgeView, freshStatement, requireEdge } from './books.ts';
import type { LedgerOperations } from './contract.ts';
import { ownBooks } from './own-books.ts';
import type { Rooms } from './rooms.ts';
import type { Views } from './views.ts';

export function ledgerOperations(rooms: Rooms, views: Views): LedgerOperations {
  const { balance, debts, books, history } = ownBooks(rooms, rooms.me);
  return {
    balance,
    debts,
    books,

    history: ({ peer, ...query }) =>
      history(peer === undefined ? query : { ...query, peer: peerIn(rooms, peer) }),

    edge: (request) => edgeView(rooms, views, requireEdge(rooms, edgeIn(rooms, request))),

    statement: async (request) => freshStatement(rooms, edgeIn(rooms, request)),

    audit: async () => [...(await rooms.integrity.auditor.audit()).rows],

    checksums: () => rooms.integrity.checksums.rows(),

    releaseEdge: async ({ reason, ...ref }) => {
      const id = edgeIn(rooms, ref);
      await rooms.integrity.auditor.release(id, reason);
      return edgeView(rooms, views, requireEdge(rooms, id));
    },
  };
}
