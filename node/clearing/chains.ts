/**
 * Chains of debts that may become one debt to the chain's end (docs/PROTOCOL.md, "Shortening"), as whoever is their
 * first finds them: in the own books, and along the debts of others.
 */
import type { Pid } from '../../protocol/identity/pid.ts';
import { allowsShortening, clearable, shortenable } from '../../protocol/ledger/clearing.ts';
import { counterparty, debtOf } from '../../protocol/ledger/edge.ts';
import { CYCLE_MIN } from '../../protocol/limits.ts';
import type { Agents } from '../engine/agents.ts';
import type { State } from '../engine/state.ts';
import type { NodeSettings } from '../settings.ts';
import { type Cycle, type CycleQuestion, type CycleSource, cycleKey } from './cycle.ts';
import type { LocalCycles } from './local-cycles.ts';
import type { IsSpared } from './spared.ts';

/** Debts of a chain at most. Longer ones are shortened step by step. */
export const CHAIN_DEBTS_MAX = 3;
/** Edges that one search in the own books looks at: a fraction of a millisecond. */
const EDGES_MAX = 2_000;
/** Lines at whose ends neighbours are asked. */
const LINES_MAX = 4;

interface ChainsContext {
  readonly state: State;
  readonly agents: Agents;
  readonly cycles: Pick<LocalCycles, 'alongDebts' | 'leadsAway'>;
  readonly isSpared: IsSpared;
  readonly settings: NodeSettings['clearing'];
}

export class Chains implements CycleSource {
  readonly #context: ChainsContext;

  constructor(context: ChainsContext) {
    this.#context = context;
  }

  async *find(question: CycleQuestion): AsyncGenerator<Cycle> {
    for (const member of this.#context.agents.members()) yield* this.from(member, question);
  }

  /** Those that begin at a participant served here. Whoever takes one carries it out before asking for the next. */
  async *from(first: Pid, question: CycleQuestion): AsyncGenerator<Cycle> {
    yield* this.inOwnBooks(first, question);
    const { cycles, settings } = this.#context;
    const { equivalent, minAmount } = question;
    const ends = [...this.#endsOf(first, question).keys()].slice(0, LINES_MAX);
    if (ends.length === 0) return;
    if (!cycles.leadsAway([first], { ...question, maxLength: CHAIN_DEBTS_MAX })) return;
    const budget = Math.max(1, Math.floor(settings.search_budget / ends.length));
    for (const last of ends) {
      const amount = this.#endsOf(first, question).get(last);
      if (amount === undefined) continue;
      // As for a cycle, of which the last would owe the first.
      const debt = { creditor: first, debtor: last, equivalent, amount };
      const search = { ...debt, maxHops: CHAIN_DEBTS_MAX, budget, shortens: true };
      for (const chain of await cycles.alongDebts(search, minAmount)) {
        yield { ...chain, shortens: true };
      }
    }
  }

  /** The largest first, without a message. */
  *inOwnBooks(first: Pid, question: CycleQuestion): Generator<Cycle> {
    const seen = new Set<string>();
    while (seen.size < this.#context.settings.cycles_max) {
      const chain = this.#largest(first, question);
      // The same again: somebody is asked first, or nothing was carried out.
      if (chain === undefined || seen.has(cycleKey(chain))) return;
      seen.add(cycleKey(chain));
      yield chain;
    }
  }

  #largest(first: Pid, question: CycleQuestion): Cycle | undefined {
    const { state, agents, isSpared } = this.#context;
    const { equivalent, minAmount } = question;
    const ends = this.#endsOf(first, question);
    let best: Cycle | undefined;
    let looked = 0;
    const goOn = (members: readonly Pid[], width: bigint | undefined) => {
      const debtor = members.at(-1)!;
      if (members.length > CHAIN_DEBTS_MAX || !agents.served(debtor)) return;
      for (const edge of state.edgesOf(debtor)) {
        if (++looked > EDGES_MAX) return;
        if (edge.equivalent !== equivalent || debtOf(edge, debtor) === 0n) continue;
        const creditor = counterparty(edge, debtor);
        if (members.includes(creditor) || !allowsShortening(edge, creditor)) continue;
        if (isSpared(creditor, equivalent)) continue;
        const free = clearable(edge, { debtor, creditor });
        const narrow = width !== undefined && width < free ? width : free;
        if (narrow < minAmount || narrow === 0n || narrow <= (best?.amount ?? 0n)) continue;
        const chain = [...members, creditor];
        const room = ends.get(creditor);
        if (room !== undefined && chain.length >= CYCLE_MIN) {
          const amount = room < narrow ? room : narrow;
          if (amount > (best?.amount ?? 0n)) {
            best = { equivalent, members: chain, amount, shortens: true };
          }
        }
        goOn(chain, narrow);
      }
    };
    if (ends.size > 0) goOn([first], undefined);
    return best;
  }

  /** Whom a participant may come to owe instead, and how much. */
  #endsOf(first: Pid, { equivalent, minAmount }: CycleQuestion): Map<Pid, bigint> {
    const ends = new Map<Pid, bigint>();
    for (const edge of this.#context.state.edgesOf(first)) {
      if (edge.equivalent !== equivalent) continue;
      const creditor = counterparty(edge, first);
      const room = shortenable(edge, { debtor: first, creditor });
      if (room > 0n && room >= minAmount) ends.set(creditor, room);
    }
    return ends;
  }
}
