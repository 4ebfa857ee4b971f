/** Routes, payments and transactions. */
import { hexToBytes } from '@noble/hashes/utils.js';
import { GeoError, isErrorCode } from '../../protocol/errors.ts';
import type { Pid, TxId } from '../../protocol/identity/pid.ts';
import { formatAmount, parseAmount } from '../../protocol/money/amount.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import { readSigned } from '../../protocol/wire/envelope.ts';
import type { RouteRefusal } from '../../protocol/wire/messages/route.ts';
import { equivalentIn, peerIn } from './asking.ts';
import type { PaymentOperations } from './contract.ts';
import { ownBooks } from './own-books.ts';
import type { Rooms } from './rooms.ts';
import type { ErrorBody } from './shapes.ts';
import type { Views } from './views.ts';

/** Ways for a payment of `payer`, and what is in the way of more. @param payeeOf whom the request's `peer` means */
export function routeSearch(
  rooms: Rooms,
  payer: Pid,
  payeeOf: (text: string) => Pid,
): PaymentOperations['routes'] {
  const { settings, router } = rooms;
  return async (request) => {
    const { code, precision } = equivalentIn(rooms, request.equivalent);
    const amount = parseAmount(request.amount, precision);
    const found = await router.routesFor({
      payer,
      payee: payeeOf(request.peer),
      equivalent: code,
      amount,
      max_hops: request.max_hops ?? settings.payments.max_hops,
      max_paths: request.max_paths ?? settings.payments.max_paths,
      avoid: [],
    });
    const text = (units: bigint) => formatAmount(units, precision);
    return {
      routes: found.routes.map((route) => ({ path: [...route.path], amount: text(route.amount) })),
      payable: text(found.payable),
      enough: found.payable >= amount,
      reason: found.refusal === undefined ? null : errorIn(found.refusal),
      messages: found.messages,
    };
  };
}

export function paymentOperations(rooms: Rooms, views: Views): PaymentOperations {
  const { ports, settings, me, hall, payments, memberships } = rooms;
  const { state } = hall;
  const { transactions } = ownBooks(rooms, me);

  /** The hub that is to carry out a payment, one that is there before others; undefined: this node. */
  const hubFor = (code: EquivalentCode, wanted: boolean | undefined) => {
    if (!(wanted ?? settings.payments.by_hub)) return undefined;
    const hubs = memberships.payingIn(code);
    const there = new Set(
      ports.transport.peers().flatMap((peer) => (peer.connected ? [peer.publicKey] : [])),
    );
    return hubs.find((hub) => there.has(hub)) ?? hubs[0]!;
  };

  return {
    routes: routeSearch(rooms, me, (text) => peerIn(rooms, text)),

    pay: async (request) => {
      const { code, precision } = equivalentIn(rooms, request.equivalent);
      const coordinator = hubFor(code, request.by_hub);
      const tx = await payments.pay({
        payee: peerIn(rooms, request.peer),
        equivalent: code,
        amount: parseAmount(request.amount, precision),
        maxHops: request.max_hops ?? settings.payments.max_hops,
        maxPaths: request.max_paths ?? settings.payments.max_paths,
        timeoutMs: request.timeout_ms ?? settings.payments.order_life_ms,
        ...(request.note === undefined ? {} : { note: request.note }),
        ...(coordinator === undefined ? {} : { coordinator }),
        ...(request.nonce === undefined ? {} : { nonce: hexToBytes(request.nonce) }),
      });
      return views.payment(tx, state.transactionOf(tx)!);
    },

    transactions: ({ peer, ...query }) =>
      transactions(peer === undefined ? query : { ...query, peer: peerIn(rooms, peer) }),

    transaction: async (txId) => {
      const tx = txId as TxId;
      const record = state.transactionOf(tx);
      if (record === undefined) {
        throw new GeoError('E009', 'This node knows no transaction with that id.', {
          fault: 'unknown_transaction',
        });
      }
      if (record.clearing !== undefined) return views.transaction(tx, record, null);
      const { nonce } = readSigned('PAYMENT_REQUEST', record.order).body;
      const readable = record.role === 'payee' && record.note !== undefined;
      const note = readable ? ports.openNote(record.note!, nonce) : null;
      return views.transaction(tx, record, note);
    },
  };
}

function errorIn({ code, fault, text }: RouteRefusal): ErrorBody {
  return { code: isErrorCode(code) ? code : 'E001', message: text, details: { fault } };
}
