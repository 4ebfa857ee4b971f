/**
 * Cycles that are only counted: nothing is cleared between one and the next, so that a debt that several pass would be
 * counted for each. Here every debt is counted once, by one copy of what the debts allow.
 */
import type { Pid } from '../../protocol/identity/pid.ts';
import type { Cycle } from './cycle.ts';

/** What of a debt may be cleared, smallest unit; undefined: it is in no books here. */
export type FreeOf = (debtor: Pid, creditor: Pid) => bigint | undefined;

export class DryRun {
  readonly #freeOf: FreeOf;
  /** What is left of the debts that have been counted. */
  readonly #left = new Map<string, bigint>();

  constructor(freeOf: FreeOf) {
    this.#freeOf = freeOf;
  }

  /** @returns what could be cleared of it after those before it; 0 if nothing */
  count({ members, amount, shortens }: Cycle): bigint {
    const debtors = shortens === true ? members.slice(0, -1) : members;
    const debts = debtors.map((debtor, i) => {
      const creditor = members[(i + 1) % members.length]!;
      const name = `${debtor}/${creditor}`;
      // Of a debt that is in others' books alone, no more is sure than the first cycle over it has shown.
      const left = this.#left.get(name) ?? this.#freeOf(debtor, creditor) ?? amount;
      return { name, left };
    });
    let fits = amount;
    for (const { left } of debts) if (left < fits) fits = left;
    for (const { name, left } of debts) this.#left.set(name, left - fits);
    return fits;
  }
}
