/** `bench route`: its output, checked against the file by a reader that knows nothing of the search. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GeoError } from '../../../protocol/errors.ts';
import { benchRoute } from '../../../simulations/bench/route.ts';
import { readRouteOptions } from '../../../simulations/bench/route-options.ts';
import { routeText } from '../../../simulations/bench/route-table.ts';
import { seededRandom } from '../../../simulations/random.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'geo-bench-route-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function write(name: string, rows: readonly string[]): string {
  const file = join(folder, name);
  writeFileSync(file, `${rows.join('\n')}\n`);
  return file;
}

/** A community of which a few members have many lines, with limits of all sizes and some debts. */
function community(members: number, lines: number): string {
  const random = seededRandom(11);
  const ends: number[] = [0, 1];
  const seen = new Set<string>();
  const rows = ['from,to,limit,debt'];
  while (rows.length <= lines) {
    const a = random.below(members);
    const b = random.below(3) === 0 ? random.below(members) : random.pick(ends);
    if (a === b || seen.has(`${a},${b}`)) continue;
    seen.add(`${a},${b}`);
    const limit = 1 + random.below(random.below(4) === 0 ? 1_000 : 100);
    const debt = random.below(3) === 0 ? random.below(limit + 1) : 0;
    rows.push(`m${a},m${b},${limit},${debt}`);
    ends.push(a, b);
  }
  return write('community.csv', rows);
}

interface OutLine {
  readonly from: string;
  readonly to: string;
  readonly amount: number;
  readonly routed: number;
  readonly routes: readonly { readonly path: readonly string[]; readonly amount: number }[];
  readonly ceiling?: number;
}

/** What hops can carry, from the text of the file alone. */
function capacitiesOf(file: string): Map<string, number> {
  const capacities = new Map<string, number>();
  const add = (hop: string, amount: number) =>
    capacities.set(hop, (capacities.get(hop) ?? 0) + amount);
  for (const row of readFileSync(file, 'utf8').trim().split('\n').slice(1)) {
    const [from, to, limit, debt] = row.split(',');
    add(`${from}>${to}`, Number(limit) - Number(debt));
    add(`${to}>${from}`, Number(debt));
  }
  return capacities;
}

function linesOf(file: string): OutLine[] {
  return readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as OutLine);
}

function run(...argv: string[]) {
  return benchRoute(readRouteOptions(argv), () => undefined);
}

describe('bench route', () => {
  it('writes routes that the lines of the file allow, hop by hop and edge by edge', () => {
    const graph = community(300, 1_500);
    const out = join(folder, 'out.jsonl');
    const pairs = join(folder, 'pairs.csv');
    const report = run(
      ...['--graph', graph, '--random-pairs', '300', '--seed', '5', '--write-pairs', pairs],
      ...['--max-hops', '5', '--max-paths', '4', '--ceiling', '--out', out],
    );
    const capacities = capacitiesOf(graph);
    const asked = readFileSync(pairs, 'utf8').trim().split('\n').slice(1);
    const answers = linesOf(out);
    expect(answers.map(({ from, to, amount }) => `${from},${to},${amount}`)).toEqual(asked);
    for (const { from, to, amount, routed, routes, ceiling } of answers) {
      expect(routes.reduce((sum, route) => sum + route.amount, 0)).toBe(routed);
      expect(routed).toBeLessThanOrEqual(Math.min(amount, ceiling!));
      expect(routes.length).toBeLessThanOrEqual(4);
      const sums = new Map<string, number>();
      for (const { path, amount: part } of routes) {
        expect(part).toBeGreaterThan(0);
        expect([path[0], path.at(-1)]).toEqual([from, to]);
        expect(new Set(path).size).toBe(path.length);
        expect(path.length).toBeLessThanOrEqual(6);
        for (let i = 1; i < path.length; i++) {
          const hop = `${path[i - 1]}>${path[i]}`;
          sums.set(hop, (sums.get(hop) ?? 0) + part);
        }
      }
      for (const [hop, sum] of sums) expect(sum).toBeLessThanOrEqual(capacities.get(hop) ?? 0);
    }
    const whole = answers.filter(({ amount, routed }) => routed === amount);
    expect(report).toMatchObject({
      queries: 300,
      succeeded: whole.length,
      volume_asked: answers.reduce((sum, { amount }) => sum + amount, 0),
      volume_routed: answers.reduce((sum, { routed }) => sum + routed, 0),
      ceiling: {
        succeeded: answers.filter(({ amount, ceiling }) => ceiling === amount).length,
        volume: answers.reduce((sum, { ceiling }) => sum + ceiling!, 0),
      },
    });
    expect(answers.some(({ routes }) => routes.length > 1)).toBe(true);
  });

  it('asks every pair of the same graph, and gives the same answers when asked again', () => {
    const graph = community(60, 300);
    const rows = Array.from({ length: 40 }, () => 'm1,m2,30');
    const pairs = write('again.csv', ['from,to,amount', ...rows]);
    const out = join(folder, 'again.jsonl');
    run('--graph', graph, '--pairs', pairs, '--out', out);
    const answers = linesOf(out);
    expect(answers).toHaveLength(40);
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  });

  it('reads what a hop from debtor to creditor adds: debt up to the limit, after repayment', () => {
    const graph = write('two.csv', ['from,to,limit,debt', 'a,b,100,40', 'b,c,10,0', 'c,b,99,7']);
    const pairs = write('ac.csv', ['from,to,amount', 'a,c,17', 'a,c,18', 'a,b,60', 'b,a,41']);
    const out = join(folder, 'two.jsonl');
    const report = run('--graph', graph, '--pairs', pairs, '--out', out, '--ceiling');
    expect(linesOf(out).map(({ routed }) => routed)).toEqual([17, 17, 60, 40]);
    expect(report.succeeded).toBe(2);
    expect(report.ceiling).toMatchObject({ succeeded: 2, volume: 134 });
  });

  it('finds nothing for strangers, and counts it', () => {
    const graph = write('one.csv', ['from,to,limit,debt', 'a,b,5,0', 'b,b,9,0']);
    const pairs = write('strangers.csv', ['from,to,amount', 'a,x,1', 'a,a,1', 'a,b,0', 'a,b,5']);
    const report = run('--graph', graph, '--pairs', pairs);
    expect(report).toMatchObject({ queries: 4, succeeded: 1, refused: { impossible: 3 } });
  });

  it('draws a graph, keeps it, and finds the same in the file', () => {
    const [graph, pairs] = [join(folder, 'drawn.csv'), join(folder, 'drawn-pairs.csv')];
    const drawn = run(
      ...['--generate', 'preferential', '--nodes', '60', '--lines', '240', '--seed', '7'],
      ...['--random-pairs', '30', '--write-graph', graph, '--write-pairs', pairs],
    );
    expect(drawn.participants).toBe(60);
    const { succeeded, volume_routed } = run('--graph', graph, '--pairs', pairs);
    expect({ succeeded, volume_routed }).toEqual({
      succeeded: drawn.succeeded,
      volume_routed: drawn.volume_routed,
    });
  });

  it('has a page for people', () => {
    const graph = write('page.csv', ['from,to,limit,debt', 'a,b,5,0']);
    const pairs = write('page-pairs.csv', ['from,to,amount', 'a,b,5']);
    const report = run('--graph', graph, '--pairs', pairs, '--ceiling');
    const page = routeText({ width: 80, colours: false }, report);
    expect(page).toContain('100.00 % by count');
    expect(page).toContain('6 hops, 3 paths');
  });

  it.each([
    ['a missing column', ['from,to,limit', 'a,b,5']],
    ['a value that is no amount', ['from,to,limit,debt', 'a,b,-5,0']],
    ['an amount over the largest', ['from,to,limit,debt', `a,b,${2n ** 63n},0`]],
    ['a missing value', ['from,to,limit,debt', 'a,b,5']],
  ])('refuses a graph with %s', (_, rows) => {
    const graph = write('bad.csv', rows);
    const pairs = write('fine.csv', ['from,to,amount', 'a,b,5']);
    expect(() => run('--graph', graph, '--pairs', pairs)).toThrow(GeoError);
  });

  it.each([
    ['no graph', ['--pairs', 'p.csv']],
    ['no pairs', ['--graph', 'g.csv']],
    ['both kinds of pairs', ['--graph', 'g.csv', '--pairs', 'p.csv', '--random-pairs', '5']],
    ['too many hops', ['--graph', 'g.csv', '--pairs', 'p.csv', '--max-hops', '11']],
    ['a file and a drawn graph', ['--graph', 'g.csv', '--generate', 'hubs', '--pairs', 'p.csv']],
    ['a form that there is not', ['--generate', 'star', '--pairs', 'p.csv']],
    ['an unknown option', ['--graph', 'g.csv', '--pairs', 'p.csv', '--fast']],
  ])('refuses a command line with %s', (_, argv) => {
    expect(() => readRouteOptions(argv)).toThrow(GeoError);
  });
});
