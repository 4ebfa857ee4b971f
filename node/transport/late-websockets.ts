/** WebSockets for a host that accepts none but may have to dial one: loaded with the first dial. */
import {
  type Connection,
  type DialTransportOptions,
  type Transport,
  transportSymbol,
} from '@libp2p/interface';
import type { WebSocketsComponents } from '@libp2p/websockets';
import type { Multiaddr } from '@multiformats/multiaddr';

/** Whether a host listens there itself, by WebSocket; false for what leads through a relay to another. */
export function isWebSocket(address: Multiaddr): boolean {
  const names = address.getComponents().map(({ name }) => name);
  return names.some((name) => name === 'ws' || name === 'wss') && !names.includes('p2p-circuit');
}

class LateWebSockets implements Transport {
  readonly [transportSymbol] = true as const;
  readonly [Symbol.toStringTag] = 'late-websockets';
  readonly #components: WebSocketsComponents;
  #loaded: Promise<Transport> | undefined;

  constructor(components: WebSocketsComponents) {
    this.#components = components;
  }

  async dial(address: Multiaddr, options: DialTransportOptions): Promise<Connection> {
    this.#loaded ??= import('@libp2p/websockets').then(({ webSockets }) =>
      webSockets()(this.#components),
    );
    return (await this.#loaded).dial(address, options);
  }

  createListener(): never {
    throw new Error('a host that listens on WebSockets loads them at once');
  }

  listenFilter(): Multiaddr[] {
    return [];
  }

  dialFilter(addresses: Multiaddr[]): Multiaddr[] {
    return addresses.filter(isWebSocket);
  }
}

export function lateWebSockets(): (components: WebSocketsComponents) => Transport {
  return (components) => new LateWebSockets(components);
}
