/**
 * Stopwatches round what a hub does for each debt that a payment has changed: in its index, in its own books, and
 * for chains. Only time on the thread counts, not what is waited for; and not what clearing a found cycle costs,
 * which is a transaction like a payment.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Chains } from '../../node/clearing/chains.ts';
import { IndexCycles } from '../../node/clearing/index-cycles.ts';
import { LocalCycles } from '../../node/clearing/local-cycles.ts';
import { TriggerSearch } from '../../protocol/clearing/trigger.ts';

/** Longer than a hub lets triggers wait for payments, ms. */
const CALM_MS = 200;

export class TriggerMeter {
  /** Of each trigger, ms. */
  readonly #ms: number[] = [];
  #looked = 0;

  /** Takes hold of the production methods, of every node in this process. */
  install(): void {
    const meter = this;
    const { through } = IndexCycles.prototype;
    IndexCycles.prototype.through = function* (this: IndexCycles, edge, question) {
      meter.#ms.push(0);
      const found = through.call(this, edge, question);
      for (;;) {
        const { done, value } = meter.#timed(() => found.next());
        if (done === true) return;
        yield value;
      }
    };
    const { between } = TriggerSearch.prototype;
    TriggerSearch.prototype.between = function (this: TriggerSearch, one, other, bounds) {
      const before = this.looked;
      const found = between.call(this, one, other, bounds);
      meter.#looked += this.looked - before;
      return found;
    };
    const { inOwnBooks } = Chains.prototype;
    Chains.prototype.inOwnBooks = function* (this: Chains, first, question) {
      const found = inOwnBooks.call(this, first, question);
      for (;;) {
        const { done, value } = meter.#timed(() => found.next());
        if (done === true) return;
        yield value;
      }
    };
    const { leadsAway } = LocalCycles.prototype;
    LocalCycles.prototype.leadsAway = function (this: LocalCycles, from, question) {
      return meter.#timed(() => leadsAway.call(this, from, question));
    };
  }

  /** Resolves when what payments have left to look at, while they went first, has been looked at. */
  async calm(): Promise<void> {
    for (let before = -1; before !== this.#ms.length; await sleep(CALM_MS)) {
      before = this.#ms.length;
    }
  }

  /** What has been counted since the last time: ms of each trigger, and debts that all of them looked at in the index. */
  take(): { readonly ms: Float64Array; readonly looked: number } {
    const looked = this.#looked;
    this.#looked = 0;
    return { ms: Float64Array.from(this.#ms.splice(0)), looked };
  }

  #timed<T>(work: () => T): T {
    const begin = performance.now();
    const result = work();
    const last = this.#ms.length - 1;
    if (last >= 0) this.#ms[last]! += performance.now() - begin;
    return result;
  }
}
