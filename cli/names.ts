/** What a person calls a participant: `me`, the contact's name, or the beginning of the PID. */
import type { Client } from '../node/api/client.ts';
import { parsePid } from '../protocol/identity/pid.ts';
import { usageError } from './exit.ts';

/** Enough of a PID to recognise it and to name it as a prefix. */
const PID_SHOWN = 10;

export type NameOf = (pid: string) => string;

export async function namesKnownTo(client: Client): Promise<NameOf> {
  const [{ pid: own }, contacts] = await Promise.all([client.identity(), client.contacts()]);
  const names = new Map(contacts.map(({ pid, name }) => [pid, name]));
  names.set(own, 'me');
  return (pid) => nameOr(names.get(pid) ?? null, pid);
}

export function nameOr(name: string | null, pid: string): string {
  return name ?? `${pid.slice(0, PID_SHOWN)}…`;
}

export function pathText(path: readonly string[], nameOf: NameOf): string {
  return path.map(nameOf).join(' → ');
}

/** PIDs of participants given as contact names or PIDs, for requests that take only PIDs. */
export async function pidsOf(client: Client, peers: readonly string[]): Promise<string[]> {
  if (peers.length === 0) return [];
  const contacts = await client.contacts();
  return peers.map((peer) => {
    const named = contacts.find(({ name }) => name === peer);
    return named === undefined ? parsePid(peer) : named.pid;
  });
}

/** `PID` or `PID@multiaddr`. */
export function splitAddress(text: string): { pid: string; address?: string } {
  const at = text.indexOf('@');
  if (at < 0) return { pid: parsePid(text) };
  const address = text.slice(at + 1);
  if (!address.startsWith('/')) {
    throw usageError(
      `After @ a multiaddr is expected, such as /ip4/192.0.2.7/tcp/4848, not "${address}".`,
    );
  }
  return { pid: parsePid(text.slice(0, at)), address };
}
