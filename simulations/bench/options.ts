/** The command lines of the benchmarks that run whole nodes. */
import { parseArgs } from 'node:util';
import { GeoError } from '../../protocol/errors.ts';
import { HOPS_MAX } from '../../protocol/limits.ts';

export const BENCH_USAGE = `Usage: npm run bench -- payments|hub|api|events|soak|footprint|clear|economy|route|signatures|transport|store [options]

payments    a line of nodes, payer to payee, beside the bare primitives of the same payments
  --hops N             hops from payer to payee (1 to ${HOPS_MAX}, default 3)
  --in-flight N,N,...  payments under way at once (default 1,16,64)
  --seconds S          measured time for each of them, and as much for the primitives (default 10)
  --edges N            instead of the primitives: a line whose nodes have N more edges ...
  --history N          ... and N entries of history
  --profile DIR        also write each node's CPU profile at the last load there, and its summary

hub         payments among the hosted members of one hub, beside their bare primitives
  --community FILE     who they are (default: 500 members with 5,000 lines, random)
  --members N, --lines N   of the random community
  --in-flight N,N,...  (default 1,64,512), --seconds S, --profile DIR   as above

soak        constant load on such a line, and what grows meanwhile
  --minutes M          how long (default 10)
  --hops N, --in-flight N   as above (default 3 and 16)

footprint   memory and time to readiness of one node with ten edges, beside a bare libp2p host

clear       how much of the debts in a file can be cleared, exactly and in short cycles
  --debts FILE.csv     from,to,limit,debt: from owes to; limit -1 if not known
  --max-length N       members of a cycle at most (2 to 64, default 8)
  --exact              only the exact optimum
  --bound              also prove what cycles of at most --max-length members cannot exceed (seconds)
  --cycles FILE        also write the cycles, one JSON object per line, in order of execution
  --cold               without solving made-up debts first: times are then those of a program that has
                       just started, and not of a hub that runs
  --slices             then once more in slices, as a hub does it beside payments: how long the event
                       loop is kept waiting, and the longest step

All print one JSON object instead of tables with --json.
`;

export interface PaymentsOptions {
  readonly hops: number;
  readonly inFlight: readonly number[];
  readonly seconds: number;
  /** Another line with that much in its stores is measured instead of the primitives. */
  readonly fill: { readonly edges: number; readonly history: number } | undefined;
  readonly profile: string | undefined;
  readonly json: boolean;
}

export interface HubOptions {
  /** Community file; without it a random community. */
  readonly community: string | undefined;
  readonly members: number;
  readonly lines: number;
  readonly inFlight: readonly number[];
  readonly seconds: number;
  readonly profile: string | undefined;
  readonly json: boolean;
}

export interface SoakOptions {
  readonly hops: number;
  readonly inFlight: number;
  readonly minutes: number;
  readonly json: boolean;
}

export interface ClearOptions {
  /** CSV file. */
  readonly debts: string;
  /** Members of a cycle at most. */
  readonly maxLength: number;
  /** Only the optimum, no cycles. */
  readonly exact: boolean;
  /** Also what cycles so short cannot exceed. */
  readonly bound: boolean;
  /** File to write the cycles to. */
  readonly cycles: string | undefined;
  /** Measure code that has never run before. */
  readonly cold: boolean;
  /** Then once more in slices, as beside payments. */
  readonly slices: boolean;
  readonly json: boolean;
}

const CYCLE_LENGTH_MAX = 64;
const IN_FLIGHT_MAX = 1_024;
const EDGES_MAX = 100_000;
const MEMBERS_MAX = 100_000;
const HISTORY_MAX = 10_000_000;
const SECONDS_MAX = 3_600;
const MINUTES_MAX = 7 * 24 * 60;

const COMMON = {
  hops: { type: 'string', default: '3' },
  json: { type: 'boolean', default: false },
} as const;

/** @throws GeoError E009 `usage` */
export function readPaymentsOptions(argv: readonly string[]): PaymentsOptions {
  const values = parse(() =>
    parseArgs({
      args: [...argv],
      options: {
        ...COMMON,
        'in-flight': { type: 'string', default: '1,16,64' },
        seconds: { type: 'string', default: '10' },
        edges: { type: 'string', default: '0' },
        history: { type: 'string', default: '0' },
        profile: { type: 'string' },
      },
    }),
  );
  const edges = wholeNumber('edges', values.edges, 0, EDGES_MAX);
  const history = wholeNumber('history', values.history, 0, HISTORY_MAX);
  return {
    hops: wholeNumber('hops', values.hops, 1, HOPS_MAX),
    inFlight: values['in-flight']
      .split(',')
      .map((each) => wholeNumber('in-flight', each, 1, IN_FLIGHT_MAX)),
    seconds: wholeNumber('seconds', values.seconds, 1, SECONDS_MAX),
    fill: edges + history === 0 ? undefined : { edges, history },
    profile: values.profile,
    json: values.json,
  };
}

/** @throws GeoError E009 `usage` */
export function readHubOptions(argv: readonly string[]): HubOptions {
  const values = parse(() =>
    parseArgs({
      args: [...argv],
      options: {
        community: { type: 'string' },
        members: { type: 'string', default: '500' },
        lines: { type: 'string', default: '5000' },
        'in-flight': { type: 'string', default: '1,64,512' },
        seconds: { type: 'string', default: '10' },
        profile: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    }),
  );
  const members = wholeNumber('members', values.members, 2, MEMBERS_MAX);
  return {
    community: values.community,
    members,
    lines: wholeNumber('lines', values.lines, 1, Math.min(EDGES_MAX, members * (members - 1))),
    inFlight: values['in-flight']
      .split(',')
      .map((each) => wholeNumber('in-flight', each, 1, IN_FLIGHT_MAX)),
    seconds: wholeNumber('seconds', values.seconds, 1, SECONDS_MAX),
    profile: values.profile,
    json: values.json,
  };
}

/** @throws GeoError E009 `usage` */
export function readSoakOptions(argv: readonly string[]): SoakOptions {
  const values = parse(() =>
    parseArgs({
      args: [...argv],
      options: {
        ...COMMON,
        'in-flight': { type: 'string', default: '16' },
        minutes: { type: 'string', default: '10' },
      },
    }),
  );
  return {
    hops: wholeNumber('hops', values.hops, 1, HOPS_MAX),
    inFlight: wholeNumber('in-flight', values['in-flight'], 1, IN_FLIGHT_MAX),
    minutes: wholeNumber('minutes', values.minutes, 1, MINUTES_MAX),
    json: values.json,
  };
}

/** @throws GeoError E009 `usage` */
export function readClearOptions(argv: readonly string[]): ClearOptions {
  const values = parse(() =>
    parseArgs({
      args: [...argv],
      options: {
        debts: { type: 'string' },
        'max-length': { type: 'string', default: '8' },
        exact: { type: 'boolean', default: false },
        bound: { type: 'boolean', default: false },
        cycles: { type: 'string' },
        cold: { type: 'boolean', default: false },
        slices: { type: 'boolean', default: false },
        json: { type: 'boolean', default: false },
      },
    }),
  );
  if (values.debts === undefined) throw usage('--debts FILE.csv is missing.');
  if (values.exact && values.cycles !== undefined) {
    throw usage('--exact looks for no cycles: leave out --exact or --cycles.');
  }
  return {
    debts: values.debts,
    maxLength: wholeNumber('max-length', values['max-length'], 2, CYCLE_LENGTH_MAX),
    exact: values.exact,
    bound: values.bound,
    cycles: values.cycles,
    cold: values.cold,
    slices: values.slices,
    json: values.json,
  };
}

/** @throws GeoError E009 `usage` */
export function readJsonOption(argv: readonly string[]): boolean {
  const options = { json: COMMON.json };
  return parse(() => parseArgs({ args: [...argv], options })).json;
}

/** @param read calls parseArgs @throws GeoError E009 `usage` */
export function parse<Parsed extends { values: unknown }>(read: () => Parsed): Parsed['values'] {
  try {
    return read().values;
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
}

/** @throws GeoError E009 `usage` */
export function wholeNumber(name: string, text: string, min: number, max: number): number {
  const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw usage(`--${name} ${text}: a whole number from ${min} to ${max} is expected.`);
}

function usage(sentence: string): GeoError {
  return new GeoError('E009', sentence, { fault: 'usage' });
}
