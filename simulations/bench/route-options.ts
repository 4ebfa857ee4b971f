/** The command line of `bench route`. */
import { parseArgs } from 'node:util';
import { GeoError } from '../../protocol/errors.ts';
import { HOPS_DEFAULT, HOPS_MAX, PATHS_DEFAULT, ROUTES_MAX } from '../../protocol/limits.ts';
import { GRAPH_FORMS, type GraphWish } from './route-graphs.ts';

export const ROUTE_USAGE = `route       routes through a graph of trust lines, each asked of the same unchanged graph
  --graph FILE         columns from,to,limit,debt: from may owe to up to limit, and owes debt
  --generate FORM      instead: a graph drawn, ${GRAPH_FORMS.join(', ')}
  --nodes N --lines M  of that graph (default 6000 and 30000)
  --write-graph FILE   keep the graph drawn
  --pairs FILE         columns from,to,amount: who pays whom how much
  --random-pairs N     instead: N pairs drawn from the graph, small, middling and near the ceiling
  --seed S             of what is drawn (default 1)
  --write-pairs FILE   keep the pairs drawn
  --max-hops N         hops of a route (1 to ${HOPS_MAX}, default ${HOPS_DEFAULT})
  --max-paths N        routes of a payment (1 to ${ROUTES_MAX}, default ${PATHS_DEFAULT})
  --ceiling            compare with the maximum flow of each pair, of any length and number of paths,
                       and with what the bounds on hops (within_hops) and on hops and paths
                       (within_bounds) are proven to let through at most
  --out FILE           one JSON object per pair: from, to, amount, routed, routes, and the ceilings
`;

export interface RouteOptions {
  /** A file, or one to draw. */
  readonly graph: string | GraphWish;
  readonly writeGraph: string | undefined;
  /** A file, or how many to draw. */
  readonly pairs: string | { readonly count: number; readonly seed: number };
  readonly writePairs: string | undefined;
  readonly maxHops: number;
  readonly maxPaths: number;
  readonly ceiling: boolean;
  readonly out: string | undefined;
  readonly json: boolean;
}

const PAIRS_MAX = 10_000_000;
const NODES_MAX = 1_000_000;
const LINES_MAX = 10_000_000;
const SEED_MAX = 2 ** 32 - 1;

/** @throws GeoError E009 `usage` */
export function readRouteOptions(argv: readonly string[]): RouteOptions {
  const values = parse(argv);
  if ((values.graph === undefined) === (values.generate === undefined)) {
    throw usage('bench route needs either --graph FILE or --generate FORM.');
  }
  const count = values['random-pairs'];
  if ((values.pairs === undefined) === (count === undefined)) {
    throw usage('bench route needs either --pairs FILE or --random-pairs N.');
  }
  const seed = number('seed', values.seed, 0, SEED_MAX);
  return {
    graph: values.graph ?? {
      form: form(values.generate!),
      nodes: number('nodes', values.nodes, 2, NODES_MAX),
      lines: number('lines', values.lines, 1, LINES_MAX),
      seed,
    },
    writeGraph: values['write-graph'],
    pairs: values.pairs ?? {
      count: number('random-pairs', count!, 1, PAIRS_MAX),
      seed,
    },
    writePairs: values['write-pairs'],
    maxHops: number('max-hops', values['max-hops'], 1, HOPS_MAX),
    maxPaths: number('max-paths', values['max-paths'], 1, ROUTES_MAX),
    ceiling: values.ceiling,
    out: values.out,
    json: values.json,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        graph: { type: 'string' },
        generate: { type: 'string' },
        nodes: { type: 'string', default: '6000' },
        lines: { type: 'string', default: '30000' },
        'write-graph': { type: 'string' },
        pairs: { type: 'string' },
        'random-pairs': { type: 'string' },
        seed: { type: 'string', default: '1' },
        'write-pairs': { type: 'string' },
        'max-hops': { type: 'string', default: String(HOPS_DEFAULT) },
        'max-paths': { type: 'string', default: String(PATHS_DEFAULT) },
        ceiling: { type: 'boolean', default: false },
        out: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
}

function form(text: string): GraphWish['form'] {
  const found = GRAPH_FORMS.find((each) => each === text);
  if (found !== undefined) return found;
  throw usage(`--generate ${text}: one of ${GRAPH_FORMS.join(', ')} is expected.`);
}

function number(name: string, text: string, min: number, max: number): number {
  const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw usage(`--${name} ${text}: a whole number from ${min} to ${max} is expected.`);
}

function usage(sentence: string): GeoError {
  return new GeoError('E009', sentence, { fault: 'usage' });
}
