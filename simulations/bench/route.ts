/** `bench route`: how many of the payments that a graph allows find their routes, and how fast. */
import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { AMOUNT_MAX } from '../../protocol/limits.ts';
import type { RouteAnswer, RouteQuestion } from '../../protocol/routing/question.ts';
import { RouteSearch } from '../../protocol/routing/search.ts';
import { readText, writing } from './files.ts';
import { NOTHING, type RouteCeiling, RouteCeilings } from './route-ceiling.ts';
import { graphFrom, type NamedGraph, type Pair, pairsFrom } from './route-files.ts';
import { drawnGraph } from './route-graphs.ts';
import type { RouteOptions } from './route-options.ts';
import { randomPairs } from './route-pairs.ts';
import { exact, type RouteReport, RouteTally, rounded } from './route-tally.ts';

/** Questions asked beforehand, so that the figures show compiled code. */
const WARM_UP = 300;

/** @param say progress, for a person */
export function benchRoute(options: RouteOptions, say: (line: string) => void): RouteReport {
  const text = graphText(options, say);
  const before = bytesInUse();
  const start = process.hrtime.bigint();
  const named = graphFrom(
    text,
    typeof options.graph === 'string' ? options.graph : options.graph.form,
  );
  const build = process.hrtime.bigint() - start;
  const search = new RouteSearch(named.graph);
  const pairs = choosePairs(options, named, search, say);
  const ask = (pair: Pair) => questionOf(pair, named, options);
  for (const pair of pairs.slice(0, WARM_UP)) {
    const question = ask(pair);
    if (question !== undefined) search.find(question);
  }
  const memory = bytesInUse() - before;

  const ceilings = options.ceiling ? new RouteCeilings(named.graph, search) : undefined;
  const tally = new RouteTally();
  const out = opened(options.out);
  for (const pair of pairs) {
    const question = ask(pair);
    const asked = process.hrtime.bigint();
    const answer = question === undefined ? NOBODY : search.find(question);
    const ns = Number(process.hrtime.bigint() - asked);
    const ceiling = ceilings?.of(question, answer);
    tally.add(pair, answer, ceiling ?? NOTHING, ns);
    if (out !== undefined) writeSync(out, outLine(pair, answer, named, ceiling));
  }
  if (out !== undefined) closeSync(out);
  return {
    ...tally.figures(),
    build_ms: rounded(Number(build) / 1e6),
    memory_mb: rounded(memory / 1e6),
    participants: named.graph.nodeCount,
    pairs_with_lines: named.graph.pairCount,
    max_hops: options.maxHops,
    max_paths: options.maxPaths,
    ...tally.distributions(),
    ...(options.ceiling ? { ceiling: tally.ceiling() } : {}),
  };
}

/** The answer about somebody who is not in the graph, about oneself, or about nothing. */
const NOBODY: RouteAnswer = {
  routes: [],
  payable: 0n,
  refusal: { kind: 'impossible', ceiling: 0n, binding: [] },
};

function questionOf(
  { from, to, amount }: Pair,
  { numbers }: NamedGraph,
  { maxHops, maxPaths }: RouteOptions,
): RouteQuestion | undefined {
  const payer = numbers.get(from);
  const payee = numbers.get(to);
  if (payer === undefined || payee === undefined || payer === payee || amount < 1n)
    return undefined;
  return { payer, payee, amount, maxHops, maxPaths };
}

function graphText({ graph, writeGraph }: RouteOptions, say: (line: string) => void): string {
  if (typeof graph === 'string') return readText(graph);
  const text = drawnGraph(graph);
  if (writeGraph !== undefined) {
    writing(writeGraph, () => writeFileSync(writeGraph, text));
    say(`The graph was written to ${writeGraph}.`);
  }
  return text;
}

function choosePairs(
  { pairs, writePairs }: RouteOptions,
  named: NamedGraph,
  search: RouteSearch,
  say: (line: string) => void,
): Pair[] {
  if (typeof pairs === 'string') return pairsFrom(readText(pairs), pairs);
  const drawn = randomPairs(named, pairs.count, pairs.seed, (payer, payee) =>
    search.ceiling({ payer, payee, amount: AMOUNT_MAX, maxHops: 1, maxPaths: 1 }),
  );
  if (writePairs !== undefined) {
    const rows = drawn.map(({ from, to, amount }) => `${from},${to},${amount}\n`);
    writing(writePairs, () => writeFileSync(writePairs, `from,to,amount\n${rows.join('')}`));
    say(`${drawn.length} pairs written to ${writePairs}.`);
  }
  return drawn;
}

/** @throws GeoError E009 `unwritable_file` */
function opened(file: string | undefined): number | undefined {
  return file === undefined ? undefined : writing(file, () => openSync(file, 'w'));
}

function outLine(
  { from, to, amount }: Pair,
  { routes, payable }: RouteAnswer,
  { names }: NamedGraph,
  ceiling: RouteCeiling | undefined,
): string {
  const line = {
    from,
    to,
    amount: exact(amount),
    routed: exact(payable),
    routes: routes.map((route) => ({
      path: route.path.map((node) => names[node]!),
      amount: exact(route.amount),
    })),
    ...(ceiling === undefined ? {} : ceilingKeys(ceiling)),
  };
  return `${JSON.stringify(line)}\n`;
}

function ceilingKeys({ maxFlow, withinHops, withinBounds }: RouteCeiling) {
  return {
    ceiling: exact(maxFlow),
    within_hops: exact(withinHops),
    within_bounds: exact(withinBounds),
  };
}

function bytesInUse(): number {
  // Rubbish is not the index's. The collector can only be called if it is asked for by a flag.
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
