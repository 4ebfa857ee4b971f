/** A testnet without nodes: each participant has a client whose answers the test decides. */
import { vi } from 'vitest';
import type { Client } from '../../../node/api/client.ts';
import { homeAt } from '../../../node/home/home.ts';
import type { Status } from '../../../node/service/shapes.ts';
import { parseCommunity } from '../../../simulations/community/file.ts';
import { Progress } from '../../../simulations/demo/progress.ts';
import { type Net, Roster } from '../../../simulations/demo/roster.ts';

export interface Call {
  readonly node: string;
  readonly method: string;
  readonly argument: unknown;
}

/** Answers by method; a method that is not given must not be called. */
export type Answers = {
  [Method in keyof Client]?: (node: string, argument: never) => unknown;
};

export function pidOf(id: string): string {
  return `pid-${id}`;
}

export function statusWith(changes: Partial<Status>): Partial<Status> {
  return { attempts_live: 0, attempts_in_doubt: 0, outbox: 0, ...changes };
}

export function fakeRoster(file: object, answers: Answers) {
  const community = parseCommunity(JSON.stringify(file), 'fake');
  const calls: Call[] = [];
  const clientOf = (node: string) =>
    new Proxy({} as Client, {
      get: (_target, method: keyof Client) => async (argument: unknown) => {
        calls.push({ node, method, argument });
        const answer = answers[method];
        if (answer === undefined) throw new Error(`${node} was asked for ${method}`);
        return await answer(node, argument as never);
      },
    });
  const node = (participant: string) => ({
    participant,
    home: homeAt(`/nowhere/${participant}`),
    client: clientOf(participant),
    identity: { pid: pidOf(participant), public_key: '', addresses: [`/dns/${participant}`] },
    process: 1,
  });
  const faults: string[] = [];
  const net: Net = {
    nodes: community.participants.map((each) => node(each.id)),
    node,
    kill: async (participant) => {
      faults.push(`kill ${participant}`);
      return [participant];
    },
    restart: async (participant) => {
      faults.push(`restart ${participant}`);
    },
  };
  const output = { write: () => undefined, live: false, page: { width: 80, colours: false } };
  const progress = new Progress(output, () => performance.now());
  const callsOf = (method: keyof Client) => calls.filter((call) => call.method === method);
  return { roster: new Roster(community, net), progress, callsOf, faults };
}

/** Lets fake time pass until the work is done. */
export async function finish<Result>(work: Promise<Result>): Promise<Result> {
  const outcome = work.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  let ended = false;
  void outcome.then(() => {
    ended = true;
  });
  while (!ended) await vi.advanceTimersByTimeAsync(50);
  const result = await outcome;
  if ('error' in result) throw result.error;
  return result.value;
}
