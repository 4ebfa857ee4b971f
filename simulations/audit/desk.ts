/** What every check works with: the record, exact amounts, and one way to name an edge. */
import type { AuditRecord, ReportedClearing, StoredBook } from './record.ts';

export interface Desk {
  readonly record: AuditRecord;
  units(text: string, equivalent: string): bigint;
  text(units: bigint, equivalent: string): string;
}

export interface Finding {
  readonly faults: readonly string[];
  /** What was counted, said if nothing is wrong. */
  readonly summary: string;
}

/** By {@link edgeKey} of (from, to, equivalent), in the smallest unit. */
export function filedLimits(record: AuditRecord, units: Desk['units']): Map<string, bigint> {
  return new Map(
    record.lines.map((line) => [
      edgeKey(line.from, line.to, line.equivalent),
      units(line.limit, line.equivalent),
    ]),
  );
}

export function clearingEffects(
  clearing: ReportedClearing,
  units: Desk['units'],
): { debtor: string; creditor: string; delta: bigint }[] {
  const { cycle, equivalent } = clearing;
  const lowered = -units(clearing.amount, equivalent);
  return cycle.map((debtor, index) => ({
    debtor,
    creditor: cycle[(index + 1) % cycle.length]!,
    delta: lowered,
  }));
}

export function* hops(path: readonly string[]): Generator<[string, string]> {
  for (let index = 1; index < path.length; index++) yield [path[index - 1]!, path[index]!];
}

/** JSON, because a name may contain any separator. */
export function edgeKey(one: string, other: string, equivalent: string): string {
  return JSON.stringify([one, other, equivalent]);
}

export function at(book: StoredBook): string {
  return `${book.node}'s book with ${book.peer} in ${book.equivalent}`;
}

export function short(txId: string): string {
  return txId.slice(0, 12);
}

export function add(sums: Map<string, bigint>, key: string, amount: bigint): void {
  sums.set(key, (sums.get(key) ?? 0n) + amount);
}

/** Adds `value` to the set that is kept for `key`. */
export function collect(sets: Map<string, Set<string>>, key: string, value: string): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([value]));
  else set.add(value);
}

/** Exact, and deliberately not the engine's own reader of amounts: two readers must agree. */
export function toUnits(text: string, precision: number | undefined): bigint {
  if (precision === undefined) throw new Error(`${text}: in an equivalent that was never filed`);
  const parts = /^(-?)(\d+)(?:\.(\d+))?$/.exec(text);
  const fraction = parts?.[3] ?? '';
  if (parts === null || /[1-9]/.test(fraction.slice(precision))) {
    throw new Error(`"${text}" is not an amount with at most ${precision} decimals`);
  }
  const units = BigInt(parts[2]! + fraction.slice(0, precision).padEnd(precision, '0'));
  return parts[1] === '-' ? -units : units;
}

export function toText(units: bigint, precision: number | undefined): string {
  const digits = (units < 0n ? -units : units).toString().padStart((precision ?? 0) + 1, '0');
  const sign = units < 0n ? '-' : '';
  if (!precision) return sign + digits;
  return `${sign}${digits.slice(0, -precision)}.${digits.slice(-precision)}`;
}
