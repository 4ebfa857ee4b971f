/**
 * Comparing the two books of an edge (docs/PROTOCOL.md, "Both books of an edge"). Pure questions
 * over two states; fetching and proving is the engine's.
 */
import type { Hash, Pid } from '../identity/pid.ts';
import { type Edge, lineOf } from '../ledger/edge.ts';
import type { EdgeDigest, EdgeStatement } from '../wire/messages/edge.ts';

/** The state that two agents compare and that a statement fixes. */
export type EdgeState = Omit<EdgeStatement, 'made'>;

/** What the record of an edge says to the other end. A line that was never given has sequence 0. */
export function edgeStateOf(edge: Edge): EdgeState {
  return {
    low: edge.low,
    high: edge.high,
    equivalent: edge.equivalent,
    precision: edge.precision,
    balance: edge.balance,
    count: edge.count,
    digest: edge.digest,
    low_sequence: lineOf(edge, edge.low)?.sequence ?? 0,
    high_sequence: lineOf(edge, edge.high)?.sequence ?? 0,
  };
}

/** Same balance, count and digest. Lines travel by themselves and may be under way. */
export function sameBooks(a: EdgeState, b: EdgeState): boolean {
  return a.balance === b.balance && a.count === b.count && a.digest === b.digest;
}

/** As {@link sameBooks}, and the same versions of both lines: what one statement can fix. */
export function sameState(a: EdgeState, b: EdgeState): boolean {
  return (
    sameBooks(a, b) &&
    a.precision === b.precision &&
    a.low_sequence === b.low_sequence &&
    a.high_sequence === b.high_sequence
  );
}

/** Owners of lines of which `mine` is newer than what the other end told. */
export function newerLines(mine: EdgeState, theirs: EdgeDigest): Pid[] {
  const owners: Pid[] = [];
  if (mine.low_sequence > theirs.low_sequence) owners.push(mine.low);
  if (mine.high_sequence > theirs.high_sequence) owners.push(mine.high);
  return owners;
}

export interface Difference {
  /** Applied there, not here. */
  readonly missing: Hash[];
  /** Applied here, not there. */
  readonly extra: Hash[];
}

/** What one of two lists of manifest hashes has and the other has not. */
export function differenceOf(mine: Iterable<Hash>, theirs: Iterable<Hash>): Difference {
  const here = new Set(mine);
  const there = new Set(theirs);
  return {
    missing: [...there].filter((hash) => !here.has(hash)),
    extra: [...here].filter((hash) => !there.has(hash)),
  };
}
