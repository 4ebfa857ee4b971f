/**
 * The account statement of an edge as a file: the same statement signed by both ends, with the keys
 * that check it, so that either can show a third party what was owed (docs/PROTOCOL.md, "Both books
 * of an edge").
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import { type Pid, type PublicKey, pidFromPublicKey } from './identity/pid.ts';
import { formatAmount } from './money/amount.ts';
import { isSignedBy, readSigned, type Unverified } from './wire/envelope.ts';
import type { EdgeStatement } from './wire/messages/edge.ts';
import * as s from './wire/schema.ts';

export const StatementFile = s.named(
  'statement-file',
  s.map({
    low_key: s.publicKey,
    high_key: s.publicKey,
    /** The statement as each end has signed it. */
    by_low: s.signed('edge-statement'),
    by_high: s.signed('edge-statement'),
    /** Of an end whose agent has signed: the key is the agent's. */
    low_grant: s.optional(s.signed('agent-grant')),
    high_grant: s.optional(s.signed('agent-grant')),
  }),
);
export type StatementFile = s.Infer<typeof StatementFile>;

export interface VerifiedStatement {
  readonly ok: boolean;
  /** What is wrong, a sentence each; empty if `ok`. */
  readonly problems: readonly string[];
  readonly low: Pid;
  readonly high: Pid;
  readonly equivalent: string;
  /** Who owed whom how much (decimal text); null: nothing was owed. */
  readonly debt: { readonly debtor: Pid; readonly creditor: Pid; readonly amount: string } | null;
  /** Payments and clearings applied on the edge so far. */
  readonly count: number;
  /** Sum over everything applied, 64 hexadecimal digits. */
  readonly digest: string;
  /** Versions of the trust lines given by `low` and by `high`; 0: none. */
  readonly lowSequence: number;
  readonly highSequence: number;
  /** When it was proposed, ms since 1970 UTC. */
  readonly made: number;
}

type Verify = (publicKey: PublicKey, message: Uint8Array, signature: Uint8Array) => boolean;

/** The bytes of a statement file, as {@link StatementFile} describes them. */
export function encodeStatement(file: StatementFile): Uint8Array {
  return s.encodeWith(StatementFile, file);
}

/** @throws GeoError E009 if the bytes are not a statement */
export function readStatement(bytes: Uint8Array): StatementFile {
  return s.decodeWith(StatementFile, bytes, 'statement');
}

/**
 * Checks a statement by itself, without any node: both signatures, by the keys of both ends, under
 * the same bytes.
 * @throws GeoError E009 if the bytes are not a statement at all
 */
export function verifyStatement(bytes: Uint8Array, verify: Verify): VerifiedStatement {
  const file = readStatement(bytes);
  const byLow = readSigned('EDGE_STATEMENT', file.by_low);
  const byHigh = readSigned('EDGE_STATEMENT', file.by_high);
  const { body } = byLow;
  const problems: string[] = [];
  if (bytesToHex(byLow.payload) !== bytesToHex(byHigh.payload)) {
    problems.push('The two ends have signed different statements.');
  }
  checkSigner(problems, byLow, { key: file.low_key, end: body.low, grant: file.low_grant }, verify);
  checkSigner(
    problems,
    byHigh,
    { key: file.high_key, end: body.high, grant: file.high_grant },
    verify,
  );
  return {
    ok: problems.length === 0,
    problems,
    low: body.low,
    high: body.high,
    equivalent: body.equivalent,
    debt: debtIn(body),
    count: body.count,
    digest: body.digest,
    lowSequence: body.low_sequence,
    highSequence: body.high_sequence,
    made: body.made,
  };
}

function debtIn({ balance, low, high, precision }: EdgeStatement): VerifiedStatement['debt'] {
  if (balance === 0n) return null;
  return balance > 0n
    ? { debtor: high, creditor: low, amount: formatAmount(balance, precision) }
    : { debtor: low, creditor: high, amount: formatAmount(-balance, precision) };
}

interface Signatory {
  readonly key: PublicKey;
  readonly end: Pid;
  readonly grant: Uint8Array | undefined;
}

/** Until when `end` has let `key` sign for it, ms since 1970 UTC; undefined if it has not. */
function grantTo(key: PublicKey, end: Pid, bytes: Uint8Array, verify: Verify): number | undefined {
  const grant = readSigned('AGENT_GRANT', bytes);
  const { member_key: member, agent_key: agent, expires } = grant.body;
  const holds = pidFromPublicKey(member) === end && agent === key;
  return holds && isSignedBy(grant, member, verify) ? expires : undefined;
}

function checkSigner(
  problems: string[],
  signed: Unverified<EdgeStatement>,
  { key, end, grant }: Signatory,
  verify: Verify,
): void {
  const granted = grant === undefined ? undefined : grantTo(key, end, grant, verify);
  const mayGrant = granted !== undefined && granted >= signed.body.made;
  if (grant !== undefined && !mayGrant)
    problems.push(`${end} has not granted that to the key beside it.`);
  else if (grant === undefined && pidFromPublicKey(key) !== end)
    problems.push(`The key beside it is not that of ${end}.`);
  else if (!isSignedBy(signed, key, verify)) problems.push(`It is not signed by ${end}.`);
}
