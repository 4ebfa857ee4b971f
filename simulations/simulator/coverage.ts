/**
 * Which rows of the machines a campaign has reached: every pair of a state and an event, counted by a
 * wrapper round the production functions that is put in while they are loaded.
 */
import type { Substitution } from '../mutants/substitute.ts';

const COUNTER = 'geoSimulatorSteps';

interface Machine {
  readonly file: string;
  /** The exported functions that step it, and how what they are given is called here. */
  readonly steps: readonly { readonly name: string; readonly pair: string }[];
  readonly states: readonly string[];
  readonly events: readonly string[];
  /** Steps that begin without a state. */
  readonly beginnings: readonly string[];
}

const PHASE_AND_TYPE = "given[0].phase + ' ' + given[1].type";
const CLEARING_PHASES = ['NEW', 'PROPOSED', 'WAITING_CONFIRMATIONS', 'COMMITTED', 'REJECTED'];
const LINE_STATUS = "lineOf(given[0], given[1])?.status ?? 'none'";

const MACHINES = {
  voter: {
    file: 'protocol/machines/voter.ts',
    steps: [{ name: 'stepVoter', pair: PHASE_AND_TYPE }],
    states: ['DOUBT', 'WITHDRAWN', 'ABORTED', 'COMMITTED'],
    events: ['evidence', 'status-reply', 'withdraw-request', 'timer'],
    beginnings: ['acceptPrepare', 'refusePrepare', 'refuseQuery'],
  },
  coordinator: {
    file: 'protocol/machines/coordinator.ts',
    steps: [{ name: 'stepCoordinator', pair: PHASE_AND_TYPE }],
    states: ['COLLECT', 'DECIDED', 'ABORTED', 'COMMITTED'],
    events: ['evidence', 'status-reply', 'status-query', 'timer', 'expired'],
    beginnings: ['startCoordinator', 'refuseUnknown'],
  },
  'clearing coordinator': {
    file: 'protocol/machines/clearing-coordinator.ts',
    steps: [{ name: 'stepClearingCoordinator', pair: PHASE_AND_TYPE }],
    states: CLEARING_PHASES,
    events: ['accept', 'reject', 'attempt-committed', 'attempt-aborted', 'timer', 'restart'],
    beginnings: ['startClearing'],
  },
  'clearing participant': {
    file: 'protocol/machines/clearing-participant.ts',
    steps: [{ name: 'stepClearingParticipant', pair: PHASE_AND_TYPE }],
    states: CLEARING_PHASES,
    events: ['proposed', 'answer', 'expired', 'prepared', 'attempt-committed', 'attempt-aborted'],
    beginnings: [],
  },
  'trust line': {
    file: 'protocol/machines/trust-line.ts',
    steps: [
      { name: 'changeLine', pair: `(${LINE_STATUS}) + ' ' + (given[2].status ?? 'set')` },
      {
        name: 'receiveLine',
        pair: `(${LINE_STATUS}) + (given[2].sequence > (lineOf(given[0], given[1])?.sequence ?? 0) ? ' newer' : ' repeated')`,
      },
    ],
    states: ['none', 'active', 'frozen', 'closed'],
    events: ['set', 'frozen', 'closed', 'newer', 'repeated'],
    beginnings: [],
  },
} as const satisfies Readonly<Record<string, Machine>>;

const ONLY_ASKED =
  'a person answers what waits for it; anything else is refused before the machine';

/** Pairs that no run can reach, each with its reason. */
export const UNREACHABLE: Readonly<Record<string, string>> = {
  'voter ABORTED timer': 'an aborted voter is settled: its timer is cleared in the same write',
  ...reasonsOf('clearing coordinator', {
    'PROPOSED attempt-aborted': 'nothing is voted on while somebody is asked',
    'PROPOSED attempt-committed':
      'nothing is voted on while somebody is asked; an attempt that was aborted before commits only by R8',
    'REJECTED attempt-committed': 'an attempt that was aborted commits only by R8',
    'COMMITTED attempt-aborted': 'no attempt of it is begun after the one that commits',
    'COMMITTED attempt-committed': 'the engine keeps the first outcome of a proposal',
    'COMMITTED restart':
      'a restart takes up what is undecided, and leaves live attempts to the engine',
  }),
  ...reasonsOf('clearing participant', {
    'NEW answer': ONLY_ASKED,
    'WAITING_CONFIRMATIONS answer': ONLY_ASKED,
    'COMMITTED answer': ONLY_ASKED,
    'REJECTED answer': ONLY_ASKED,
    'NEW expired': 'only who was asked has a time to answer in',
    'PROPOSED attempt-committed': 'who is still asked has said NO to every attempt',
    'COMMITTED expired': 'what is decided does not expire',
    'COMMITTED attempt-committed': 'the engine keeps the first outcome of a proposal',
    'COMMITTED attempt-aborted': 'the engine keeps the first outcome of a proposal',
  }),
  'trust line none repeated': 'versions begin at 1, and of an unknown line every one is newer',
};

function reasonsOf(role: string, reasons: Record<string, string>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(reasons).map(([pair, reason]) => [`${role} ${pair}`, reason]),
  );
}

export const countSteps: readonly Substitution[] = Object.entries<Machine>(MACHINES).flatMap(
  ([role, { file, steps, beginnings }]) => [
    ...steps.map(({ name, pair }) => counted(file, name, `'${role} ' + ${pair}`)),
    ...beginnings.map((name) => counted(file, name, `'${role} none ${name}'`)),
  ],
);

function counted(file: string, name: string, key: string): Substitution {
  return {
    file,
    snippet: `export function ${name}(`,
    replacement: `export function ${name}(...given: Parameters<typeof plain_${name}>): ReturnType<typeof plain_${name}> {
  (globalThis as unknown as { ${COUNTER}?: (key: string) => void }).${COUNTER}?.(${key});
  return plain_${name}(...given);
}

function plain_${name}(`,
  };
}

export class Coverage {
  readonly #counts = new Map<string, number>();

  /** How often each pair was met. */
  get counts(): ReadonlyMap<string, number> {
    return this.#counts;
  }

  /** Adds what another process has counted. */
  add(counts: ReadonlyMap<string, number>): void {
    for (const [key, count] of counts) this.#counts.set(key, (this.#counts.get(key) ?? 0) + count);
  }

  /** Begins to count; the substitutions must have been made. */
  listen(): void {
    Object.assign(globalThis, {
      [COUNTER]: (key: string) => this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1),
    });
  }

  rows(): { readonly pair: string; readonly count: number; readonly unreachable?: string }[] {
    const pairs = Object.entries<Machine>(MACHINES).flatMap(
      ([role, { states, events, beginnings }]) => [
        ...beginnings.map((begin) => `${role} none ${begin}`),
        ...states.flatMap((state) => events.map((event) => `${role} ${state} ${event}`)),
      ],
    );
    return pairs.map((pair) => {
      const unreachable = UNREACHABLE[pair];
      const count = this.#counts.get(pair) ?? 0;
      return unreachable === undefined ? { pair, count } : { pair, count, unreachable };
    });
  }
}
