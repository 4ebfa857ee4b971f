/** Questions to the machine around a node: its ports, its clock, who answers on the network. */
import { execFile } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { promisify } from 'node:util';

/** How long an answer is waited for, ms. */
const ANSWER_MS = 3_000;

export interface Place {
  readonly host: string;
  readonly port: number;
}

/** Host and TCP port of a multiaddr: `/ip4/192.0.2.7/tcp/4848/ws`. Undefined if it does not begin with both. */
export function placeOf(multiaddr: string): Place | undefined {
  const [, kind, host, transport, port] = multiaddr.split('/');
  if (transport !== 'tcp' || host === undefined || port === undefined) return undefined;
  return /^(ip[46]|dns[46]?)$/.test(kind ?? '') ? { host, port: Number(port) } : undefined;
}

/** Opens a port and closes it again. @returns undefined, or the system's name for why it did not open */
export async function openPort(host: string, port: number): Promise<string | undefined> {
  const server = createServer();
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  server.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  return await promise;
}

/** Whether somebody accepts a TCP connection there. */
export async function answers({ host, port }: Place): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host, port });
  const timer = setTimeout(() => resolve(false), ANSWER_MS);
  socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  const reached = await promise;
  clearTimeout(timer);
  socket.destroy();
  return reached;
}

/** What systemd says; undefined where it cannot be asked. */
export async function clockIsSynchronised(): Promise<boolean | undefined> {
  try {
    const { stdout } = await promisify(execFile)(
      'timedatectl',
      ['show', '--property=NTPSynchronized', '--value'],
      { timeout: ANSWER_MS },
    );
    return { yes: true, no: false }[stdout.trim()];
  } catch {
    return undefined;
  }
}
