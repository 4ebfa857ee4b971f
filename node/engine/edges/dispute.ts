/**
 * An edge whose two books differ although everything has been shown (docs/PROTOCOL.md, "Both books
 * of an edge"): nothing is guessed. It is frozen, both views are kept, and it opens again when the
 * books are equal.
 */
import type { Hash, Pid } from '../../../protocol/identity/pid.ts';
import type { Edge } from '../../../protocol/ledger/edge.ts';
import { type EdgeState, edgeStateOf, sameBooks } from '../../../protocol/machines/edge-sync.ts';
import type { EdgeDigest } from '../../../protocol/wire/messages/edge.ts';
import { keys } from '../../store/keys.ts';
import { DisputeRecord, encodeRecord } from '../../store/records.ts';
import type { Turn } from '../turn.ts';

/** Begins the reason of every dispute that equal books settle. */
export const BOOKS_DIFFER = 'the books differ';
/** Unproven payments of the other end that are kept with a dispute. */
const UNPROVEN_MAX = 256;

/**
 * Freezes the edge if its books still differ and nothing is under way on it.
 * @param unproven manifests that the other end says it has applied and showed no receipt for
 */
export function findDispute(
  turn: Turn,
  edge: Edge,
  peer: Pid,
  theirs: EdgeDigest,
  unproven: readonly Hash[],
): void {
  const now = turn.edge(edge);
  if (now === undefined || now.dispute !== undefined) return;
  const mine = edgeStateOf(now);
  // While payments are under way a difference is expected; it is looked at again later.
  if (now.heldUp !== 0n || now.heldDown !== 0n || sameBooks(mine, theirs)) return;
  const text = `${BOOKS_DIFFER}: here ${now.balance} after ${now.count} payments, there ${theirs.balance} after ${theirs.count} (smallest unit; positive: the higher PID owes)`;
  turn.putEdge({ ...now, dispute: text });
  turn.put(
    keys.dispute(now),
    encodeRecord(DisputeRecord, {
      found: turn.now,
      mine: { ...mine, made: turn.now },
      theirs: { ...stateIn(theirs), made: turn.now },
      unproven: unproven.slice(0, UNPROVEN_MAX),
    }),
  );
  turn.history({
    type: 'alert',
    text: `An edge is frozen: ${text}. Compare both sides with geo edge show.`,
    peer,
    equivalent: now.equivalent,
  });
  turn.notice({ type: 'alert', text, peer });
}

/**
 * The books are equal: opens an edge that was frozen for their difference, and says what was recovered.
 * @param recovered payments that the exchange brought back
 */
export function settleDispute(turn: Turn, edge: Edge, peer: Pid, recovered: number): void {
  const now = turn.edge(edge);
  if (now === undefined) return;
  const { equivalent } = now;
  if (recovered > 0) {
    turn.history({
      type: 'payment',
      text: `recovered from the other end's certificates: ${recovered} payments that were not in this book`,
      peer,
      equivalent,
    });
  }
  if (now.dispute?.startsWith(BOOKS_DIFFER) !== true) return;
  const { dispute: _, ...rest } = now;
  turn.putEdge(rest);
  turn.del(keys.dispute(now));
  const text = 'An edge is open again: both books are equal.';
  turn.history({ type: 'alert', text, peer, equivalent });
}

function stateIn({ base: _, answer: __, ...state }: EdgeDigest): EdgeState {
  return state;
}
