/** `bench route`: its figures under the names that other programs read, and files that are no use. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { runBench } from '../../../simulations/bench/main.ts';
import { benchRoute } from '../../../simulations/bench/route.ts';
import { readRouteOptions } from '../../../simulations/bench/route-options.ts';

const directory = mkdtempSync(join(tmpdir(), 'geo-route-'));
afterAll(() => rmSync(directory, { recursive: true }));

let files = 0;
function file(text: string): string {
  const path = join(directory, `${files++}.csv`);
  writeFileSync(path, text);
  return path;
}

const GRAPH = 'from,to,limit,debt\na,b,10,2\nb,c,5,0\na,c,4,0\nc,a,7,3\n';

describe('bench route', () => {
  it('prints what was asked, found and needed, and the routes of every pair', () => {
    const out = join(directory, 'out.jsonl');
    const pairs = file('from,to,amount\na,c,12\na,c,13\nc,b,9\na,nobody,1\n');
    const argv = ['--graph', file(GRAPH), '--pairs', pairs, '--ceiling', '--out', out, '--json'];
    const report = benchRoute(readRouteOptions(argv), () => undefined);
    expect(report).toMatchObject({
      queries: 4,
      succeeded: 1,
      volume_asked: 35,
      volume_routed: 12 + 12 + 4,
      ceiling: {
        ...{ succeeded: 1, volume: 28, ratio_succeeded: 1, ratio_volume: 1 },
        within_hops: { succeeded: 1, volume: 28, ratio_succeeded: 1, ratio_volume: 1 },
        within_bounds: { succeeded: 1, volume: 28, ratio_succeeded: 1, ratio_volume: 1 },
      },
    });
    for (const key of ['p50_us', 'p99_us', 'build_ms', 'memory_mb'] as const) {
      expect(report[key]).toBeTypeOf('number');
    }
    const lines = readFileSync(out, 'utf8').trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { from: 'a', to: 'c', amount: 12, routed: 12 },
      { amount: 13, routed: 12 },
      { from: 'c', to: 'b', amount: 9 },
      { to: 'nobody', routed: 0, routes: [] },
    ]);
  });

  it('tells what the maximum flow carries from what hops and paths let through at most', () => {
    const graph = file(
      'from,to,limit,debt\na,c,4,0\na,b,3,0\nb,c,3,0\na,d,2,0\nd,e,2,0\ne,c,2,0\n',
    );
    const pairs = file('from,to,amount\na,c,9\na,c,7\na,c,4\n');
    const argv = ['--graph', graph, '--pairs', pairs, '--max-hops', '2', '--max-paths', '1'];
    const { succeeded, ceiling } = benchRoute(
      readRouteOptions([...argv, '--ceiling']),
      () => undefined,
    );
    expect(succeeded).toBe(1);
    expect(ceiling).toEqual({
      ...{ succeeded: 3, volume: 20, ratio_succeeded: 0.33333, ratio_volume: 0.6 },
      within_hops: { succeeded: 2, volume: 18, ratio_succeeded: 0.5, ratio_volume: 0.66666 },
      within_bounds: { succeeded: 1, volume: 12, ratio_succeeded: 1, ratio_volume: 1 },
    });
  });

  it.each([
    ['no header', '1,2,3,4\n'],
    ['nothing', ''],
    ['a column too few', 'from,to,limit\na,b,1\n'],
    ['a value too few', 'from,to,limit,debt\na,b,1\n'],
    ['no number', 'from,to,limit,debt\na,b,many,0\n'],
    ['a part of a unit', 'from,to,limit,debt\na,b,1.5,0\n'],
    ['a negative limit', 'from,to,limit,debt\na,b,-1,0\n'],
  ])('answers a graph with %s by a sentence', async (_, text) => {
    expect(await spoken('route', '--graph', file(text), '--random-pairs', '3')).toMatch(/^.+\.\n$/);
  });

  it.each([
    ['route', '--graph', '/nonexistent', '--random-pairs', '3'],
    ['route', '--graph', directory, '--random-pairs', '3'],
    ['route', '--graph', file(GRAPH), '--random-pairs', '3', '--write-pairs', '/nonexistent/x'],
    ['route', '--graph', file(GRAPH), '--random-pairs', '3', '--out', '/nonexistent/x'],
    ['clear', '--debts', '/nonexistent'],
    ['clear', '--debts', file('from,to\n')],
  ])('and a file that cannot be used: %s %s %s %s', async (...argv) => {
    expect(await spoken(...argv)).toMatch(/^.+\n$/);
  });
});

/** What is said of wrong use, which ends with code 2. */
async function spoken(...argv: string[]): Promise<string> {
  const said: string[] = [];
  const spy = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.push(String(text));
    return true;
  });
  try {
    expect(await runBench(argv)).toBe(2);
  } finally {
    spy.mockRestore();
  }
  return said.join('');
}
