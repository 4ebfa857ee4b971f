/**
 * Courses of events that a search seldom meets, as plans by hand: each leads to pairs of a state and an event that
 * random work reaches in one of some thousand runs. A search plays them first; every rule is checked in them too.
 */
import { CYCLE_MAX } from '../../protocol/limits.ts';
import type { LineStep, Timed } from '../work-steps.ts';
import type { FaultStep } from './faults.ts';
import { OPENING_MS, type Plan, type Step } from './plan.ts';

export interface Drill {
  readonly name: string;
  /** Pairs that it is there for, as `coverage.ts` names them. */
  readonly reaches: readonly string[];
  /** Where luck plays a part, several. */
  readonly plans: readonly Plan[];
}

const [EQUIVALENT, ANOTHER] = ['HOUR', 'KAVA'] as const;
const HOSTS = 4;
const EVERYONE = Array.from({ length: HOSTS }, (_, i) => i);
const DEBT = 100;
/** By then the debts of a cycle are there, ms. */
const PAID_MS = 4_000;
const CLEAR_MS = 5_000;
/** Longer than a proposal of these runs lives, ms. */
const LONG_MS = 10_000;
/** Runs with a liar: each has its chance. */
const LIARS = 48;

export const DRILLS: readonly Drill[] = [
  {
    name: 'a clearing is decided when its proposal expires',
    reaches: ['clearing coordinator NEW timer'],
    plans: [
      planOf(1, {}, [
        ...owing(),
        // Nobody's word that it has applied gets through to the coordinator.
        lost(['CLEARING_COMMIT_ACK', 'CLEARING_COMMIT', 'STATUS_REPLY'], 0, CLEAR_MS, LONG_MS),
        clear(CLEAR_MS),
      ]),
    ],
  },
  {
    name: 'whoever proposes is away when its proposal expires',
    reaches: ['clearing coordinator REJECTED restart'],
    // Two of them: while one is being given up, the other's time runs out.
    plans: [
      planOf(2, { 2: { clears: false } }, [
        ...owing(),
        ...owing(0, HOSTS, ANOTHER),
        clear(CLEAR_MS),
        clear(CLEAR_MS + 200, ANOTHER),
        { at: CLEAR_MS + 1_000, step: { do: 'crash', host: 0, kept: true, downMs: LONG_MS } },
      ]),
    ],
  },
  {
    name: 'votes are asked for late, while a person thinks and when all is over',
    reaches: ['clearing participant PROPOSED prepared', 'clearing participant COMMITTED prepared'],
    plans: [
      planOf(3, { 2: { clears: false }, 3: { clears: false } }, [
        ...owing(),
        late('CLEARING_PREPARE', 2, CLEAR_MS, 1_500, 100),
        clear(CLEAR_MS),
        answer(3, CLEAR_MS + 200),
        answer(2, CLEAR_MS + 4_500),
        ...owing(20_000, HOSTS),
        late('CLEARING_PREPARE', 2, 20_000 + CLEAR_MS, 1_500, 100),
        clear(20_000 + CLEAR_MS),
        answer(3, 20_000 + CLEAR_MS + 200),
        answer(2, 20_000 + CLEAR_MS + 600),
      ]),
    ],
  },
  {
    name: 'whoever proposes dies when it has begun, and when everybody has agreed',
    reaches: [
      'clearing coordinator NEW restart',
      'clearing coordinator WAITING_CONFIRMATIONS restart',
    ],
    plans: ['NEW', 'WAITING_CONFIRMATIONS'].map((phase, i) =>
      planOf(60 + i, { 1: { clears: false } }, [
        ...owing(),
        { at: CLEAR_MS - 10, step: dies(0, phase) },
        clear(CLEAR_MS),
        answer(1, CLEAR_MS + 500),
        // The line's owner lets it be cleared unasked by then.
        ...(phase === 'NEW' ? [unasked(CLEAR_MS - 500)] : []),
      ]),
    ),
  },
  {
    name: 'an agreement is lost, and the proposal is repeated',
    reaches: ['clearing participant WAITING_CONFIRMATIONS proposed'],
    plans: [
      planOf(70, { 1: { clears: false } }, [
        ...owing(),
        clear(CLEAR_MS),
        lost(['CLEARING_ACCEPT'], 0, CLEAR_MS, 2_000),
        answer(1, CLEAR_MS + 300),
      ]),
    ],
  },
  {
    name: 'a proposal comes once more when it has been carried out',
    reaches: ['clearing participant COMMITTED proposed'],
    plans: [
      planOf(4, { 1: { clears: false } }, [
        ...owing(),
        late('CLEARING_PROPOSE', 1, CLEAR_MS, 6_000, 200),
        clear(CLEAR_MS),
        answer(1, CLEAR_MS + 2_500),
      ]),
    ],
  },
  {
    name: 'somebody refuses what nobody has asked it, before and after',
    reaches: ['clearing coordinator NEW reject', 'clearing coordinator COMMITTED reject'],
    // A liar is found out at its first lie, and nobody deals with it any more.
    plans: Array.from({ length: LIARS }, (_, i) => ({
      ...planOf(5 + i, {}, [...owing(), clear(CLEAR_MS)]),
      profile: 'hostile',
      hostile: new Set([1]),
    })),
  },
  {
    name: 'a line is changed in every state',
    reaches: ['none', 'active', 'frozen', 'closed'].flatMap((state) =>
      ['set', 'frozen', 'closed'].map((to) => `trust line ${state} ${to}`),
    ),
    plans: [
      planOf(6, {}, [
        ...changes(0, 1, ['freeze', 'close']),
        ...changes(1, 0, ['freeze', 'freeze', 'line', 'line', 'freeze', 'close']),
        ...changes(2, 1, ['close', 'close', 'freeze', 'line', 'close', 'line']),
      ]),
    ],
  },
];

/** Hosts in a ring, each of which lets the one before it owe it. */
function planOf(
  seed: number,
  policies: Readonly<Record<number, LineStep['policy']>>,
  steps: readonly Timed<Step>[],
): Plan {
  const equivalents = [EQUIVALENT, ANOTHER];
  const lines = equivalents.flatMap((equivalent) =>
    EVERYONE.map((to): LineStep => {
      const from = (to + 1) % HOSTS;
      const policy = policies[from];
      const line = { do: 'line', from, to, equivalent, limit: 2_000 } as const;
      return policy === undefined ? line : { ...line, policy };
    }),
  );
  const sorted = [...steps].sort((a, b) => a.at - b.at);
  return {
    seed,
    profile: 'calm',
    community: { participants: HOSTS, equivalents, lines },
    hosts: HOSTS,
    hub: undefined,
    homes: false,
    triggers: false,
    longestCycles: EVERYONE.map(() => CYCLE_MAX),
    steps: sorted,
    healMs: (sorted.at(-1)?.at ?? 0) + 2 * LONG_MS,
    hostile: new Set(),
  };
}

/** Each comes to owe the next. @param first number of the first payment */
function owing(from = 0, first = 0, equivalent: string = EQUIVALENT): Timed<Step>[] {
  return EVERYONE.map((debtor, i) => ({
    at: from + OPENING_MS + (i * (PAID_MS - OPENING_MS)) / HOSTS,
    step: {
      do: 'pay',
      payment: first + i,
      from: debtor,
      to: (debtor + 1) % HOSTS,
      equivalent,
      amount: DEBT,
      paths: 1,
    },
  }));
}

function clear(at: number, equivalent: string = EQUIVALENT): Timed<Step> {
  return { at, step: { do: 'clear', by: 0, equivalent, luck: 1, percent: 100 } };
}

function answer(host: number, at: number): Timed<Step> {
  return { at, step: { do: 'answer', host, accept: true } };
}

function dies(host: number, phase: string): FaultStep {
  return { do: 'trap', host, point: 'batch kept', sends: 0, phase, downMs: 1_000 };
}

function unasked(at: number): Timed<Step> {
  const line = { do: 'line', from: 1, to: 0, equivalent: EQUIVALENT, limit: 2_000 } as const;
  return { at, step: { ...line, policy: { clears: true } } };
}

function lost(what: readonly string[], to: number, at: number, forMs: number): Timed<FaultStep> {
  return { at: at - 1, step: { do: 'hush', what, to, forMs } };
}

function late(
  what: string,
  to: number,
  at: number,
  lateMs: number,
  forMs: number,
): Timed<FaultStep> {
  return { at: at - 1, step: { do: 'hush', what: [what], to, lateMs, forMs } };
}

function changes(
  from: number,
  to: number,
  acts: readonly ('line' | 'freeze' | 'close')[],
): Timed<Step>[] {
  return acts.map((act, i) => ({
    at: OPENING_MS + i * 500,
    step:
      act === 'line'
        ? { do: act, from, to, equivalent: EQUIVALENT, limit: 500 }
        : { do: act, from, to, equivalent: EQUIVALENT },
  }));
}
