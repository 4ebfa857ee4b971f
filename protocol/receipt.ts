/**
 * The commit certificate as a file: for every edge it holds the signature of the debtor's agent on
 * exactly that debt, so that the creditor can prove it to a third party (docs/PROTOCOL.md, "Payment").
 */
import { GeoError } from './errors.ts';
import { type Pid, type PublicKey, pidFromPublicKey, type TxId } from './identity/pid.ts';
import { FRAME_BYTES_MAX, VOTERS_MAX } from './limits.ts';
import { openManifest } from './machines/manifest.ts';
import { formatAmount } from './money/amount.ts';
import { decode, encode } from './wire/cbor.ts';
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
  readonly txId: TxId;
  readonly payer: Pid;
  readonly payee: Pid;
  readonly equivalent: string;
  /** Decimal text. */
  readonly amount: string;
  /** What the payment changed: `debtor` came to owe `creditor` more by `delta` (decimal text). */
  readonly debts: readonly { debtor: Pid; creditor: Pid; delta: string }[];
}

type Verify = (publicKey: PublicKey, message: Uint8Array, signature: Uint8Array) => boolean;

/** The bytes of a receipt file, as {@link Receipt} describes them. */
export function encodeReceipt(receipt: Receipt): Uint8Array {
  return encode(Receipt.write(receipt));
}

/** @throws GeoError E009 if the bytes are not a receipt */
export function readReceipt(bytes: Uint8Array): Receipt {
  return s.readWith(Receipt, decode(bytes), 'receipt');
}

/**
 * Checks a receipt by itself, without any node: the signatures of the order and of the grants, one
 * YES of every voter over this manifest, and a first-hand `applied`.
 * @throws GeoError E009 if the bytes are not a receipt at all
 */
export function verifyReceipt(bytes: Uint8Array, verify: Verify): VerifiedReceipt {
  const receipt = readReceipt(bytes);
  const open = openManifest(receipt.manifest);
  const problems: string[] = [];
  if (!isSignedBy(open.signedOrder, open.order.payer_key, verify)) {
    problems.push('The order is not signed by the payer.');
  }
  for (const [member, grant] of open.grants) {
    if (!isSignedBy(grant, grant.body.member_key, verify)) {
      problems.push(`The grant of ${member} is not signed by it.`);
    }
  }
  const missing = new Set(open.voters);
  for (const vote of receipt.votes) {
    const voter = signerOf('PAYMENT_PREPARE_ACK', vote, open.voters, open.hash, verify);
    if (voter === undefined) problems.push('A vote is not valid for this manifest.');
    else if (!readSigned('PAYMENT_PREPARE_ACK', vote).body.yes) problems.push('A vote is a NO.');
    else missing.delete(voter);
  }
  for (const voter of missing) problems.push(`The vote of ${pidFromPublicKey(voter)} is missing.`);
  if (open.voters.length > 1 && !receipt.applied.some((bytes) => provesApplied(bytes))) {
    problems.push('Nobody but the coordinator has confirmed that the payment was applied.');
  }
  return {
    ok: problems.length === 0,
    problems,
    txId: open.tx,
    payer: open.payer,
    payee: open.order.payee,
    equivalent: open.order.equivalent,
    amount: text(open.order.amount),
    debts: open.effects.map(({ edge, change }) =>
      change > 0n
        ? { debtor: edge.high, creditor: edge.low, delta: text(change) }
        : { debtor: edge.low, creditor: edge.high, delta: text(-change) },
    ),
  };

  function text(units: bigint): string {
    return formatAmount(units, open.order.precision);
  }

  function provesApplied(bytes: Uint8Array): boolean {
    const signer = signerOf('PAYMENT_COMMIT_ACK', bytes, open.voters, open.hash, verify);
    if (signer === undefined || signer === open.voters.at(-1)) return false;
    return readSigned('PAYMENT_COMMIT_ACK', bytes).body.first_hand;
  }
}

/** The voter that signed a statement over this manifest; undefined if nobody did. */
function signerOf(
  type: 'PAYMENT_PREPARE_ACK' | 'PAYMENT_COMMIT_ACK',
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
