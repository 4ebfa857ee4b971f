/**
 * Cycles through a debt that has changed, as a hub finds them: in its index, without a message. One after
 * the other, each as the books stand after the one before it.
 */
import {
  TRIGGER_WORK,
  type TriggerBounds,
  TriggerSearch,
} from '../../protocol/clearing/trigger.ts';
import type { EdgeId } from '../../protocol/ledger/edge.ts';
import { CYCLE_MIN } from '../../protocol/limits.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import type { CompactGraph } from '../../protocol/routing/compact-graph.ts';
import { type Cycle, type CycleQuestion, cycleKey } from './cycle.ts';
import type { CommunityBooks } from './global-pass.ts';
import type { IsSpared } from './spared.ts';

/** Debts that are looked at for one that has changed, however many cycles there are: for about half a millisecond. */
const WORK_MAX = 2 * TRIGGER_WORK;

interface IndexCyclesContext {
  /** undefined: this node is no hub, or knows of no debts. */
  readonly books: (equivalent: EquivalentCode) => CommunityBooks | undefined;
  readonly isSpared: IsSpared;
  /** Cycles over one debt at most. */
  readonly cyclesMax: number;
}

interface Search {
  readonly trigger: TriggerSearch;
  /** Creditors are left out who do not want a cycle with so many members. */
  length: number;
}

export class IndexCycles {
  readonly #context: IndexCyclesContext;
  readonly #searches = new WeakMap<CompactGraph, Search>();

  constructor(context: IndexCyclesContext) {
    this.#context = context;
  }

  /** Whether this node has an index for it. */
  knows(equivalent: EquivalentCode): boolean {
    return this.#context.books(equivalent) !== undefined;
  }

  /** The largest first. Whoever takes one carries it out before asking for the next. */
  *through(edge: EdgeId, question: CycleQuestion): Generator<Cycle> {
    const seen = new Set<string>();
    const spent = { looked: 0 };
    while (seen.size < this.#context.cyclesMax && spent.looked < WORK_MAX) {
      const cycle = this.#largest(edge, question, spent);
      // The same again: somebody is asked first, or its debts are not reported yet.
      if (cycle === undefined || seen.has(cycleKey(cycle))) return;
      seen.add(cycleKey(cycle));
      yield cycle;
    }
  }

  /** Whoever wants shorter cycles only is part of those; if the largest is too long for somebody, of none. */
  #largest(
    { low, high }: EdgeId,
    question: CycleQuestion,
    spent: { looked: number },
  ): Cycle | undefined {
    const { equivalent, maxLength, minAmount } = question;
    const books = this.#context.books(equivalent);
    const one = books?.numberOf(low);
    const other = books?.numberOf(high);
    if (books === undefined || one === undefined || other === undefined) return undefined;
    const search = this.#searchIn(books, equivalent);
    const bounds: TriggerBounds = {
      maxLength,
      minAmount: minAmount > 0n ? minAmount : 1n,
      work: TRIGGER_WORK,
    };
    for (const length of [CYCLE_MIN, maxLength]) {
      search.length = length;
      const before = search.trigger.looked;
      const found = search.trigger.between(one, other, bounds);
      spent.looked += search.trigger.looked - before;
      if (found === undefined) return undefined;
      const members = found.members.map((member) => books.pidOf(member));
      if (!members.some((pid) => this.#context.isSpared(pid, equivalent, members.length))) {
        return { equivalent, members, amount: found.amount };
      }
    }
    return undefined;
  }

  #searchIn(books: CommunityBooks, equivalent: EquivalentCode): Search {
    const { graph } = books;
    const known = this.#searches.get(graph);
    if (known !== undefined) return known;
    const search: Search = {
      trigger: new TriggerSearch(graph, (_, creditor) =>
        this.#context.isSpared(books.pidOf(creditor), equivalent, search.length),
      ),
      length: CYCLE_MIN,
    };
    this.#searches.set(graph, search);
    return search;
  }
}
