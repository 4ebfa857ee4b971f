/**
 * The DHT as libp2p's random walk sees it, slowed down.
 *
 * Relay discovery and AutoNAT walk the network at random until they have found enough. In a small
 * network, or before the first peer is met, each step ends at once and finds nothing new, and the walk
 * would take a whole core and ever more memory.
 */
import { setTimeout } from 'node:timers/promises';
import { type PeerRouting, peerRoutingSymbol } from '@libp2p/interface';

/** From one step to the next, ms: doubles while the walk goes on, starts anew after a rest. */
const STEP_MS = { min: 5_000, max: 300_000 };

interface Routes {
  readonly [peerRoutingSymbol]: PeerRouting;
}

/** Replaces the routing that a service offers to the rest of libp2p; its own queries stay as fast. */
export function pacePeerRouting<Service extends object>(service: Service & Routes): Service {
  const routing = service[peerRoutingSymbol];
  let nextAt = 0;
  let stepMs = STEP_MS.min;
  const paced: PeerRouting = {
    findPeer: (peerId, options) => routing.findPeer(peerId, options),
    async *getClosestPeers(key, options) {
      const now = performance.now();
      stepMs = now > nextAt + STEP_MS.max ? STEP_MS.min : Math.min(stepMs * 2, STEP_MS.max);
      const waitMs = nextAt - now;
      nextAt = Math.max(nextAt, now) + stepMs;
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
