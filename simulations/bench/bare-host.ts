/** A Node process with nothing in it, or, when told so, with a libp2p host and no node on it. */

import { serve } from '../worker-process.ts';
import { collectGarbage } from './collect.ts';

const calls = {
  /** With the services that a node switches on unless its configuration says otherwise. */
  async host() {
    const { createLibp2pTransport } = await import('../../node/transport/libp2p.ts');
    const quiet = () => undefined;
    const transport = await createLibp2pTransport({
      seed: new Uint8Array(32).fill(9),
      listen: ['/ip4/127.0.0.1/tcp/0', '/ip4/127.0.0.1/tcp/0/ws'],
      dht: true,
      mdns: true,
      relay: { dial: true, listen: true, serve: false, autonat: true, holePunch: true },
      log: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    });
    await transport.start({ frame: quiet, connected: quiet, disconnected: quiet });
  },
  /** With nothing to do, none would ever come by itself. */
  collect: collectGarbage,
  rssBytes: () => process.memoryUsage.rss(),
};

export type BareCalls = typeof calls;

if (import.meta.main) serve(calls);
