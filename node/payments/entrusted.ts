/**
 * Orders that this participant has signed and another node carries out: its hub, which knows more of the
 * community (docs/PROTOCOL.md, "Asking a hub to pay"). The hub is asked until it answers. Its answer is
 * believed where nothing was paid; that something was paid, this node hears as the payer's voter.
 */
import { isErrorCode } from '../../protocol/errors.ts';
import type { PublicKey, TxId } from '../../protocol/identity/pid.ts';
import type { Refusal } from '../../protocol/ledger/reservation.ts';
import { bareFrame, signedFrame } from '../../protocol/wire/envelope.ts';
import type { PaymentReply } from '../../protocol/wire/messages/payment.ts';
import type { Hall } from '../engine/hall.ts';
import type { AttemptEnded } from '../engine/notices.ts';
import type { Clock, Transport } from '../ports.ts';
import type { NodeSettings } from '../settings.ts';
import type { SignedOrder } from './orders.ts';

interface Context {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly hall: Hall;
  readonly settings: NodeSettings['payments'];
  /** Records that an order has come to nothing, unless an attempt of it is still being decided. */
  readonly end: (tx: TxId, reason: Refusal) => Promise<void>;
}

interface Asking {
  readonly hub: PublicKey;
  /** Called once the order is decided as far as it will be: with a reason if nothing was paid. */
  readonly over: (reason: Refusal | undefined) => void;
  /** What the hub has said, while an attempt is still undecided here. */
  answer?: Refusal;
}

export class Entrusted {
  readonly #context: Context;
  readonly #asking = new Map<TxId, Asking>();

  constructor(context: Context) {
    this.#context = context;
    context.hall.listen((notice) => {
      if (notice.type === 'attempt-ended' && notice.kind === 'payment') this.#onEnded(notice);
    });
  }

  /**
   * Has an order carried out that is in the books. Resolves when its record says what became of it, or
   * when its time is over.
   */
  async carry(order: SignedOrder, hub: PublicKey): Promise<void> {
    const { tx } = order;
    const { promise, resolve } = Promise.withResolvers<Refusal | undefined>();
    this.#asking.set(tx, { hub, over: resolve });
    const cancel = this.#keepAsking(order, hub);
    const reason = await promise;
    cancel();
    this.#asking.delete(tx);
    if (reason !== undefined) await this.#context.end(tx, reason);
  }

  /** PAYMENT_REPLY; one that was not asked for is ignored. */
  reply(from: PublicKey, reply: PaymentReply): void {
    const asking = this.#asking.get(reply.tx);
    if (asking === undefined || asking.hub !== from || reply.committed) return;
    const reason = reasonIn(reply);
    if (this.#isUndecided(reply.tx)) asking.answer = reason;
    else asking.over(reason);
  }

  /** @returns ends it */
  #keepAsking(order: SignedOrder, hub: PublicKey): () => void {
    const { clock, transport, settings } = this.#context;
    const { tx, signed, note } = order;
    const ends = signed.body.expires;
    let cancel = () => {};
    const ask = () => {
      const asking = this.#asking.get(tx)!;
      if (clock.now() >= ends) {
        asking.over(asking.answer ?? silent());
        return;
      }
      cancel = clock.after(Math.min(settings.retry_ms, ends - clock.now()), ask);
      if (asking.answer !== undefined) return;
      if (note !== undefined) transport.send(hub, bareFrame('PAYMENT_NOTE', { note }));
      transport.send(hub, signedFrame('PAYMENT_REQUEST', signed.bytes));
    };
    ask();
    return () => cancel();
  }

  #onEnded({ tx, outcome, coordinator, refusal }: AttemptEnded): void {
    const asking = this.#asking.get(tx);
    if (asking === undefined) {
      // Nobody waits any more, and nothing else is under way.
      const isOwn = this.#context.hall.state.transactionOf(tx)?.role === 'payer';
      if (isOwn && !coordinator && outcome === 'ABORTED') {
        this.#context.end(tx, refusal ?? notDecided()).catch(() => undefined);
      }
    } else if (outcome === 'COMMITTED') asking.over(undefined);
    else if (asking.answer !== undefined) asking.over(asking.answer);
  }

  #isUndecided(tx: TxId): boolean {
    const { state } = this.#context.hall;
    const last = state.transactionOf(tx)?.attempts.at(-1);
    const phase = last && state.attempts.get(last)?.commit.phase;
    return phase !== undefined && phase !== 'ABORTED';
  }
}

function reasonIn({ code, fault, text, available }: PaymentReply): Refusal {
  const known = code !== undefined && isErrorCode(code) ? code : 'E001';
  return {
    code: known,
    fault: fault ?? 'not_paid',
    text: text ?? 'The hub has not paid, and did not say why.',
    ...(available === undefined ? {} : { available }),
  };
}

function silent(): Refusal {
  return {
    code: 'E007',
    fault: 'hub_silent',
    text: 'The hub did not carry out the order in time; nothing was paid. Pay again, or without --by-hub.',
  };
}

function notDecided(): Refusal {
  return {
    code: 'E007',
    fault: 'votes_missing',
    text: 'Not everyone on the way agreed in time; nothing was paid. Pay again.',
  };
}
