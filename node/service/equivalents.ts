/** What debts are measured in. */
import { GeoError } from '../../protocol/errors.ts';
import { checkPrecision, parseEquivalentCode } from '../../protocol/money/equivalent.ts';
import type { EquivalentOperations } from './contract.ts';
import type { Rooms } from './rooms.ts';

export function equivalentOperations({ hall }: Rooms): EquivalentOperations {
  const { state } = hall;
  return {
    defineEquivalent: async (request) => {
      const code = parseEquivalentCode(request.code);
      const precision = checkPrecision(request.precision);
      const known = state.equivalents.get(code);
      if (known !== undefined && known.precision !== precision) {
        throw new GeoError(
          'E008',
          `${code} is already defined with ${known.precision} decimal places; that cannot be changed. Use another code.`,
          { fault: 'equivalent_exists', precision: known.precision },
        );
      }
      const metadata = Object.entries(request.metadata);
      await hall.turn((turn) => {
        turn.putEquivalent(code, { precision, metadata });
        turn.history({
          type: 'equivalent',
          text: `defined with ${precision} decimal places`,
          equivalent: code,
        });
      });
      return { code, precision, metadata: request.metadata };
    },

    equivalents: () =>
      [...state.equivalents].map(([code, { precision, metadata }]) => ({
        code,
        precision,
        metadata: Object.fromEntries(metadata),
      })),
  };
}
