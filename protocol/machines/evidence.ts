/**
 * What is known to have been signed about one attempt, as sets of voters.
 *
 * The machines decide on these sets alone; the signed bytes behind every bit are kept by the engine.
 * A set is a bit mask: bit `i` stands for voter `i` of the manifest, the coordinator being the last.
 */
export type VoterSet = bigint;

export interface Evidence {
  readonly yes: VoterSet;
  readonly no: VoterSet;
  readonly withdrawn: VoterSet;
  /** Signed `applied`, first-hand or resting on another's. */
  readonly applied: VoterSet;
  /** Signed `applied` with first_hand = true. */
  readonly firstHand: VoterSet;
}

export const NO_EVIDENCE: Evidence = { yes: 0n, no: 0n, withdrawn: 0n, applied: 0n, firstHand: 0n };

/** The set of one voter. */
export function only(voter: number): VoterSet {
  return 1n << BigInt(voter);
}

/** Whether a voter is in the set. */
export function has(set: VoterSet, voter: number): boolean {
  return (set & only(voter)) !== 0n;
}

/** All voters of a manifest with `size` voters. */
export function all(size: number): VoterSet {
  return (1n << BigInt(size)) - 1n;
}

/** All voters but the coordinator: `V∖{c}`. */
export function allButCoordinator(size: number): VoterSet {
  return all(size - 1);
}

/** The voters of a set, ascending. */
export function members(set: VoterSet): number[] {
  const found: number[] = [];
  for (let rest = set, i = 0; rest !== 0n; rest >>= 1n, i++) if ((rest & 1n) === 1n) found.push(i);
  return found;
}

/** What is known from both. Evidence only grows. */
export function merge(a: Evidence, b: Evidence): Evidence {
  return {
    yes: a.yes | b.yes,
    no: a.no | b.no,
    withdrawn: a.withdrawn | b.withdrawn,
    applied: a.applied | b.applied,
    firstHand: a.firstHand | b.firstHand,
  };
}

/** Whether the same statements are known. */
export function sameEvidence(a: Evidence, b: Evidence): boolean {
  return (
    a.yes === b.yes &&
    a.no === b.no &&
    a.withdrawn === b.withdrawn &&
    a.applied === b.applied &&
    a.firstHand === b.firstHand
  );
}

/** R2: YES from all of V. */
export function isCertificate(evidence: Evidence, size: number): boolean {
  return evidence.yes === all(size);
}

/** WITHDRAW of all of `V∖{c}`. Empty when the coordinator is the only voter: nobody can withdraw then. */
export function isFullWithdrawal(evidence: Evidence, size: number): boolean {
  return size > 1 && (evidence.withdrawn & allButCoordinator(size)) === allButCoordinator(size);
}

/** `A` of the tables: a first-hand `applied` of a voter ≠ c, other than `me`. */
export function hasFirstHandOfAnother(evidence: Evidence, size: number, me: number): boolean {
  return (evidence.firstHand & allButCoordinator(size) & ~only(me)) !== 0n;
}

/**
 * R8: voters that signed two things that exclude each other (YES and NO, or WITHDRAW and a
 * first-hand `applied`). Honest voters never do.
 */
export function contradictions(evidence: Evidence): VoterSet {
  return (evidence.yes & evidence.no) | (evidence.withdrawn & evidence.firstHand);
}
