/** A hub looks at everyone's debts now and then, and clears what can be cleared, beside the payments. */
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import type { State } from '../engine/state.ts';
import type { Ports } from '../ports.ts';
import type { NodeSettings } from '../settings.ts';
import type { Clearings } from './clearings.ts';
import { type CycleSource, minAmountIn } from './cycle.ts';

interface PassesContext {
  readonly ports: Pick<Ports, 'clock' | 'log'>;
  readonly state: State;
  readonly clearings: Pick<Clearings, 'clear'>;
  readonly source: CycleSource;
  readonly settings: NodeSettings['clearing'];
}

export class Passes {
  readonly #context: PassesContext;
  #cancel: (() => void) | undefined;
  #stopped = false;

  constructor(context: PassesContext) {
    this.#context = context;
  }

  /** The next pass begins when the time from the end of the one before it is over. */
  start(): void {
    const { ports, settings } = this.#context;
    if (this.#stopped || settings.pass_ms === 0) return;
    this.#cancel = ports.clock.after(settings.pass_ms, () => void this.#all());
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  async #all(): Promise<void> {
    const { ports, state } = this.#context;
    for (const equivalent of [...state.equivalents.keys()]) {
      try {
        await this.#one(equivalent);
      } catch (error) {
        ports.log.warn({ equivalent, error: String(error) }, 'a pass was left unfinished');
      }
    }
    this.start();
  }

  async #one(equivalent: EquivalentCode): Promise<void> {
    const { source, clearings, settings, state } = this.#context;
    const question = {
      equivalent,
      maxLength: settings.pass_max_length,
      minAmount: minAmountIn(state, settings, equivalent),
    };
    for await (const cycle of source.find(question)) {
      if (this.#stopped) return;
      await clearings.clear(cycle, false);
    }
  }
}
