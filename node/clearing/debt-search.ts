/**
 * Ways along debts from a creditor to whoever owes it (docs/PROTOCOL.md, "Looking for cycles"): short ones by
 * asking outwards alone, longer ones from both ends, so that the number of messages does not grow with each step.
 */
import type { Pid } from '../../protocol/identity/pid.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import type { Clock, Entropy } from '../ports.ts';
import type { Found, NeighbourSearch } from '../routing/neighbour-search.ts';
import type { NodeSettings } from '../settings.ts';
import type { Marks } from './marks.ts';

/** Up to so many hops the question goes outwards alone. */
export const OUTWARDS_MAX = 3;
/** Of the time that a search may take, the part that the marks have before the question follows. */
const MARKING_TIME = 0.25;

export interface DebtQuestion {
  /** Served here; owed by `debtor`. */
  readonly creditor: Pid;
  readonly debtor: Pid;
  readonly equivalent: EquivalentCode;
  readonly amount: bigint;
  /** Of the way from creditor to debtor. */
  readonly maxHops: number;
  /** Only along lines that allow shortening. The debtor then owes the creditor nothing yet. */
  readonly shortens?: boolean;
  /** Messages that the search may cause, here and behind. */
  readonly budget: number;
}

interface DebtSearchContext {
  readonly clock: Clock;
  readonly entropy: Entropy;
  readonly search: NeighbourSearch;
  readonly marks: Marks;
  readonly settings: NodeSettings['clearing'];
}

export class DebtSearch {
  readonly #context: DebtSearchContext;

  constructor(context: DebtSearchContext) {
    this.#context = context;
  }

  /** Resolves when all have answered, when the time is over, or when `enough` says so. */
  async find(question: DebtQuestion, enough: (found: Found) => boolean): Promise<Found> {
    const { search, entropy } = this.#context;
    const { search_ms: all } = this.#context.settings;
    const { creditor, debtor, equivalent, amount, maxHops, budget, shortens } = question;
    const about = {
      payer: creditor,
      payee: debtor,
      equivalent,
      amount,
      maxHops,
      avoid: [],
      ...(shortens === true ? { shortens } : {}),
    };
    if (maxHops <= OUTWARDS_MAX) return search.find({ ...about, wait_ms: all, budget }, enough);
    const id = entropy.bytes(16);
    const meet = Math.ceil(maxHops / 2);
    const marking = Math.floor(budget / 2);
    const marks = {
      id,
      equivalent,
      to: creditor,
      hops: meet + 1,
      budget: Math.max(0, marking - 1),
    };
    this.#context.marks.begin(marks, debtor);
    const waitMs = Math.floor(all * MARKING_TIME);
    await new Promise<void>((resolve) => this.#context.clock.after(waitMs, resolve));
    const rest = { wait_ms: all - waitMs, budget: budget - marking };
    return search.find({ ...about, id, meet, ...rest }, enough);
  }
}
