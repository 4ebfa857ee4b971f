/**
 * Which rows of the two commit machines a campaign has reached: every pair of a phase and an event,
 * counted by a wrapper round the production functions that is put in while they are loaded.
 */
import type { Substitution } from '../mutants/substitute.ts';

const COUNTER = 'geoSimulatorSteps';

const PHASES = {
  voter: ['DOUBT', 'WITHDRAWN', 'ABORTED', 'COMMITTED'],
  coordinator: ['COLLECT', 'DECIDED', 'ABORTED', 'COMMITTED'],
} as const;
const EVENTS = {
  voter: ['evidence', 'status-reply', 'withdraw-request', 'timer'],
  coordinator: ['evidence', 'status-reply', 'status-query', 'timer', 'expired'],
} as const;

/** Steps that begin without a state. */
const BEGINNINGS = {
  voter: ['acceptPrepare', 'refusePrepare', 'refuseQuery'],
  coordinator: ['startCoordinator', 'refuseUnknown'],
} as const;

export type Role = keyof typeof PHASES;

/** Pairs that no run can reach, each with its reason. */
export const UNREACHABLE: Readonly<Record<string, string>> = {
  'voter ABORTED timer': 'an aborted voter is settled: its timer is cleared in the same write',
};

export const countSteps: readonly Substitution[] = [
  ...stepsOf('voter', 'protocol/machines/voter.ts', 'stepVoter', 'VoterState', 'VoterEvent'),
  ...stepsOf(
    'coordinator',
    'protocol/machines/coordinator.ts',
    'stepCoordinator',
    'CoordinatorState',
    'CoordinatorEvent',
  ),
];

function stepsOf(
  role: Role,
  file: string,
  name: string,
  state: string,
  event: string,
): Substitution[] {
  const counted = (key: string) =>
    `(globalThis as unknown as { ${COUNTER}?: (key: string) => void }).${COUNTER}?.(${key});`;
  return [
    {
      file,
      snippet: `export function ${name}(`,
      replacement: `export function ${name}(state: ${state}, event: ${event}): Outcome<${state}> {
  ${counted(`'${role} ' + state.phase + ' ' + event.type`)}
  return plain_${name}(state, event);
}

function plain_${name}(`,
    },
    ...BEGINNINGS[role].map((begin) => ({
      file,
      snippet: `export function ${begin}(`,
      replacement: `export function ${begin}(...given: Parameters<typeof plain_${begin}>): Outcome<${state}> {
  ${counted(`'${role} none ${begin}'`)}
  return plain_${begin}(...given);
}

function plain_${begin}(`,
    })),
  ];
}

export class Coverage {
  readonly #counts = new Map<string, number>();

  /** Begins to count; the substitutions must have been made. */
  listen(): void {
    Object.assign(globalThis, {
      [COUNTER]: (key: string) => this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1),
    });
  }

  rows(): { readonly pair: string; readonly count: number; readonly unreachable?: string }[] {
    const roles = Object.keys(PHASES) as Role[];
    const pairs = roles.flatMap((role) => [
      ...BEGINNINGS[role].map((begin) => `${role} none ${begin}`),
      ...PHASES[role].flatMap((phase) => EVENTS[role].map((event) => `${role} ${phase} ${event}`)),
    ]);
    return pairs.map((pair) => {
      const unreachable = UNREACHABLE[pair];
      const count = this.#counts.get(pair) ?? 0;
      return unreachable === undefined ? { pair, count } : { pair, count, unreachable };
    });
  }
}
