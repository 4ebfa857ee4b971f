/**
 * Signed statements about an attempt: made, checked, and packed for the way
 * (docs/PROTOCOL.md, "Payment": nobody is trusted to have counted).
 */
import {
  type Hash,
  type PublicKey,
  pidFromPublicKey,
  pidToHex,
} from '../../../protocol/identity/pid.ts';
import { type Evidence, merge, NO_EVIDENCE, only } from '../../../protocol/machines/evidence.ts';
import type { OpenManifest } from '../../../protocol/machines/manifest.ts';
import { encodeReceipt } from '../../../protocol/receipt.ts';
import { COMMIT_NAMES, type TransactionKind } from '../../../protocol/wire/commit-names.ts';
import { isSignedBy, readSigned, type Unverified } from '../../../protocol/wire/envelope.ts';
import type { EvidenceBundle, Vote } from '../../../protocol/wire/messages/evidence.ts';
import type { VerifySignature } from '../../ports.ts';
import { sameBytes } from '../same-bytes.ts';
import type { Attempt, StatementKey, Statements } from './attempt.ts';

/** What a bundle added to what was known. */
export interface Learned {
  /** Verified statements of the bundle, new or known. */
  readonly evidence: Evidence;
  /** The new ones' bytes. */
  readonly fresh: Map<StatementKey, Uint8Array>;
  /** The first NO of the bundle that was new, for the reason it gives. */
  readonly refusal?: Vote;
  /** Statements that were not what they claimed to be; they are dropped, and counted. */
  readonly rejected: number;
}

export const EMPTY_BUNDLE: EvidenceBundle = { votes: [], withdrawals: [], applied: [] };

/** Reads and verifies the statements of a bundle. A bad one is dropped; it proves nothing about the others. */
export function learn(
  open: OpenManifest,
  known: Statements,
  bundle: EvidenceBundle,
  verify: VerifySignature,
): Learned {
  const reader = new Reader(open, known, verify);
  for (const bytes of bundle.votes) reader.vote(bytes);
  for (const bytes of bundle.withdrawals) reader.withdrawal(bytes);
  for (const bytes of bundle.applied) reader.applied(bytes);
  return reader;
}

class Reader implements Learned {
  evidence: Evidence = NO_EVIDENCE;
  readonly fresh = new Map<StatementKey, Uint8Array>();
  refusal?: Vote;
  rejected = 0;
  readonly #open: OpenManifest;
  readonly #known: Statements;
  readonly #verify: VerifySignature;
  readonly #voters: ReadonlyMap<string, number>;

  constructor(open: OpenManifest, known: Statements, verify: VerifySignature) {
    this.#open = open;
    this.#known = known;
    this.#verify = verify;
    this.#voters = voterIndex(open);
  }

  vote(bytes: Uint8Array): void {
    if (this.#isKnown(bytes)) return;
    const read = this.#read(COMMIT_NAMES[this.#open.kind].vote, bytes);
    if (read === undefined) return;
    const { thing, voter } = read;
    const key: StatementKey = thing.body.yes ? `y${voter}` : `n${voter}`;
    const isNew = this.#add(key, thing, voter);
    if (isNew === undefined) return;
    this.#gain(evidenceOf(key));
    if (!thing.body.yes && isNew) this.refusal ??= thing.body;
  }

  withdrawal(bytes: Uint8Array): void {
    if (this.#isKnown(bytes)) return;
    const read = this.#read('WITHDRAW', bytes);
    if (read === undefined) return;
    const key: StatementKey = `w${read.voter}`;
    if (this.#add(key, read.thing, read.voter) !== undefined) this.#gain(evidenceOf(key));
  }

  /** @param mayRest whether it may rest on another's; what it rests on may not rest again */
  applied(bytes: Uint8Array, mayRest = true): boolean {
    if (this.#isKnown(bytes)) return true;
    const read = this.#read(COMMIT_NAMES[this.#open.kind].applied, bytes);
    if (read === undefined) return false;
    const { thing, voter } = read;
    const { first_hand: firstHand, rests_on: restsOn } = thing.body;
    // "One signed after withdrawing carries the first-hand one that it rests on" (R3).
    if (firstHand === (restsOn !== undefined) || (!firstHand && !mayRest)) {
      this.rejected++;
      return false;
    }
    if (restsOn !== undefined && !this.applied(restsOn, false)) return false;
    const key: StatementKey = firstHand ? `f${voter}` : `a${voter}`;
    if (this.#add(key, thing, voter) === undefined) return false;
    this.#gain(evidenceOf(key));
    return true;
  }

  /** The very bytes that were read and verified before: most of what a second COMMIT carries. */
  #isKnown(bytes: Uint8Array): boolean {
    for (const [key, known] of this.#known) {
      if (!sameBytes(known, bytes)) continue;
      this.#gain(evidenceOf(key));
      return true;
    }
    return false;
  }

  #gain(evidence: Evidence): void {
    this.evidence = merge(this.evidence, evidence);
  }

  #read<N extends 'WITHDRAW' | (typeof COMMIT_NAMES)[TransactionKind]['vote' | 'applied']>(
    type: N,
    bytes: Uint8Array,
  ) {
    try {
      const thing = readSigned(type, bytes);
      const voter = this.#voters.get(thing.kid);
      const { tx, attempt, hash } = this.#open;
      const { body } = thing;
      if (
        voter !== undefined &&
        body.manifest === hash &&
        body.tx === tx &&
        body.attempt === attempt
      ) {
        return { thing, voter };
      }
    } catch {
      // An unreadable statement is the same as none: counted below.
    }
    this.rejected++;
    return undefined;
  }

  /** @returns true if new, false if known, undefined if the signature is bad */
  #add(key: StatementKey, thing: Unverified<unknown>, voter: number): boolean | undefined {
    if (this.#known.has(key) || this.fresh.has(key)) return false;
    if (!isSignedBy(thing, this.#open.voters[voter]!, this.#verify)) {
      this.rejected++;
      return undefined;
    }
    this.fresh.set(key, thing.bytes);
    return true;
  }
}

/** What a verified statement proves. */
function evidenceOf(key: StatementKey): Evidence {
  const set = only(Number(key.slice(1)));
  switch (key[0]) {
    case 'y':
      return { ...NO_EVIDENCE, yes: set };
    case 'n':
      return { ...NO_EVIDENCE, no: set };
    case 'w':
      return { ...NO_EVIDENCE, withdrawn: set };
    case 'f':
      return { ...NO_EVIDENCE, applied: set, firstHand: set };
    default:
      return { ...NO_EVIDENCE, applied: set };
  }
}

const indexes = new WeakMap<OpenManifest, ReadonlyMap<string, number>>();

/** Voters by the kid in their signatures, the hash of their key. */
function voterIndex(open: OpenManifest): ReadonlyMap<string, number> {
  let index = indexes.get(open);
  if (index === undefined) {
    index = new Map(open.voters.map((key, i) => [kidOfVoter(key), i]));
    indexes.set(open, index);
  }
  return index;
}

function kidOfVoter(key: PublicKey): Hash {
  return pidToHex(pidFromPublicKey(key)) as Hash;
}

/** The statements of the given kinds, as they travel. */
export function bundleOf(statements: Statements, kinds: string): EvidenceBundle {
  const votes: Uint8Array[] = [];
  const withdrawals: Uint8Array[] = [];
  const applied: Uint8Array[] = [];
  for (const [key, bytes] of statements) {
    const kind = key[0]!;
    if (!kinds.includes(kind)) continue;
    if (kind === 'w') withdrawals.push(bytes);
    else if (kind === 'f' || kind === 'a') applied.push(bytes);
    else votes.push(bytes);
  }
  return { votes, withdrawals, applied };
}

export const ALL_KINDS = 'ynwfa';
/** The certificate and every `applied`. */
export const COMMIT_KINDS = 'yfa';

/** The receipt of a committed attempt: certificate and first-hand `applied`. */
export function receiptOf(attempt: Attempt): Uint8Array {
  return receiptWith(attempt, 'yf');
}

/** The same with every `applied`: who has lost its record need not ask the others for theirs. */
export function wholeReceiptOf(attempt: Attempt): Uint8Array {
  return receiptWith(attempt, COMMIT_KINDS);
}

function receiptWith({ open, statements }: Attempt, kinds: string): Uint8Array {
  const { votes, applied } = bundleOf(statements, kinds);
  return encodeReceipt({ manifest: open.bytes, votes, applied });
}
