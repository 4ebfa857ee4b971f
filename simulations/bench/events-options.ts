/** The command line of `bench events`. */
import { parseArgs } from 'node:util';
import { parse, wholeNumber } from './options.ts';

export const EVENTS_USAGE = `
events      subscribers follow a hub's events over WebSockets, and one loses its connection again and again
  --subscribers N      (1 to 1900, default 1000)
  --rate N             events a second (20 to 1000, default 100)
  --seconds S          measured time (default 10)
  --resumes N          times that one client comes back (default 1000)
`;

export interface EventsOptions {
  readonly subscribers: number;
  readonly rate: number;
  readonly seconds: number;
  readonly resumes: number;
  readonly json: boolean;
}

/** Below the streams that a node lets be open. */
const SUBSCRIBERS_MAX = 1_900;
const SECONDS_MAX = 3_600;
const RESUMES_MAX = 1_000_000;

/** @throws GeoError E009 `usage` */
export function readEventsOptions(argv: readonly string[]): EventsOptions {
  const values = parse(() =>
    parseArgs({
      args: [...argv],
      options: {
        subscribers: { type: 'string', default: '1000' },
        rate: { type: 'string', default: '100' },
        seconds: { type: 'string', default: '10' },
        resumes: { type: 'string', default: '1000' },
        json: { type: 'boolean', default: false },
      },
    }),
  );
  return {
    subscribers: wholeNumber('subscribers', values.subscribers, 1, SUBSCRIBERS_MAX),
    rate: wholeNumber('rate', values.rate, 20, 1_000),
    seconds: wholeNumber('seconds', values.seconds, 1, SECONDS_MAX),
    resumes: wholeNumber('resumes', values.resumes, 1, RESUMES_MAX),
    json: values.json,
  };
}
