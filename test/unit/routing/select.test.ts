/** Route selection against an oracle that looks at every simple path. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Pid } from '../../../protocol/identity/pid.ts';
import { HopGraph } from '../../../protocol/routing/graph.ts';
import { type RouteRequest, selectRoutes } from '../../../protocol/routing/select.ts';

type Hops = readonly (readonly [from: number, to: number, capacity: bigint])[];

const NODES = 6;
const pidOf = (index: number) => `node-${index}` as Pid;
const PAYER = pidOf(0);
const PAYEE = pidOf(NODES - 1);

function graphOf(hops: Hops): HopGraph {
  const graph = new HopGraph();
  for (const [from, to, capacity] of hops) graph.set(pidOf(from), pidOf(to), capacity);
  return graph;
}

function wish(change: Partial<RouteRequest> = {}): RouteRequest {
  return {
    payer: PAYER,
    payee: PAYEE,
    amount: 10n,
    maxHops: 4,
    maxPaths: 3,
    avoid: [],
    ...change,
  };
}

interface SimplePath {
  readonly path: readonly Pid[];
  readonly width: bigint;
}

/** Every simple path within the request's bounds, by trying all. */
function everyPath(graph: HopGraph, request: RouteRequest): SimplePath[] {
  const found: SimplePath[] = [];
  const walk = (path: readonly Pid[], width: bigint) => {
    const at = path.at(-1)!;
    if (at === request.payee) {
      found.push({ path, width });
      return;
    }
    if (path.length > request.maxHops) return;
    for (const [next, capacity] of graph.hopsFrom(at)) {
      if (path.includes(next) || request.avoid.includes(next)) continue;
      walk([...path, next], capacity < width ? capacity : width);
    }
  };
  walk([request.payer], request.amount);
  return found;
}

function widest(paths: readonly SimplePath[]): bigint {
  return paths.reduce((best, { width }) => (width > best ? width : best), 0n);
}

const hops: fc.Arbitrary<Hops> = fc.array(
  fc
    .tuple(fc.nat(NODES - 1), fc.nat(NODES - 1), fc.bigInt({ min: 0n, max: 20n }))
    .filter(([from, to]) => from !== to),
  { maxLength: 24 },
);
const requests = fc
  .record({
    amount: fc.bigInt({ min: 1n, max: 40n }),
    maxHops: fc.integer({ min: 1, max: 5 }),
    maxPaths: fc.integer({ min: 1, max: 4 }),
    avoid: fc.subarray([1, 2, 3, 4].map(pidOf), { maxLength: 2 }),
  })
  .map(wish);

describe('routes', () => {
  it('are one shortest path, whenever one simple path carries the amount', () => {
    fc.assert(
      fc.property(hops, requests, (list, request) => {
        const graph = graphOf(list);
        const able = everyPath(graph, request).filter(({ width }) => width >= request.amount);
        const { routes, payable } = selectRoutes(graph, request);
        fc.pre(able.length > 0);
        expect(payable).toBe(request.amount);
        expect(routes).toHaveLength(1);
        expect(routes[0]!.path.length).toBe(Math.min(...able.map(({ path }) => path.length)));
      }),
      { numRuns: 500 },
    );
  });

  it('carry at least what the widest path does, and something if and only if there is a path', () => {
    fc.assert(
      fc.property(hops, requests, (list, request) => {
        const graph = graphOf(list);
        const { payable } = selectRoutes(graph, request);
        expect(payable >= widest(everyPath(graph, request))).toBe(true);
        expect(payable <= request.amount).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('are exactly what the request allows: simple, bounded, within every capacity together', () => {
    fc.assert(
      fc.property(hops, requests, (list, request) => {
        const graph = graphOf(list);
        const { routes, payable } = selectRoutes(graph, request);
        expect(routes.length).toBeLessThanOrEqual(request.maxPaths);
        expect(routes.reduce((sum, { amount }) => sum + amount, 0n)).toBe(payable);
        const used = new Map<string, bigint>();
        for (const { path, amount } of routes) {
          expect(amount > 0n).toBe(true);
          expect([path[0], path.at(-1)]).toEqual([PAYER, PAYEE]);
          expect(new Set(path).size).toBe(path.length);
          expect(path.length - 1).toBeLessThanOrEqual(request.maxHops);
          expect(path.some((pid) => request.avoid.includes(pid))).toBe(false);
          for (let i = 1; i < path.length; i++) {
            const hop = `${path[i - 1]}>${path[i]}`;
            const sum = (used.get(hop) ?? 0n) + amount;
            used.set(hop, sum);
            expect(sum <= (graph.hopsFrom(path[i - 1]!).get(path[i]!) ?? 0n)).toBe(true);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('split payments', () => {
  it('take several wide paths where no single one suffices', () => {
    const graph = graphOf([
      [0, 1, 6n],
      [1, 5, 6n],
      [0, 2, 4n],
      [2, 5, 9n],
    ]);
    expect(selectRoutes(graph, wish())).toEqual({
      payable: 10n,
      routes: [
        { path: [PAYER, pidOf(1), PAYEE], amount: 6n },
        { path: [PAYER, pidOf(2), PAYEE], amount: 4n },
      ],
    });
  });

  it('share a hop no further than it carries', () => {
    const graph = graphOf([
      [0, 1, 8n],
      [1, 2, 5n],
      [1, 3, 5n],
      [2, 5, 9n],
      [3, 5, 9n],
    ]);
    const { routes, payable } = selectRoutes(graph, wish());
    expect(payable).toBe(8n);
    expect(routes.map(({ amount }) => amount)).toEqual([5n, 3n]);
  });

  it('say how much there is when it is not enough', () => {
    const graph = graphOf([[0, 5, 7n]]);
    expect(selectRoutes(graph, wish()).payable).toBe(7n);
    expect(selectRoutes(graph, wish({ payee: pidOf(3) }))).toEqual({ routes: [], payable: 0n });
  });

  it('stop at the number of paths that is allowed', () => {
    const ways = [1, 2, 3, 4].flatMap((i) => [[0, i, 3n] as const, [i, 5, 3n] as const]);
    expect(selectRoutes(graphOf(ways), wish({ maxPaths: 2 })).payable).toBe(6n);
    expect(selectRoutes(graphOf(ways), wish({ maxPaths: 4 })).payable).toBe(10n);
  });
});

describe('the picture of the hops', () => {
  it('believes the newest word about a hop, and forgets one that carries nothing', () => {
    const graph = graphOf([
      [0, 1, 5n],
      [0, 1, 3n],
    ]);
    expect(graph.hopsFrom(PAYER).get(pidOf(1))).toBe(3n);
    graph.set(PAYER, pidOf(1), 0n);
    expect(graph.hopsFrom(PAYER).size).toBe(0);
    expect(graph.hopsFrom(pidOf(4)).size).toBe(0);
  });
});
