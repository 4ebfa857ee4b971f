/**
 * Creditors that have not agreed, or not answered, lately: debts to them are left out of new proposals
 * for a time, or out of longer ones where only the length was not wanted. What people said is kept over a
 * restart; of who only was silent there is nothing to keep.
 */
import type { Pid } from '../../protocol/identity/pid.ts';
import { CYCLE_MIN } from '../../protocol/limits.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import type { Shelf } from '../engine/shelf.ts';
import type { State } from '../engine/state.ts';
import type { Turn } from '../engine/turn.ts';
import { SparedRecord } from '../store/records.ts';

/** By equivalent and PID. */
export const SPARED: Shelf<SparedRecord> = { prefix: 'spared', schema: SparedRecord };

/** Creditors remembered at once; the oldest is forgotten first. */
const SPARED_MAX = 10_000;

/** Whether the creditor is left out of cycles with so many members; without a number, out of all. */
export type IsSpared = (creditor: Pid, equivalent: EquivalentCode, length?: number) => boolean;

interface Sparing {
  /** Ms since 1970 UTC. */
  readonly until: number;
  /** Members of the shortest cycle that is not wanted. */
  readonly from: number;
}

export class Spared {
  readonly #kept: ReadonlyMap<string, SparedRecord>;
  /** Those who were only silent. */
  readonly #silent = new Map<string, Sparing>();

  constructor(state: State) {
    this.#kept = state.shelf(SPARED);
  }

  /** Somebody has said no, or nothing until its time was over. */
  keep(turn: Turn, creditor: Pid, equivalent: EquivalentCode, sparing: Sparing): void {
    const key = nameOf(creditor, equivalent);
    for (const [old, { until }] of this.#kept) {
      if (until > turn.now) break;
      turn.unshelve(SPARED, old);
    }
    if (this.#kept.size >= SPARED_MAX) turn.unshelve(SPARED, this.#kept.keys().next().value!);
    turn.shelve(SPARED, key, sparing);
  }

  /** Somebody did not vote in time. */
  silent(creditor: Pid, equivalent: EquivalentCode, until: number): void {
    const key = nameOf(creditor, equivalent);
    this.#silent.delete(key);
    if (this.#silent.size >= SPARED_MAX) this.#silent.delete(this.#silent.keys().next().value!);
    this.#silent.set(key, { until, from: CYCLE_MIN });
  }

  /** Whether the creditor is left out of cycles with so many members; without a number, out of all. */
  has(creditor: Pid, equivalent: EquivalentCode, now: number, length = CYCLE_MIN): boolean {
    if (this.#kept.size === 0 && this.#silent.size === 0) return false;
    const key = nameOf(creditor, equivalent);
    const isIn = (sparing: Sparing | undefined) =>
      sparing !== undefined && sparing.until > now && sparing.from <= length;
    return isIn(this.#kept.get(key)) || isIn(this.#silent.get(key));
  }
}

function nameOf(creditor: Pid, equivalent: EquivalentCode): string {
  return `${equivalent}/${creditor}`;
}
