/**
 * When to act again without being asked. Deadlines live in the stored records (an attempt's timer,
 * an outbox entry's next try); this is only their order in time, made anew at every start.
 */
import type { Clock } from '../ports.ts';

export type DeadlineTopic =
  | `attempt:${string}`
  | `outbox:${string}`
  | `clearing:${string}`
  | `membership:${string}`;

/** What a deadline is of, and its name. */
export function splitTopic(topic: DeadlineTopic): [kind: string, name: string] {
  const at = topic.indexOf(':');
  return [topic.slice(0, at), topic.slice(at + 1)];
}

export class Deadlines {
  readonly #clock: Clock;
  readonly #fire: (topic: DeadlineTopic) => void;
  readonly #due = new Map<DeadlineTopic, () => void>();
  #stopped = false;

  constructor(clock: Clock, fire: (topic: DeadlineTopic) => void) {
    this.#clock = clock;
    this.#fire = fire;
  }

  /** Sets, moves or (without a time) clears the one deadline of a topic. `at`: ms since 1970 UTC. */
  set(topic: DeadlineTopic, at: number | undefined): void {
    this.#due.get(topic)?.();
    this.#due.delete(topic);
    if (at === undefined || this.#stopped) return;
    const delay = Math.max(0, at - this.#clock.now());
    this.#due.set(
      topic,
      this.#clock.after(delay, () => {
        this.#due.delete(topic);
        this.#fire(topic);
      }),
    );
  }

  get size(): number {
    return this.#due.size;
  }

  stop(): void {
    this.#stopped = true;
    for (const cancel of this.#due.values()) cancel();
    this.#due.clear();
  }
}
