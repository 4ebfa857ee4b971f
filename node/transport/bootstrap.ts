/**
 * Keeps the host connected to its bootstrap peers. `@libp2p/bootstrap` dials once, and a node that
 * starts before its entrance is up would stay alone.
 */
import type { Connection } from '@libp2p/interface';
import type { Multiaddr } from '@multiformats/multiaddr';
import type { Log } from '../ports.ts';

const RETRY_MS = { min: 500, max: 30_000 };

interface Dialling {
  dialAddress(address: Multiaddr): Promise<Connection>;
  connectedTo(address: Multiaddr): boolean;
}

/** Starts dialling. The returned function ends it. */
export function keepBootstrapped(
  addresses: readonly Multiaddr[],
  host: Dialling,
  log: Log,
): () => void {
  const timers = new Set<NodeJS.Timeout>();
  let stopped = false;

  const visit = async (address: Multiaddr, waitMs: number): Promise<void> => {
    let nextMs = RETRY_MS.max;
    if (!host.connectedTo(address)) {
      try {
        await host.dialAddress(address);
      } catch (error) {
        nextMs = waitMs;
        log.debug(
          { address: address.toString(), reason: String(error), retryMs: nextMs },
          'a bootstrap peer could not be reached',
        );
      }
    }
    if (stopped) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      void visit(address, Math.min(waitMs * 2, RETRY_MS.max));
    }, nextMs);
    timer.unref();
    timers.add(timer);
  };

  for (const address of addresses) void visit(address, RETRY_MS.min);
  return () => {
    stopped = true;
    for (const timer of timers) clearTimeout(timer);
  };
}
