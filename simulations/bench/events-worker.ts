/** `node events-worker.ts`: a process that follows a node's events, over many WebSockets at once or over one that is cut again and again. */

import { serve } from '../worker-process.ts';
import { type EventDoor, EventSubscriber } from './event-subscriber.ts';
import { cpuSoFar } from './meter.ts';

/** What the subscribers have seen since they were told to begin anew. */
export interface Seen {
  /** Events over all subscribers. */
  readonly events: number;
  /** Events that somebody saw out of its row: one was missed before it, or it was seen before. */
  readonly faults: number;
  /** From the moment that an event bears to its arrival, one for each event and subscriber, ms. */
  readonly latenciesMs: Float64Array;
  readonly cpuUs: number;
  /** Numbers of the newest event that the slowest and the quickest have seen. */
  readonly slowest: number;
  readonly quickest: number;
}

export interface Resumed {
  readonly visits: number;
  readonly events: number;
  readonly faults: number;
}

/** Connections that are being opened at one time. */
const OPENING = 50;

const subscribers: EventSubscriber[] = [];
let places: number[] = [];
let events = 0;
let faults = 0;
let latencies: number[] = [];
let cpuUs = 0;

function saw(index: number, number: number, time: number): void {
  const before = places[index];
  if (before !== undefined && number !== before + 1) faults++;
  places[index] = number;
  events++;
  latencies.push(Date.now() - time);
}

const calls = {
  async subscribe({ count, ...door }: EventDoor & { readonly count: number }): Promise<void> {
    for (let from = 0; from < count; from += OPENING) {
      const some = Array.from({ length: Math.min(OPENING, count - from) }, (_, i) => {
        const index = from + i;
        return new EventSubscriber(door, (number, time) => saw(index, number, time));
      });
      await Promise.all(some.map(({ begun }) => begun.promise));
      subscribers.push(...some);
    }
  },

  forget(): void {
    places = [];
    events = 0;
    faults = 0;
    latencies = [];
    cpuUs = cpuSoFar().cpuUs;
  },

  seen: (): Seen => ({
    events,
    faults,
    latenciesMs: Float64Array.from(latencies),
    cpuUs: cpuSoFar().cpuUs - cpuUs,
    slowest: Math.min(...subscribers.map((_, index) => places[index] ?? 0)),
    quickest: Math.max(0, ...places),
  }),

  /** Comes, sees a few events, loses its connection and comes back after the last that it saw, so many times. */
  async resume({ visits, ...door }: EventDoor & { readonly visits: number }): Promise<Resumed> {
    let last: { number: number; cursor: string } | undefined;
    const found = { events: 0, faults: 0 };
    for (let visit = 0; visit < visits; visit++) {
      const wanted = 1 + (visit % 3);
      await new Promise<void>((resolve, reject) => {
        let taken = 0;
        const subscriber = new EventSubscriber(
          door,
          (number, _time, cursor) => {
            // What comes after it has left, it does not see.
            if (taken >= wanted) return;
            if (last !== undefined && number !== last.number + 1) found.faults++;
            last = { number, cursor };
            found.events++;
            if (++taken < wanted) return;
            subscriber.drop();
            resolve();
          },
          last?.cursor,
        );
        // After it has left, its end is no news.
        subscriber.begun.promise.catch((error) => (taken < wanted ? reject(error) : undefined));
      });
    }
    return { visits, ...found };
  },

  leave(): void {
    for (const subscriber of subscribers.splice(0)) subscriber.drop();
  },
};

export type EventsWorkerCalls = typeof calls;

if (import.meta.main) serve(calls);
