/** The command line of the demo. */
import { parseArgs } from 'node:util';
import { GeoError } from '../../protocol/errors.ts';

export interface DemoOptions {
  /** Community file; null: the village that comes with the project. */
  readonly community: string | null;
  /** How many payments to make; null: the file's own, or a number that suits the community. */
  readonly payments: number | null;
  /** Makes keys and workload reproducible; null: random keys, always the same workload. */
  readonly seed: number | null;
  /** Over how many processes to spread the nodes; null: one each. */
  readonly processes: number | null;
  readonly keep: boolean;
  readonly json: boolean;
  /** Where homes and logs go; null: a temporary directory, removed after a good run. */
  readonly directory: string | null;
  /** File for a picture of the trust graph with its debts. */
  readonly svg: string | null;
}

export const DEMO_USAGE = `Usage: npm run demo -- [options]

Starts a network of real GEO nodes on this machine, opens trust lines, pays along them, kills a node
in the middle, clears circles of debt, and audits everybody's books.

Options:
  --community FILE  who there is and who trusts whom (JSON or YAML); default: a village of our own
  --payments N      how many payments to make; the file's own come first
  --seed S          whole number; repeats keys and payments
  --processes P     spread the nodes over P processes instead of one process per node
  --keep            leave the network running afterwards, until Ctrl-C
  --json            print one JSON object for programs on stdout
  --dir DIR         keep homes and logs here
  --svg FILE        draw the trust graph and its debts
  --help            print this

Exit code: 0 if every invariant holds, 1 if one does not, 2 if the command line or the file is wrong.
`;

const PAYMENTS_MAX = 1_000_000;
const PROCESSES_MAX = 256;

/** @returns null if help was asked for. @throws GeoError E009 `usage` */
export function readDemoOptions(argv: readonly string[]): DemoOptions | null {
  const values = parse(argv);
  if (values.help) return null;
  return {
    community: values.community ?? null,
    payments: whole('payments', values.payments, 0, PAYMENTS_MAX),
    seed: whole('seed', values.seed, 0, Number.MAX_SAFE_INTEGER),
    processes: whole('processes', values.processes, 1, PROCESSES_MAX),
    keep: values.keep ?? false,
    json: values.json ?? false,
    directory: values.dir ?? null,
    svg: values.svg ?? null,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        community: { type: 'string' },
        payments: { type: 'string' },
        seed: { type: 'string' },
        processes: { type: 'string' },
        keep: { type: 'boolean' },
        json: { type: 'boolean' },
        dir: { type: 'string' },
        svg: { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
}

function whole(name: string, text: string | undefined, min: number, max: number): number | null {
  if (text === undefined) return null;
  const number = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (number >= min && number <= max) return number;
  throw usage(`--${name} ${text}: a whole number from ${min} to ${max} is expected.`);
}

function usage(sentence: string): GeoError {
  return new GeoError('E009', sentence, { fault: 'usage' });
}
