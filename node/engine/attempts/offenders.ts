/** R8: who has signed two statements that exclude each other. Its edges are frozen, its manifests refused. */
import { type Pid, pidFromPublicKey, type TxId } from '../../../protocol/identity/pid.ts';
import type { Agents } from '../agents.ts';
import type { State } from '../state.ts';
import type { Turn } from '../turn.ts';

const markOf = (participant: Pid) => `offender-${participant}`;

export class Offenders {
  readonly #state: State;
  readonly #agents: () => Agents;

  constructor(state: State, agents: () => Agents) {
    this.#state = state;
    this.#agents = agents;
  }

  has(participant: Pid): boolean {
    return this.#state.meta.has(markOf(participant));
  }

  /** Both signatures are stored with the transaction already. */
  denounce(turn: Turn, signer: Pid, tx: TxId): void {
    const agents = this.#agents();
    const text = `${signer} has signed two statements that exclude each other; its edges are frozen and its payments refused. Both signatures are kept with the transaction.`;
    turn.putMeta(markOf(signer), new Uint8Array([1]));
    turn.history({ type: 'alert', text, tx, peer: signer });
    turn.notice({ type: 'alert', text, tx, peer: signer });
    for (const edge of this.#state.edges.values()) {
      const current = turn.edge(edge);
      const far = agents.farEnd(edge);
      if (current === undefined || far === undefined) continue;
      const keeper = agents.agentOf(far);
      if (keeper === undefined || pidFromPublicKey(keeper) !== signer) continue;
      turn.putEdge({ ...current, dispute: 'the other side broke the commit rules' });
    }
  }
}
