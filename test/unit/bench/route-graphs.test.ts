/** Graphs drawn for `bench route`: their size, their form, and that a seed repeats them. */
import { describe, expect, it } from 'vitest';
import { graphFrom } from '../../../simulations/bench/route-files.ts';
import { drawnGraph, GRAPH_FORMS } from '../../../simulations/bench/route-graphs.ts';

/** Lines of each participant, most first. */
function degrees(text: string): number[] {
  const { graph } = graphFrom(text, 'drawn');
  const of = Array.from({ length: graph.nodeCount }, (_, i) => graph.end[i]! - graph.first[i]!);
  return of.sort((a, b) => b - a);
}

describe('a graph drawn for the bench', () => {
  it.each(GRAPH_FORMS)('%s: as many lines as wanted, none twice, the same for a seed', (form) => {
    const wish = { form, nodes: 700, lines: 2_100, seed: 5 };
    const text = drawnGraph(wish);
    const rows = text.trim().split('\n').slice(1);
    expect(rows).toHaveLength(2_100);
    const ends = rows.map((row) => row.split(',').slice(0, 2));
    expect(new Set(ends.map(String)).size).toBe(2_100);
    expect(ends.every(([from, to]) => from !== to && Number(from) < 700)).toBe(true);
    expect(drawnGraph(wish)).toBe(text);
    expect(drawnGraph({ ...wish, seed: 6 })).not.toBe(text);
  });

  it('has nobody in the middle, a few with many lines, or four with six in 35 each', () => {
    const of = (form: (typeof GRAPH_FORMS)[number]) =>
      degrees(drawnGraph({ form, nodes: 700, lines: 2_100, seed: 5 }));
    expect(of('random')[0]).toBeLessThan(30);
    expect(of('preferential')[0]).toBeGreaterThan(50);
    const hubs = of('hubs');
    expect(hubs[3]).toBeGreaterThanOrEqual(120);
    expect(hubs[4]).toBeLessThan(50);
  });

  it.each(GRAPH_FORMS)('%s: fewer participants than the lines need have all they can', (form) => {
    const text = drawnGraph({ form, nodes: 4, lines: 50, seed: 1 });
    expect(text.trim().split('\n').length - 1).toBeGreaterThanOrEqual(6);
  });
});
