/** The command line of `bench economy`. */
import { parseArgs } from 'node:util';
import { GeoError } from '../../protocol/errors.ts';
import { CYCLE_MAX } from '../../protocol/limits.ts';

export const ECONOMY_USAGE = `economy     a trace of payments replayed with and without clearing, routes as a hub finds them
  --trace FILE.csv     columns from,to,amount[,at]: who pays whom, in this order; at: any whole time
  --graph FILE.csv     with it, columns from,to,limit,debt: the lines at the start (without it, every
                       payee trusts its payers without limit)
  --community FILE     instead: the lines of a community file, and random payments along them
  --members N          instead: N who buy from six suppliers each, who trust them without limit (12 or more)
  --payments N, --seed S   how many, and which (default 5000 and 1)
  --policy P           none, local4, local6, global, both (local6 and global), shorten (both, and chains
                       shortened, as if every line allowed it), plain (no clearing, and routes that
                       take no notice of debts), or all of them (default)
  --pass-every N       payments between two passes of global, both and shorten (default 100)
  --max-length N       members of a cycle of those passes (2 to ${CYCLE_MAX}, default 8)
  --svg FILE           draw all debt over time under each policy
`;

const POLICIES = ['plain', 'none', 'local4', 'local6', 'global', 'both', 'shorten'] as const;
export type PolicyName = (typeof POLICIES)[number];

export interface EconomyOptions {
  readonly source:
    | { readonly trace: string; readonly graph: string | undefined }
    | { readonly community: string; readonly payments: number; readonly seed: number }
    | { readonly members: number; readonly payments: number; readonly seed: number };
  readonly policies: readonly PolicyName[];
  readonly passEvery: number;
  readonly maxLength: number;
  /** Where a picture goes. */
  readonly svg: string | undefined;
  readonly json: boolean;
}

/** Of each member of a random community. */
export const SUPPLIERS = 6;
const MEMBERS_MAX = 100_000;
const PAYMENTS_MAX = 10_000_000;
const SEED_MAX = 2 ** 32 - 1;

/** @throws GeoError E009 `usage` */
export function readEconomyOptions(argv: readonly string[]): EconomyOptions {
  const values = parse(argv);
  return {
    source: sourceOf(values),
    policies: policiesOf(values.policy),
    passEvery: number('pass-every', values['pass-every'], 1, PAYMENTS_MAX),
    maxLength: number('max-length', values['max-length'], 2, CYCLE_MAX),
    svg: values.svg,
    json: values.json,
  };
}

function sourceOf(values: ReturnType<typeof parse>): EconomyOptions['source'] {
  const { trace, graph, community, members } = values;
  const given = [trace, community, members].filter((each) => each !== undefined);
  if (given.length !== 1) {
    throw usage('bench economy needs one of --trace FILE.csv, --community FILE and --members N.');
  }
  if (trace !== undefined) return { trace, graph };
  if (graph !== undefined) {
    throw usage('--graph goes with --trace; the others have their own lines.');
  }
  const payments = number('payments', values.payments, 1, PAYMENTS_MAX);
  const seed = number('seed', values.seed, 0, SEED_MAX);
  if (community !== undefined) return { community, payments, seed };
  return { members: number('members', members!, 2 * SUPPLIERS, MEMBERS_MAX), payments, seed };
}

function policiesOf(text: string): readonly PolicyName[] {
  if (text === 'all') return POLICIES;
  const found = POLICIES.find((name) => name === text);
  if (found === undefined) {
    throw usage(`--policy ${text}: one of ${POLICIES.join(', ')} or all is expected.`);
  }
  return [found];
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        trace: { type: 'string' },
        graph: { type: 'string' },
        community: { type: 'string' },
        members: { type: 'string' },
        payments: { type: 'string', default: '5000' },
        seed: { type: 'string', default: '1' },
        policy: { type: 'string', default: 'all' },
        'pass-every': { type: 'string', default: '100' },
        'max-length': { type: 'string', default: '8' },
        svg: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
}

function number(name: string, text: string, min: number, max: number): number {
  const value = /^\d{1,12}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= min && value <= max) return value;
  throw usage(`--${name} ${text}: a whole number from ${min} to ${max} is expected.`);
}

function usage(sentence: string): GeoError {
  return new GeoError('E009', sentence, { fault: 'usage' });
}
