/** The report of a community, or of what one node sees of it, in one equivalent. Pure. */
import { gini, topShare } from './concentration.ts';
import { type EdgeFact, type Facts, linesOf, share, sum, textOf } from './facts.ts';

/** A line of which this part is used, or more, carries hardly anything any more. */
const SATURATED = 0.95;
const DAY_MS = 24 * 3_600_000;

/** What a community was at one time, in the smallest unit; kept for growth. */
export interface Sample {
  /** Ms since 1970 UTC. */
  readonly time: number;
  readonly participants: number;
  readonly lines: number;
  readonly debt: bigint;
  readonly limits: bigint;
  /** Since counting began: paid in payments that this node saw, and debts removed by clearing. */
  readonly paid: bigint;
  readonly payments: number;
  readonly removed: bigint;
}

export interface ClearingLength {
  readonly length: number;
  readonly cycles: number;
  /** Smallest unit, all debts of the cycles together. */
  readonly removed: bigint;
}

export interface CommunityReport {
  readonly equivalent: string;
  readonly scope: Facts['scope'];
  readonly participants: number;
  readonly edges: number;
  readonly lines: number;
  readonly total_debt: string;
  readonly total_limits: string;
  readonly limits_used: number | null;
  readonly concentration: {
    readonly debt_gini: number | null;
    readonly credit_gini: number | null;
    /** Part of all debt that the 1, 5 and 10 largest debtors owe; the same of creditors. */
    readonly top_debtors: Readonly<Record<'1' | '5' | '10', number | null>>;
    readonly top_creditors: Readonly<Record<'1' | '5' | '10', number | null>>;
  };
  readonly idle: { readonly lines: number; readonly limits: string };
  readonly saturated: { readonly lines: number; readonly limits: string };
  /** How often the standing debt was paid over in 30 days: what was paid by the mean debt; null: not known yet. */
  readonly velocity: number | null;
  readonly clearing: {
    readonly removed: string;
    /** Removed by clearing, of that and what stands. */
    readonly share: number | null;
    readonly by_length: readonly {
      readonly length: number;
      readonly cycles: number;
      readonly removed: string;
      readonly share: number | null;
    }[];
  };
  readonly growth: readonly {
    readonly time: string;
    readonly participants: number;
    readonly lines: number;
    readonly total_debt: string;
    readonly total_limits: string;
    readonly paid: string;
    readonly payments: number;
    readonly removed: string;
  }[];
}

/** @param samples oldest first; the last one is of now */
export function communityReport(
  facts: Facts,
  samples: readonly Sample[],
  lengths: readonly ClearingLength[],
): CommunityReport {
  const { equivalent, precision, scope, edges } = facts;
  const text = (units: bigint) => textOf(units, precision);
  const { lines, debt, limits, participants } = measure(edges);
  const debts = totalsBy(edges, 'debtor');
  const credits = totalsBy(edges, 'creditor');
  const top = (values: readonly bigint[]) => ({
    1: topShare(values, 1),
    5: topShare(values, 5),
    10: topShare(values, 10),
  });
  const open = lines.filter(({ limit }) => limit > 0n);
  const part = (of: typeof lines) => ({
    lines: of.length,
    limits: text(sum(of.map(({ limit }) => limit))),
  });
  const removed = sum(lengths.map((row) => row.removed));
  return {
    equivalent,
    scope,
    participants,
    edges: edges.length,
    lines: lines.length,
    total_debt: text(debt),
    total_limits: text(limits),
    limits_used: share(debt, limits),
    concentration: {
      debt_gini: gini(debts),
      credit_gini: gini(credits),
      top_debtors: top(debts),
      top_creditors: top(credits),
    },
    idle: part(open.filter((line) => line.debt === 0n)),
    saturated: part(open.filter((line) => (share(line.debt, line.limit) ?? 0) >= SATURATED)),
    velocity: velocityOf(samples),
    clearing: {
      removed: text(removed),
      share: share(removed, removed + debt),
      by_length: lengths.map((row) => ({
        length: row.length,
        cycles: row.cycles,
        removed: text(row.removed),
        share: share(row.removed, removed),
      })),
    },
    growth: samples.map((sample) => ({
      time: new Date(sample.time).toISOString(),
      participants: sample.participants,
      lines: sample.lines,
      total_debt: text(sample.debt),
      total_limits: text(sample.limits),
      paid: text(sample.paid),
      payments: sample.payments,
      removed: text(sample.removed),
    })),
  };
}

/** The part of a {@link Sample} that can be seen in the edges. */
export function measure(edges: readonly EdgeFact[]) {
  const lines = linesOf(edges);
  return {
    lines,
    debt: sum(lines.map((line) => line.debt)),
    limits: sum(lines.map(({ limit }) => limit)),
    participants: new Set(edges.flatMap(({ low, high }) => [low, high])).size,
  };
}

/** What each participant owes, or is owed; whoever has an edge counts, if it is nothing too. */
function totalsBy(edges: readonly EdgeFact[], side: 'debtor' | 'creditor'): bigint[] {
  const totals = new Map<string, bigint>();
  for (const { low, high, balance } of edges) {
    const [debtor, creditor] = balance > 0n ? [high, low] : [low, high];
    const [counted, other] = side === 'debtor' ? [debtor, creditor] : [creditor, debtor];
    const amount = balance > 0n ? balance : -balance;
    totals.set(counted, (totals.get(counted) ?? 0n) + amount);
    if (!totals.has(other)) totals.set(other, 0n);
  }
  return [...totals.values()];
}

/** Each debt counts for as long as it stood: the mean is over time, not over samples. */
function velocityOf(samples: readonly Sample[]): number | null {
  const first = samples[0];
  const last = samples.at(-1);
  if (first === undefined || last === undefined || last.time <= first.time) return null;
  const stood = sum(
    samples
      .slice(1)
      .map((sample, index) => samples[index]!.debt * BigInt(sample.time - samples[index]!.time)),
  );
  const ratio = share((last.paid - first.paid) * BigInt(30 * DAY_MS), stood);
  return ratio;
}
