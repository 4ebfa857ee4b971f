/** What reports are reckoned from: the edges in one equivalent, in the smallest unit. Pure. */
import { formatAmount, parseLimit } from '../../../protocol/money/amount.ts';

/** One edge: at most one of its two ends owes the other. */
export interface EdgeFact {
  readonly low: string;
  readonly high: string;
  /** Positive: high owes low. */
  readonly balance: bigint;
  /** Limit of the line by which high may owe low; 0: there is none. */
  readonly lowGives: bigint;
  /** Limit of the line by which low may owe high. */
  readonly highGives: bigint;
}

export interface Facts {
  readonly equivalent: string;
  readonly precision: number;
  /** `community`: all that a hub knows; `own`: the edges of one node. */
  readonly scope: 'community' | 'own';
  readonly edges: readonly EdgeFact[];
  /** Names of participants, as far as they are known. */
  readonly names: ReadonlyMap<string, string>;
}

/** A line as its owner and its receiver see it: `from` lets `to` owe it up to `limit`. */
export interface LineFact {
  readonly from: string;
  readonly to: string;
  readonly limit: bigint;
  readonly debt: bigint;
}

/** Both lines of every edge, as far as they have a limit or a debt. */
export function linesOf(edges: readonly EdgeFact[]): LineFact[] {
  return edges.flatMap(({ low, high, balance, lowGives, highGives }) => {
    const lines: LineFact[] = [
      { from: low, to: high, limit: lowGives, debt: balance > 0n ? balance : 0n },
      { from: high, to: low, limit: highGives, debt: balance < 0n ? -balance : 0n },
    ];
    return lines.filter(({ limit, debt }) => limit + debt > 0n);
  });
}

/** Signed decimal text to the smallest unit. @throws GeoError as `parseLimit` */
export function unitsOf(text: string, precision: number): bigint {
  return text.startsWith('-') ? -parseLimit(text.slice(1), precision) : parseLimit(text, precision);
}

export function textOf(units: bigint, precision: number): string {
  return formatAmount(units, precision);
}

/** Enough of a PID to know it again. */
const PID_SHOWN = 8;

export function nameIn({ names }: Pick<Facts, 'names'>, pid: string): string {
  return names.get(pid) ?? `${pid.slice(0, PID_SHOWN)}…`;
}

/** `part / whole` to four decimals; null where there is no whole. */
export function share(part: bigint, whole: bigint): number | null {
  return whole === 0n ? null : Number((part * 10_000n) / whole) / 10_000;
}

export function sum(values: Iterable<bigint>): bigint {
  let total = 0n;
  for (const value of values) total += value;
  return total;
}
