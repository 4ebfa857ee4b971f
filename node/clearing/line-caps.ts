/** Lines that bound what one clearing takes, kept apart from all others so that a plan need not look at every line. */
import type { Pid } from '../../protocol/identity/pid.ts';
import { counterparty, type Edge, lineOf } from '../../protocol/ledger/edge.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import type { State } from '../engine/state.ts';

export class LineCaps {
  readonly #state: State;
  /** By equivalent, debtor and creditor; smallest unit. */
  readonly #caps = new Map<string, bigint>();

  constructor(state: State) {
    this.#state = state;
    state.watchEdges({
      changed: (edge) => this.#take(edge),
      reloaded: () => {
        this.#caps.clear();
        for (const edge of this.#state.edges.values()) this.#take(edge);
      },
    });
  }

  /** The most that one clearing takes from what a debtor owes; undefined: all of it, as far as it is known here. */
  capOf(equivalent: EquivalentCode, debtor: Pid, creditor: Pid): bigint | undefined {
    if (this.#caps.size === 0) return undefined;
    return this.#caps.get(nameOf(equivalent, debtor, creditor));
  }

  #take(edge: Edge): void {
    for (const creditor of [edge.low, edge.high]) {
      const cap = lineOf(edge, creditor)?.policy.clearing_limit;
      if (cap === undefined && this.#caps.size === 0) continue;
      const name = nameOf(edge.equivalent, counterparty(edge, creditor), creditor);
      if (cap === undefined) this.#caps.delete(name);
      else this.#caps.set(name, cap);
    }
  }
}

function nameOf(equivalent: EquivalentCode, debtor: Pid, creditor: Pid): string {
  return `${equivalent}/${debtor}/${creditor}`;
}
