/** The widest path against every simple path. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CompactGraph } from '../../../protocol/routing/compact-graph.ts';
import { WidestSearch } from '../../../protocol/routing/widest.ts';
import { WorkBudget } from '../../../protocol/routing/work-budget.ts';
import { everyPath, graphOf, PAYEE, PAYER, plainLines, widthOf } from './oracle.ts';

const ENDLESS = new WorkBudget(Number.POSITIVE_INFINITY);

function nodesOf(graph: CompactGraph, slots: readonly number[]): number[] {
  return [PAYER, ...slots.map((slot) => graph.head[slot]!)];
}

describe('the widest path', () => {
  it('is as wide as any, at most what is needed, and the shortest of its width', () => {
    fc.assert(
      fc.property(
        plainLines,
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 30 }),
        (given, maxHops, enough) => {
          const lines = given.map((line) => ({ ...line, carries: true }));
          const graph = graphOf(lines);
          const paths = everyPath(lines, maxHops);
          const cap = (width: bigint) => Math.min(Number(width), enough);
          const width = Math.max(0, ...paths.map((path) => cap(widthOf(lines, path))));
          const found = new WidestSearch(graph).find(PAYER, PAYEE, enough, maxHops, ENDLESS);
          expect(found?.width ?? 0).toBe(width);
          if (found === undefined) return;
          const fit = paths.filter((path) => cap(widthOf(lines, path)) === width);
          const fewest = Math.min(...fit.map((path) => path.length - 1));
          expect(found.slots).toHaveLength(fewest);
          expect(fit).toContainEqual(nodesOf(graph, found.slots));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('is found again and again with the same arrays, in a graph that grows', () => {
    const lines = (width: bigint) => [
      { from: 0, to: 1, limit: width, debt: 0n, carries: true },
      { from: 1, to: 6, limit: width, debt: 0n, carries: true },
    ];
    const graph = graphOf(lines(5n));
    const search = new WidestSearch(graph);
    expect(search.find(PAYER, PAYEE, 100, 6, ENDLESS)?.width).toBe(5);
    for (let i = 0; i < 100; i++) graph.setLine(graph.addNode(), 1, { limit: 9n });
    graph.setLine(0, 1, { limit: 8n });
    graph.setLine(1, 6, { limit: 7n });
    expect(search.find(PAYER, PAYEE, 100, 6, ENDLESS)?.width).toBe(7);
    expect(search.find(106, PAYEE, 100, 6, ENDLESS)?.width).toBe(7);
    expect(search.find(PAYEE, PAYER, 100, 6, ENDLESS)).toBeUndefined();
  });

  it('meets a hub in the middle instead of walking through its members', () => {
    const members = 5_000;
    const graph = graphOf([], members + 3);
    for (let i = 0; i < members; i++) graph.setLine(0, i + 3, { limit: 10n });
    graph.setLine(1, 0, { limit: 10n });
    graph.setLine(0, 2, { limit: 10n });
    const found = new WidestSearch(graph).find(1, 2, 10, 6, new WorkBudget(10));
    expect(found?.slots).toHaveLength(2);
  });
});
