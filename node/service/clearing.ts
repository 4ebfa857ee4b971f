/** Clearings. */
import type { TxId } from '../../protocol/identity/pid.ts';
import { formatAmount, parseAmount } from '../../protocol/money/amount.ts';
import { equivalentIn, peerIn } from './asking.ts';
import { passOperations } from './clearing-passes.ts';
import { clearingTotals } from './clearing-stats.ts';
import type { ClearingOperations } from './contract.ts';
import { ownBooks } from './own-books.ts';
import type { Rooms } from './rooms.ts';
import type * as shapes from './shapes.ts';
import type { Views } from './views.ts';

export function clearingOperations(rooms: Rooms, views: Views): ClearingOperations {
  const { clearing, hall, me, settings } = rooms;
  const { state } = hall;
  const own = ownBooks(rooms, me);
  const view = (tx: TxId): shapes.Clearing => views.clearing(tx, state.transactionOf(tx)!);
  return {
    clearCycle: async (request) => {
      const { code, precision } = equivalentIn(rooms, request.equivalent);
      const members = request.cycle.map((name) => (name === 'me' ? me : peerIn(rooms, name)));
      const amount = parseAmount(request.amount, precision);
      const shortens = request.shortens ?? false;
      const cycle = { equivalent: code, members, amount, shortens };
      return view(await clearing.clearings.clear(cycle, true));
    },
    clearNow: async ({ equivalent, max_length: longest, dry_run: dry }) => {
      const { trigger_max_length: usual } = settings.clearing;
      const wanted =
        equivalent === undefined
          ? [...state.equivalents.keys()]
          : [equivalentIn(rooms, equivalent).code];
      const rows: shapes.FoundCycle[] = [];
      for (const code of wanted) {
        const { precision } = state.equivalents.get(code)!;
        const question = { equivalent: code, maxLength: longest ?? usual, minAmount: 1n };
        const counted = dry ? clearing.dryRun(code) : undefined;
        for await (const found of clearing.source.find(question)) {
          const amount = counted?.count(found) ?? found.amount;
          if (amount === 0n) continue;
          const tx = dry ? undefined : await clearing.clearings.clear(found, true);
          rows.push({
            cycle: [...found.members],
            shortens: found.shortens ?? false,
            equivalent: code,
            amount: formatAmount(amount, precision),
            clearing: tx === undefined ? null : view(tx),
          });
        }
      }
      return rows;
    },
    clearingTotals: () => clearingTotals(rooms),
    ...passOperations(rooms),
    clearingStats: own.clearingStats,
    pendingClearings: own.pendingClearings,
    answerClearing: async ({ tx_id, accept }) => {
      const tx = tx_id as TxId;
      await clearing.answer(tx, accept);
      return view(tx);
    },
  };
}
