/**
 * The DHT as libp2p's random walk sees it, slowed down.
 *
 * Relay discovery and AutoNAT walk the network at random until they have found enough. In a small
 * network, or before the first peer is met, each step ends at once and finds nothing new, and the walk
 * would take a whole core and ever more memory.
 */
import { setTimeout } from 'node:timers/promises';
import { type PeerRouting, peerRoutingSymbol } from '@libp2p/interface';

/** From the beginning of one step to the beginning of the next, ms. */
const STEP_MS = 5_000;

interface Routes {
  readonly [peerRoutingSymbol]: PeerRouting;
}

/** Replaces the routing that a service offers to the rest of libp2p; its own queries stay as fast. */
export function pacePeerRouting<Service extends object>(service: Service & Routes): Service {
  const routing = service[peerRoutingSymbol];
  let nextAt = 0;
  const paced: PeerRouting = {
    findPeer: (peerId, options) => routing.findPeer(peerId, options),
    async *getClosestPeers(key, options) {
      const waitMs = nextAt - performance.now();
      nextAt = Math.max(nextAt, performance.now()) + STEP_MS;
      if (waitMs > 0) {
        const signal = options?.signal;
        await setTimeout(waitMs, undefined, {
          ref: false,
          ...(signal !== undefined && { signal }),
        });
      }
      yield* routing.getClosestPeers(key, options);
    },
  };
  Object.defineProperty(service, peerRoutingSymbol, { value: paced });
  return service;
}
