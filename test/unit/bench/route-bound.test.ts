/** What no choice of routes can pass, against every choice in small graphs. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RouteSearch } from '../../../protocol/routing/search.ts';
import { RouteBounds } from '../../../simulations/bench/route-bound.ts';
import {
  capacityOf,
  carriesOf,
  everyPath,
  graphOf,
  NODES,
  PAYEE,
  PAYER,
  type PlainLine,
  plainLines,
  smallestCut,
  widthOf,
} from '../routing/oracle.ts';

const open = plainLines.map((lines) => lines.map((line) => ({ ...line, carries: true })));
const ALL = 1_000;

function boundOf(lines: readonly PlainLine[], maxHops: number, maxPaths: number, amount = ALL) {
  const question = { payer: PAYER, payee: PAYEE, amount, maxHops, maxPaths };
  return new RouteBounds(graphOf(lines)).bound(question, 0);
}

/** What two of the paths carry together at most: each its width, and no more than a hop of both. */
function bestPair(lines: readonly PlainLine[], paths: readonly number[][]): number {
  let best = 0;
  for (const one of paths) {
    const hops = new Set(one.slice(1).map((to, i) => `${one[i]}>${to}`));
    for (const other of paths) {
      let sum = widthOf(lines, one) + (other === one ? 0n : widthOf(lines, other));
      for (let i = 1; i < other.length; i++) {
        if (!hops.has(`${other[i - 1]}>${other[i]}`)) continue;
        const shared = capacityOf(lines, other[i - 1]!, other[i]!);
        if (shared < sum) sum = shared;
      }
      best = Math.max(best, Number(sum));
    }
  }
  return best;
}

const hop = (from: number, to: number, limit: bigint) => ({
  from,
  to,
  limit,
  debt: 0n,
  carries: true,
});

describe('the bound of hops and paths', () => {
  it('is the widest path if there may be one, and never less than any two paths carry', () => {
    fc.assert(
      fc.property(open, fc.integer({ min: 1, max: 5 }), (lines, maxHops) => {
        const paths = everyPath(lines, maxHops);
        const widest = paths.reduce(
          (most, path) => Math.max(most, Number(widthOf(lines, path))),
          0,
        );
        expect(boundOf(lines, maxHops, 1).withinBounds).toBe(widest);
        expect(boundOf(lines, maxHops, 2).withinBounds).toBeGreaterThanOrEqual(
          bestPair(lines, paths),
        );
      }),
      { numRuns: 400 },
    );
  });

  it('is the maximum flow where every path is short enough, and never above it', () => {
    fc.assert(
      fc.property(open, fc.integer({ min: 1, max: 5 }), (lines, maxHops) => {
        const most = Number(smallestCut(lines));
        expect(boundOf(lines, NODES - 1, 16).withinHops).toBe(most);
        const { withinHops, withinBounds } = boundOf(lines, maxHops, 3);
        expect(withinHops).toBeLessThanOrEqual(most);
        expect(withinBounds).toBeLessThanOrEqual(withinHops);
      }),
      { numRuns: 400 },
    );
  });

  it('lets through what a search finds, for every number of paths and hops', () => {
    fc.assert(
      fc.property(
        open,
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 40 }),
        (lines, maxHops, maxPaths, amount) => {
          const graph = graphOf(lines);
          const before = carriesOf(graph);
          const { payable } = new RouteSearch(graph).find({
            ...{ payer: PAYER, payee: PAYEE, amount: BigInt(amount), maxHops, maxPaths },
          });
          const { withinBounds } = boundOf(lines, maxHops, maxPaths, amount);
          expect(withinBounds).toBeGreaterThanOrEqual(Number(payable));
          expect(withinBounds).toBeLessThanOrEqual(amount);
          expect(carriesOf(graph)).toEqual(before);
        },
      ),
      { numRuns: 600 },
    );
  });

  it('counts ways that are too long only as far as shorter ones spare hops', () => {
    const lines = [hop(0, 6, 5n), hop(0, 1, 9n), hop(1, 2, 9n), hop(2, 6, 9n)];
    expect(boundOf(lines, 3, 3)).toEqual({ withinHops: 14, withinBounds: 14 });
    expect(boundOf(lines, 2, 3)).toEqual({ withinHops: 5, withinBounds: 5 });
    expect(boundOf(lines, 3, 1)).toEqual({ withinHops: 14, withinBounds: 9 });
  });

  it('knows that a wide path takes the place of others, and that narrow ones are of no use', () => {
    // Three ways of 4 and one of 1: three paths carry 12, and 13 would need the fourth.
    const fork = [1, 2, 3].flatMap((node) => [hop(0, node, 4n), hop(node, 6, 4n)]);
    const lines = [...fork, hop(0, 6, 1n)];
    expect(boundOf(lines, 2, 3)).toEqual({ withinHops: 13, withinBounds: 12 });
    // The wide way crosses both others: 6 and 3, but with hops of 3 and more no 9 get through at once.
    const crossed = [
      ...[hop(0, 1, 6n), hop(1, 2, 6n), hop(2, 6, 6n)],
      ...[hop(0, 3, 3n), hop(3, 6, 2n), hop(3, 2, 3n), hop(1, 6, 1n)],
    ];
    expect(boundOf(crossed, 3, 2)).toEqual({ withinHops: 9, withinBounds: 8 });
  });
});
