/** The list of payments and clearings, page after page. */
import type { Client } from '../../node/api/client.ts';
import { TransactionRow, type TransactionsQuery } from '../../node/service/shapes.ts';
import { command, flag, value } from '../command.ts';
import { csvText } from '../csv.ts';
import { type NameOf, namesKnownTo } from '../names.ts';
import { type Column, tableOr } from '../page.ts';
import { anyText, oneOf, wholeNumber } from '../read.ts';

const { kind, state, role } = TransactionRow.shape;

const ROWS_DEFAULT = 50;
/** What one request may bring. */
const PAGE_ROWS_MAX = 500;

const STATE_FORMATS: Partial<Record<TransactionRow['state'], 'green' | 'red'>> = {
  COMMITTED: 'green',
  ABORTED: 'red',
  REJECTED: 'red',
};

function columns(nameOf: NameOf): readonly Column<TransactionRow>[] {
  return [
    { title: 'ENDED', cell: (row) => row.finished ?? 'under way' },
    { title: 'WHAT', cell: (row) => row.kind },
    { title: 'MY PART', cell: (row) => row.role },
    { title: 'WITH', cell: (row) => (row.peer === null ? '' : nameOf(row.peer)), flexible: true },
    { title: 'AMOUNT', cell: (row) => row.amount, right: true },
    { title: 'EQ', cell: (row) => row.equivalent },
    {
      title: 'STATE',
      cell: (row) => row.state,
      format: ({ state }) => STATE_FORMATS[state],
    },
    { title: 'TRANSACTION', cell: (row) => row.tx_id, flexible: true },
  ];
}

async function rowsOf(
  api: Client,
  query: TransactionsQuery,
  limit: number,
): Promise<TransactionRow[]> {
  const rows: TransactionRow[] = [];
  let cursor: string | null = null;
  do {
    const left = Math.min(limit - rows.length, PAGE_ROWS_MAX);
    const page = await api.transactions({
      ...query,
      limit: left,
      ...(cursor === null ? {} : { cursor }),
    });
    rows.push(...page.items);
    cursor = page.next;
  } while (cursor !== null && rows.length < limit);
  return rows.slice(0, limit);
}

export const transactionCommands = [
  command({
    words: 'transactions',
    group: 'Payments',
    summary: 'List payments and clearings, newest first',
    details: 'One of them, with its routes and votes, is shown by `geo tx TX_ID`.',
    examples: [
      'geo transactions',
      'geo transactions --state ABORTED --since 2026-03-01',
      'geo transactions --peer bob --limit 10000 --csv > bob.csv',
    ],
    options: {
      kind: value('--kind <KIND>', 'payment or clearing', oneOf(...kind.options)),
      state: value('--state <STATE>', 'only those in this state', oneOf(...state.options)),
      role: value('--role <ROLE>', 'what this node was in it', oneOf(...role.options)),
      peer: value('--peer <PEER>', 'whom it came from or went to', anyText),
      equivalent: value('--equivalent <CODE>', 'for example UAH', anyText),
      since: value('--since <TIME>', 'ISO 8601 date or time, UTC', anyText),
      until: value('--until <TIME>', 'what ended before this', anyText),
      limit: value('--limit <N>', 'only the newest N; 50 if not given', wholeNumber(1, 1_000_000)),
      csv: flag('--csv', 'as a table for spreadsheets'),
    },
    run: async ({ client }, _given, { limit = ROWS_DEFAULT, csv, ...rest }) => {
      const api = await client();
      const given = Object.entries(rest).filter(([, each]) => each !== undefined);
      const rows = await rowsOf(api, Object.fromEntries(given), limit);
      if (csv) return { json: rows, text: () => csvText('transactions', rows) };
      const nameOf = await namesKnownTo(api);
      return {
        json: rows,
        text: (page) => tableOr(page, 'No transactions yet.', columns(nameOf), rows),
      };
    },
  }),
];
