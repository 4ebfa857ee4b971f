/** Time that passes only when a test says so: the same order of events in every run, and no waiting. */
import type { Clock } from '../../../node/ports.ts';

interface Timer {
  readonly at: number;
  readonly task: () => void;
}

export class VirtualClock implements Clock {
  #now: number;
  /** Sorted by time; equal times in the order in which they were set. */
  readonly #timers: Timer[] = [];
  #soon: (() => void)[] = [];

  constructor(now: number) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, task: () => void): () => void {
    const timer = { at: this.#now + Math.max(0, delayMs), task };
    let place = this.#timers.length;
    while (place > 0 && this.#timers[place - 1]!.at > timer.at) place--;
    this.#timers.splice(place, 0, timer);
    return () => {
      const found = this.#timers.indexOf(timer);
      if (found >= 0) this.#timers.splice(found, 1);
    };
  }

  soon(task: () => void): void {
    this.#soon.push(task);
  }

  /** Lets everything happen that needs no time to pass. */
  async settle(): Promise<void> {
    for (;;) {
      // A turn of Node's own loop: every promise that could go on has done so.
      await new Promise((resolve) => setImmediate(resolve));
      if (this.#soon.length === 0) return;
      for (const task of this.#soon.splice(0)) task();
    }
  }

  /**
   * Lets time pass until `done` says so.
   * @returns whether it did within `limitMs`; if not, that time has passed
   */
  async until(done: () => boolean, limitMs: number): Promise<boolean> {
    const end = this.#now + limitMs;
    await this.settle();
    while (!done()) {
      const [next] = this.#timers;
      if (next === undefined || next.at > end) {
        this.#now = end;
        return false;
      }
      this.#timers.shift();
      this.#now = next.at;
      next.task();
      await this.settle();
    }
    return true;
  }

  async pass(ms: number): Promise<void> {
    await this.until(() => false, ms);
  }

  /** Lets time pass until the promise has settled. */
  async run<T>(promise: Promise<T>, limitMs = 3_600_000): Promise<T> {
    let settled = false;
    const watched = promise.finally(() => {
      settled = true;
    });
    watched.catch(() => undefined);
    if (!(await this.until(() => settled, limitMs))) {
      throw new Error(`nothing came of it within ${limitMs} ms`);
    }
    return watched;
  }
}
