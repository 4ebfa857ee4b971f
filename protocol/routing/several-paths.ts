/**
 * A few paths that together carry an amount no single one does.
 *
 * First the widest path, then the widest in what it leaves, and so on. That falls short where a path
 * took a place that another one needs more. So paths are taken up and laid again, in another order
 * and, for the moment, without a hop or two that they used; what carries at least as much is kept.
 * On trust graphs a few dozen such attempts, each as dear as a path or two, find what thousands find.
 * Which paths are taken up is drawn from a fixed sequence: the same question has the same answer.
 */
import type { CarryChanges } from './carry-changes.ts';
import type { FlowPath } from './flow-paths.ts';
import type { WidestSearch } from './widest.ts';
import type { WorkBudget } from './work-budget.ts';

export interface PathsWish {
  readonly payer: number;
  readonly payee: number;
  readonly amount: number;
  readonly maxHops: number;
  readonly maxPaths: number;
}

/** Paths that are taken up at once, at most. */
const TAKEN_UP_MAX = 3;
/** Of ten paths that are taken up, so many lose a hop while the first new one is sought. */
const BARRED_OF_TEN = 8;

export class SeveralPaths {
  readonly #widest: WidestSearch;
  readonly #changes: CarryChanges;
  #wish: PathsWish = { payer: 0, payee: 0, amount: 0, maxHops: 0, maxPaths: 0 };
  #paths: FlowPath[] = [];
  #carried = 0;
  #draw = 1;

  constructor(widest: WidestSearch, changes: CarryChanges) {
    this.#widest = widest;
    this.#changes = changes;
  }

  /** What the paths carry together; they have taken their capacity from the graph. */
  get carried(): number {
    return this.#carried;
  }

  get paths(): readonly FlowPath[] {
    return this.#paths;
  }

  /** Lays widest paths one after the other, as many as are wanted or as there are. */
  begin(wish: PathsWish, budget: WorkBudget): void {
    this.#wish = wish;
    this.#draw = 1;
    this.#paths = [];
    this.#carried = this.#lay(this.#paths, 0, wish.maxPaths, budget);
  }

  /** Takes the capacity of the paths again, after it was undone. */
  resume(): void {
    for (const path of this.#paths) this.#changes.take(path.slots, path.amount);
  }

  /** Takes paths up and lays them again until they carry the amount, at most `attempts` times. */
  improve(attempts: number, budget: WorkBudget): void {
    for (let attempt = 0; attempt < attempts && !budget.exhausted; attempt++) {
      if (this.#carried >= this.#wish.amount || this.#paths.length === 0) return;
      this.#attempt(budget);
    }
  }

  #attempt(budget: WorkBudget): void {
    const { maxPaths } = this.#wish;
    const before = this.#changes.mark;
    const kept = [...this.#paths];
    const barred: number[] = [];
    let carried = this.#carried;
    for (let i = 1 + this.#below(Math.min(TAKEN_UP_MAX, kept.length)); i > 0; i--) {
      const [path] = kept.splice(this.#below(kept.length), 1);
      this.#changes.take(path!.slots, -path!.amount);
      carried -= path!.amount;
      if (this.#below(10) >= BARRED_OF_TEN) continue;
      barred.push(path!.slots[this.#below(path!.slots.length)]!);
    }
    const room = barred.map((slot) => this.#changes.carryOf(slot));
    for (const slot of barred) this.#changes.set(slot, 0);
    const some = Math.min(maxPaths, kept.length + 1 + this.#below(2));
    carried = this.#lay(kept, carried, some, budget);
    barred.forEach((slot, i) => {
      this.#changes.set(slot, room[i]!);
    });
    carried = this.#lay(kept, carried, maxPaths, budget);
    if (carried >= this.#carried) {
      this.#paths = kept;
      this.#carried = carried;
    } else {
      this.#changes.undoTo(before);
    }
  }

  /** Adds widest paths until there are `count` of them. @returns what all carry then */
  #lay(paths: FlowPath[], carriedBefore: number, count: number, budget: WorkBudget): number {
    const { payer, payee, amount, maxHops } = this.#wish;
    let carried = carriedBefore;
    while (carried < amount && paths.length < count) {
      const path = this.#widest.find(payer, payee, amount - carried, maxHops, budget);
      if (path === undefined) break;
      this.#changes.take(path.slots, path.width);
      paths.push({ slots: path.slots, amount: path.width });
      carried += path.width;
    }
    return carried;
  }

  /** A number from 0 to `count` − 1 of the fixed sequence (Park and Miller's generator). */
  #below(count: number): number {
    this.#draw = (this.#draw * 48_271) % 0x7fff_ffff;
    return this.#draw % count;
  }
}
