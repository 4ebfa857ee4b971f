/** From a home directory to the daemon that runs on it. */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { type Client, type ClientOptions, createClient } from '../node/api/client.ts';
import type { Home } from '../node/home/home.ts';
import { isErrno } from '../node/platform/files.ts';
import { GeoError } from '../protocol/errors.ts';

/** `api.json`: where the daemon's API listens; there while the daemon runs. */
const Endpoint = z.object({ url: z.url(), pid: z.string(), process_id: z.int() });

/** @throws GeoError E007 `daemon_unreachable`, E010 `home_unreadable` */
export async function openDaemonDoor(home: Home): Promise<Client> {
  return createClient(await daemonEndpoint(home));
}

/** Where the daemon of a home listens now, and what it wants to see. @throws GeoError as above */
export async function daemonEndpoint(home: Home): Promise<ClientOptions> {
  const endpoint = Endpoint.safeParse(parse(await readOwn(home, home.apiEndpointFile)));
  if (!endpoint.success) throw notRunning(home);
  const token = (await readOwn(home, home.apiTokenFile)).trim();
  return { url: endpoint.data.url, token };
}

async function readOwn(home: Home, path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    if (isErrno(cause, 'ENOENT')) throw notRunning(home);
    throw new GeoError(
      'E010',
      `${path} cannot be read. Use the account that started the node, or check the permissions of the file.`,
      { fault: 'home_unreadable', path },
      { cause },
    );
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function notRunning(home: Home): GeoError {
  return new GeoError(
    'E007',
    `No node runs on ${home.directory}. Start it with \`geo start\`, or name another home with --home.`,
    { fault: 'daemon_unreachable', home: home.directory },
  );
}
