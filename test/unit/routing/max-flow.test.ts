/** The maximum flow against every cut. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CarryChanges } from '../../../protocol/routing/carry-changes.ts';
import { flowPaths } from '../../../protocol/routing/flow-paths.ts';
import { MaxFlow } from '../../../protocol/routing/max-flow.ts';
import { WorkBudget } from '../../../protocol/routing/work-budget.ts';
import { carriesOf, graphOf, PAYEE, PAYER, plainLines, smallestCut } from './oracle.ts';

const endless = () => new WorkBudget(Number.POSITIVE_INFINITY);
const open = plainLines.map((lines) => lines.map((line) => ({ ...line, carries: true })));

describe('the maximum flow', () => {
  it('is the smallest cut, and the cut it names has that capacity', () => {
    fc.assert(
      fc.property(open, (lines) => {
        const graph = graphOf(lines);
        const before = carriesOf(graph);
        const changes = new CarryChanges(graph);
        const flows = new MaxFlow(graph, changes);
        const flow = flows.send(PAYER, PAYEE, 1_000, endless());
        const cut = flows.cut(PAYER);
        changes.undoTo(0);
        expect(flow).toEqual({ carried: Number(smallestCut(lines)), complete: true });
        expect(cut.reduce((sum, slot) => sum + graph.carry[slot]!, 0)).toBe(flow.carried);
        expect(carriesOf(graph)).toEqual(before);
      }),
      { numRuns: 500 },
    );
  });

  it('stops at what was asked for', () => {
    fc.assert(
      fc.property(open, fc.integer({ min: 1, max: 30 }), (lines, amount) => {
        const graph = graphOf(lines);
        const flow = new MaxFlow(graph, new CarryChanges(graph)).send(
          PAYER,
          PAYEE,
          amount,
          endless(),
        );
        expect(flow.carried).toBe(Math.min(amount, Number(smallestCut(lines))));
      }),
      { numRuns: 300 },
    );
  });

  it('comes apart into simple paths that use no hop beyond what it carries', () => {
    fc.assert(
      fc.property(open, (lines) => {
        const graph = graphOf(lines);
        const changes = new CarryChanges(graph);
        const { carried } = new MaxFlow(graph, changes).send(PAYER, PAYEE, 1_000, endless());
        const paths = flowPaths(graph, PAYER, PAYEE, changes.takenSince(0));
        changes.undoTo(0);
        expect(paths.reduce((sum, path) => sum + path.amount, 0)).toBe(carried);
        const used = new Map<number, number>();
        for (const { slots, amount } of paths) {
          const nodes = [PAYER, ...slots.map((slot) => graph.head[slot]!)];
          expect(nodes.at(-1)).toBe(PAYEE);
          expect(new Set(nodes).size).toBe(nodes.length);
          slots.forEach((slot, i) => {
            expect(graph.head[graph.twin[slot]!]).toBe(nodes[i]);
            used.set(slot, (used.get(slot) ?? 0) + amount);
          });
        }
        for (const [slot, amount] of used) expect(amount).toBeLessThanOrEqual(graph.carry[slot]!);
      }),
      { numRuns: 500 },
    );
  });

  it('leaves out what runs in circles', () => {
    const hop = (from: number, to: number) => ({ from, to, limit: 9n, debt: 0n, carries: true });
    const graph = graphOf([hop(0, 1), hop(1, 2), hop(2, 3), hop(3, 1), hop(1, 6)]);
    const slot = (from: number, to: number) => graph.slotOf(from, to);
    const flow = new Map([
      [slot(0, 1), 4],
      [slot(1, 6), 4],
      [slot(1, 2), 3],
      [slot(2, 3), 3],
      [slot(3, 1), 3],
    ]);
    const paths = flowPaths(graph, 0, 6, flow);
    expect(paths).toEqual([{ slots: [slot(0, 1), slot(1, 6)], amount: 4 }]);
  });

  it('says that it does not know when its steps are used up', () => {
    const hop = (from: number, to: number) => ({ from, to, limit: 9n, debt: 0n, carries: true });
    const graph = graphOf([hop(0, 1), hop(1, 6)]);
    const flows = new MaxFlow(graph, new CarryChanges(graph));
    expect(flows.send(0, 6, 5, new WorkBudget(0))).toEqual({ carried: 0, complete: false });
  });
});
