/** What a stopped node left on disk: its books, and a receipt for everything that it applied. */
import type { BookRow } from '../../node/api/shapes.ts';
import { State } from '../../node/engine/state.ts';
import { receiptOf } from '../../node/engine/statements.ts';
import type { Store } from '../../node/ports.ts';
import { rangeOf, tailOf } from '../../node/store/keys.ts';
import { openLevelStore } from '../../node/store/level.ts';
import { bookRow } from '../../node/views.ts';
import type { Hash, Pid, TxId } from '../../protocol/identity/pid.ts';

export interface StoreReading {
  readonly books: readonly BookRow[];
  /** One for each committed attempt. */
  readonly receipts: readonly AppliedReceipt[];
}

export interface AppliedReceipt {
  readonly tx: TxId;
  readonly attempt: number;
  /** As `geo verify` reads it. */
  readonly receipt: Uint8Array;
}

/**
 * @param owner the participant whose store it is
 * @throws GeoError E008 `store_in_use` if the node still runs, `no_store`; E010 if the store is damaged
 */
export async function readStoppedStore(directory: string, owner: Pid): Promise<StoreReading> {
  const store = await openLevelStore(directory, { mustExist: true });
  try {
    const state = new State(store);
    await state.load();
    return {
      books: [...state.edges.values()].map((edge) => bookRow(edge, owner)),
      receipts: await receiptsIn(store, state),
    };
  } finally {
    await store.close();
  }
}

async function receiptsIn(store: Store, state: State): Promise<AppliedReceipt[]> {
  const receipts: AppliedReceipt[] = [];
  for await (const [key] of store.scan(rangeOf('attempt'))) {
    const attempt = state.readAttempt(tailOf(key) as Hash);
    if (attempt?.commit.phase !== 'COMMITTED') continue;
    const { tx, attempt: number } = attempt.open;
    receipts.push({ tx, attempt: number, receipt: receiptOf(attempt) });
  }
  return receipts;
}
