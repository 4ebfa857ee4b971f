/**
 * Everything between this node and one peer: the frames that wait, and the streams that carry them.
 *
 * Normally one stream. Dials that cross make two; both are read, the newest direct one is written to,
 * because of two streams the older one may be left over from before the peer restarted.
 */
import type { PublicKey } from '../../protocol/identity/pid.ts';
import { FrameQueue, type QueueBudget } from './frame-queue.ts';
import type { Link } from './link.ts';
import type { Counters } from './metrics.ts';

/** More per write makes convoys, fewer cost a system call and an encryption each (measured). */
const BATCH_FRAMES_MAX = 16;
const BATCH_BYTES_MAX = 48 * 1024;

export class PeerSession {
  readonly peer: PublicKey;
  /** Time of the last frame in either direction, ms. */
  lastActiveAt: number;
  /** Whether the node was told that this peer is connected. */
  announced = false;
  readonly #counters: Counters;
  readonly #queue: FrameQueue;
  #links: readonly Link[] = [];
  #writer: Link | undefined;
  #flushSoon: NodeJS.Immediate | undefined;
  #idleWaiters: (() => void)[] = [];

  constructor(
    peer: PublicKey,
    queueBytesMax: number,
    budget: QueueBudget,
    counters: Counters,
    now: number,
  ) {
    this.peer = peer;
    this.lastActiveAt = now;
    this.#counters = counters;
    this.#queue = new FrameQueue(queueBytesMax, budget);
  }

  get links(): readonly Link[] {
    return this.#links;
  }

  get connected(): boolean {
    return this.#links.length > 0;
  }

  /** Through a relay only. */
  get relayed(): boolean {
    return this.connected && !this.#links.some((link) => link.direct);
  }

  get waiting(): number {
    return this.#queue.length;
  }

  addLink(link: Link): void {
    this.#links = [...this.#links, link];
    this.#chooseWriter();
    this.flush();
  }

  removeLink(link: Link): void {
    this.#links = this.#links.filter((each) => each !== link);
    this.#chooseWriter();
    this.flush();
  }

  /** Queues a frame; it leaves with others in the next batch. */
  send(frame: Uint8Array): void {
    if (!this.#queue.push(frame)) {
      this.#counters.dropped.queue_full += 1;
      return;
    }
    if (this.#queue.length >= BATCH_FRAMES_MAX) this.flush();
    else this.#flushSoon ??= setImmediate(() => this.flush());
  }

  /** Hands over as much as the stream takes. */
  flush(): void {
    if (this.#flushSoon !== undefined) clearImmediate(this.#flushSoon);
    this.#flushSoon = undefined;
    while (this.#queue.length > 0) {
      if (this.#writer?.open !== true) this.#chooseWriter();
      const writer = this.#writer;
      if (writer === undefined || writer.saturated) return;
      this.#write(writer, this.#queue.take(BATCH_FRAMES_MAX, BATCH_BYTES_MAX));
    }
    for (const resolve of this.#idleWaiters.splice(0)) resolve();
  }

  /** Gives up what waits. */
  drop(reason: 'unreachable' | 'stream_lost'): void {
    this.#counters.dropped[reason] += this.#queue.clear();
    this.flush();
  }

  /** Sends what waits and closes the streams in such a way that nothing is lost. */
  async finish(): Promise<void> {
    this.flush();
    if (this.#queue.length > 0) {
      await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
    }
    await Promise.all(this.#links.map((link) => link.finish()));
  }

  /** Cuts all streams off. */
  abort(reason: string): void {
    this.drop('stream_lost');
    for (const link of this.#links) link.abort(reason);
  }

  #write(writer: Link, frames: readonly Uint8Array[]): void {
    if (!writer.write(frames)) {
      this.#counters.dropped.stream_lost += frames.length;
      this.#writer = undefined;
      return;
    }
    this.#counters.writes += 1;
    this.#counters.frames.out += frames.length;
    for (const frame of frames) this.#counters.bytes.out += frame.length;
  }

  #chooseWriter(): void {
    const open = this.#links.filter((link) => link.open);
    this.#writer = open.findLast((link) => link.direct) ?? open.at(-1);
  }
}
