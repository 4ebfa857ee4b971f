/**
 * One life of a node's process: ports that end all at once when it is killed, and whose store can
 * refuse, hang or be the moment of the kill. What had reached the disk or the wire stays there.
 */
import type {
  Clock,
  ScanRange,
  Store,
  StoreOp,
  Transport,
  TransportHandlers,
} from '../../../node/ports.ts';
import { GeoError } from '../../../protocol/errors.ts';
import type { PublicKey } from '../../../protocol/identity/pid.ts';

/**
 * What becomes of one write: `kill-before` and `kill-after` end the life around it; `surface` refuses
 * it, and yet it is found on the disk when the store is opened anew, before the next write.
 */
export type WriteFate = 'write' | 'refuse' | 'surface' | 'hang' | 'kill-before' | 'kill-after';

export class NodeLife {
  alive = true;
  /** Decides about every write; by default all are written. */
  fate: (ops: readonly StoreOp[]) => WriteFate = () => 'write';
  /** Called when a write's fate was to end the life. */
  onKilled: () => void = () => undefined;
  writes = 0;
  /** How long the disk takes for a write. */
  writeMs = 0;
  readonly #base: Clock;
  #submerged: readonly StoreOp[] = [];

  constructor(base: Clock) {
    this.#base = base;
  }

  clock(aheadMs: () => number): Clock {
    const base = this.#base;
    const guarded = (task: () => void) => () => {
      if (this.alive) task();
    };
    return {
      now: () => base.now() + aheadMs(),
      after: (delayMs, task) => base.after(delayMs, guarded(task)),
      soon: (task) => base.soon(guarded(task)),
    };
  }

  store(disk: Store): Store {
    return {
      get: (key) => disk.get(key),
      scan: (range: ScanRange) => disk.scan(range),
      write: (ops) => this.#write(disk, ops),
      close: () => disk.close(),
    };
  }

  transport(inner: Transport, send: (to: PublicKey, frame: Uint8Array) => void): Transport {
    const handlersOf = (handlers: TransportHandlers): TransportHandlers => ({
      frame: (from, bytes) => this.alive && handlers.frame(from, bytes),
      connected: (peer) => this.alive && handlers.connected(peer),
      disconnected: (peer) => this.alive && handlers.disconnected(peer),
    });
    return {
      start: (handlers) => inner.start(handlersOf(handlers)),
      stop: () => inner.stop(),
      send: (to, frame) => {
        if (this.alive) send(to, frame);
      },
      connect: (address) => inner.connect(address),
      remember: (peer, addresses) => inner.remember(peer, addresses),
      hear: (peer, addresses) => inner.hear(peer, addresses),
      addresses: () => inner.addresses(),
      peers: () => inner.peers(),
    };
  }

  kill(): void {
    this.alive = false;
  }

  async #write(disk: Store, ops: readonly StoreOp[]): Promise<void> {
    if (!this.alive) return never();
    this.writes++;
    const fate = this.fate(ops);
    if (this.writeMs > 0) {
      await new Promise<void>((resolve) => this.#base.after(this.writeMs, resolve));
    }
    if (!this.alive) return never();
    if (this.#submerged.length > 0) {
      const found = this.#submerged;
      this.#submerged = [];
      await disk.write(found);
    }
    switch (fate) {
      case 'write':
        await disk.write(ops);
        // Whoever was killed meanwhile does not hear of it.
        return this.alive ? undefined : never();
      case 'surface':
        this.#submerged = ops;
        throw refused();
      case 'refuse':
        throw refused();
      case 'hang':
        return never();
      case 'kill-before':
        this.kill();
        this.onKilled();
        return never();
      case 'kill-after':
        await disk.write(ops);
        this.kill();
        this.onKilled();
        return never();
    }
  }
}

function refused(): GeoError {
  return new GeoError('E010', 'The disk is full. Make room and try again.', {
    fault: 'store_write_failed',
  });
}

function never(): Promise<never> {
  return new Promise(() => undefined);
}
