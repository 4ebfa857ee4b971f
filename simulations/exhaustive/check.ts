/** One whole exhaustive check: explore, ask every rule of every state, count. */
import { explore, type GlobalState, type Options } from './explore.ts';
import { BrokenRule } from './local.ts';
import { Rules } from './rules.ts';

export interface CheckReport {
  readonly states: number;
  readonly localStates: number;
  readonly transitions: number;
  readonly fairRuns: number;
  /** How the first broken rule was reached; absent if none is. */
  readonly broken?: { readonly rule: string; readonly trace: readonly string[] };
}

export function check(options: Options): CheckReport {
  const explored = explore(options);
  const rules = new Rules(options, explored.book);
  let broken: CheckReport['broken'];
  for (const state of explored.states) {
    const rule = ruleBrokenBy(state, rules);
    if (rule === undefined) continue;
    broken = { rule, trace: explored.trace(state) };
    break;
  }
  return {
    states: explored.states.length,
    localStates: explored.book.count,
    transitions: explored.transitions,
    fairRuns: rules.runs,
    ...(broken === undefined ? {} : { broken }),
  };
}

function ruleBrokenBy(state: GlobalState, rules: Rules): string | undefined {
  try {
    rules.check(state);
    return undefined;
  } catch (error) {
    if (error instanceof BrokenRule) return error.message;
    throw error;
  }
}
