/** Balances, books and history. */

import { verifyStore } from '../verify-store.ts';
import { edgeIn, peerIn } from './asking.ts';
import { edgeView, freshStatement, requireEdge } from './books.ts';
import type { LedgerOperations } from './contract.ts';
import { ownBooks } from './own-books.ts';
import type { Rooms } from './rooms.ts';
import { isoTime, type Views } from './views.ts';

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

    verifyStore: async () => {
      const { store, verify, clock } = rooms.ports;
      const rest = () => new Promise<void>((resolve) => clock.soon(resolve));
      const { records, rows, checksums, problems } = await verifyStore(store, verify, rest);
      return { records, rows: [...rows], checksums: [...checksums], problems: [...problems] };
    },

    auditLog: async ({ after, limit }) =>
      (await rooms.integrity.log.since(after, limit)).map((entry) => ({
        ...entry,
        time: isoTime(entry.time),
      })),

    releaseEdge: async ({ reason, ...ref }) => {
      const id = edgeIn(rooms, ref);
      await rooms.integrity.auditor.release(id, reason);
      return edgeView(rooms, views, requireEdge(rooms, id));
    },
  };
}
