/**
 * Marks: the half of a search for cycles that goes against the debts (docs/PROTOCOL.md, "Meeting in the
 * middle"). Whoever owes the asker marks those who owe it, these mark theirs, and so on for a few steps. The
 * question that goes along the debts then needs to look only half as far: from there on it follows the marks.
 * Nothing is stored; a mark that is lost or false costs messages, never a debt.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Pid, PublicKey } from '../../protocol/identity/pid.ts';
import { clearable } from '../../protocol/ledger/clearing.ts';
import { counterparty } from '../../protocol/ledger/edge.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import { bareFrame } from '../../protocol/wire/envelope.ts';
import type { ClearingMark } from '../../protocol/wire/messages/clearing.ts';
import type { Agents } from '../engine/agents.ts';
import type { State } from '../engine/state.ts';
import type { Clock, Transport } from '../ports.ts';
import type { IsSpared } from './spared.ts';

/** Searches whose marks are remembered at once, and for how long; a bound on what strangers can occupy. */
const SEARCHES_MAX = 1024;
const KEPT_MS = 60_000;
/** Participants served here that one search can mark. */
const MARKED_MAX = 256;

interface MarksContext {
  readonly state: State;
  readonly agents: Agents;
  readonly clock: Clock;
  readonly transport: Transport;
  readonly isSpared: IsSpared;
}

/** Participant served here → creditors of it by which the search gets nearer to its end. */
type Ways = Map<Pid, Set<Pid>>;

export class Marks {
  readonly #context: MarksContext;
  /** By the search's id, oldest first. */
  readonly #marked = new Map<string, Ways>();
  /** When, ms since 1970 UTC. */
  readonly #at = new Map<string, number>();
  /** Searches that began here: they look everywhere at their first step. */
  readonly #own = new Set<string>();

  constructor(context: MarksContext) {
    this.#context = context;
  }

  /** Begins at `mark.to`, a participant that is served here, with `first`, which owes it. */
  begin(mark: ClearingMark, first: Pid): void {
    const { agents, transport } = this.#context;
    const id = bytesToHex(mark.id);
    if (this.#own.size >= SEARCHES_MAX) this.#own.delete(this.#own.values().next().value!);
    this.#own.add(id);
    const agent = agents.agentOf(first);
    if (agents.served(first)) this.#spread(mark, [first]);
    else if (agent !== undefined) transport.send(agent, bareFrame('CLEARING_MARK', mark));
  }

  /** CLEARING_MARK from the agent of a participant whom others here owe. Anything else is let pass by. */
  onMark(from: PublicKey, mark: ClearingMark): void {
    if (this.#own.has(bytesToHex(mark.id)) || !this.#context.agents.isAgent(from, mark.to)) return;
    this.#spread(mark);
  }

  /** Whether somebody served here was marked for the search. */
  has(id: Uint8Array): boolean {
    return this.#marked.has(bytesToHex(id));
  }

  /** Whether the debt leads the search along its marks. */
  leads(id: Uint8Array, debtor: Pid, creditor: Pid): boolean {
    return this.#marked.get(bytesToHex(id))?.get(debtor)?.has(creditor) ?? false;
  }

  /** Marks those served here who owe `mark.to`, those who owe them, and so on, and passes it on to all others. */
  #spread(mark: ClearingMark, only?: readonly Pid[]): void {
    const { agents } = this.#context;
    const ways: Ways = this.#marked.get(bytesToHex(mark.id)) ?? new Map();
    const onward: { readonly agent: PublicKey; readonly to: Pid; readonly hops: number }[] = [];
    let level = [mark.to];
    for (let { hops } = mark; hops > 0 && level.length > 0; hops--) {
      const next: Pid[] = [];
      for (const to of level) {
        const agentsAsked = new Set<PublicKey>();
        for (const debtor of (to === mark.to && only) || this.#debtorsOf(to, mark.equivalent)) {
          const agent = agents.agentOf(debtor);
          if (agents.served(debtor)) {
            const known = ways.get(debtor);
            if (known === undefined && ways.size >= MARKED_MAX) continue;
            ways.set(debtor, (known ?? new Set()).add(to));
            if (known === undefined) next.push(debtor);
          } else if (agent !== undefined && agents.served(to)) agentsAsked.add(agent);
        }
        for (const agent of agentsAsked) onward.push({ agent, to, hops });
      }
      level = next;
    }
    if (ways.size > 0) this.#keep(bytesToHex(mark.id), ways);
    this.#pass(mark, onward.slice(0, mark.budget));
  }

  /** What the budget leaves goes to those asked in equal parts. */
  #pass(
    { id, equivalent, budget: all }: ClearingMark,
    onward: readonly { readonly agent: PublicKey; readonly to: Pid; readonly hops: number }[],
  ): void {
    const budget = Math.floor((all - onward.length) / onward.length);
    for (const { agent, to, hops } of onward) {
      const mark = { id, equivalent, to, hops, budget };
      this.#context.transport.send(agent, bareFrame('CLEARING_MARK', mark));
    }
  }

  /** Who owes a creditor something that may be cleared. */
  #debtorsOf(creditor: Pid, equivalent: EquivalentCode): Pid[] {
    const { state, isSpared } = this.#context;
    if (isSpared(creditor, equivalent)) return [];
    return state
      .edgesOf(creditor)
      .filter((edge) => edge.equivalent === equivalent)
      .map((edge) => ({ edge, debtor: counterparty(edge, creditor) }))
      .filter(({ edge, debtor }) => clearable(edge, { debtor, creditor }) > 0n)
      .map(({ debtor }) => debtor);
  }

  #keep(id: string, ways: Ways): void {
    const now = this.#context.clock.now();
    for (const [old, at] of this.#at) {
      if (at + KEPT_MS > now && this.#at.size < SEARCHES_MAX) break;
      this.#at.delete(old);
      this.#marked.delete(old);
    }
    if (!this.#marked.has(id)) this.#at.set(id, now);
    this.#marked.set(id, ways);
  }
}
