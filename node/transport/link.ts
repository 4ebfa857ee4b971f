/** One open stream to a peer: frames in, batches of frames out. */
import type { Connection, Stream } from '@libp2p/interface';
import { GeoError } from '../../protocol/errors.ts';
import { FRAME_BYTES_MAX } from '../../protocol/limits.ts';
import { encodeFrames, FrameDecoder } from './frames.ts';

/**
 * What libp2p may hold for a stream whose peer does not read. Only one batch is ever handed over while
 * the stream asks to wait, so this is a safety net; the real bound is the peer's queue.
 */
const WRITE_BUFFER_BYTES_MAX = 4 * 1024 * 1024;

export interface LinkHandlers {
  frame(bytes: Uint8Array): void;
  /** The stream takes data again. */
  writable(): void;
  /** The peer broke the framing; the stream was cut off. */
  badFrame(error: GeoError): void;
  closed(): void;
}

export class Link {
  readonly #stream: Stream;
  readonly #connection: Connection;
  readonly #decoder: FrameDecoder;
  readonly #handlers: LinkHandlers;
  readonly #closed = Promise.withResolvers<void>();

  constructor(stream: Stream, connection: Connection, handlers: LinkHandlers) {
    this.#stream = stream;
    this.#connection = connection;
    this.#handlers = handlers;
    this.#decoder = new FrameDecoder(FRAME_BYTES_MAX, (frame) => handlers.frame(frame));
    stream.maxWriteBufferLength = WRITE_BUFFER_BYTES_MAX;
    stream.addEventListener('drain', () => handlers.writable());
    stream.addEventListener('remoteCloseWrite', () => this.#closeQuietly());
    stream.addEventListener('close', () => {
      this.#decoder.stop();
      this.#closed.resolve();
      handlers.closed();
    });
    // Last, since data that has already arrived is delivered as soon as there is a listener.
    stream.addEventListener('message', (event) => this.#receive(event.data));
  }

  /** Whether frames can be handed over at all. */
  get open(): boolean {
    return this.#stream.status === 'open' && this.#stream.writeStatus === 'writable';
  }

  /** Whether the stream asks to wait for `writable`. */
  get saturated(): boolean {
    return this.#stream.writableNeedsDrain;
  }

  /** Not through a relay. */
  get direct(): boolean {
    return this.#connection.direct;
  }

  get direction(): 'inbound' | 'outbound' {
    return this.#connection.direction;
  }

  /** False if the stream broke. */
  write(frames: readonly Uint8Array[]): boolean {
    try {
      this.#stream.send(encodeFrames(frames));
      return true;
    } catch {
      return false;
    }
  }

  /**
   * Says that nothing more will be sent. Resolves when the peer has answered that it read everything:
   * libp2p drops what it holds for a stream if the host stops before that.
   */
  async finish(): Promise<void> {
    this.#closeQuietly();
    await this.#closed.promise;
  }

  abort(reason: string): void {
    this.#decoder.stop();
    this.#stream.abort(new Error(reason));
  }

  #receive(data: Uint8Array | Iterable<Uint8Array>): void {
    try {
      if (data instanceof Uint8Array) this.#decoder.push(data);
      else for (const chunk of data) this.#decoder.push(chunk);
    } catch (error) {
      // An exception in a stream listener would end the process.
      if (!(error instanceof GeoError)) throw error;
      this.#handlers.badFrame(error);
      this.abort(error.message);
    }
  }

  #closeQuietly(): void {
    // Rejects when the connection breaks meanwhile; the `close` event tells of that.
    this.#stream.close().catch(() => undefined);
  }
}
