/** What honest nodes may rely on (docs/PROTOCOL.md, "Commit rules"), asked of one reachable state. */
import { contradictions } from '../../protocol/machines/evidence.ts';
import type { BookOfStates } from './book-of-states.ts';
import type { GlobalState, Options } from './explore.ts';
import { runFairly } from './fair-run.ts';
import { BrokenRule, hasLost, holds, known, type LocalState, phaseOf, signed } from './local.ts';
import { has, toEvidence } from './statements.ts';

export class Rules {
  readonly #options: Options;
  readonly #book: BookOfStates;
  readonly #all: readonly number[];
  readonly #honest: readonly number[];
  readonly #fates = new Map<string, readonly LocalState[]>();
  /** Fair runs that were made. */
  runs = 0;

  constructor(options: Options, book: BookOfStates) {
    this.#options = options;
    this.#book = book;
    this.#all = Array.from({ length: options.size }, (_, node) => node);
    this.#honest = this.#all.filter((node) => !options.byzantine.includes(node));
  }

  /** @throws BrokenRule */
  check(state: GlobalState): void {
    const nodes = state.map((number) => this.#book.state(number));
    const { byzantine, size } = this.#options;
    const c = size - 1;
    this.#noUnprovenSplit(nodes);
    if (byzantine.length === 1 && byzantine[0] === c) this.#fullSetIsFinal(nodes);
    const fate = this.#fate(nodes, this.#honest);
    this.#endAlike(nodes, fate);
    const onlyCoordinator = byzantine.every((node) => node === c);
    if (onlyCoordinator) this.#decided(fate, this.#honest, 'all of V∖{c} are up');
    // A lost disk is a failure of its own: nothing is promised with another node away beside it.
    if (byzantine.length === 0 && !nodes.some(hasLost)) this.#survivesEachFailure(nodes);
  }

  /** Honest nodes differ only if somebody signed two things that exclude each other, and can be shown. */
  #noUnprovenSplit(nodes: readonly LocalState[]): void {
    const phases = this.#phases(nodes);
    if (!phases.has('COMMITTED')) return;
    must(!phases.has('blank'), 'committed without the vote of an honest node');
    if (!phases.has('ABORTED')) return;
    const shown = this.#honest.reduce((set, node) => set | known(nodes[node]!), 0);
    must(contradictions(toEvidence(shown)) !== 0n, 'two honest nodes ended in different outcomes');
  }

  #fullSetIsFinal(nodes: readonly LocalState[]): void {
    const withdrew = this.#honest.every((node) => has(signed(nodes[node]!), 'withdrawn', node));
    must(
      !(withdrew && this.#phases(nodes).has('COMMITTED')),
      'a full set of WITHDRAWs was not final',
    );
  }

  #endAlike(before: readonly LocalState[], fate: readonly LocalState[]): void {
    const phases = this.#phases(fate);
    must(
      !(phases.has('COMMITTED') && phases.has('ABORTED')),
      'honest nodes that exchange messages end in different outcomes',
    );
    must(
      !this.#phases(before).has('COMMITTED') || !phases.has('ABORTED'),
      'a disagreement leaned towards abort',
    );
  }

  #decided(fate: readonly LocalState[], nodes: readonly number[], when: string): void {
    must(!nodes.some((node) => holds(fate[node]!)), `not decided although ${when}`);
  }

  /** Any single failure is decided by the others, but for the one case that has to wait. */
  #survivesEachFailure(nodes: readonly LocalState[]): void {
    const c = this.#options.size - 1;
    for (const away of this.#all) {
      const up = this.#all.filter((node) => node !== away);
      const fate = this.#fate(nodes, up);
      const phases = new Set(up.map((node) => phaseOf(fate[node]!)));
      must(
        !(phases.has('COMMITTED') && phases.has('ABORTED')),
        `different outcomes with ${away} away`,
      );
      const waits =
        away !== c &&
        phaseOf(fate[c]!) === 'DECIDED' &&
        up.every((node) => node === c || phaseOf(fate[node]!) === 'WITHDRAWN');
      if (!waits) this.#decided(fate, up, `only ${away} is away`);
      const back = this.#fate(fate, this.#all);
      this.#endAlike(fate, back);
      this.#decided(back, this.#all, `${away} is back`);
    }
  }

  /** What fair exchange makes of a state; remembered, since many states lead to the same one. */
  #fate(nodes: readonly LocalState[], up: readonly number[]): readonly LocalState[] {
    const key = `${up.join()}|${nodes.map((node) => this.#book.numberOf(node)).join()}`;
    let fate = this.#fates.get(key);
    if (fate === undefined) {
      this.runs++;
      fate = runFairly(nodes, up);
      this.#fates.set(key, fate);
    }
    return fate;
  }

  #phases(nodes: readonly LocalState[]): Set<string> {
    return new Set(this.#honest.map((node) => phaseOf(nodes[node]!)));
  }
}

function must(holdsTrue: boolean, broken: string): void {
  if (!holdsTrue) throw new BrokenRule(broken);
}
