/** What may go wrong in a run, and how often, by profile. */
import type { SeededRandom } from '../random.ts';
import type { Timed } from '../work-steps.ts';
import type { CrashPoint } from './host.ts';
import type { Weather } from './network.ts';

export type FaultStep =
  | { readonly do: 'weather'; readonly weather: Weather; readonly forMs: number }
  /** Links that carry nothing, `[from, to]`. */
  | {
      readonly do: 'partition';
      readonly cut: readonly (readonly [number, number])[];
      readonly forMs: number;
    }
  | { readonly do: 'slow'; readonly host: number; readonly times: number; readonly forMs: number }
  | { readonly do: 'crash'; readonly host: number; readonly kept: boolean; readonly downMs: number }
  | {
      readonly do: 'trap';
      readonly host: number;
      readonly point: CrashPoint;
      readonly sends: number;
      /** Springs at a batch that brings an attempt, or a clearing, to this phase; absent: at any. */
      readonly phase?: string;
      readonly downMs: number;
    }
  | {
      readonly do: 'disk fault';
      readonly host: number;
      readonly batches: number;
      /** What the disk refuses is on it all the same. */
      readonly kept: boolean;
    }
  /** A host that never comes back. */
  | { readonly do: 'leave'; readonly host: number }
  /** Messages of these names, to one host or to all, are lost; or they come, but so late. */
  | {
      readonly do: 'hush';
      readonly what: readonly string[];
      readonly to?: number;
      readonly lateMs?: number;
      readonly forMs: number;
    }
  /** Frames of long ago arrive once more. */
  | { readonly do: 'echo'; readonly frames: number };

export const PROFILES = ['calm', 'lossy', 'crashy', 'partition', 'hostile'] as const;
export type Profile = (typeof PROFILES)[number];

const POINTS: readonly CrashPoint[] = ['before batch', 'batch lost', 'batch kept', 'while sending'];
const PHASES = ['COLLECT', 'DECIDED', 'DOUBT', 'WITHDRAWN', 'ABORTED', 'COMMITTED'];
const CLEARING_PHASES = ['PROPOSED', 'WAITING_CONFIRMATIONS', 'REJECTED'];

interface Frame {
  readonly random: SeededRandom;
  readonly hosts: number;
  readonly startMs: number;
  readonly spanMs: number;
}

/** The faults of one run, drawn before it begins. */
export function makeFaults(profile: Profile, frame: Frame): Timed<FaultStep>[] {
  switch (profile) {
    case 'calm':
      return [];
    case 'lossy':
      return [...storms(frame, 3), ...echoes(frame, 3), ...slowness(frame, 1)];
    case 'crashy':
      return [
        ...crashes(frame, 3),
        ...traps(frame, 10),
        ...diskFaults(frame, 2),
        ...storms(frame, 1),
        ...echoes(frame, 2),
        ...longSleep(frame),
      ];
    case 'partition':
      return [
        ...partitions(frame, 4),
        ...slowness(frame, 1),
        ...vanishings(frame, 3),
        ...leavings(frame),
        ...longSleep(frame),
      ];
    case 'hostile':
      return [
        ...storms(frame, 1),
        ...traps(frame, 2),
        ...echoes(frame, 2),
        ...partitions(frame, 1),
      ];
  }
}

function times(frame: Frame, count: number, make: () => FaultStep): Timed<FaultStep>[] {
  const { random, startMs, spanMs } = frame;
  return Array.from({ length: count }, () => ({
    at: startMs + random.below(spanMs),
    step: make(),
  }));
}

function storms(frame: Frame, count: number): Timed<FaultStep>[] {
  const { random } = frame;
  return times(frame, count, () => ({
    do: 'weather',
    weather: {
      delayMsMin: 1,
      delayMsMax: 20 + random.below(200),
      loss: random.below(30) / 100,
      repeat: random.below(20) / 100,
      late: random.below(20) / 100,
      lateMsMax: 500 + random.below(8_000),
    },
    forMs: 3_000 + random.below(15_000),
  }));
}

function crashes(frame: Frame, count: number): Timed<FaultStep>[] {
  const { random, hosts } = frame;
  return times(frame, count, () => ({
    do: 'crash',
    host: random.below(hosts),
    kept: random.below(2) === 0,
    downMs: downMs(random),
  }));
}

function traps(frame: Frame, count: number): Timed<FaultStep>[] {
  const { random, hosts } = frame;
  return times(frame, count, () => ({
    do: 'trap',
    host: random.below(hosts),
    point: random.pick(POINTS),
    sends: random.below(3),
    ...(random.below(4) > 0
      ? { phase: random.pick(random.below(4) > 0 ? PHASES : CLEARING_PHASES) }
      : {}),
    downMs: downMs(random),
  }));
}

/** A coordinator goes while others wait for it, having told nobody or only some. */
function vanishings(frame: Frame, count: number): Timed<FaultStep>[] {
  const { random, hosts } = frame;
  return times(frame, count, () => ({
    do: 'trap',
    host: random.below(hosts),
    point: 'while sending',
    sends: random.below(3),
    phase: random.pick(['COLLECT', 'DECIDED', 'DECIDED', 'COMMITTED']),
    downMs: 5_000 + random.below(20_000),
  }));
}

/** Now and then somebody is away until long after every order of its time has expired, ms. */
export const LONG_SLEEP_MS = 330_000;

function longSleep(frame: Frame): Timed<FaultStep>[] {
  const { random, hosts } = frame;
  if (random.below(6) > 0) return [];
  return times(frame, 3, () => ({
    do: 'trap',
    host: random.below(hosts),
    point: random.pick(POINTS),
    sends: random.below(2),
    phase: random.pick(['COLLECT', 'DECIDED', 'COMMITTED', 'DOUBT']),
    downMs: LONG_SLEEP_MS,
  }));
}

/** Mostly a quick restart, sometimes one that everyone's patience has run out before. */
function downMs(random: SeededRandom): number {
  return random.below(3) > 0 ? 50 + random.below(2_000) : 5_000 + random.below(25_000);
}

function diskFaults(frame: Frame, count: number): Timed<FaultStep>[] {
  const { random, hosts } = frame;
  return times(frame, count, () => ({
    do: 'disk fault',
    host: random.below(hosts),
    batches: 1 + random.below(3),
    kept: random.below(2) === 0,
  }));
}

function slowness(frame: Frame, count: number): Timed<FaultStep>[] {
  const { random, hosts } = frame;
  return times(frame, count, () => ({
    do: 'slow',
    host: random.below(hosts),
    times: 20 + random.below(400),
    forMs: 2_000 + random.below(15_000),
  }));
}

function echoes(frame: Frame, count: number): Timed<FaultStep>[] {
  const { random } = frame;
  return times(frame, count, () => ({ do: 'echo', frames: 5 + random.below(30) }));
}

function leavings(frame: Frame): Timed<FaultStep>[] {
  const { random, hosts } = frame;
  if (random.below(4) > 0) return [];
  return times(frame, 1, () => ({ do: 'leave', host: random.below(hosts) }));
}

/** The hub comes to know only long afterwards what has changed. */
export function makeHushes(
  random: SeededRandom,
  startMs: number,
  spanMs: number,
): Timed<FaultStep>[] {
  return Array.from({ length: 1 + random.below(3) }, () => {
    const forMs = 5_000 + random.below(20_000);
    return {
      at: startMs + random.below(spanMs),
      step: {
        do: 'hush',
        what: ['EDGE_REPORT'],
        ...(random.below(2) === 0 ? { lateMs: forMs } : {}),
        forMs,
      },
    };
  });
}

function partitions(frame: Frame, count: number): Timed<FaultStep>[] {
  const { random, hosts } = frame;
  return times(frame, count, () => {
    const everyone = Array.from({ length: hosts }, (_, i) => i);
    const side = new Set(random.shuffled(everyone).slice(0, 1 + random.below(hosts - 1)));
    // Two halves, one direction between them, or single links that fail.
    const kind = random.below(3);
    const cut: [number, number][] = [];
    for (const from of everyone) {
      for (const to of everyone) {
        if (from === to) continue;
        const across = side.has(from) !== side.has(to);
        const cuts =
          kind === 0
            ? across
            : kind === 1
              ? side.has(from) && !side.has(to)
              : random.below(4) === 0;
        if (cuts) cut.push([from, to]);
      }
    }
    return { do: 'partition', cut, forMs: 1_000 + random.below(20_000) };
  });
}
