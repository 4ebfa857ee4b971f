/**
 * What the accountant is given: the trust lines as filed, the payments as their payers reported them,
 * the books and transactions as each node's own store has them. Participants are called by any one
 * name throughout; amounts are decimal text.
 */

export interface FiledLine {
  /** Lets `to` owe it up to `limit`. */
  readonly from: string;
  readonly to: string;
  readonly equivalent: string;
  readonly limit: string;
}

export interface PaidRoute {
  readonly path: readonly string[];
  readonly amount: string;
}

export interface ReportedPayment {
  /** Null if it was refused before there was an order. */
  readonly tx_id: string | null;
  readonly from: string;
  readonly to: string;
  readonly equivalent: string;
  readonly amount: string;
  readonly state: string;
  readonly routes: readonly PaidRoute[];
}

/** `cycle[0]` owes `cycle[1]` owes … owes `cycle[0]`; each of these debts was lowered by `amount`. */
export interface ReportedClearing {
  readonly tx_id: string;
  readonly equivalent: string;
  readonly cycle: readonly string[];
  readonly amount: string;
  readonly state: string;
}

/** What the node is owed by the peer; negative: what it owes. */
export type Balance = Pick<StoredBook, 'node' | 'peer' | 'equivalent' | 'balance'>;

/** One edge as one of its two nodes has it. */
export interface StoredBook {
  readonly node: string;
  readonly peer: string;
  readonly equivalent: string;
  /** Positive: the peer owes the node. */
  readonly balance: string;
  readonly limit_given: string;
  readonly limit_received: string;
  readonly held: string;
  /** How many transactions were applied to the edge. */
  readonly count: number;
  /** Set digest of what was applied. */
  readonly digest: string;
}

/** One committed attempt as one node's store has it. */
export interface StoredTransaction {
  readonly node: string;
  readonly tx_id: string;
  readonly attempt: number;
  readonly equivalent: string;
  /** What it changed on edges of this node: the debtor came to owe `delta` more (negative: less). */
  readonly effects: readonly {
    readonly debtor: string;
    readonly creditor: string;
    readonly delta: string;
  }[];
  /** Whether the store keeps a certificate for it that checks out: a YES signed by every voter. */
  readonly certified: boolean;
}

export interface AuditRecord {
  readonly equivalents: readonly { readonly code: string; readonly precision: number }[];
  readonly lines: readonly FiledLine[];
  readonly payments: readonly ReportedPayment[];
  readonly clearings: readonly ReportedClearing[];
  /** As the books stood between the last payment and the first clearing; empty if nothing was to be cleared. */
  readonly balancesBefore: readonly Balance[];
  readonly books: readonly StoredBook[];
  readonly transactions: readonly StoredTransaction[];
  /** Attempts that a node still had open at the end, after the bounded wait. */
  readonly undecided: readonly { readonly node: string; readonly attempts: number }[];
}

export interface InvariantRow {
  readonly name: string;
  readonly held: boolean;
  readonly detail: string;
}
