/** `geo verify`: checks a receipt, a statement or a pair of reports without a node, a network, or trust in whoever shows it. */
import { GeoError } from '../../protocol/errors.ts';
import { command, type Result, value } from '../command.ts';
import { readNamedFile } from '../files.ts';
import { type Fact, facts, type Page, tableOr } from '../page.ts';
import { anyText } from '../read.ts';

/** Far above the largest certificate: a frame is 64 KiB, and hexadecimal text doubles it. */
const PROOF_BYTES_MAX = 1024 * 1024;

/** A file as `geo tx --certificate` and `geo export statement` save it, or its hexadecimal text. */
async function readProof(path: string): Promise<Uint8Array> {
  const bytes = await readNamedFile(path);
  if (bytes.length > PROOF_BYTES_MAX) {
    throw new GeoError('E009', `${path} is too large to be a receipt or a statement.`, {
      fault: 'not_a_proof',
      path,
    });
  }
  const text = new TextDecoder().decode(bytes).trim();
  return /^([0-9a-f]{2})+$/i.test(text) ? Buffer.from(text, 'hex') : bytes;
}

function verdict(
  kind: string,
  { ok, problems }: { ok: boolean; problems: readonly string[] },
): Fact[] {
  return [
    [kind, ok ? 'valid' : 'NOT VALID', ok ? 'green' : 'red'],
    ...problems.map((problem) => ['problem', problem, 'red'] as const),
  ];
}

async function checkReceipt(bytes: Uint8Array): Promise<Result> {
  const { nativeVerify } = await import('../../node/platform/native-ed25519.ts');
  const { verifyReceipt } = await import('../../protocol/receipt.ts');
  const receipt = verifyReceipt(bytes, nativeVerify);
  const { ok, problems, txId, payer, payee, cycle, shortens, equivalent, amount, debts } = receipt;
  const of = receipt.kind;
  return {
    json: {
      kind: 'receipt',
      of,
      ok,
      problems,
      tx_id: txId,
      payer,
      payee,
      cycle,
      shortens,
      equivalent,
      amount,
      debts,
    },
    text: (page: Page) =>
      [
        facts(page, [
          ...verdict('receipt', receipt),
          ['transaction', txId],
          ['of a', of],
          ...(payer === null ? [] : ([['payer', payer]] as const)),
          ...(payee === null ? [] : ([['payee', payee]] as const)),
          ['amount', `${amount} ${equivalent}`],
        ]),
        '',
        tableOr(
          page,
          'No debt is changed.',
          [
            { title: 'DEBTOR', cell: ({ debtor }) => debtor, flexible: true },
            { title: 'CREDITOR', cell: ({ creditor }) => creditor, flexible: true },
            { title: 'DEBT CHANGES BY', cell: ({ delta }) => delta, right: true },
          ],
          debts,
        ),
      ].join('\n'),
    exit: ok ? 0 : 1,
  };
}

async function checkStatement(bytes: Uint8Array): Promise<Result> {
  const { nativeVerify } = await import('../../node/platform/native-ed25519.ts');
  const { verifyStatement } = await import('../../protocol/statement.ts');
  const statement = verifyStatement(bytes, nativeVerify);
  const { ok, problems, low, high, equivalent, debt, count, digest } = statement;
  const made = new Date(statement.made).toISOString();
  return {
    json: { kind: 'statement', ok, problems, low, high, equivalent, debt, count, digest, made },
    text: (page: Page) =>
      facts(page, [
        ...verdict('statement', statement),
        ['between', low],
        ['and', high],
        ...(debt === null
          ? ([['debt', 'none, neither way']] as const)
          : ([
              ['debtor', debt.debtor],
              ['creditor', debt.creditor],
              ['debt', `${debt.amount} ${equivalent}`],
            ] as const)),
        ['payments', `${count}, the sum of which is ${digest}`],
        ['made', made],
      ]),
    exit: ok ? 0 : 1,
  };
}

async function checkReports(bytes: Uint8Array, statementFile?: string): Promise<Result> {
  const { nativeVerify } = await import('../../node/platform/native-ed25519.ts');
  const { contradictedBy, verifyReportPair } = await import('../../protocol/report-pair.ts');
  const { verifyStatement } = await import('../../protocol/statement.ts');
  const pair = verifyReportPair(bytes, nativeVerify);
  const { ok, problems, low, high, equivalent, byLow, byHigh, differs } = pair;
  const statement =
    statementFile === undefined
      ? undefined
      : verifyStatement(await readProof(statementFile), nativeVerify);
  const contradicted = statement === undefined ? [] : contradictedBy(pair, statement);
  const said = (report: typeof byLow) =>
    report === null ? 'nothing that counts' : `${report.balance} (${report.up} | ${report.down})`;
  return {
    json: {
      kind: 'reports',
      ok,
      problems,
      low,
      high,
      equivalent,
      by_low: byLow,
      by_high: byHigh,
      differs,
      statement: statement === undefined ? null : { ok: statement.ok, contradicted },
    },
    text: (page) =>
      facts(page, [
        ...verdict('reports', pair),
        ['low', low],
        ['high', high],
        ['equivalent', equivalent],
        ['low says', said(byLow)],
        ['high says', said(byHigh)],
        ['told', differs ? 'different balances' : 'no different balances'],
        ...(statement === undefined
          ? []
          : [
              ...verdict('statement', statement),
              ...contradicted.map((pid) => ['says otherwise', pid, 'red'] as const),
            ]),
      ]),
    exit: ok && statement?.ok !== false ? 0 : 1,
  };
}

export const verifyCommand = command({
  words: 'verify',
  group: 'Payments',
  summary:
    'Check a receipt, a statement or reports offline: who signed that who owes whom how much',
  details:
    'Reads a commit certificate, an account statement, or what two ends of an edge have told their hub, binary or hexadecimal. Needs no node and no network. With --statement such reports are held against what both ends have signed: named is who says otherwise, and has to show the receipt of a payment since. Exit code 1 if anything in it is not as it must be.',
  examples: [
    'geo verify receipt.geo',
    'geo verify bob-2026-03.geo --json',
    'geo verify reports.geo --statement bob-2026-03.geo',
  ],
  arguments: {
    FILE: 'as `geo tx TX_ID --certificate FILE`, `geo export statement PEER EQ --file FILE` or `geo hub disagreements show … --file FILE` saves it',
  },
  options: {
    statement: value('--statement <FILE>', 'what both ends have signed of the same edge', anyText),
  },
  run: async (_context, { FILE }, { statement }) => {
    const { kindOfProof } = await import('../../protocol/proof.ts');
    const bytes = await readProof(FILE);
    switch (kindOfProof(bytes)) {
      case 'receipt':
        return checkReceipt(bytes);
      case 'statement':
        return checkStatement(bytes);
      case 'reports':
        return checkReports(bytes, statement);
    }
  },
});
