/** `geo verify`: checks a receipt or a statement without a node, a network, or trust in whoever shows it. */
import { GeoError } from '../../protocol/errors.ts';
import { command, type Result } from '../command.ts';
import { readNamedFile } from '../files.ts';
import { type Fact, facts, type Page, tableOr } from '../page.ts';

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

export const verifyCommand = command({
  words: 'verify',
  group: 'Payments',
  summary: 'Check a receipt or a statement offline: who signed that who owes whom how much',
  details:
    'Reads a commit certificate or an account statement, binary or hexadecimal. Needs no node and no network. Exit code 1 if anything in it is not as it must be.',
  examples: ['geo verify receipt.geo', 'geo verify bob-2026-03.geo --json'],
  arguments: {
    FILE: 'as `geo tx TX_ID --certificate FILE` or `geo export statement PEER EQ --file FILE` saves it',
  },
  run: async (_context, { FILE }) => {
    const { kindOfProof } = await import('../../protocol/proof.ts');
    const bytes = await readProof(FILE);
    return kindOfProof(bytes) === 'receipt' ? checkReceipt(bytes) : checkStatement(bytes);
  },
});
