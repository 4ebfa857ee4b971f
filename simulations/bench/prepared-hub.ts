/** The hub that is measured: a home whose store has members and lines, as they came by their own signed requests. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Home } from '../../node/home/home.ts';
import type { Pid, PublicKey } from '../../protocol/identity/pid.ts';
import { parseCommunity } from '../community/file.ts';
import { createNodeHome, type Settings } from '../testnet/homes.ts';
import { WorkerProcess } from '../worker-process.ts';
import { HubMembers, randomCommunity } from './hub-members.ts';
import type { NodeCalls } from './node-worker.ts';

export interface HubWish {
  /** Community file; without it a random community. */
  readonly community: string | undefined;
  readonly members: number;
  readonly lines: number;
}

export interface PreparedHub {
  readonly home: Home;
  readonly members: HubMembers;
}

export type HubWorker = WorkerProcess<NodeCalls>;

const WORKER = fileURLToPath(new URL('node-worker.ts', import.meta.url));
/** Members come all at once here, and nobody else does. */
const SETTINGS = {
  log: { level: 'error' },
  hub: {
    enabled: true,
    admission: 'open',
    members_max: 1_000_000,
    joins_per_minute: 1_000_000,
    joins_per_minute_per_peer: 100_000,
    signed_per_second: 1_000_000,
  },
  limits: { pending_orders: 10_000 },
};

/** A process that can open the node of a home, without its HTTP door. */
export function hubWorker(home: Home): HubWorker {
  return new WorkerProcess<NodeCalls>(WORKER, [home.directory]);
}

/**
 * Makes the home; nothing runs on it when this resolves.
 * @param more sections of its configuration file besides those that every measured hub has
 */
export async function prepareHub(
  directory: string,
  wish: HubWish,
  say: (line: string) => void,
  more: Settings = {},
): Promise<PreparedHub> {
  const home = await createNodeHome(directory, undefined, { ...SETTINGS, ...more });
  const worker = hubWorker(home);
  try {
    const identity = await worker.ask('open');
    const members = new HubMembers(await communityOf(wish), {
      pid: identity.pid as Pid,
      publicKey: identity.public_key as PublicKey,
    });
    const { participants, trustLines, equivalents } = members.community;
    say(`${participants.length} members join, with ${trustLines.length} lines.`);
    for (const { code, precision } of equivalents) await worker.ask('define', { code, precision });
    for (const frames of [members.joins(), members.grants(), members.lines()]) {
      await worker.ask('submit', frames);
    }
    await worker.ask('close');
    return { home, members };
  } finally {
    await worker.end();
  }
}

async function communityOf({ community, members, lines }: HubWish) {
  if (community === undefined) return randomCommunity(members, lines);
  return parseCommunity(await readFile(community, 'utf8'), basename(community));
}
