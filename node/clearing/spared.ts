/**
 * Creditors that have not agreed, or not answered, lately: debts to them are left out of new
 * proposals for a time. In memory only; a restart may ask once more.
 */
import type { Pid } from '../../protocol/identity/pid.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';

/** Creditors remembered at once; the oldest is forgotten first. */
const SPARED_MAX = 10_000;

export class Spared {
  readonly #until = new Map<string, number>();

  /** @param until ms since 1970 UTC */
  add(creditor: Pid, equivalent: EquivalentCode, until: number): void {
    const key = `${equivalent}/${creditor}`;
    this.#until.delete(key);
    if (this.#until.size >= SPARED_MAX) this.#until.delete(this.#until.keys().next().value!);
    this.#until.set(key, until);
  }

  has(creditor: Pid, equivalent: EquivalentCode, now: number): boolean {
    const until = this.#until.get(`${equivalent}/${creditor}`);
    return until !== undefined && until > now;
  }
}
