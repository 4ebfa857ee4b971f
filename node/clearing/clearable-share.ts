/** How much of all debt an optimum could still clear, exactly, whenever somebody asks. */
import { circulationSteps } from '../../protocol/clearing/circulation.ts';
import { debtSteps } from '../../protocol/clearing/debts.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import type { Clock } from '../ports.ts';
import type { CommunityBooks } from './global-pass.ts';
import { inSlices } from './slices.ts';

interface ClearableShareContext {
  readonly clock: Clock;
  /** undefined: this node is no hub, or knows of no debts. */
  readonly books: (equivalent: EquivalentCode) => CommunityBooks | undefined;
}

/** Smallest unit. In debts so large that they are counted more coarsely, up to one such unit less per debt. */
export interface Clearable {
  readonly total: bigint;
  readonly optimum: bigint;
}

export class ClearableShare {
  readonly #context: ClearableShareContext;
  /** Whoever asks while somebody else's answer is being worked out gets the same. */
  readonly #asked = new Map<EquivalentCode, Promise<Clearable | undefined>>();
  #stopped = false;

  constructor(context: ClearableShareContext) {
    this.#context = context;
  }

  stop(): void {
    this.#stopped = true;
  }

  /** @returns undefined on a node that does not know a community's debts */
  now(equivalent: EquivalentCode): Promise<Clearable | undefined> {
    const asked = this.#asked.get(equivalent);
    if (asked !== undefined) return asked;
    const answer = this.#solve(equivalent).finally(() => this.#asked.delete(equivalent));
    this.#asked.set(equivalent, answer);
    return answer;
  }

  async #solve(equivalent: EquivalentCode): Promise<Clearable | undefined> {
    const { clock, books } = this.#context;
    const graph = books(equivalent)?.graph;
    if (graph === undefined) return undefined;
    const isCancelled = () => this.#stopped;
    const debts = await inSlices(debtSteps(graph), clock, isCancelled);
    if (debts === undefined) return undefined;
    const most = await inSlices(circulationSteps(debts.graph), clock, isCancelled);
    if (most === undefined) return undefined;
    return { total: BigInt(most.total) * debts.unit, optimum: BigInt(most.optimum) * debts.unit };
  }
}
