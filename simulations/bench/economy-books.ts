/** The books of a whole community in memory: payments and clearings are applied at once, whole or not at all. */
import { clearableIn } from '../../protocol/clearing/trigger.ts';
import { CompactGraph } from '../../protocol/routing/compact-graph.ts';
import type { FoundRoute } from '../../protocol/routing/question.ts';
import type { Economy } from './economy-source.ts';

export class EconomyBooks {
  readonly graph = new CompactGraph();
  /** All that is owed, smallest unit. */
  debt = 0n;

  constructor({ participants, lines }: Economy) {
    for (let i = 0; i < participants; i++) this.graph.addNode();
    for (const { debtor, creditor, ...line } of lines) {
      this.graph.setLine(debtor, creditor, line);
      this.debt += line.debt;
    }
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

  #owed(debtor: number, creditor: number): bigint {
    return this.graph.line(debtor, creditor)?.debt ?? 0n;
  }

  #add(debtor: number, creditor: number, amount: bigint): void {
    if (amount === 0n) return;
    const line = this.graph.line(debtor, creditor)!;
    this.graph.setLine(debtor, creditor, { ...line, debt: line.debt + amount });
    this.debt += amount;
  }
}
