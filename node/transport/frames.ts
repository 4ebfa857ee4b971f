/**
 * Frames on a peer stream: a 4-byte big-endian length, then that many bytes (docs/PROTOCOL.md, "Bounds").
 *
 * A fixed-width length instead of a varint: it is read in one step and cannot be written in two ways.
 */
import { GeoError } from '../../protocol/errors.ts';

export const LENGTH_BYTES = 4;

/** Joins frames into one piece, so that a batch costs one encryption and one system call. */
export function encodeFrames(frames: readonly Uint8Array[]): Uint8Array {
  let total = 0;
  for (const frame of frames) total += LENGTH_BYTES + frame.length;
  const bytes = new Uint8Array(total);
  let at = 0;
  for (const frame of frames) {
    const { length } = frame;
    bytes[at] = length >>> 24;
    bytes[at + 1] = length >>> 16;
    bytes[at + 2] = length >>> 8;
    bytes[at + 3] = length;
    bytes.set(frame, at + LENGTH_BYTES);
    at += LENGTH_BYTES + length;
  }
  return bytes;
}

/** First allocation for a frame that came in pieces; it doubles as bytes arrive. */
const PARTIAL_BYTES_MIN = 1024;

/**
 * Cuts a byte stream into frames, however it was chunked. Memory follows what was received, never
 * what a length field claims. A frame handed out is a copy: it may be kept without holding the chunk.
 */
export class FrameDecoder {
  readonly #frameBytesMax: number;
  readonly #deliver: (frame: Uint8Array) => void;
  #headerBytes = 0;
  #header = 0;
  #body: Uint8Array | undefined;
  #filled = 0;
  #stopped = false;

  constructor(frameBytesMax: number, deliver: (frame: Uint8Array) => void) {
    this.#frameBytesMax = frameBytesMax;
    this.#deliver = deliver;
  }

  /** Ends the decoding, also from within `deliver`; what follows is ignored. */
  stop(): void {
    this.#stopped = true;
    this.#body = undefined;
  }

  /** @throws GeoError E009 `frame_length`; the decoder is stopped then, as the stream has lost its step. */
  push(data: Uint8Array): void {
    // Chunks from a socket are Buffers, whose `slice` would share their memory.
    const chunk = new Uint8Array(data.buffer, data.byteOffset, data.length);
    let at = 0;
    while (at < chunk.length && !this.#stopped) {
      if (this.#headerBytes < LENGTH_BYTES) {
        this.#header = ((this.#header << 8) | chunk[at]!) >>> 0;
        this.#headerBytes += 1;
        at += 1;
        if (this.#headerBytes === LENGTH_BYTES) this.#checkLength();
      } else {
        at = this.#body === undefined ? this.#wholeFrame(chunk, at) : this.#moreOfFrame(chunk, at);
      }
    }
  }

  #checkLength(): void {
    if (this.#header > 0 && this.#header <= this.#frameBytesMax) return;
    this.stop();
    throw new GeoError(
      'E009',
      `A frame of ${this.#header} bytes was announced; 1 to ${this.#frameBytesMax} are allowed. The sender's software is at fault.`,
      { fault: 'frame_length', bytes: this.#header },
    );
  }

  #wholeFrame(chunk: Uint8Array, at: number): number {
    const end = at + this.#header;
    if (end > chunk.length) {
      this.#body = new Uint8Array(Math.min(this.#header, PARTIAL_BYTES_MIN));
      return this.#moreOfFrame(chunk, at);
    }
    this.#headerBytes = 0;
    this.#header = 0;
    this.#deliver(chunk.slice(at, end));
    return end;
  }

  #moreOfFrame(chunk: Uint8Array, at: number): number {
    const count = Math.min(this.#header - this.#filled, chunk.length - at);
    const body = this.#roomFor(this.#filled + count);
    body.set(chunk.subarray(at, at + count), this.#filled);
    this.#filled += count;
    if (this.#filled === this.#header) {
      const frame = body.length === this.#filled ? body : body.slice(0, this.#filled);
      this.#headerBytes = 0;
      this.#header = 0;
      this.#filled = 0;
      this.#body = undefined;
      this.#deliver(frame);
    }
    return at + count;
  }

  #roomFor(needed: number): Uint8Array {
    const body = this.#body!;
    if (body.length >= needed) return body;
    const larger = new Uint8Array(Math.min(this.#header, Math.max(needed, body.length * 2)));
    larger.set(body.subarray(0, this.#filled));
    this.#body = larger;
    return larger;
  }
}
