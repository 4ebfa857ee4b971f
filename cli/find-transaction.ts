/** A transaction by its identifier or the beginning of one, as tables show it. */
import type { Client } from '../node/api/client.ts';
import type { Transaction } from '../node/service/shapes.ts';
import { GeoError } from '../protocol/errors.ts';
import { usageError } from './exit.ts';

/** Shorter beginnings are not unique for long. */
const DIGITS_MIN = 8;
/** As many entries as the API gives at once. */
const HISTORY_ROWS = 10_000;

/** @throws GeoError E009 `usage` | `unknown_transaction` | `ambiguous_transaction`, and what the node says */
export async function findTransaction(client: Client, given: string): Promise<Transaction> {
  const digits = given.toLowerCase().replace(/…$/, '');
  if (!/^[0-9a-f]+$/.test(digits) || digits.length < DIGITS_MIN || digits.length > 64) {
    throw usageError(
      `"${given}" is not a transaction: ${DIGITS_MIN} to 64 hexadecimal digits are expected.`,
    );
  }
  if (digits.length === 64) return client.transaction(digits);
  const history = await client.history({ limit: HISTORY_ROWS });
  const matches = [...new Set(history.map(({ tx_id }) => tx_id))].filter((id) =>
    id?.startsWith(digits),
  );
  const [match] = matches;
  if (match === undefined || match === null) {
    throw new GeoError(
      'E009',
      `No transaction of the newest ${HISTORY_ROWS} begins with ${digits}. Give all 64 digits, or look it up with \`geo history\`.`,
      { fault: 'unknown_transaction' },
    );
  }
  if (matches.length > 1) {
    throw new GeoError(
      'E009',
      `${matches.length} transactions begin with ${digits}. Give more digits.`,
      {
        fault: 'ambiguous_transaction',
      },
    );
  }
  return client.transaction(match);
}
