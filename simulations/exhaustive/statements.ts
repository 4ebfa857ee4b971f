/**
 * Statements about one attempt as bits of one number, so that sets of them are cheap to compare: what
 * the machines keep as five sets of voters is here one set of (kind, voter).
 */
import type { Evidence } from '../../protocol/machines/evidence.ts';

export const KINDS = ['yes', 'no', 'withdrawn', 'applied', 'firstHand'] as const;
export type Kind = (typeof KINDS)[number];

/** Bits per kind; a manifest of the exhaustive check has at most this many voters. */
export const VOTERS_MOST = 5;

/** A set of statements: bit `kind * VOTERS_MOST + voter`. */
export type StatementSet = number;

/** One statement; a first-hand `applied` is an `applied` too. */
export function statement(kind: Kind, voter: number): StatementSet {
  const bit = 1 << (KINDS.indexOf(kind) * VOTERS_MOST + voter);
  return kind === 'firstHand' ? bit | statement('applied', voter) : bit;
}

export function toSet(evidence: Evidence): StatementSet {
  return KINDS.reduce((set, kind, i) => set | (Number(evidence[kind]) << (i * VOTERS_MOST)), 0);
}

export function toEvidence(set: StatementSet): Evidence {
  const mask = (1 << VOTERS_MOST) - 1;
  const of = (kind: Kind) => BigInt((set >> (KINDS.indexOf(kind) * VOTERS_MOST)) & mask);
  return {
    yes: of('yes'),
    no: of('no'),
    withdrawn: of('withdrawn'),
    applied: of('applied'),
    firstHand: of('firstHand'),
  };
}

/** Everything that one voter could ever sign. */
export function allOf(voter: number): StatementSet {
  return KINDS.reduce((set, kind) => set | statement(kind, voter), 0);
}

/** Every set of single statements out of `set`; a first-hand `applied` goes with its `applied`. */
export function subsets(set: StatementSet): StatementSet[] {
  let found: StatementSet[] = [0];
  for (const kind of KINDS) {
    for (let voter = 0; voter < VOTERS_MOST; voter++) {
      const isPart = kind === 'applied' && has(set, 'firstHand', voter);
      if (!has(set, kind, voter) || isPart) continue;
      found = found.flatMap((one) => [one, one | statement(kind, voter)]);
    }
  }
  return found;
}

export function has(set: StatementSet, kind: Kind, voter: number): boolean {
  const bit = statement(kind, voter);
  return (set & bit) === bit;
}

/** The same statements with the voters renamed: voter `i` becomes `names[i]`. */
export function renamed(set: StatementSet, names: readonly number[]): StatementSet {
  let result = 0;
  for (let kind = 0; kind < KINDS.length; kind++) {
    for (const [from, to] of names.entries()) {
      if ((set & (1 << (kind * VOTERS_MOST + from))) !== 0) {
        result |= 1 << (kind * VOTERS_MOST + to);
      }
    }
  }
  return result;
}

/** For people: `y0 y2 w1 f1`. */
export function spell(set: StatementSet): string {
  const letters = { yes: 'y', no: 'n', withdrawn: 'w', applied: 'a', firstHand: 'f' };
  const words: string[] = [];
  for (const kind of KINDS) {
    for (let voter = 0; voter < VOTERS_MOST; voter++) {
      const resting = kind !== 'applied' || !has(set, 'firstHand', voter);
      if (has(set, kind, voter) && resting) words.push(`${letters[kind]}${voter}`);
    }
  }
  return words.join(' ');
}
