/** What the contract test needs from each adapter of the Transport port. */
import { createHash } from 'node:crypto';
import type { Log, Transport } from '../../node/ports.ts';
import type { Pid, PublicKey } from '../../protocol/identity/pid.ts';

export interface PeerOptions {
  readonly seed: Uint8Array;
  /** An address that the transport had before; a free one otherwise. */
  readonly listen?: string;
  readonly deny?: readonly Pid[];
}

export interface TransportNetwork {
  readonly name: string;
  keyOf(seed: Uint8Array): PublicKey;
  create(options: PeerOptions): Promise<Transport>;
  /** An address of the right form where nobody listens. */
  deadAddress(key: PublicKey): string;
}

export function seedOf(name: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(name).digest());
}

export const silentLog: Log = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** A started transport, with everything that it told its node. */
export interface Station {
  readonly key: PublicKey;
  readonly transport: Transport;
  readonly frames: { readonly from: PublicKey; readonly bytes: Uint8Array }[];
  readonly events: string[];
  address(): string;
}

export async function startStation(
  network: TransportNetwork,
  options: PeerOptions,
): Promise<Station> {
  const transport = await network.create(options);
  const frames: { from: PublicKey; bytes: Uint8Array }[] = [];
  const events: string[] = [];
  await transport.start({
    frame: (from, bytes) => frames.push({ from, bytes }),
    connected: (peer) => events.push(`connected ${peer}`),
    disconnected: (peer) => events.push(`disconnected ${peer}`),
  });
  return {
    key: network.keyOf(options.seed),
    transport,
    frames,
    events,
    address: () => transport.addresses()[0]!,
  };
}
