/** The command line of `bench api`. */
import { parseArgs } from 'node:util';
import { parse, wholeNumber } from './options.ts';

export const API_USAGE = `
api         members of a hub pay and read through HTTP: a real daemon, beside the engine without HTTP
            and beside an HTTP server with nothing behind it
  --members N          (2 to 10000, default 500), --lines N (default 5000)   random
  --connections N      kept alive, one request under way on each (1 to 1024, default 64)
  --seconds S          measured time for each figure, and as much for what stands beside it (default 10)
  --profile DIR        also write the daemon's CPU profile there when it stops
`;

export interface ApiOptions {
  readonly members: number;
  readonly lines: number;
  readonly connections: number;
  readonly seconds: number;
  /** Directory for the daemon's CPU profile. */
  readonly profile: string | undefined;
  readonly json: boolean;
}

const MEMBERS_MAX = 10_000;
const LINES_MAX = 100_000;
const CONNECTIONS_MAX = 1_024;
const SECONDS_MAX = 3_600;

/** @throws GeoError E009 `usage` */
export function readApiOptions(argv: readonly string[]): ApiOptions {
  const values = parse(() =>
    parseArgs({
      args: [...argv],
      options: {
        members: { type: 'string', default: '500' },
        lines: { type: 'string', default: '5000' },
        connections: { type: 'string', default: '64' },
        seconds: { type: 'string', default: '10' },
        profile: { type: 'string' },
        json: { type: 'boolean', default: false },
      },
    }),
  );
  const members = wholeNumber('members', values.members, 2, MEMBERS_MAX);
  const possible = Math.min(LINES_MAX, members * (members - 1));
  return {
    members,
    lines: wholeNumber('lines', values.lines, 1, possible),
    connections: wholeNumber('connections', values.connections, 1, CONNECTIONS_MAX),
    seconds: wholeNumber('seconds', values.seconds, 1, SECONDS_MAX),
    profile: values.profile,
    json: values.json,
  };
}
