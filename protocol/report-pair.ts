/**
 * What the two ends of an edge have told a hub, as a file: the newest signed report of each, so that a third
 * party sees what each has put its name to (docs/PROTOCOL.md, "Hub routes"). Which of them is wrong no pair
 * says by itself; a statement of the edge that both have signed tells them apart.
 */
import { type Pid, type PublicKey, pidFromPublicKey } from './identity/pid.ts';
import { formatAmount } from './money/amount.ts';
import type { EquivalentCode } from './money/equivalent.ts';
import type { VerifiedStatement } from './statement.ts';
import { isSignedBy, readSigned } from './wire/envelope.ts';
import type { ReportedEdge } from './wire/messages/report.ts';
import * as s from './wire/schema.ts';

export const ReportPairFile = s.named(
  'report-pair-file',
  s.map({
    low: s.pid,
    high: s.pid,
    equivalent: s.equivalentCode,
    low_report: s.optional(s.signed('edge-report')),
    high_report: s.optional(s.signed('edge-report')),
  }),
);
export type ReportPairFile = s.Infer<typeof ReportPairFile>;

export interface VerifiedReport {
  readonly teller: Pid;
  readonly hub: Pid;
  /** Of two reports of one teller the higher is the newer. */
  readonly sequence: number;
  /** Positive: `high` owes `low`; decimal text, as are the others. */
  readonly balance: string;
  /** What `high` can still come to owe `low`, and `low` `high`. */
  readonly up: string;
  readonly down: string;
}

export interface VerifiedReports {
  readonly ok: boolean;
  /** What is wrong with the file, a sentence each; empty if `ok`. */
  readonly problems: readonly string[];
  readonly low: Pid;
  readonly high: Pid;
  readonly equivalent: EquivalentCode;
  /** Null: there is none of that end, or it is worth nothing. */
  readonly byLow: VerifiedReport | null;
  readonly byHigh: VerifiedReport | null;
  /** Whether both have reported, and their balances differ. */
  readonly differs: boolean;
}

type Verify = (publicKey: PublicKey, message: Uint8Array, signature: Uint8Array) => boolean;

/** The bytes of such a file, as {@link ReportPairFile} describes them. */
export function encodeReportPair(file: ReportPairFile): Uint8Array {
  return s.encodeWith(ReportPairFile, file);
}

/**
 * Checks both reports by themselves, without any node: each signed by the key of its end, on this edge, for one hub.
 * @throws GeoError E009 if the bytes are no such file at all
 */
export function verifyReportPair(bytes: Uint8Array, verify: Verify): VerifiedReports {
  const file = s.decodeWith(ReportPairFile, bytes, 'report pair');
  const { low, high, equivalent, low_report, high_report } = file;
  const problems: string[] = [];
  const read = (teller: Pid, report: Uint8Array | undefined) =>
    report === undefined ? null : verifiedReport(problems, file, teller, report, verify);
  const [byLow, byHigh] = [read(low, low_report), read(high, high_report)];
  if (low_report === undefined && high_report === undefined) problems.push('There is no report.');
  if (byLow !== null && byHigh !== null && byLow.hub !== byHigh.hub) {
    problems.push('The two were told to different hubs.');
  }
  const ok = problems.length === 0;
  const differs = byLow !== null && byHigh !== null && byLow.balance !== byHigh.balance;
  return { ok, problems, low, high, equivalent, byLow, byHigh, differs };
}

function verifiedReport(
  problems: string[],
  { low, high, equivalent }: ReportPairFile,
  teller: Pid,
  bytes: Uint8Array,
  verify: Verify,
): VerifiedReport | null {
  const signed = readSigned('EDGE_REPORT', bytes);
  const { reporter_key: key, hub, sequence, edges } = signed.body;
  const isOn = (edge: ReportedEdge) =>
    edge.low === low && edge.high === high && edge.equivalent === equivalent;
  const edge = edges.find(isOn);
  if (edge === undefined) problems.push(`The report of ${teller} does not name this edge.`);
  else if (pidFromPublicKey(key) !== teller) {
    problems.push(`The report is signed by ${pidFromPublicKey(key)}, not by ${teller} itself.`);
  } else if (!isSignedBy(signed, key, verify)) problems.push(`It is not signed by ${teller}.`);
  else {
    const text = (units: bigint) => formatAmount(units, edge.precision);
    const [balance, up, down] = [text(edge.balance), text(edge.up), text(edge.down)];
    return { teller, hub, sequence, balance, up, down };
  }
  return null;
}

/**
 * Whose report says otherwise than a statement that both ends have signed. A payment after the statement changes
 * the balance too: whoever is named here has to show its receipt.
 */
export function contradictedBy(pair: VerifiedReports, statement: VerifiedStatement): Pid[] {
  const { debt, low, high, equivalent } = statement;
  const isSameEdge =
    low === pair.low && high === pair.high && equivalent === pair.equivalent && statement.ok;
  if (!isSameEdge) return [];
  const sign = debt?.debtor === low ? '-' : '';
  return [pair.byLow, pair.byHigh].flatMap((report) => {
    if (report === null) return [];
    const isNothing = debt === null && /^-?[0.]+$/.test(report.balance);
    return isNothing || (debt !== null && report.balance === sign + debt.amount)
      ? []
      : [report.teller];
  });
}
