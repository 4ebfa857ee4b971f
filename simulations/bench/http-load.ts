/** `node http-load.ts`: a process that asks a server over so many connections at once, and nothing else. */

import { serve } from '../worker-process.ts';
import { HttpConnection } from './http-connection.ts';
import { keepInFlight, type Load, type LoadResult } from './load.ts';
import { cpuSoFar } from './meter.ts';

export interface HttpLoad {
  readonly url: string;
  /** Each is asked once. When none is left, the load ends, or begins with the first again. */
  readonly requests: readonly string[];
  readonly again: boolean;
  /** A good answer has this in its body. */
  readonly expected: string;
  /** `inFlight`: connections. */
  readonly load: Load;
}

export interface HttpLoadResult extends LoadResult {
  /** What the generator itself took, µs. */
  readonly cpuUs: number;
  /** Bytes of the bodies of good answers. */
  readonly bodyBytes: number;
}

const calls = {
  async run({ url, requests, again, expected, load }: HttpLoad): Promise<HttpLoadResult> {
    const free = await Promise.all(
      Array.from({ length: load.inFlight }, () => HttpConnection.open(url)),
    );
    const all = [...free];
    let next = 0;
    let bodyBytes = 0;
    const until = () => !again && next >= requests.length;
    const before = cpuSoFar().cpuUs;
    const result = await keepInFlight({ ...load, until }, async () => {
      const connection = free.pop()!;
      const { status, body } = await connection.ask(requests[next++ % requests.length]!);
      free.push(connection);
      if (status !== 200) return `${status} ${body.slice(0, 200)}`;
      if (!body.includes(expected)) return `an answer without ${expected}`;
      bodyBytes += body.length;
      return undefined;
    });
    for (const connection of all) connection.close();
    return { ...result, cpuUs: cpuSoFar().cpuUs - before, bodyBytes };
  },
};

export type HttpLoadCalls = typeof calls;

if (import.meta.main) serve(calls);
