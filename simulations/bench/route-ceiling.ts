/** What a pair can have at most, whatever is chosen. */
import { CARRY_MAX, type CompactGraph } from '../../protocol/routing/compact-graph.ts';
import type { RouteAnswer, RouteQuestion } from '../../protocol/routing/question.ts';
import type { RouteSearch } from '../../protocol/routing/search.ts';
import { RouteBounds } from './route-bound.ts';

/** Smallest unit, each at most the amount asked. */
export interface RouteCeiling {
  /** Any number of paths of any length. */
  readonly maxFlow: bigint;
  readonly withinHops: bigint;
  readonly withinBounds: bigint;
}

export const NOTHING: RouteCeiling = { maxFlow: 0n, withinHops: 0n, withinBounds: 0n };

export class RouteCeilings {
  readonly #search: RouteSearch;
  readonly #bounds: RouteBounds;

  constructor(graph: CompactGraph, search: RouteSearch) {
    this.#search = search;
    this.#bounds = new RouteBounds(graph);
  }

  /** @param answer what was found: a bound need not be sought below it */
  of(question: RouteQuestion | undefined, answer: RouteAnswer): RouteCeiling {
    if (question === undefined) return NOTHING;
    const maxFlow = this.#search.ceiling(question);
    // Amounts that a double does not hold are bounded by the flow alone.
    const open = answer.payable < maxFlow && maxFlow <= BigInt(CARRY_MAX);
    if (!open) return { maxFlow, withinHops: maxFlow, withinBounds: maxFlow };
    const { withinHops, withinBounds } = this.#bounds.bound(
      { ...question, amount: Number(maxFlow) },
      Number(answer.payable),
    );
    return { maxFlow, withinHops: BigInt(withinHops), withinBounds: BigInt(withinBounds) };
  }
}
