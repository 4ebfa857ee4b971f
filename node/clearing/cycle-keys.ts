/**
 * The keys of everybody in a cycle: a manifest names its voters by key, and a cycle has members that are
 * nobody's neighbours here (docs/PROTOCOL.md, "Looking for cycles").
 */
import type { Pid, PublicKey } from '../../protocol/identity/pid.ts';
import type { Agents } from '../engine/agents.ts';
import type { Places } from '../routing/places.ts';
import type { NodeSettings } from '../settings.ts';
import type { Cycle } from './cycle.ts';
import type { DebtSearch } from './debt-search.ts';

interface CycleKeysContext {
  readonly agents: Agents;
  readonly debts: DebtSearch;
  readonly places: Places;
  readonly settings: NodeSettings['clearing'];
  /** By the network's directory, if it has one. */
  readonly findPeer: (participant: Pid) => Promise<PublicKey | undefined>;
}

export class CycleKeys {
  readonly #context: CycleKeysContext;

  constructor(context: CycleKeysContext) {
    this.#context = context;
  }

  /**
   * Learns what keys it can, within the bounds of one search: along the cycle's own debts, whose ends know
   * each other, then from the directory. Whoever stays unknown makes the attempt fail (`unknown_key`).
   */
  async learn(cycle: Cycle): Promise<void> {
    if (this.#unknownIn(cycle).length > 0) await this.#ask(cycle);
    await Promise.all(
      this.#unknownIn(cycle).map((pid) => this.#context.findPeer(pid).catch(() => undefined)),
    );
  }

  #unknownIn({ members }: Cycle): Pid[] {
    const { agents } = this.#context;
    return members.filter((pid) => agents.agentOf(pid) === undefined);
  }

  /** From a member that is served here, along the debts to whoever owes it. */
  async #ask(cycle: Cycle): Promise<void> {
    const { agents, debts, places, settings } = this.#context;
    const { members, equivalent, amount } = cycle;
    const at = members.findIndex((pid) => agents.served(pid));
    if (at < 0) return;
    const wanted = new Set(this.#unknownIn(cycle));
    const creditor = members[at]!;
    const debtor = members.at(at - 1)!;
    const maxHops = members.length - 1;
    const found = await debts.find(
      { creditor, debtor, equivalent, amount, maxHops, budget: settings.search_budget },
      ({ hops }) => wanted.isSubsetOf(new Set(hops.flatMap((hop) => [hop.debtor, hop.creditor]))),
    );
    for (const place of found.places) places.hear(place);
  }
}
