/**
 * What a committed payment sets off: the debts that it changed are looked at for cycles, and these are
 * cleared. One at a time, and payments go first.
 */
import { type EdgeId, edgeKey } from '../../protocol/ledger/edge.ts';
import type { Agents } from '../engine/agents.ts';
import type { Hall } from '../engine/hall.ts';
import type { Ports } from '../ports.ts';
import type { NodeSettings } from '../settings.ts';
import type { Chains } from './chains.ts';
import type { Clearings } from './clearings.ts';
import { type Cycle, type CycleQuestion, minAmountIn } from './cycle.ts';
import type { IndexCycles } from './index-cycles.ts';
import type { LocalCycles } from './local-cycles.ts';

/** Debts that wait to be looked at; what comes above it is found by a later payment or pass. */
const WAITING_MAX = 256;
/** Debts that a hub looks at in its index before other work goes on; a tenth of a millisecond each. */
const LOOKED_AT_ONCE = 16;
/** Then it does other work for so long, ms. */
const PAUSE_MS = 20;

interface TriggersContext {
  readonly ports: Ports;
  readonly hall: Hall;
  readonly agents: Agents;
  readonly clearings: Clearings;
  readonly cycles: LocalCycles;
  readonly chains: Chains;
  readonly index: IndexCycles;
  readonly settings: NodeSettings['clearing'];
}

export class Triggers {
  readonly #context: TriggersContext;
  readonly #waiting = new Map<string, EdgeId>();
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor(context: TriggersContext) {
    this.#context = context;
    if (!context.settings.trigger) return;
    context.hall.listen((notice) => {
      if (notice.type !== 'attempt-ended' || notice.kind !== 'payment') return;
      if (notice.outcome !== 'COMMITTED') return;
      for (const edge of notice.edges) this.#add(edge);
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  #add(edge: EdgeId): void {
    if (this.#stopped || this.#waiting.size >= WAITING_MAX) return;
    this.#waiting.set(edgeKey(edge), edge);
    if (this.#cancel === undefined) this.#schedule(this.#wait());
  }

  #schedule(waitMs: number): void {
    this.#cancel = this.#context.ports.clock.after(waitMs, () => void this.#next());
  }

  /** Everyone along a payment finds the same cycles: by chance one of them is the first. */
  #wait(): number {
    const { delay_ms: delay } = this.#context.settings;
    const [chance = 0] = this.#context.ports.entropy.bytes(1);
    return delay + Math.floor((delay * chance) / 256);
  }

  async #next(): Promise<void> {
    const { ports, index } = this.#context;
    try {
      await this.#look();
    } catch (error) {
      ports.log.warn({ error: String(error) }, 'a cycle was left alone');
    }
    this.#cancel = undefined;
    const [more] = this.#waiting.values();
    if (more === undefined || this.#stopped) return;
    this.#schedule(index.knows(more.equivalent) ? PAUSE_MS : this.#wait());
  }

  /**
   * Until a cycle was found. The index is at hand; what it does not know of is asked of neighbours, one
   * debt at a time, while no payment of this node is under way.
   */
  async #look(): Promise<void> {
    const { hall, agents, index, cycles, chains } = this.#context;
    for (let looked = 0; looked < LOOKED_AT_ONCE; looked++) {
      const [edge] = this.#waiting.values();
      if (edge === undefined) return;
      const question = this.#questionOf(edge);
      const isIndexed = index.knows(edge.equivalent);
      const isIdle = hall.state.open.size === 0;
      if (!isIndexed && !isIdle) return;
      this.#waiting.delete(edgeKey(edge));
      if (isIndexed && (await this.#clear(index.through(edge, question)))) return;
      if (!isIdle) continue;
      // A hub that has everybody's debts in its books has found what there is.
      const own = [edge.low, edge.high].filter((pid) => agents.served(pid));
      if (!isIndexed || cycles.leadsAway(own, question)) {
        await this.#clear(cycles.through(edge, question));
      }
      for (const first of own) await this.#clear(chains.from(first, question));
      return;
    }
  }

  #questionOf({ equivalent }: EdgeId): CycleQuestion {
    const { hall, settings } = this.#context;
    const minAmount = minAmountIn(hall.state, settings, equivalent);
    return { equivalent, maxLength: settings.trigger_max_length, minAmount };
  }

  /** @returns whether there was a cycle */
  async #clear(source: Iterable<Cycle> | AsyncIterable<Cycle>): Promise<boolean> {
    let found = false;
    for await (const cycle of source) {
      if (this.#stopped) return true;
      found = true;
      await this.#context.clearings.clear(cycle, false);
    }
    return found;
  }
}
