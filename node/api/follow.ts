/** Follows a node's events from outside: connects anew from the last cursor until it is told to stop. */
import { GeoError } from '../../protocol/errors.ts';
import { ErrorBody, Event } from '../service/shapes.ts';
import type { ClientOptions } from './client.ts';
import { errorOf } from './problem.ts';
import { LIVE_PATH } from './routes.ts';

/** Wait before the second attempt to connect, ms; it doubles with each further one. */
const RETRY_MS_MIN = 100;
const RETRY_MS_MAX = 5_000;

/** Faults that a later attempt may not meet. */
const PASSING: readonly string[] = ['slow_client', 'daemon_unreachable'];

export interface FollowOptions {
  /** Asked before each attempt to connect: a node that was restarted may listen elsewhere. */
  readonly endpoint: () => Promise<ClientOptions>;
  /** Cursor of the last event seen; `oldest`; left out: from now on. */
  readonly after?: string;
  readonly topics?: string;
  /** The endpoint comes with a new token when the old one has ended: a stream that is ended for it goes on. */
  readonly renews?: boolean;
  readonly signal: AbortSignal;
  /** Waits between attempts to connect, ms. */
  readonly pause: (ms: number) => Promise<unknown>;
}

/**
 * Every event after a cursor, once and in order, over lost connections and restarts of the node.
 * @throws GeoError what the node refused: E006, `bad_cursor`, `cursor_too_old`, …
 */
export async function* followEvents(options: FollowOptions): AsyncGenerator<Event> {
  const { signal } = options;
  let cursor = options.after;
  let pause = RETRY_MS_MIN;
  while (!signal.aborted) {
    let hasBegun = false;
    try {
      for await (const block of blocks(await open(options, cursor))) {
        pause = RETRY_MS_MIN;
        hasBegun = block.name !== 'problem' || hasBegun;
        const { id, name, data } = block;
        if (name === 'problem') throw errorOf(ErrorBody.parse(JSON.parse(data)));
        // After the event was taken: whoever stops in between has not seen it.
        if (name === 'event') yield Event.parse(JSON.parse(data));
        cursor = id ?? cursor;
      }
    } catch (error) {
      const fault = error instanceof GeoError ? error.details.fault : undefined;
      const hasExpired = options.renews === true && hasBegun && fault === 'bad_token';
      const isPassing = fault === undefined || PASSING.includes(fault) || hasExpired;
      if (!isPassing && !signal.aborted) throw error;
    }
    if (signal.aborted) return;
    await options.pause(pause);
    pause = Math.min(2 * pause, RETRY_MS_MAX);
  }
}

async function open(options: FollowOptions, cursor: string | undefined): Promise<Response> {
  const { url, token } = await options.endpoint();
  const target = new URL(LIVE_PATH, url);
  if (cursor !== undefined) target.searchParams.set('after', cursor);
  if (options.topics !== undefined) target.searchParams.set('topics', options.topics);
  const response = await fetch(target, {
    headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream' },
    signal: options.signal,
  });
  if (response.ok) return response;
  const problem = ErrorBody.safeParse(await response.json().catch(() => undefined));
  if (!problem.success || response.status >= 500) throw new TypeError('no event stream');
  throw errorOf(problem.data);
}

interface Block {
  readonly id: string | undefined;
  readonly name: string;
  readonly data: string;
}

/** The blocks of an event stream, as our own server writes them: one `data` line each. */
async function* blocks({ body }: Response): AsyncGenerator<Block> {
  if (body === null) return;
  let rest = '';
  for await (const part of body.pipeThrough(new TextDecoderStream())) {
    const whole = (rest + part).split('\n\n');
    rest = whole.pop() ?? '';
    for (const text of whole) {
      const field = (name: string) =>
        text
          .split('\n')
          .find((line) => line.startsWith(`${name}: `))
          ?.slice(name.length + 2);
      yield { id: field('id'), name: field('event') ?? '', data: field('data') ?? '' };
    }
  }
}
