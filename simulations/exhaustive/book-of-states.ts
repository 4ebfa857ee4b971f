/** Local states by number, with everything that can follow each: found once, then looked up. */
import {
  keyOf,
  known,
  type LocalEvent,
  type LocalState,
  meOf,
  outsideOf,
  phaseOf,
  rename,
  signed,
  take,
} from './local.ts';
import { allOf, KINDS, type StatementSet, statement } from './statements.ts';

/** Evidence that makes a difference: from this set on the machine acts. */
export interface Trigger {
  readonly set: StatementSet;
  readonly next: number;
}

export class BookOfStates {
  readonly #size: number;
  readonly #numbers = new Map<string, number>();
  readonly #states: LocalState[] = [];
  readonly #steps: Map<string, number | undefined>[] = [];
  readonly #triggers: (readonly Trigger[] | undefined)[] = [];
  readonly #renamed: (number | undefined)[][] = [];

  constructor(size: number) {
    this.#size = size;
  }

  get count(): number {
    return this.#states.length;
  }

  numberOf(state: LocalState): number {
    const key = keyOf(state);
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.#states.push(state) - 1;
      this.#numbers.set(key, number);
      this.#steps.push(new Map());
    }
    return number;
  }

  state(number: number): LocalState {
    return this.#states[number]!;
  }

  /** The state after an event; undefined if it means nothing to this node. */
  step(number: number, event: LocalEvent): number | undefined {
    const set = 'set' in event ? event.set : '';
    const key = `${event.is} ${set} ${'from' in event ? event.from : ''}`;
    const steps = this.#steps[number]!;
    if (!steps.has(key)) {
      const next = take(this.state(number), event);
      steps.set(key, next && this.numberOf(next));
    }
    return steps.get(key);
  }

  /** Renames voters; `index` tells the permutation `names` apart from others. */
  renamed(number: number, index: number, names: readonly number[]): number {
    this.#renamed[number] ??= [];
    const row = this.#renamed[number];
    row[index] ??= this.numberOf(rename(this.state(number), names));
    return row[index];
  }

  /**
   * The smallest sets of statements on which the machine acts (another phase, or a signature), for
   * each way in which it can act. What it learns beside them makes no difference until it is part of
   * such a set, so delivering these covers every message that could ever arrive.
   */
  triggers(number: number): readonly Trigger[] {
    this.#triggers[number] ??= this.#findTriggers(number);
    return this.#triggers[number];
  }

  #findTriggers(number: number): Trigger[] {
    const state = this.state(number);
    if (!('evidence' in state)) return [];
    // What it has not signed itself nobody can show to it.
    const mine = allOf(meOf(state)) & ~outsideOf(state);
    const unknown = this.#singles().filter(
      (one) => (one & ~known(state)) !== 0 && (one & mine & ~known(state)) === 0,
    );
    const found: { readonly set: StatementSet; readonly next: number; readonly does: string }[] =
      [];
    // The largest is a certificate and an `applied`.
    const largest = this.#size + 1;
    const search = (set: StatementSet, from: number, count: number) => {
      if (count > 0) {
        const next = this.#tried(state, set);
        const does = next && `${phaseOf(next)} ${signed(next)}`;
        if (next !== undefined && does !== undefined && does !== this.#standing(state)) {
          found.push({ set, next: this.numberOf(next), does });
        }
      }
      if (count === largest) return;
      for (let i = from; i < unknown.length; i++) search(set | unknown[i]!, i + 1, count + 1);
    };
    search(0, 0, 0);
    return found.filter(
      (one) =>
        !found.some(
          (other) =>
            other.set !== one.set && (other.set & one.set) === other.set && other.does === one.does,
        ),
    );
  }

  #standing(state: LocalState): string {
    return `${phaseOf(state)} ${signed(state)}`;
  }

  #tried(state: LocalState, set: StatementSet): LocalState | undefined {
    return take(state, { is: 'evidence', set });
  }

  /** Every single statement that anyone could sign. */
  #singles(): StatementSet[] {
    const voters = Array.from({ length: this.#size }, (_, voter) => voter);
    return voters.flatMap((voter) => KINDS.map((kind) => statement(kind, voter)));
  }
}
