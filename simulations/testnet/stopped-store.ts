/** What a stopped node left on disk: the books of whom it votes for, and a receipt for all that was applied. */

import { receiptOf } from '../../node/engine/attempts/statements.ts';
import { State } from '../../node/engine/state.ts';
import type { Store } from '../../node/ports.ts';
import type { BookRow } from '../../node/service/shapes.ts';
import { bookRow } from '../../node/service/views.ts';
import { rangeOf, tailOf } from '../../node/store/keys.ts';
import { openLevelStore } from '../../node/store/level/level.ts';
import type { Hash, Pid, TxId } from '../../protocol/identity/pid.ts';
import { openManifest } from '../../protocol/machines/manifest.ts';
import { readReceipt } from '../../protocol/receipt.ts';

export interface StoreReading {
  readonly books: readonly BookRow[];
  /** One for each committed attempt. */
  readonly receipts: readonly AppliedReceipt[];
}

export interface AppliedReceipt {
  readonly tx: TxId;
  readonly attempt: number;
  /** Everyone on its routes. */
  readonly participants: readonly Pid[];
  /** As `geo verify` reads it. */
  readonly receipt: Uint8Array;
}

/**
 * @param served the participants whom the node votes for: its own, and at a hub its hosted members
 * @returns one reading for each, in their order
 * @throws GeoError E008 `store_in_use` if the node still runs, `no_store`; E010 if the store is damaged
 */
export async function readStoppedStore(
  directory: string,
  served: readonly Pid[],
): Promise<StoreReading[]> {
  const store = await openLevelStore(directory, { mustExist: true });
  try {
    const state = new State(store);
    await state.load();
    const receipts = await receiptsIn(store, state);
    const edges = [...state.edges.values()];
    return served.map((pid) => ({
      books: edges
        .filter(({ low, high }) => low === pid || high === pid)
        .map((edge) => bookRow(edge, pid)),
      receipts: receipts.filter(({ participants }) => participants.includes(pid)),
    }));
  } finally {
    await store.close();
  }
}

/** What a receipt is about, by its own manifest. */
export function appliedReceipt(receipt: Uint8Array): AppliedReceipt {
  const open = openManifest(readReceipt(receipt).manifest);
  const { tx, attempt, manifest } = open;
  return { tx, attempt, participants: manifest.participants, receipt };
}

async function receiptsIn(store: Store, state: State): Promise<AppliedReceipt[]> {
  const receipts: AppliedReceipt[] = [];
  for await (const [key] of store.scan(rangeOf('attempt'))) {
    const attempt = state.readAttempt(tailOf(key) as Hash);
    if (attempt?.commit.phase !== 'COMMITTED') continue;
    const { tx, attempt: number, manifest } = attempt.open;
    const { participants } = manifest;
    receipts.push({ tx, attempt: number, participants, receipt: receiptOf(attempt) });
  }
  return receipts;
}
