/**
 * The commit certificate as a file: for every edge it holds the signature of the debtor's agent on
 * exactly that debt, so that the creditor can prove it to a third party; and of a clearing the
 * creditor's, so that the debtor can prove that it owes less (docs/PROTOCOL.md, "Receipts").
 */
import { GeoError } from './errors.ts';
import { type Pid, type PublicKey, pidFromPublicKey, type TxId } from './identity/pid.ts';
import type { Effect } from './ledger/effects.ts';
import { FRAME_BYTES_MAX, VOTERS_MAX } from './limits.ts';
import { debtInstead } from './machines/clearing-manifest.ts';
import { type OpenManifest, openManifest } from './machines/manifest.ts';
import { formatAmount } from './money/amount.ts';
import { COMMIT_NAMES } from './wire/commit-names.ts';
import { isSignedBy, readSigned } from './wire/envelope.ts';
import * as s from './wire/schema.ts';

export const Receipt = s.named(
  'receipt',
  s.map({
    manifest: s.bytesUpTo(FRAME_BYTES_MAX),
    /** One YES of every voter. */
    votes: s.list(s.signed('vote'), VOTERS_MAX),
    /** First-hand `applied` of voters other than the coordinator; empty if it voted alone. */
    applied: s.list(s.signed('applied'), VOTERS_MAX),
  }),
);
export type Receipt = s.Infer<typeof Receipt>;

export interface VerifiedReceipt {
  readonly ok: boolean;
  /** What is wrong, a sentence each; empty if `ok`. */
  readonly problems: readonly string[];
  readonly kind: OpenManifest['kind'];
  readonly txId: TxId;
  /** Null of a clearing, which has none. */
  readonly payer: Pid | null;
  readonly payee: Pid | null;
  /** Of a clearing: each owes the next, the last owes the first. Null of a payment. */
  readonly cycle: readonly Pid[] | null;
  /** The cycle is a chain: instead of the last owing the first, the first comes to owe the last. */
  readonly shortens: boolean;
  readonly equivalent: string;
  /** Decimal text: what was paid, or what each debt of the cycle was lowered by. */
  readonly amount: string;
  /** What was changed: `debtor` came to owe `creditor` more by `delta` (decimal text), or less if it is negative. */
  readonly debts: readonly { debtor: Pid; creditor: Pid; delta: string }[];
}

type Verify = (publicKey: PublicKey, message: Uint8Array, signature: Uint8Array) => boolean;

/** The bytes of a receipt file, as {@link Receipt} describes them. */
export function encodeReceipt(receipt: Receipt): Uint8Array {
  return s.encodeWith(Receipt, receipt);
}

/** @throws GeoError E009 if the bytes are not a receipt */
export function readReceipt(bytes: Uint8Array): Receipt {
  return s.decodeWith(Receipt, bytes, 'receipt');
}

/**
 * Checks a receipt by itself, without any node: the signatures of the order or proposal and of
 * the grants, one YES of every voter over this manifest, and a first-hand `applied`.
 * @throws GeoError E009 if the bytes are not a receipt at all
 */
export function verifyReceipt(bytes: Uint8Array, verify: Verify): VerifiedReceipt {
  const receipt = readReceipt(bytes);
  const open = openManifest(receipt.manifest);
  const problems: string[] = [];
  if (open.kind === 'clearing') {
    if (!isSignedBy(open.signedProposal, open.proposal.coordinator_key, verify)) {
      problems.push('The proposal is not signed by the coordinator.');
    }
  } else if (!isSignedBy(open.signedOrder, open.order.payer_key, verify)) {
    problems.push('The order is not signed by the payer.');
  }
  for (const [member, grant] of open.grants) {
    if (!isSignedBy(grant, grant.body.member_key, verify)) {
      problems.push(`The grant of ${member} is not signed by it.`);
    }
  }
  const { vote: voteName, applied: appliedName } = COMMIT_NAMES[open.kind];
  const missing = new Set(open.voters);
  for (const vote of receipt.votes) {
    const voter = signerOf(voteName, vote, open.voters, open.hash, verify);
    if (voter === undefined) problems.push('A vote is not valid for this manifest.');
    else if (!readSigned(voteName, vote).body.yes) problems.push('A vote is a NO.');
    else missing.delete(voter);
  }
  for (const voter of missing) problems.push(`The vote of ${pidFromPublicKey(voter)} is missing.`);
  if (open.voters.length > 1 && !receipt.applied.some((bytes) => provesApplied(bytes))) {
    problems.push('Nobody but the coordinator has confirmed that it was applied.');
  }
  return {
    ok: problems.length === 0,
    problems,
    kind: open.kind,
    txId: open.tx,
    payer: open.kind === 'payment' ? open.payer : null,
    payee: open.kind === 'payment' ? open.order.payee : null,
    cycle: open.kind === 'clearing' ? open.proposal.cycle : null,
    shortens: open.kind === 'clearing' && open.proposal.shortens === true,
    equivalent: open.equivalent,
    amount: text(open.kind === 'payment' ? open.order.amount : open.amount),
    debts: debtChangesOf(open).map((row) => ({ ...row, delta: text(row.delta) })),
  };

  function text(units: bigint): string {
    return formatAmount(units, open.precision);
  }

  function provesApplied(bytes: Uint8Array): boolean {
    const signer = signerOf(appliedName, bytes, open.voters, open.hash, verify);
    if (signer === undefined || signer === open.voters.at(-1)) return false;
    return readSigned(appliedName, bytes).body.first_hand;
  }
}

/**
 * What a manifest does to the debts: a payment raises what a debtor owes, a clearing lowers it
 * (negative `delta`, smallest unit), but for the debt that comes instead of a chain's.
 * @param effects those to tell of, if not all
 */
export function debtChangesOf(
  open: OpenManifest,
  effects: readonly Effect[] = open.effects,
): { debtor: Pid; creditor: Pid; delta: bigint }[] {
  const made = open.kind === 'clearing' ? debtInstead(open.proposal) : undefined;
  return effects.map(({ edge, change }) => {
    const [debtor, creditor] = change > 0n ? [edge.high, edge.low] : [edge.low, edge.high];
    const delta = change > 0n ? change : -change;
    const isMade = debtor === made?.debtor && creditor === made.creditor;
    return open.kind === 'payment' || isMade
      ? { debtor, creditor, delta }
      : { debtor: creditor, creditor: debtor, delta: -delta };
  });
}

/** The voter that signed a statement over this manifest; undefined if nobody did. */
function signerOf(
  type: (typeof COMMIT_NAMES)[OpenManifest['kind']]['vote' | 'applied'],
  bytes: Uint8Array,
  voters: readonly PublicKey[],
  manifest: string,
  verify: Verify,
): PublicKey | undefined {
  try {
    const thing = readSigned(type, bytes);
    if (thing.body.manifest !== manifest) return undefined;
    return voters.find((voter) => isSignedBy(thing, voter, verify));
  } catch (error) {
    if (error instanceof GeoError) return undefined;
    throw error;
  }
}
