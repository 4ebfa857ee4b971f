/** The compact graph against plain maps, through any order of changes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GeoError } from '../../../protocol/errors.ts';
import { AMOUNT_MAX } from '../../../protocol/limits.ts';
import { CARRY_MAX, CompactGraph } from '../../../protocol/routing/compact-graph.ts';

const NODES = 7;

function graphOf(nodes: number): CompactGraph {
  const graph = new CompactGraph();
  for (let i = 0; i < nodes; i++) graph.addNode();
  return graph;
}

/** Every hop as the arrays tell it: `from>to` → what a search sees. */
function hopsSeen(graph: CompactGraph): Map<string, number> {
  const seen = new Map<string, number>();
  for (let node = 0; node < graph.nodeCount; node++) {
    for (let slot = graph.first[node]!; slot < graph.end[node]!; slot++) {
      expect(graph.twin[graph.twin[slot]!]).toBe(slot);
      expect(graph.head[graph.twin[slot]!]).toBe(node);
      const hop = `${node}>${graph.head[slot]}`;
      expect(seen.has(hop)).toBe(false);
      seen.set(hop, graph.carry[slot]!);
    }
  }
  return seen;
}

describe('the capacity of a hop', () => {
  it('is limit less debt, plus what the creditor owes, less what is held', () => {
    const graph = graphOf(2);
    graph.setLine(0, 1, { limit: 100n, debt: 30n, held: 5n });
    expect(graph.capacity(0, 1)).toBe(65n);
    expect(graph.capacity(1, 0)).toBe(30n);
    graph.setLine(1, 0, { limit: 50n, debt: 0n, held: 7n });
    expect(graph.capacity(1, 0)).toBe(73n);
    graph.setLine(1, 0, { limit: 50n, debt: 20n });
    expect(graph.capacity(0, 1)).toBe(85n);
  });

  it('is nothing where more is owed than the limit allows now', () => {
    const graph = graphOf(2);
    graph.setLine(0, 1, { limit: 10n, debt: 30n });
    expect(graph.capacity(0, 1)).toBe(0n);
    expect(graph.capacity(1, 0)).toBe(30n);
  });

  it('is exact up to the largest amounts, and capped where a search sees it', () => {
    const graph = graphOf(2);
    graph.setLine(0, 1, { limit: AMOUNT_MAX });
    graph.setLine(1, 0, { limit: AMOUNT_MAX, debt: AMOUNT_MAX });
    expect(graph.capacity(0, 1)).toBe(2n * AMOUNT_MAX);
    expect(graph.carry[graph.slotOf(0, 1)]).toBe(CARRY_MAX);
  });

  it('is hidden from payments of others where the creditor does not carry them', () => {
    const graph = graphOf(2);
    graph.setLine(0, 1, { limit: 9n, carries: false });
    const slot = graph.slotOf(0, 1);
    expect([graph.carry[slot], graph.capacityAt(slot), graph.carriesAt(slot)]).toEqual([
      0,
      9n,
      false,
    ]);
  });
});

describe('a changing graph', () => {
  const change = fc.record({
    from: fc.nat(NODES - 1),
    to: fc.nat(NODES - 1),
    limit: fc.bigInt({ min: 0n, max: 100n }),
    debt: fc.bigInt({ min: 0n, max: 100n }),
    remove: fc.boolean(),
  });

  it('holds what was written last, whatever was added and removed before', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 120 }), (changes) => {
        const graph = graphOf(NODES);
        const lines = new Map<string, { limit: bigint; debt: bigint }>();
        for (const { from, to, limit, debt, remove } of changes) {
          if (from === to) continue;
          if (remove) {
            graph.removePair(from, to);
            lines.delete(`${from}>${to}`);
            lines.delete(`${to}>${from}`);
          } else {
            graph.setLine(from, to, { limit, debt });
            lines.set(`${from}>${to}`, { limit, debt });
          }
        }
        const expected = new Map<string, number>();
        for (const hop of lines.keys()) {
          for (const [a, b] of [hop.split('>'), hop.split('>').reverse()]) {
            const line = lines.get(`${a}>${b}`) ?? { limit: 0n, debt: 0n };
            const back = lines.get(`${b}>${a}`)?.debt ?? 0n;
            const free = line.limit - line.debt + back;
            expected.set(`${a}>${b}`, free > 0n ? Number(free) : 0);
          }
        }
        expect(new Map([...hopsSeen(graph)].sort())).toEqual(new Map([...expected].sort()));
        expect(graph.pairCount).toBe(expected.size / 2);
      }),
      { numRuns: 200 },
    );
  });

  it('uses the places of removed lines again', () => {
    const graph = graphOf(50);
    const fill = () => {
      for (let i = 1; i < 50; i++) graph.setLine(0, i, { limit: 5n });
    };
    fill();
    const slots = graph.slotCount;
    for (let round = 0; round < 20; round++) {
      for (let i = 1; i < 50; i++) graph.removePair(0, i);
      fill();
    }
    expect(graph.slotCount).toBe(slots);
    expect(graph.pairCount).toBe(49);
  });
});

describe('what cannot be', () => {
  it.each([
    ['a negative limit', 0, 1, -1n],
    ['a limit over the largest amount', 0, 1, AMOUNT_MAX + 1n],
    ['a line to oneself', 1, 1, 5n],
    ['a line of somebody unknown', 0, 2, 5n],
  ])('%s is refused and changes nothing', (_, from, to, limit) => {
    const graph = graphOf(2);
    expect(() => graph.setLine(from, to, { limit })).toThrow(GeoError);
    expect(graph.pairCount).toBe(0);
    expect(graph.line(0, 1)).toBeUndefined();
  });
});
