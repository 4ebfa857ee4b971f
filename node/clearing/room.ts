/** Everything about clearings in one node: what it proposes, and what it says to proposals of others. */
import { GeoError } from '../../protocol/errors.ts';
import { pidFromPublicKey, type TxId } from '../../protocol/identity/pid.ts';
import { Clearings, type ClearingsContext } from './clearings.ts';
import { Consents } from './consents.ts';
import { Spared } from './spared.ts';

export class ClearingRoom {
  readonly clearings: Clearings;
  readonly consents: Consents;
  readonly spared = new Spared();
  readonly #context: Omit<ClearingsContext, 'spared'>;

  constructor(context: Omit<ClearingsContext, 'spared'>) {
    this.#context = context;
    this.clearings = new Clearings({ ...context, spared: this.spared });
    this.consents = new Consents(context);
  }

  /** Clearings that wait for the word of this node's person. */
  pending(): TxId[] {
    const { hall, ports } = this.#context;
    const me = pidFromPublicKey(ports.signer.publicKey);
    return [...hall.state.clearings].filter((tx) => {
      const record = hall.state.transactions.get(tx) ?? hall.state.readTransaction(tx);
      if (record === undefined) return false;
      return record.role === 'participant'
        ? record.state === 'PROPOSED'
        : record.clearing?.waiting.includes(me);
    });
  }

  /**
   * The person's word about a clearing that waits for it.
   * @throws GeoError E008 `not_pending`
   */
  async answer(tx: TxId, accept: boolean): Promise<void> {
    if (!this.pending().includes(tx)) {
      throw new GeoError(
        'E008',
        'No clearing with that id waits for your answer: see geo clear pending.',
        { fault: 'not_pending' },
      );
    }
    const { state } = this.#context.hall;
    const record = state.transactions.get(tx) ?? state.readTransaction(tx);
    const room = record?.role === 'coordinator' ? this.clearings : this.consents;
    await room.answer(tx, accept);
  }

  /** A proposal's time is over. */
  async expire(tx: TxId): Promise<void> {
    const { state } = this.#context.hall;
    const record = state.transactions.get(tx) ?? state.readTransaction(tx);
    const room = record?.role === 'coordinator' ? this.clearings : this.consents;
    await room.expire(tx);
  }

  /** After a restart. */
  async recover(): Promise<void> {
    const { state, deadlines } = this.#context.hall;
    for (const tx of state.clearings) deadlines.set(`clearing:${tx}`, this.clearings.expiryOf(tx));
    await this.clearings.recover();
  }
}
