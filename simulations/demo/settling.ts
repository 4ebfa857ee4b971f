/** After the payments and after the clearings: wait, within bounds, until everyone knows how each of them ended. */
import { atOnce, eventually } from '../testnet/at-once.ts';
import { type MadePayment, paymentRow } from './paying.ts';
import type { Progress } from './progress.ts';
import type { Roster } from './roster.ts';

/** Liveness has a bound, or it could never be seen to fail, ms. */
const SETTLED_MS = 90_000;
const POLL_MS = 200;
const NODES_AT_ONCE = 16;
/** A node may be asked just before a message reaches it, so one quiet round is not proof enough. */
const QUIET_ROUNDS = 2;

export interface Undecided {
  readonly node: string;
  readonly attempts: number;
}

/** @returns the nodes that still have open attempts when the time is up; empty if all is decided */
export async function waitUntilDecided(
  roster: Roster,
  progress: Progress,
  what: 'payments' | 'clearings',
): Promise<Undecided[]> {
  const ids = roster.nodeIds;
  let open: Undecided[] = [];
  let quiet = 0;
  await progress.step(
    `${what} decided`,
    ids.length,
    async (step) => {
      await eventually(SETTLED_MS, POLL_MS, async () => {
        open = [];
        let waiting = 0;
        await atOnce(NODES_AT_ONCE, ids, async (id) => {
          const status = await roster.client(id).status();
          const attempts = Math.max(status.attempts_live, status.attempts_in_doubt);
          if (attempts > 0) open.push({ node: id, attempts });
          if (status.outbox > 0) waiting++;
        });
        step.update(ids.length - open.length, `${open.length} nodes with open attempts`);
        quiet = open.length === 0 && waiting === 0 ? quiet + 1 : 0;
        return quiet >= QUIET_ROUNDS ? true : undefined;
      });
    },
    () =>
      open.length === 0 ? 'no open attempt at any node' : `${open.length} nodes are undecided`,
  );
  return open;
}

/** Asks again about the payments whose payers had no outcome yet when they were answered. */
export async function withFinalStates(
  roster: Roster,
  rows: readonly MadePayment[],
): Promise<MadePayment[]> {
  const final: MadePayment[] = [];
  for (const row of rows) {
    if (row.tx_id === null || row.state === 'COMMITTED' || row.state === 'ABORTED') {
      final.push(row);
      continue;
    }
    const payment = await roster.participant(row.from).transaction(row.tx_id);
    if (payment.kind !== 'payment') throw new Error(`${row.tx_id} is not a payment`);
    final.push({ ...paymentRow(roster, row, payment, payment.ms ?? row.ms), expect: row.expect });
  }
  return final;
}
