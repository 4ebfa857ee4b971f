/** Clearings. */
import type { TxId } from '../../protocol/identity/pid.ts';
import { parseAmount } from '../../protocol/money/amount.ts';
import type * as shapes from '../api/shapes.ts';
import type { Rooms } from '../rooms.ts';
import type { ClearingOperations } from '../service.ts';
import type { Views } from '../views.ts';
import { equivalentIn, peerIn } from './asking.ts';

export function clearingOperations(rooms: Rooms, views: Views): ClearingOperations {
  const { clearing, hall, me } = rooms;
  const { state } = hall;
  const view = (tx: TxId): shapes.Clearing =>
    views.clearing(tx, state.transactions.get(tx) ?? state.readTransaction(tx)!);
  return {
    clearCycle: async (request) => {
      const { code, precision } = equivalentIn(rooms, request.equivalent);
      const members = request.cycle.map((name) => (name === 'me' ? me : peerIn(rooms, name)));
      const amount = parseAmount(request.amount, precision);
      return view(await clearing.clearings.clear({ equivalent: code, members, amount }, true));
    },
    pendingClearings: () => clearing.pending().map(view),
    answerClearing: async ({ tx_id, accept }) => {
      const tx = tx_id as TxId;
      await clearing.answer(tx, accept);
      return view(tx);
    },
  };
}
