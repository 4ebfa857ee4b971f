/** The command line of the simulator. */
import { parseArgs } from 'node:util';
import { GeoError } from '../../protocol/errors.ts';
import { PROFILES, type Profile } from './faults.ts';

export interface SimulatorOptions {
  /** The first seed; null: one that the clock chooses, so that each search is a new one. */
  readonly seed: number | null;
  /** Payments in each history, at least. */
  readonly steps: number;
  /** Hosts; null: five to eight, by the seed. */
  readonly nodes: number | null;
  /** Null: each in its turn. */
  readonly profile: Profile | null;
  /** How long to search; null: as many histories as `histories` says. */
  readonly minutes: number | null;
  readonly histories: number;
  /** Processes that share the histories. */
  readonly workers: number;
  /** Places of the steps to take, for replaying a shortened run. */
  readonly keep: ReadonlySet<number> | null;
  readonly realSignatures: boolean;
  readonly transcript: boolean;
  readonly mutants: boolean;
  readonly json: boolean;
}

export const SIMULATOR_USAGE = `Usage: npm run simulate -- [options]

Runs many real nodes in one thread on virtual time, with a simulated network and simulated disks,
and checks every rule of the protocol after every batch. The same seed is the same run, byte for byte,
whichever process it runs in.

Options:
  --seed S           first seed; a run that fails names its seed
  --histories N      how many seeds, one after the other (default: 1 with --seed, otherwise 100)
  --minutes M        go on for so long instead
  --workers W        processes that share the histories, 1 to 64 (default 1)
  --steps N          payments in each history, at least (default 50)
  --nodes K          nodes in each history, 2 to 32 (default: 5 to 8)
  --profile P        ${PROFILES.join(' | ')} (default: each in its turn)
  --real-signatures  Ed25519 instead of a keyed hash; a search uses it in every tenth history anyway
  --keep 3,7,12      take only these steps of the plan: replays a shortened run
  --transcript       print what happened, one line each
  --mutants          break the engine on purpose, in each known way, and show that it is noticed
  --json             print one JSON object for programs on stdout
  --help             print this

Exit code: 0 if every rule held (with --mutants: if every mutant was noticed), 1 if not, 2 for bad input.
`;

const MINUTES_MAX = 7 * 24 * 60;
const WORKERS_MAX = 64;

/** @returns null if help was asked for. @throws GeoError E009 `usage` */
export function readSimulatorOptions(argv: readonly string[]): SimulatorOptions | null {
  const values = parse(argv);
  if (values.help) return null;
  const profile = PROFILES.find((each) => each === values.profile) ?? null;
  if (values.profile !== undefined && profile === null) {
    throw usage(`--profile ${values.profile}: one of ${PROFILES.join(', ')} is expected.`);
  }
  const seed = whole('seed', values.seed, 0, Number.MAX_SAFE_INTEGER);
  return {
    seed,
    steps: whole('steps', values.steps, 1, 100_000) ?? 50,
    nodes: whole('nodes', values.nodes, 2, 32),
    profile,
    minutes: whole('minutes', values.minutes, 1, MINUTES_MAX),
    histories: whole('histories', values.histories, 1, 100_000_000) ?? (seed === null ? 100 : 1),
    workers: whole('workers', values.workers, 1, WORKERS_MAX) ?? 1,
    keep: values.keep === undefined ? null : places(values.keep),
    realSignatures: values['real-signatures'] ?? false,
    transcript: values.transcript ?? false,
    mutants: values.mutants ?? false,
    json: values.json ?? false,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        seed: { type: 'string' },
        histories: { type: 'string' },
        minutes: { type: 'string' },
        workers: { type: 'string' },
        steps: { type: 'string' },
        nodes: { type: 'string' },
        profile: { type: 'string' },
        keep: { type: 'string' },
        'real-signatures': { type: 'boolean' },
        transcript: { type: 'boolean' },
        mutants: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw usage(error instanceof Error ? error.message : String(error));
  }
}

function places(text: string): Set<number> {
  const found = text === '' ? [] : text.split(',').map(Number);
  if (found.every((place) => Number.isSafeInteger(place) && place >= 0)) return new Set(found);
  throw usage(`--keep ${text.slice(0, 60)}: whole numbers with commas between them are expected.`);
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
