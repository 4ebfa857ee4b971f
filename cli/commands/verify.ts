/** `geo verify`: checks a receipt without a node, a network, or trust in whoever shows it. */
import { GeoError } from '../../protocol/errors.ts';
import { command } from '../command.ts';
import { readNamedFile } from '../files.ts';
import { facts, tableOr } from '../page.ts';

/** Far above the largest certificate: a frame is 64 KiB, and hexadecimal text doubles it. */
const RECEIPT_BYTES_MAX = 1024 * 1024;

/** A certificate as `geo tx --certificate` saves it, or its hexadecimal text. */
async function readReceipt(path: string): Promise<Uint8Array> {
  const bytes = await readNamedFile(path);
  if (bytes.length > RECEIPT_BYTES_MAX) {
    throw new GeoError('E009', `${path} is too large to be a receipt.`, {
      fault: 'not_a_receipt',
      path,
    });
  }
  const text = new TextDecoder().decode(bytes).trim();
  return /^([0-9a-f]{2})+$/i.test(text) ? Buffer.from(text, 'hex') : bytes;
}

export const verifyCommand = command({
  words: 'verify',
  group: 'Payments',
  summary: 'Check a receipt offline: who signed that who owes whom how much',
  details:
    'Reads a commit certificate, binary or hexadecimal. Needs no node and no network. Exit code 1 if anything in it is not as it must be.',
  examples: ['geo verify receipt.geo', 'geo verify receipt.geo --json'],
  arguments: { FILE: 'certificate, as `geo tx TX_ID --certificate FILE` saves it' },
  run: async (_context, { FILE }) => {
    const { nativeVerify } = await import('../../node/native-ed25519.ts');
    const { verifyReceipt } = await import('../../protocol/receipt.ts');
    const receipt = verifyReceipt(await readReceipt(FILE), nativeVerify);
    const { ok, problems, txId, payer, payee, equivalent, amount, debts } = receipt;
    return {
      json: { ok, problems, tx_id: txId, payer, payee, equivalent, amount, debts },
      text: (page) =>
        [
          facts(page, [
            ['receipt', ok ? 'valid' : 'NOT VALID', ok ? 'green' : 'red'],
            ...problems.map((problem) => ['problem', problem, 'red'] as const),
            ['transaction', txId],
            ['payer', payer],
            ['payee', payee],
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
  },
});
