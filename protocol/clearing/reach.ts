/**
 * Who can be reached in exactly so many hops, from many participants at once.
 *
 * Each participant has one bit for each of the participants that the walks begin at, so one machine word carries
 * 32 walks over a debt. That makes the whole of a small community cheaper than a search from each of its members.
 */
import type { DebtGraph } from './circulation.ts';
import { STEP_WORK, type Steps } from './steps.ts';

const WORD_BITS = 32;
/** Starts of one block; more than that would need too much memory in a large community. */
export const BLOCK = 512;
/** Words that are joined in about the time in which a search looks at one debt. */
const WORDS_PER_LOOK = 8;

export class Reach {
  /** Work done so far, in debts looked at. */
  looked = 0;
  readonly #graph: DebtGraph;
  readonly #words: number;
  /** Hops → participant → bits of the starts from which a walk of so many hops leads there. */
  readonly #layers: readonly Int32Array[];
  #from = 0;

  /** @param hopsMax of the longest walk */
  constructor(graph: DebtGraph, hopsMax: number) {
    this.#graph = graph;
    this.#words = Math.ceil(Math.min(graph.size, BLOCK) / WORD_BITS);
    const length = graph.size * this.#words;
    this.#layers = Array.from({ length: hopsMax + 1 }, () => new Int32Array(length));
  }

  /**
   * @param from the first of up to `BLOCK` participants that the walks begin at
   * @param debts those that they may take
   */
  *fill(from: number, debts: readonly number[]): Steps<void> {
    const words = this.#words;
    this.#from = from;
    const start = this.#layers[0]!.fill(0);
    const end = Math.min(from + BLOCK, this.#graph.size);
    for (let v = from; v < end; v++) start[v * words + this.#wordOf(v)]! |= bitOf(v - from);
    for (let hops = 1; hops < this.#layers.length; hops++) yield* this.#widen(hops, debts);
  }

  *#widen(hops: number, debts: readonly number[]): Steps<void> {
    const { debtor, creditor } = this.#graph;
    const words = this.#words;
    const before = this.#layers[hops - 1]!;
    const layer = this.#layers[hops]!.fill(0);
    for (let k = 0; k < debts.length; k++) {
      if (k % STEP_WORK === STEP_WORK - 1) yield;
      let at = debtor[debts[k]!]! * words;
      let to = creditor[debts[k]!]! * words;
      for (let word = 0; word < words; word++) layer[to++]! |= before[at++]!;
    }
    this.looked += Math.ceil((debts.length * words) / WORDS_PER_LOOK);
    yield;
  }

  /** Whether the walks of this block begin at `start`. */
  covers(start: number): boolean {
    return start >= this.#from && start < this.#from + BLOCK;
  }

  /** Whether a walk of exactly `hops` leads from `start`, which is covered, to `goal`. */
  leads(start: number, goal: number, hops: number): boolean {
    const bits = this.#layers[hops]![goal * this.#words + this.#wordOf(start)]!;
    return (bits & bitOf(start - this.#from)) !== 0;
  }

  #wordOf(start: number): number {
    return (start - this.#from) >>> 5;
  }
}

function bitOf(place: number): number {
  return 1 << (place & (WORD_BITS - 1));
}
