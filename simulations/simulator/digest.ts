/** One hash over everything that happens in a run: two runs with the same one were the same, byte for byte. */
import { createHash, type Hash } from 'node:crypto';
import type { StoreOp } from '../../node/ports.ts';
import type { VirtualTime } from './clock.ts';
import type { SeenHost } from './seen-host.ts';
import type { Watch } from './watch.ts';

const CHUNK_BYTES = 64 * 1024;

const SENT = 1;
const DELIVERED = 2;
const DROPPED = 3;
const WRITTEN = 4;
const VANISHED = 5;
const STARTED = 6;
const CRASHED = 7;

export class RunDigest implements Watch {
  readonly #time: VirtualTime;
  readonly #hash: Hash = createHash('sha256');
  /** Bytes gather here; the hash is asked once for many of them. */
  readonly #chunk = Buffer.alloc(CHUNK_BYTES);
  #used = 0;

  constructor(time: VirtualTime) {
    this.#time = time;
  }

  /** Ends the digest; 64 hexadecimal digits. */
  finish(): string {
    this.#flush();
    return this.#hash.digest('hex');
  }

  sent(from: SeenHost, to: SeenHost | undefined, frame: Uint8Array): void {
    this.#event(SENT, from, to);
    this.#bytes(frame);
  }

  delivered(from: SeenHost, to: SeenHost): void {
    this.#event(DELIVERED, from, to);
  }

  dropped(from: SeenHost, to: SeenHost | undefined): void {
    this.#event(DROPPED, from, to);
  }

  written(host: SeenHost, ops: readonly StoreOp[]): void {
    this.#event(WRITTEN, host, undefined);
    for (const op of ops) {
      this.#bytes(Buffer.from(op.key));
      if (op.type === 'put') this.#bytes(op.value);
    }
  }

  vanished(host: SeenHost): void {
    this.#event(VANISHED, host, undefined);
  }

  started(host: SeenHost): void {
    this.#event(STARTED, host, undefined);
  }

  crashed(host: SeenHost): void {
    this.#event(CRASHED, host, undefined);
  }

  #event(kind: number, host: SeenHost, other: SeenHost | undefined): void {
    this.#reserve(16);
    this.#used = this.#chunk.writeUInt8(kind, this.#used);
    this.#used = this.#chunk.writeUInt8(host.number, this.#used);
    this.#used = this.#chunk.writeUInt8(other?.number ?? 255, this.#used);
    this.#used = this.#chunk.writeDoubleLE(this.#time.now, this.#used);
  }

  #bytes(bytes: Uint8Array): void {
    if (bytes.length > CHUNK_BYTES) {
      this.#flush();
      this.#hash.update(bytes);
      return;
    }
    this.#reserve(bytes.length);
    this.#chunk.set(bytes, this.#used);
    this.#used += bytes.length;
  }

  #reserve(bytes: number): void {
    if (this.#used + bytes > CHUNK_BYTES) this.#flush();
  }

  #flush(): void {
    this.#hash.update(this.#chunk.subarray(0, this.#used));
    this.#used = 0;
  }
}
