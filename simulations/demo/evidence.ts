/** What the nodes themselves hold at the end, for the accountant. */

import { nativeVerify } from '../../node/platform/native-ed25519.ts';
import type { BookRow } from '../../node/service/shapes.ts';
import { GeoError } from '../../protocol/errors.ts';
import { parsePid } from '../../protocol/identity/pid.ts';
import { verifyReceipt } from '../../protocol/receipt.ts';
import type { InvariantRow, StoredBook, StoredTransaction } from '../audit/record.ts';
import { atOnce } from '../testnet/at-once.ts';
import { readStoppedStore } from '../testnet/stopped-store.ts';
import type { Step } from './progress.ts';
import type { Roster } from './roster.ts';

const NODES_AT_ONCE = 8;
const HISTORY_MAX = 10_000;

export interface Evidence {
  readonly books: readonly StoredBook[];
  readonly transactions: readonly StoredTransaction[];
}

/** From the disks of stopped nodes. */
export async function evidenceFromStores(roster: Roster, step: Step): Promise<Evidence> {
  const evidence: { books: StoredBook[]; transactions: StoredTransaction[] } = {
    books: [],
    transactions: [],
  };
  for (const [index, { participant, home }] of roster.net.nodes.entries()) {
    const served = roster.ids.filter((id) => roster.agentOf(id) === participant);
    const pids = served.map((id) => parsePid(roster.pid(id)));
    const readings = await readStoppedStore(home.storeDirectory, pids);
    for (const [place, { books, receipts }] of readings.entries()) {
      const id = served[place]!;
      evidence.books.push(...books.map((row) => storedBook(roster, id, row)));
      for (const { tx, attempt, receipt } of receipts) {
        evidence.transactions.push(transactionOf(roster, id, tx, attempt, receipt));
      }
    }
    step.update(index + 1);
  }
  return evidence;
}

/** From the running nodes, which answer from their stores. */
export async function evidenceFromNodes(roster: Roster, step: Step): Promise<Evidence> {
  const books: StoredBook[] = [];
  const transactions: StoredTransaction[] = [];
  let read = 0;
  await atOnce(NODES_AT_ONCE, roster.ids, async (id) => {
    const hosted = roster.hosted.get(id);
    const client = hosted ?? roster.client(id);
    books.push(...(await client.books()).map((row) => storedBook(roster, id, row)));
    if (hosted !== undefined) {
      for (const { tx, attempt, receipt } of await hosted.receipts()) {
        transactions.push(transactionOf(roster, id, tx, attempt, receipt));
      }
      step.update(++read);
      return;
    }
    const own = roster.client(id);
    const paid = await own.history({ type: 'payment', limit: HISTORY_MAX });
    const cleared = await own.history({ type: 'clearing', limit: HISTORY_MAX });
    const history = [...paid, ...cleared];
    for (const txId of new Set(history.flatMap((row) => row.tx_id ?? []))) {
      const { state, attempt, certificate } = await client.transaction(txId);
      if (state !== 'COMMITTED') continue;
      const receipt = Buffer.from(certificate ?? '', 'hex');
      transactions.push(transactionOf(roster, id, txId, attempt, receipt));
    }
    step.update(++read);
  });
  return { books, transactions };
}

/** Each node's own audit, as one row. */
export async function ownAudits(roster: Roster): Promise<InvariantRow> {
  const faults: string[] = [];
  let checks = 0;
  await atOnce(NODES_AT_ONCE, roster.nodeIds, async (id) => {
    for (const row of await roster.client(id).audit()) {
      checks++;
      if (!row.held) faults.push(`${id}: ${row.name}: ${row.detail}`);
    }
  });
  const held = faults.length === 0;
  const detail = held
    ? `${checks} checks by ${roster.nodeIds.length} nodes of their own books`
    : faults.join('; ');
  return { name: 'own_audits', held, detail };
}

function storedBook(roster: Roster, node: string, row: BookRow): StoredBook {
  const { equivalent, balance, limit_given, limit_received, held, count, digest } = row;
  const peer = roster.id(row.peer);
  return { node, peer, equivalent, balance, limit_given, limit_received, held, count, digest };
}

/** What the receipt proves, not what the node says of it. */
export function transactionOf(
  roster: Pick<Roster, 'id'>,
  node: string,
  txId: string,
  attempt: number,
  bytes: Uint8Array,
): StoredTransaction {
  const transaction = { node, tx_id: txId, attempt };
  try {
    const receipt = verifyReceipt(bytes, nativeVerify);
    const debts = receipt.debts.map(({ debtor, creditor, delta }) => {
      return { debtor: roster.id(debtor), creditor: roster.id(creditor), delta };
    });
    return {
      ...transaction,
      equivalent: receipt.equivalent,
      effects: debts.filter(({ debtor, creditor }) => debtor === node || creditor === node),
      certified: receipt.ok && receipt.txId === txId,
    };
  } catch (error) {
    if (!(error instanceof GeoError)) throw error;
    return { ...transaction, equivalent: '', effects: [], certified: false };
  }
}
