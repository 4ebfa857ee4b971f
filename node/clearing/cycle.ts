/** Cycles of debts that could be cleared, and where they come from. */
import type { Pid } from '../../protocol/identity/pid.ts';
import { parseLimit } from '../../protocol/money/amount.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import type { Proposal } from '../../protocol/wire/messages/clearing.ts';
import type { State } from '../engine/state.ts';
import type { NodeSettings } from '../settings.ts';

/** A cycle as somebody has found it; the votes decide whether it is one. */
export interface Cycle {
  readonly equivalent: EquivalentCode;
  /** Each owes the next, the last owes the first; 3 to 10. */
  readonly members: readonly Pid[];
  /** What each of these debts could be lowered by, smallest unit; > 0. */
  readonly amount: bigint;
  /** A chain: the last owes the first nothing; instead the first comes to owe the last as much. */
  readonly shortens?: boolean;
  /** Members of whom it is known that they want to be asked. */
  readonly asks?: readonly Pid[];
}

export interface CycleQuestion {
  readonly equivalent: EquivalentCode;
  /** Members of a cycle at most. */
  readonly maxLength: number;
  /** Smaller amounts are not worth a clearing, smallest unit. */
  readonly minAmount: bigint;
}

/**
 * Finds cycles, one after the other in the order in which they are to be cleared: each as the books
 * stand when it is asked for, so after the ones before it. A node without an index searches from its own
 * debts; a hub's global pass sees the whole community.
 */
export interface CycleSource {
  find(question: CycleQuestion, watch?: PassWatch): AsyncIterable<Cycle>;
}

/** What a pass over a whole community has found; smallest unit. */
export interface PassPlan {
  readonly debts: number;
  readonly total: bigint;
  /** What an optimum would take away. */
  readonly optimum: bigint;
  readonly cycles: number;
  /** What the cycles take away, if all of them are carried out. */
  readonly planned: bigint;
}

/** Whoever follows a pass, and may end it. */
export interface PassWatch {
  readonly isCancelled: () => boolean;
  /** Called again if somebody refused, and the rest was searched anew. */
  readonly found: (plan: PassPlan) => void;
}

/** What the first finds, and then, as the books stand after it, what the second does. */
export function oneAfterTheOther(first: CycleSource, second: CycleSource): CycleSource {
  return {
    async *find(question, watch) {
      yield* first.find(question, watch);
      yield* second.find(question, watch);
    },
  };
}

/** A name of the cycle that does not depend on where it begins. */
export function cycleKey({
  equivalent,
  members,
  shortens,
}: Pick<Cycle, 'equivalent' | 'members' | 'shortens'>): string {
  if (shortens === true) return [equivalent, 'chain', ...members].join('/');
  const first = members.indexOf([...members].sort()[0]!);
  return [equivalent, ...members.slice(first), ...members.slice(0, first)].join('/');
}

/** What a proposal is about. */
export function cycleOf({ equivalent, cycle, amount, shortens }: Proposal): Cycle {
  return { equivalent, members: cycle, amount, ...(shortens === true ? { shortens } : {}) };
}

/**
 * The least amount that is worth a clearing, smallest unit.
 * @throws GeoError E009 `too_many_digits`: the configuration counts finer than the equivalent
 */
export function minAmountIn(
  { equivalents }: Pick<State, 'equivalents'>,
  { min_amounts: entries }: NodeSettings['clearing'],
  equivalent: EquivalentCode,
): bigint {
  const entry = entries.find((text) => text.startsWith(`${equivalent}=`));
  const precision = equivalents.get(equivalent)?.precision;
  if (entry === undefined || precision === undefined) return 1n;
  return parseLimit(entry.slice(equivalent.length + 1), precision);
}
