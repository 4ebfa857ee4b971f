import { type PeerRouting, peerRoutingSymbol } from '@libp2p/interface';
import { expect, it } from 'vitest';
import { pacePeerRouting } from '../../../node/transport/paced-routing.ts';

/** A DHT in which every step ends at once and finds nobody. */
function emptyNetwork() {
  const steps: Uint8Array[] = [];
  const routing: PeerRouting = {
    findPeer: async () => {
      throw new Error('nobody');
    },
    async *getClosestPeers(key) {
      steps.push(key);
      yield* [];
    },
  };
  const service = pacePeerRouting({ [peerRoutingSymbol]: routing });
  return { steps, paced: service[peerRoutingSymbol] };
}

async function walk(paced: PeerRouting, signal: AbortSignal): Promise<void> {
  for (;;) for await (const _ of paced.getClosestPeers(new Uint8Array(32), { signal }));
}

it('lets a walk take its first step at once, and the next one only after a pause', async () => {
  const { steps, paced } = emptyNetwork();
  await expect(walk(paced, AbortSignal.timeout(200))).rejects.toMatchObject({ name: 'AbortError' });
  expect(steps).toHaveLength(1);
});

it('leaves the search for one peer as it is', async () => {
  const { paced } = emptyNetwork();
  await expect(paced.findPeer({} as Parameters<PeerRouting['findPeer']>[0])).rejects.toThrow(
    'nobody',
  );
});
