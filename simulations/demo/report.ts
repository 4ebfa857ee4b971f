/**
 * What `--json` prints: everything from which a stranger can audit the run. Participants by their
 * ids in the community file, amounts as decimal text.
 */
import type {
  InvariantRow,
  ReportedClearing,
  ReportedPayment,
  StoredBook,
} from '../audit/record.ts';

export interface NodeRow {
  readonly participant: string;
  readonly pid: string;
  /** Operating system process that ran it last. */
  readonly process: number;
}

export interface PaymentRow extends ReportedPayment {
  /** Why it was refused: code, fault and a sentence. Null if it was not. */
  readonly reason: string | null;
  /** From the request to the outcome, as the payer's side waited for it. */
  readonly ms: number;
}

export interface ClearingRow extends ReportedClearing {
  /** What those who wanted to be asked have said; nobody, if all lines allowed it. */
  readonly answers: readonly { readonly participant: string; readonly agrees: boolean }[];
  /** Why nothing was cleared: code, fault and a sentence. Null if it was. */
  readonly reason: string | null;
}

export type BookRow = Pick<
  StoredBook,
  'node' | 'peer' | 'equivalent' | 'balance' | 'limit_given' | 'limit_received' | 'held'
>;

export interface StepRow {
  readonly name: string;
  readonly ms: number;
}

export interface DemoReport {
  readonly nodes: readonly NodeRow[];
  readonly payments: readonly PaymentRow[];
  /** `amount`: what each debt of the cycle was lowered by; if it was rejected, what was proposed. */
  readonly clearings: readonly ClearingRow[];
  /** One row per node and edge, as that node's own store has it. */
  readonly books: readonly BookRow[];
  readonly invariants: readonly InvariantRow[];
  readonly steps: readonly StepRow[];
}

/** Exactly the agreed keys, whatever else the rows carry inside. */
export function reportJson(report: DemoReport): string {
  return JSON.stringify({
    nodes: report.nodes.map(({ participant, pid, process }) => ({ participant, pid, process })),
    payments: report.payments.map(
      ({ tx_id, from, to, equivalent, amount, state, reason, routes, ms }) => {
        return { tx_id, from, to, equivalent, amount, state, reason, routes, ms };
      },
    ),
    clearings: report.clearings.map(
      ({ tx_id, equivalent, cycle, amount, state, reason, answers }) => {
        return { tx_id, equivalent, cycle, amount, state, reason, answers };
      },
    ),
    books: report.books.map(
      ({ node, peer, equivalent, balance, limit_given, limit_received, held }) => {
        return { node, peer, equivalent, balance, limit_given, limit_received, held };
      },
    ),
    invariants: report.invariants,
    steps: report.steps,
  });
}
