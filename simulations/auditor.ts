/**
 * An independent accountant for a run of many nodes. It shares no code with the engine: it reads the
 * trust lines as the community filed them, the payments as their payers reported them and the books
 * as each node's own store has them, adds everything up again, and compares (docs/PROTOCOL.md,
 * "Invariants"; the numbers in the comments below are those of that list).
 */
import {
  equalBooks,
  linesAsFiled,
  noHoldsLeft,
  oneDirection,
  withinLimits,
  zeroSum,
} from './audit/books.ts';
import { type Desk, type Finding, toText, toUnits } from './audit/desk.ts';
import type { AuditRecord, InvariantRow } from './audit/record.ts';
import {
  allDecided,
  atomic,
  booksMatchPayments,
  clearingNeutral,
  debtsCertified,
  oneCommittedAttempt,
  routesAddUp,
} from './audit/transactions.ts';

const FAULTS_SHOWN = 5;

/** Every invariant that can be checked from outside, each as a row that says what was counted or what is wrong. */
export function audit(record: AuditRecord): InvariantRow[] {
  const scales = new Map(record.equivalents.map((each) => [each.code, each.precision]));
  const units = (text: string, equivalent: string) => toUnits(text, scales.get(equivalent));
  const text = (amount: bigint, equivalent: string) => toText(amount, scales.get(equivalent));
  const desk: Desk = { record, units, text };

  const rows = [
    row('zero_sum', () => zeroSum(desk)),
    row('within_limits', () => withinLimits(desk)),
    row('one_direction', () => oneDirection(desk)),
    row('equal_books', () => equalBooks(desk)),
    row('atomic', () => atomic(desk)),
    row('one_committed_attempt', () => oneCommittedAttempt(desk)),
    row('no_holds_left', () => noHoldsLeft(desk)),
    row('debts_certified', () => debtsCertified(desk)),
    row('all_decided', () => allDecided(desk)),
    row('lines_as_filed', () => linesAsFiled(desk)),
    row('routes_add_up', () => routesAddUp(desk)),
    row('books_match_payments', () => booksMatchPayments(desk)),
  ];
  const { clearings, balancesBefore } = record;
  const cleared = clearings.length > 0 || balancesBefore.length > 0;
  if (cleared) rows.push(row('clearing_neutral', () => clearingNeutral(desk)));
  return rows;
}

function row(name: string, check: () => Finding): InvariantRow {
  let finding: Finding;
  try {
    finding = check();
  } catch (error) {
    // A book that cannot even be read is a broken book, not a reason to stop auditing the others.
    finding = { faults: [error instanceof Error ? error.message : String(error)], summary: '' };
  }
  const { faults, summary } = finding;
  if (faults.length === 0) return { name, held: true, detail: summary };
  const rest = faults.length - FAULTS_SHOWN;
  const shown = faults.slice(0, FAULTS_SHOWN).join('; ');
  return { name, held: false, detail: rest > 0 ? `${shown}; and ${rest} more` : shown };
}
