/** Commands that read the books: sums, debts, history, edges, audit. */
import {
  type BalanceRow,
  type BookRow,
  type DebtRow,
  type HistoryRow,
  HistoryType,
  type Invariant,
  type LogEntry,
} from '../../node/service/shapes.ts';
import { command, flag, value } from '../command.ts';
import { csvText } from '../csv.ts';
import { type NameOf, namesKnownTo } from '../names.ts';
import { type Column, tableOr } from '../page.ts';
import { anyText, oneOf, wholeNumber } from '../read.ts';

const CSV = flag('--csv', 'as a table for spreadsheets');

const BALANCE_COLUMNS: readonly Column<BalanceRow>[] = [
  { title: 'EQ', cell: (row) => row.equivalent },
  { title: 'OWED TO ME', cell: (row) => row.owed_to_me, right: true },
  { title: 'I OWE', cell: (row) => row.i_owe, right: true },
  {
    title: 'NET',
    cell: (row) => row.net,
    right: true,
    format: (row) => (row.net.startsWith('-') ? 'red' : 'green'),
  },
  { title: 'CAN SPEND', cell: (row) => row.can_spend, right: true },
  { title: 'CAN RECEIVE', cell: (row) => row.can_receive, right: true },
];

function debtColumns(nameOf: NameOf): readonly Column<DebtRow>[] {
  return [
    { title: 'DEBTOR', cell: (row) => nameOf(row.debtor), flexible: true },
    { title: 'OWES', cell: (row) => row.amount, right: true },
    { title: 'EQ', cell: (row) => row.equivalent },
    { title: 'TO', cell: (row) => nameOf(row.creditor), flexible: true },
  ];
}

const HISTORY_COLUMNS: readonly Column<HistoryRow>[] = [
  { title: 'TIME', cell: (row) => row.time },
  {
    title: 'TYPE',
    cell: (row) => row.type,
    format: (row) => (row.type === 'alert' ? 'red' : undefined),
  },
  { title: 'WHAT', cell: (row) => row.text, flexible: true },
  { title: 'TRANSACTION', cell: (row) => row.tx_id ?? '', flexible: true },
];

function bookColumns(nameOf: NameOf): readonly Column<BookRow>[] {
  return [
    { title: 'PEER', cell: (row) => nameOf(row.peer), flexible: true },
    { title: 'EQ', cell: (row) => row.equivalent },
    { title: 'BALANCE', cell: (row) => row.balance, right: true },
    { title: 'LIMIT GIVEN', cell: (row) => row.limit_given, right: true },
    { title: 'LIMIT RECEIVED', cell: (row) => row.limit_received, right: true },
    { title: 'HELD', cell: (row) => row.held, right: true },
    { title: 'COUNT', cell: (row) => String(row.count), right: true },
    { title: 'DIGEST', cell: (row) => row.digest, flexible: true },
    {
      title: 'FROZEN',
      cell: (row) => (row.frozen ? 'yes' : 'no'),
      format: (row) => (row.frozen ? 'red' : 'dim'),
    },
  ];
}

const LOG_COLUMNS: Column<LogEntry>[] = [
  { title: 'N', right: true, cell: ({ number }) => String(number) },
  { title: 'TIME', cell: ({ time }) => time },
  { title: 'WHAT', cell: ({ kind }) => kind },
  { title: '', flexible: true, cell: ({ text }) => text },
];

const INVARIANT_COLUMNS: readonly Column<Invariant>[] = [
  { title: 'INVARIANT', cell: ({ name }) => name, flexible: true },
  {
    title: 'HELD',
    cell: ({ held }) => (held ? 'yes' : 'NO'),
    format: ({ held }) => (held ? 'green' : 'red'),
  },
  { title: 'DETAIL', cell: ({ detail }) => detail, flexible: true },
];

export const bookCommands = [
  command({
    words: 'balance',
    group: 'Books',
    summary: 'Show sums per equivalent',
    details:
      'Net is what is owed to you minus what you owe. What you can spend or receive is the sum over your own edges; a payment over others may find less.',
    examples: ['geo balance'],
    options: { csv: CSV },
    run: async ({ client }, _given, { csv }) => {
      const rows = await (await client()).balance();
      if (csv) return { json: rows, text: () => csvText('balance', rows) };
      return {
        json: rows,
        text: (page) =>
          tableOr(page, 'No edges yet, so nothing is owed either way.', BALANCE_COLUMNS, rows),
      };
    },
  }),
  command({
    words: 'debts',
    group: 'Books',
    summary: 'Show who owes whom',
    examples: ['geo debts', 'geo debts --csv > debts.csv'],
    options: { csv: CSV },
    run: async ({ client }, _given, { csv }) => {
      const api = await client();
      const [rows, nameOf] = await Promise.all([api.debts(), namesKnownTo(api)]);
      if (csv) return { json: rows, text: () => csvText('debts', rows) };
      return {
        json: rows,
        text: (page) => tableOr(page, 'No debts, neither way.', debtColumns(nameOf), rows),
      };
    },
  }),
  command({
    words: 'history',
    group: 'Books',
    summary: 'Show what happened, newest last',
    examples: [
      'geo history --limit 20',
      'geo history --since 2026-03-01 --type payment --peer bob',
      'geo history --equivalent UAH --until 2026-04-01 --csv > march.csv',
    ],
    options: {
      since: value('--since <TIME>', 'ISO 8601 date or time, UTC', anyText),
      until: value('--until <TIME>', 'what happened before this', anyText),
      type: value(
        '--type <TYPE>',
        `one of ${HistoryType.options.join(', ')}`,
        oneOf(...HistoryType.options),
      ),
      equivalent: value('--equivalent <CODE>', 'for example UAH', anyText),
      peer: value('--peer <PEER>', 'contact name, PID, or a unique prefix of one', anyText),
      limit: value('--limit <N>', 'only the newest N; 1000 if not given', wholeNumber(1, 10_000)),
      csv: CSV,
    },
    run: async ({ client }, _given, { csv, ...rest }) => {
      const given = Object.entries(rest).filter(([, each]) => each !== undefined);
      const rows = await (await client()).history(Object.fromEntries(given));
      if (csv) return { json: rows, text: () => csvText('history', rows) };
      return {
        json: rows,
        text: (page) => tableOr(page, 'Nothing has happened yet.', HISTORY_COLUMNS, rows),
      };
    },
  }),
  command({
    words: 'books',
    group: 'Books',
    summary: 'Show every edge as the store of this node has it',
    details:
      'Both ends of an edge hold the same balance (with the opposite sign), count and digest once they have exchanged messages. A positive balance: the peer owes you.',
    examples: ['geo books --json'],
    run: async ({ client }) => {
      const api = await client();
      const [rows, nameOf] = await Promise.all([api.books(), namesKnownTo(api)]);
      return {
        json: rows,
        text: (page) => tableOr(page, 'No edges yet.', bookColumns(nameOf), rows),
      };
    },
  }),
  command({
    words: 'audit log',
    group: 'Books',
    summary:
      'Show what was done to the node itself: starts, acts, freezes, sessions ended, backups',
    details:
      'Each entry holds the hash of the one before; `geo verify store` and every audit follow the chain, so what is changed or taken out is noticed. Starts are there if an option has changed: what it was and what it is, secrets and the own options of add-ons left out.',
    examples: ['geo audit log', 'geo audit log --after 40 --json'],
    options: {
      after: value('--after <N>', 'entries above this number only', wholeNumber(0, 999_999_999)),
      limit: value(
        '--limit <N>',
        'how many at most; 100 unless said otherwise',
        wholeNumber(1, 1_000),
      ),
    },
    run: async ({ client }, _given, { after = 0, limit = 100 }) => {
      const entries = await (await client()).auditLog({ after, limit });
      return {
        json: entries,
        text: (page) => tableOr(page, 'Nothing was done yet.', LOG_COLUMNS, entries),
      };
    },
  }),
  command({
    words: 'audit',
    group: 'Books',
    summary: 'Check the invariants that this node can check alone',
    details:
      'The node audits by itself too (`audit.interval_ms`). An edge that breaks an invariant is frozen, and `geo edge show` has the evidence. Exit code 1 if an invariant does not hold.',
    examples: ['geo audit'],
    run: async ({ client }) => {
      const rows = await (await client()).audit();
      return {
        json: rows,
        text: (page) => tableOr(page, 'Nothing to check.', INVARIANT_COLUMNS, rows),
        exit: rows.every(({ held }) => held) ? 0 : 1,
      };
    },
  }),
];
