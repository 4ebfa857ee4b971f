/**
 * Cycles as a hub finds them (docs/decisions/0017-clearing-in-a-community.md): out of the books of the
 * whole community, the most that can be cleared at all, in cycles short enough for one transaction. What
 * does not fit into such cycles waits for the next pass.
 */
import { circulationSteps } from '../../protocol/clearing/circulation.ts';
import { debtSteps } from '../../protocol/clearing/debts.ts';
import { cycleSteps } from '../../protocol/clearing/decompose.ts';
import type { NetPositions } from '../../protocol/clearing/net-positions.ts';
import { clearableIn } from '../../protocol/clearing/trigger.ts';
import type { Pid } from '../../protocol/identity/pid.ts';
import { CYCLE_MIN } from '../../protocol/limits.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import type { CompactGraph } from '../../protocol/routing/compact-graph.ts';
import type { Clock, Log } from '../ports.ts';
import type { Cycle, CycleQuestion, CycleSource, PassWatch } from './cycle.ts';
import type { LineCaps } from './line-caps.ts';
import { inSlices } from './slices.ts';
import type { IsSpared } from './spared.ts';

/** What a hub knows of everyone's debts in one equivalent. */
export interface CommunityBooks {
  readonly graph: CompactGraph;
  readonly positions: NetPositions;
  numberOf(pid: Pid): number | undefined;
  pidOf(number: number): Pid;
}

interface GlobalPassContext {
  readonly clock: Clock;
  readonly log: Log;
  /** undefined: this node is no hub, or knows of no debts. */
  readonly books: (equivalent: EquivalentCode) => CommunityBooks | undefined;
  /** Debts to this creditor are left alone for now: it did not agree, or did not answer. */
  readonly isSpared: IsSpared;
  readonly caps: Pick<LineCaps, 'capOf'>;
  /** Where cycles come from on a node that is no hub. */
  readonly otherwise: CycleSource;
}

/** Passes of one question: each after somebody refused during the one before it. */
const PASSES_MAX = 3;

export class GlobalPass implements CycleSource {
  readonly #context: GlobalPassContext;
  #stopped = false;

  constructor(context: GlobalPassContext) {
    this.#context = context;
  }

  stop(): void {
    this.#stopped = true;
  }

  async *find(question: CycleQuestion, watch?: PassWatch): AsyncGenerator<Cycle> {
    const books = this.#context.books(question.equivalent);
    if (books === undefined) {
      yield* this.#context.otherwise.find(question);
      return;
    }
    for (let pass = 0; pass < PASSES_MAX; pass++) {
      if (!(yield* this.#pass(books, question, pass > 0, watch))) return;
    }
  }

  /**
   * @param again leaves out those who want shorter cycles only: theirs have been taken by then
   * @returns whether somebody refused meanwhile, so that other cycles may be better
   */
  async *#pass(
    books: CommunityBooks,
    question: CycleQuestion,
    again: boolean,
    watch: PassWatch | undefined,
  ): AsyncGenerator<Cycle, boolean> {
    const { isSpared } = this.#context;
    const { equivalent, maxLength, minAmount } = question;
    let refused = false;
    const isCancelled = () => this.#stopped || (watch?.isCancelled() ?? false);
    const sparedAt = again ? maxLength : CYCLE_MIN;
    const plan = await this.#plan(books, question, sparedAt, isCancelled, watch);
    for (const { members, amount: planned } of plan) {
      if (isCancelled()) return false;
      if (members.some((pid) => isSpared(books.pidOf(pid), equivalent, members.length))) {
        refused = true;
        continue;
      }
      // Payments went on meanwhile: an amount may have shrunk, and never grows.
      let amount = planned;
      for (const [i, debtor] of members.entries()) {
        const free = clearableIn(books.graph, debtor, members[(i + 1) % members.length]!);
        if (free < amount) amount = free;
      }
      if (amount < minAmount || amount === 0n) continue;
      yield { equivalent, members: members.map((member) => books.pidOf(member)), amount };
    }
    return refused;
  }

  async #plan(
    books: CommunityBooks,
    { equivalent, maxLength }: CycleQuestion,
    sparedAt: number,
    isCancelled: () => boolean,
    watch: PassWatch | undefined,
  ) {
    const { clock, log, isSpared, caps } = this.#context;
    const begin = clock.now();
    const scaled = await inSlices(
      debtSteps(books.graph, {
        isSpared: (_, creditor) => isSpared(books.pidOf(creditor), equivalent, sparedAt),
        // What is above it waits for the next pass, as the vote would have it.
        capOf: (debtor, creditor) =>
          caps.capOf(equivalent, books.pidOf(debtor), books.pidOf(creditor)),
      }),
      clock,
      isCancelled,
    );
    if (scaled === undefined) return [];
    const { graph, unit } = scaled;
    const most = await inSlices(circulationSteps(graph), clock, isCancelled);
    if (most === undefined) return [];
    const debts = graph.amount.length;
    log.info({ equivalent, debts, total: most.total, optimum: most.optimum }, 'clearing: optimum');
    const found = await inSlices(cycleSteps(graph, most.cleared, maxLength), clock, isCancelled);
    if (found === undefined) return [];
    const { cycles, cleared } = found;
    const took = clock.now() - begin;
    log.info({ equivalent, cycles: cycles.length, cleared, ms: took }, 'clearing: cycles');
    const inUnits = (amount: number) => BigInt(amount) * unit;
    watch?.found({
      debts,
      total: inUnits(most.total),
      optimum: inUnits(most.optimum),
      cycles: cycles.length,
      planned: inUnits(cleared),
    });
    return cycles
      .filter(({ members }) => members.length >= CYCLE_MIN)
      .map(({ members, amount }) => ({ members, amount: inUnits(amount) }));
  }
}
