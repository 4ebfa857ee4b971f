/** Balances, books and history. */

import { edgeIn, peerIn } from './asking.ts';
import { edgeView, freshStatement, requireEdge } from './books.ts';
import type { LedgerOperations } from './contract.ts';
import { readHistory } from './history.ts';
import type { Rooms } from './rooms.ts';
import type { Views } from './views.ts';

export function ledgerOperations(rooms: Rooms, views: Views): LedgerOperations {
  const { ports, hall } = rooms;
  const { state } = hall;
  return {
    balance: () => {
      return [...Map.groupBy(views.edges(), (edge) => edge.equivalent).values()].map((group) =>
        views.balance(group),
      );
    },

    debts: () => views.edges().flatMap((edge) => views.debts(edge)),

    history: ({ peer, limit, ...query }) =>
      readHistory(
        ports.store,
        state,
        { ...query, peer: peer === undefined ? undefined : peerIn(rooms, peer) },
        limit,
      ),

    books: () => views.edges().map((edge) => views.book(edge)),

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
