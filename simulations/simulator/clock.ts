/**
 * Virtual time: one queue of events for the whole world. Nothing waits; the clock jumps from event
 * to event. Between two events every promise that can settle does, so a run depends on nothing but
 * its events.
 */
import type { Clock } from '../../node/ports.ts';

/** Noon UTC of 1 January 2030: far from the midnight at which daily limits open again. */
export const EPOCH_MS = Date.UTC(2030, 0, 1, 12);

interface TimedEvent {
  /** Virtual ms since the world began. */
  readonly at: number;
  /** Order of events at one moment. */
  readonly serial: number;
  task: (() => void) | undefined;
}

export class VirtualTime {
  /** Virtual ms since the world began; may have a fraction. */
  now = 0;
  /** Events carried out so far. */
  events = 0;
  readonly #heap: TimedEvent[] = [];
  readonly #onThrow: (error: unknown) => void;
  #serial = 0;

  /** @param onThrow hears of an event that threw: nothing in a node may */
  constructor(onThrow: (error: unknown) => void) {
    this.#onThrow = onThrow;
  }

  /** Runs `task` in `delayMs` of virtual time. The returned function cancels it. */
  after(delayMs: number, task: () => void): () => void {
    const event: TimedEvent = { at: this.now + delayMs, serial: this.#serial++, task };
    this.#push(event);
    return () => {
      event.task = undefined;
    };
  }

  /** Carries out events up to `untilMs`, the last moment included, or until `done` says so. */
  run(untilMs: number, done: () => boolean = () => false): Promise<void> {
    return new Promise((resolve) => {
      let ended = false;
      const step = () => {
        if (ended) return;
        const event = done() ? undefined : this.#next(untilMs);
        if (event === undefined) {
          ended = true;
          // What `done` ended stays in time; otherwise all of the stretch has passed.
          if (!done() && this.now < untilMs) this.now = untilMs;
          resolve();
          return;
        }
        this.now = event.at;
        this.events++;
        try {
          event.task?.();
        } catch (error) {
          this.#onThrow(error);
        }
        waiting--;
        if (waiting === 0) queue();
      };
      // One immediate per event, so that Node settles all promises between two of them; many at a
      // time, because each round of its event loop costs more than an event of ours.
      let waiting = 0;
      const queue = () => {
        waiting = IMMEDIATES;
        for (let i = 0; i < IMMEDIATES; i++) setImmediate(step);
      };
      queue();
    });
  }

  #next(untilMs: number): TimedEvent | undefined {
    for (;;) {
      const first = this.#heap[0];
      if (first === undefined || first.at > untilMs) return undefined;
      this.#pop();
      if (first.task !== undefined) return first;
    }
  }

  #push(event: TimedEvent): void {
    const heap = this.#heap;
    let at = heap.length;
    heap.push(event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isBefore(event, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = event;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (!isBefore(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
  }
}

const IMMEDIATES = 64;

function isBefore(a: TimedEvent, b: TimedEvent): boolean {
  return a.at < b.at || (a.at === b.at && a.serial < b.serial);
}

/**
 * The Clock port of one process. Its timers die with the process.
 * @param skewMs by which this machine's clock is wrong
 */
export function clockOf(time: VirtualTime, skewMs: number, isAlive: () => boolean): Clock {
  const whileAlive = (task: () => void) => () => {
    if (isAlive()) task();
  };
  return {
    now: () => EPOCH_MS + Math.floor(time.now) + skewMs,
    after: (delayMs, task) => time.after(Math.max(0, delayMs), whileAlive(task)),
    soon: (task) => {
      time.after(0, whileAlive(task));
    },
  };
}
