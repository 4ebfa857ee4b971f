/** Commands that find routes, pay, and look at single transactions. */
import type { Payment, Route, Transaction } from '../../node/service/shapes.ts';
import { GeoError } from '../../protocol/errors.ts';
import { HOPS_MAX, ROUTES_MAX } from '../../protocol/limits.ts';
import { command, flag, value } from '../command.ts';
import { writeNewFile } from '../files.ts';
import { findTransaction } from '../find-transaction.ts';
import { type NameOf, namesKnownTo, pathText } from '../names.ts';
import { type Column, type Fact, facts, type Page, table, tableOr } from '../page.ts';
import { anyText, wholeNumber } from '../read.ts';
import { clearingFacts } from './clearing.ts';

const PEER = 'contact name, PID, or a unique prefix of one';
const AMOUNT = 'decimal number, for example 12.50';
const EQ = 'code of the equivalent';

/** The API allows more, but HTTP clients give up on an answer after 300 s. */
const TIMEOUT_S_MAX = 280;

const routeOptions = {
  maxHops: value('--max-hops <N>', 'longest route', wholeNumber(1, HOPS_MAX)),
  maxPaths: value('--max-paths <N>', 'most routes to split over', wholeNumber(1, ROUTES_MAX)),
};

function bounds(options: { maxHops: number | undefined; maxPaths: number | undefined }) {
  return {
    ...(options.maxHops === undefined ? {} : { max_hops: options.maxHops }),
    ...(options.maxPaths === undefined ? {} : { max_paths: options.maxPaths }),
  };
}

function routeColumns(nameOf: NameOf): readonly Column<Route>[] {
  return [
    { title: 'AMOUNT', cell: (route) => route.amount, right: true },
    { title: 'ROUTE', cell: (route) => pathText(route.path, nameOf), flexible: true },
  ];
}

const COLOUR_BY_STATE = {
  NEW: undefined,
  ROUTED: undefined,
  PREPARE_IN_PROGRESS: 'yellow',
  COMMITTED: 'green',
  ABORTED: 'red',
} as const;

function paymentFacts(payment: Payment, nameOf: NameOf): Fact[] {
  return [
    ['transaction', payment.tx_id],
    ['state', payment.state, COLOUR_BY_STATE[payment.state]],
    ['from', nameOf(payment.payer)],
    ['to', nameOf(payment.payee)],
    ['amount', `${payment.amount} ${payment.equivalent}`],
    ...(payment.reason === null
      ? []
      : ([
          [
            'reason',
            `${payment.reason.message} (${payment.reason.code} ${payment.reason.details.fault})`,
            'red',
          ],
        ] as const)),
    ['attempts', String(payment.attempts)],
    ['time', payment.ms === null ? 'under way' : `${payment.ms} ms`],
  ];
}

function paymentText(page: Page, payment: Payment, nameOf: NameOf): string {
  const head = facts(page, paymentFacts(payment, nameOf));
  return payment.routes.length === 0
    ? head
    : `${head}\n\n${table(page, routeColumns(nameOf), payment.routes)}`;
}

function transactionText(page: Page, tx: Transaction, nameOf: NameOf): string {
  const head = facts(page, [
    ['kind', tx.kind],
    ...(tx.kind === 'payment' ? paymentFacts(tx, nameOf) : clearingFacts(tx, nameOf)),
    ['my role', tx.role],
    ['created', tx.created],
    ['finished', tx.finished ?? 'not yet'],
    ['note', tx.note ?? 'none that this node can read'],
    ['attempt', `${tx.attempt}${tx.attempt_state === null ? '' : `, ${tx.attempt_state}`}`],
    ['manifest', tx.manifest_hash ?? 'none'],
    [
      'certificate',
      tx.certificate === null
        ? 'none'
        : `${tx.certificate.length / 2} bytes; save it with --certificate FILE`,
    ],
  ]);
  const yesNo = (done: boolean) => (done ? 'yes' : 'no');
  const parts = [
    head,
    tx.kind === 'payment' && tx.routes.length > 0
      ? table(page, routeColumns(nameOf), tx.routes)
      : '',
    tx.voters.length === 0
      ? ''
      : table(
          page,
          [
            { title: 'VOTER', cell: ({ pid }) => nameOf(pid), flexible: true },
            { title: 'COORDINATOR', cell: ({ coordinator }) => yesNo(coordinator) },
            {
              title: 'VOTE',
              cell: ({ vote }) => vote ?? 'unknown',
              format: ({ vote }) => (vote === 'YES' ? 'green' : vote === 'NO' ? 'red' : 'dim'),
            },
            { title: 'WITHDREW', cell: ({ withdrew }) => yesNo(withdrew) },
            { title: 'APPLIED', cell: ({ applied }) => yesNo(applied) },
          ],
          tx.voters,
        ),
    tx.effects.length === 0
      ? ''
      : table(
          page,
          [
            { title: 'DEBTOR', cell: ({ debtor }) => nameOf(debtor), flexible: true },
            { title: 'CREDITOR', cell: ({ creditor }) => nameOf(creditor), flexible: true },
            { title: 'DEBT CHANGES BY', cell: ({ delta }) => delta, right: true },
          ],
          tx.effects,
        ),
  ];
  return parts.filter((part) => part !== '').join('\n\n');
}

export const paymentCommands = [
  command({
    words: 'routes',
    group: 'Payments',
    summary: 'Show how an amount could reach a participant now',
    details:
      'Asks the hub or the neighbours, holds nothing and changes nothing. Exit code 1 if the amount cannot be reached; a hub says what is in the way.',
    examples: ['geo routes carol 40 UAH', 'geo routes carol 40 UAH --max-hops 3 --max-paths 1'],
    arguments: { PEER, AMOUNT, EQ },
    options: routeOptions,
    run: async ({ client }, given, options) => {
      const api = await client();
      const found = await api.routes({
        peer: given.PEER,
        amount: given.AMOUNT,
        equivalent: given.EQ,
        ...bounds(options),
      });
      const nameOf = await namesKnownTo(api);
      return {
        json: found,
        text: (page) =>
          `${tableOr(page, 'No route.', routeColumns(nameOf), found.routes)}\n\n${found.payable} ${given.EQ} can be paid now; ${found.messages} questions were sent.${found.reason === null ? '' : `\n\n${found.reason.message}`}`,
        exit: found.enough ? 0 : 1,
      };
    },
  }),
  command({
    words: 'pay',
    group: 'Payments',
    summary: 'Pay a participant, over others if need be',
    details:
      'All or nothing, whatever the number of routes. Exit code 1 if the payment was aborted, and the reason says what was in the way; 6 if it is not decided yet. With --nonce the same command can be repeated without paying twice. With --by-hub the hub of which this node is a member finds the way and the node only votes; the configuration can say so for all payments (payments.by_hub).',
    examples: [
      'geo pay bob 12.50 UAH',
      'geo pay carol 40 UAH --by-hub',
      'geo pay carol 40 UAH --note "for the honey" --max-paths 2 --timeout 30',
    ],
    arguments: { PEER, AMOUNT, EQ },
    options: {
      note: value('--note <TEXT>', 'only the payee can read it', anyText),
      ...routeOptions,
      timeout: value(
        '--timeout <SECONDS>',
        'how long to try; a payment that is not prepared by then is aborted',
        wholeNumber(1, TIMEOUT_S_MAX),
      ),
      byHub: flag('--by-hub', 'have the hub of the community find the way'),
      nonce: value('--nonce <HEX>', '32 hexadecimal digits that name this payment', anyText),
    },
    run: async ({ client }, given, options) => {
      const { note, timeout, nonce, byHub } = options;
      const api = await client();
      const payment = await api.pay({
        peer: given.PEER,
        amount: given.AMOUNT,
        equivalent: given.EQ,
        ...bounds(options),
        ...(note === undefined ? {} : { note }),
        ...(timeout === undefined ? {} : { timeout_ms: timeout * 1000 }),
        ...(nonce === undefined ? {} : { nonce }),
        ...(byHub ? { by_hub: true } : {}),
      });
      const nameOf = await namesKnownTo(api);
      return {
        json: payment,
        text: (page) => paymentText(page, payment, nameOf),
        exit: payment.state === 'COMMITTED' ? 0 : payment.state === 'ABORTED' ? 1 : 6,
      };
    },
  }),
  command({
    words: 'tx',
    group: 'Payments',
    summary: 'Show a transaction: states, routes, votes, certificate',
    examples: ['geo tx 3fa85f64', 'geo tx 3fa85f64 --certificate receipt.geo'],
    arguments: {
      TX_ID: 'identifier of the transaction, or a unique beginning of one (8 digits or more)',
    },
    options: {
      certificate: value(
        '--certificate <FILE>',
        'save the commit certificate, the receipt that `geo verify` checks',
        anyText,
      ),
    },
    run: async ({ client, talk }, { TX_ID }, { certificate }) => {
      const api = await client();
      const tx = await findTransaction(api, TX_ID);
      if (certificate !== undefined) {
        await writeNewFile(certificate, certificateOf(tx));
        talk(`Saved ${certificate}. Anyone can check it with \`geo verify ${certificate}\`.`);
      }
      const nameOf = await namesKnownTo(api);
      return { json: tx, text: (page) => transactionText(page, tx, nameOf) };
    },
  }),
];

function certificateOf(tx: Transaction): Uint8Array {
  if (tx.certificate === null) {
    throw new GeoError(
      'E008',
      `Transaction ${tx.tx_id} has no certificate: only a committed one has. It is ${tx.state}.`,
      { fault: 'no_certificate', state: tx.state },
    );
  }
  return Buffer.from(tx.certificate, 'hex');
}
