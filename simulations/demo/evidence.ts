/** What the nodes themselves hold at the end, for the accountant. */
import type { BookRow, Transaction } from '../../node/api/shapes.ts';
import type { InvariantRow, StoredBook, StoredTransaction } from '../audit/record.ts';
import { atOnce } from '../testnet/at-once.ts';
import type { Step } from './progress.ts';
import type { Roster } from './roster.ts';

const NODES_AT_ONCE = 8;
const HISTORY_MAX = 10_000;

export interface Evidence {
  readonly books: readonly StoredBook[];
  readonly transactions: readonly StoredTransaction[];
}

/** From the running nodes, which answer from their stores. */
export async function evidenceFromNodes(roster: Roster, step: Step): Promise<Evidence> {
  const books: StoredBook[] = [];
  const transactions: StoredTransaction[] = [];
  let read = 0;
  await atOnce(NODES_AT_ONCE, roster.ids, async (id) => {
    const client = roster.client(id);
    books.push(...(await client.books()).map((row) => storedBook(roster, id, row)));
    const history = await client.history({ type: 'payment', limit: HISTORY_MAX });
    for (const txId of new Set(history.flatMap((row) => row.tx_id ?? []))) {
      const transaction = await client.transaction(txId);
      if (transaction.state === 'COMMITTED') {
        transactions.push(storedTransaction(roster, id, transaction));
      }
    }
    step.update(++read);
  });
  return { books, transactions };
}

/** Each node's own audit, as one row. */
export async function ownAudits(roster: Roster): Promise<InvariantRow> {
  const faults: string[] = [];
  let checks = 0;
  await atOnce(NODES_AT_ONCE, roster.ids, async (id) => {
    for (const row of await roster.client(id).audit()) {
      checks++;
      if (!row.held) faults.push(`${id}: ${row.name}: ${row.detail}`);
    }
  });
  const held = faults.length === 0;
  const detail = held
    ? `${checks} checks by ${roster.ids.length} nodes of their own books`
    : faults.join('; ');
  return { name: 'own_audits', held, detail };
}

export function storedBook(roster: Roster, node: string, row: BookRow): StoredBook {
  const { equivalent, balance, limit_given, limit_received, held, count, digest } = row;
  const peer = roster.id(row.peer);
  return { node, peer, equivalent, balance, limit_given, limit_received, held, count, digest };
}

export function storedTransaction(
  roster: Roster,
  node: string,
  transaction: Transaction,
): StoredTransaction {
  const { tx_id, attempt, equivalent, effects, voters, certificate } = transaction;
  return {
    node,
    tx_id,
    attempt,
    equivalent,
    effects: effects.map(({ debtor, creditor, delta }) => ({
      debtor: roster.id(debtor),
      creditor: roster.id(creditor),
      delta,
    })),
    certified: certificate !== null && voters.every((voter) => voter.vote === 'YES'),
  };
}
