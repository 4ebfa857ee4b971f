/** The books of a whole community in memory: payments and clearings are applied at once, whole or not at all. */
import { NetPositions } from '../../protocol/clearing/net-positions.ts';
import { clearableIn } from '../../protocol/clearing/trigger.ts';
import { CompactGraph } from '../../protocol/routing/compact-graph.ts';
import type { FoundRoute } from '../../protocol/routing/question.ts';
import type { Economy } from './economy-source.ts';

export class EconomyBooks {
  readonly graph = new CompactGraph();
  readonly #positions = new NetPositions();

  constructor({ participants, lines }: Economy) {
    for (let i = 0; i < participants; i++) this.graph.addNode();
    for (const { debtor, creditor, ...line } of lines) {
      this.graph.setLine(debtor, creditor, line);
      this.#positions.change(creditor, debtor, 0n, line.debt);
    }
  }

  /** All that is owed, smallest unit. */
  get debt(): bigint {
    return this.#positions.debt;
  }

  /** What would be owed if everyone owed no more than its net position: no clearing leaves less. */
  get leastDebt(): bigint {
    return this.#positions.debt - this.#positions.bound;
  }

  /** Each hop repays first; only the rest is new debt. */
  pay(routes: readonly FoundRoute[]): void {
    for (const { path, amount } of routes) {
      for (let i = 1; i < path.length; i++) {
        const payer = path[i - 1]!;
        const payee = path[i]!;
        const owed = this.#owed(payee, payer);
        const repaid = owed < amount ? owed : amount;
        this.#add(payee, payer, -repaid);
        this.#add(payer, payee, amount - repaid);
      }
    }
  }

  /** @throws Error if a debt of the cycle is smaller than the amount: the search is wrong then */
  clear(members: readonly number[], amount: bigint): void {
    members.forEach((debtor, i) => {
      const creditor = members[(i + 1) % members.length]!;
      if (clearableIn(this.graph, debtor, creditor) < amount) {
        throw new Error(`${debtor} owes ${creditor} less than the ${amount} to be cleared`);
      }
      this.#add(debtor, creditor, -amount);
    });
  }

  /** The first of the chain comes to owe the last, instead of all debts between them. */
  shorten(members: readonly number[], amount: bigint): void {
    for (let i = 1; i < members.length; i++) this.#add(members[i - 1]!, members[i]!, -amount);
    this.#add(members[0]!, members.at(-1)!, amount);
  }

  #owed(debtor: number, creditor: number): bigint {
    return this.graph.line(debtor, creditor)?.debt ?? 0n;
  }

  #add(debtor: number, creditor: number, amount: bigint): void {
    if (amount === 0n) return;
    const line = this.graph.line(debtor, creditor)!;
    this.graph.setLine(debtor, creditor, { ...line, debt: line.debt + amount });
    this.#positions.change(creditor, debtor, line.debt, line.debt + amount);
  }
}
