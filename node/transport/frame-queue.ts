/** Frames that wait for a stream, first in, first out, bounded in bytes. */

/** What a queued frame costs beside its bytes: the array object and its place in the queue. */
const OVERHEAD_BYTES = 128;

/** Bytes that all queues of one transport hold together; shared, so that many dead peers cannot add up. */
export interface QueueBudget {
  usedBytes: number;
  readonly maxBytes: number;
}

export class FrameQueue {
  readonly #maxBytes: number;
  readonly #budget: QueueBudget;
  #frames: Uint8Array[] = [];
  #head = 0;
  #bytes = 0;

  constructor(maxBytes: number, budget: QueueBudget) {
    this.#maxBytes = maxBytes;
    this.#budget = budget;
  }

  get length(): number {
    return this.#frames.length - this.#head;
  }

  /** False if there is no room. The newest is refused: what it answers to is then simply asked again. */
  push(frame: Uint8Array): boolean {
    const cost = frame.length + OVERHEAD_BYTES;
    if (this.#bytes + cost > this.#maxBytes) return false;
    if (this.#budget.usedBytes + cost > this.#budget.maxBytes) return false;
    this.#frames.push(frame);
    this.#account(cost);
    return true;
  }

  /** Removes the oldest frames: at least one if there is any, at most `maxFrames`, up to `maxBytes`. */
  take(maxFrames: number, maxBytes: number): Uint8Array[] {
    const start = this.#head;
    let bytes = 0;
    while (this.#head < this.#frames.length && this.#head - start < maxFrames) {
      const { length } = this.#frames[this.#head]!;
      if (bytes > 0 && bytes + length > maxBytes) break;
      bytes += length;
      this.#head += 1;
    }
    const taken = this.#frames.slice(start, this.#head);
    this.#account(-(bytes + taken.length * OVERHEAD_BYTES));
    this.#compact();
    return taken;
  }

  /** Empties the queue. Returns how many frames were in it. */
  clear(): number {
    const { length } = this;
    this.#account(-this.#bytes);
    this.#frames = [];
    this.#head = 0;
    return length;
  }

  #account(bytes: number): void {
    this.#bytes += bytes;
    this.#budget.usedBytes += bytes;
  }

  /** Moves the rest forward only when most of the array is spent, so that taking stays cheap. */
  #compact(): void {
    if (this.#head === this.#frames.length) this.#frames = [];
    else if (this.#head < 1024 || this.#head * 2 < this.#frames.length) return;
    else this.#frames = this.#frames.slice(this.#head);
    this.#head = 0;
  }
}
