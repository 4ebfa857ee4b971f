/**
 * Payments that this node coordinates, its own and those of others, from the order to the outcome:
 * routes, attempts, and round the edge that refused (docs/PROTOCOL.md, "Payment"). The commit itself
 * is the engine's; this only starts attempts and hears how they end.
 *
 * NEW → ROUTED → PREPARE_IN_PROGRESS → COMMITTED | ABORTED, and NEW → ABORTED
 *
 * Where nobody has to be asked for the way, the states up to PREPARE_IN_PROGRESS are one turn; and up to
 * COMMITTED, where this node is the only voter.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import { GeoError } from '../../protocol/errors.ts';
import {
  hashFromBytes,
  type Pid,
  type PublicKey,
  pidFromPublicKey,
  type TxId,
} from '../../protocol/identity/pid.ts';
import type { Route } from '../../protocol/ledger/effects.ts';
import type { Refusal } from '../../protocol/ledger/reservation.ts';
import { makePayment } from '../../protocol/machines/manifest.ts';
import { readSigned, type Unverified } from '../../protocol/wire/envelope.ts';
import type { Order } from '../../protocol/wire/messages/payment.ts';
import type { Agents } from '../engine/agents.ts';
import type { Attempts } from '../engine/attempts/attempts.ts';
import { AwaitedEnds } from '../engine/attempts/awaited-ends.ts';
import { recordEnd } from '../engine/attempts/transactions.ts';
import type { EdgeSync } from '../engine/edges/sync.ts';
import type { Hall } from '../engine/hall.ts';
import type { AttemptEnded } from '../engine/notices.ts';
import type { Ports } from '../ports.ts';
import type { Router } from '../routing/router.ts';
import type { NodeSettings } from '../settings.ts';
import { keys } from '../store/keys.ts';
import type { TransactionRecord } from '../store/records.ts';
import { manifestOf } from './attempt-plan.ts';
import { CoveredRoutes } from './covered-routes.ts';
import { Entrusted } from './entrusted.ts';
import { OrderEntry, type OrderRole } from './order-entry.ts';
import { type Orders, type PaymentWish, type SignedOrder, signedOrder } from './orders.ts';
import { mayRetry, noRoute, refusalOf } from './refusals.ts';

export class Payments {
  /** Own orders that a hub carries out. */
  readonly entrusted: Entrusted;
  readonly #ports: Ports;
  readonly #hall: Hall;
  readonly #attempts: Attempts;
  readonly #router: Router;
  readonly #edges: EdgeSync;
  readonly #agents: Agents;
  readonly #routes: CoveredRoutes;
  readonly #orders: Orders;
  readonly #settings: NodeSettings;
  /** Attempts whose end a running payment waits for. */
  readonly #ends: AwaitedEnds;
  /** Own payments by nonce, so that a repeated wish finds the first. */
  readonly #running = new Map<string, Promise<TxId>>();
  /** Payments under way, by payer. */
  readonly #pending = new Map<Pid, number>();
  /** Orders of others whose signatures are being checked; resolves when one has been. */
  readonly #accepting = new Map<TxId, Promise<void>>();
  /** Orders of others that are being carried out. */
  readonly #carried = new Map<TxId, Promise<void>>();

  constructor(
    ports: Ports,
    hall: Hall,
    attempts: Attempts,
    router: Router,
    edges: EdgeSync,
    agents: Agents,
    orders: Orders,
    settings: NodeSettings,
  ) {
    this.#ports = ports;
    this.#hall = hall;
    this.#attempts = attempts;
    this.#router = router;
    this.#edges = edges;
    this.#agents = agents;
    this.#routes = new CoveredRoutes(router, agents);
    this.#orders = orders;
    this.#settings = settings;
    this.entrusted = new Entrusted({
      clock: ports.clock,
      transport: ports.transport,
      hall,
      settings: settings.payments,
      end: (tx, reason) => this.#end(tx, reason),
    });
    this.#ends = new AwaitedEnds(hall, 'payment', ({ outcome, tx, refusal }) => {
      if (outcome === 'ABORTED') this.#endLogged(tx, refusal ?? noRoute(0n));
    });
  }

  /**
   * Pays, and resolves with the transaction's id when it is decided or its time is over. Which of
   * the two, and why, stands in its record.
   * @throws GeoError E009 `payment_to_self` | `unknown_equivalent` | `note_needs_key`, E006 `too_many_pending`
   */
  async pay(wish: PaymentWish): Promise<TxId> {
    const nonce = wish.nonce ?? this.#ports.entropy.bytes(16);
    const name = bytesToHex(nonce);
    const running = this.#running.get(name);
    if (running !== undefined) return running;
    const paid = this.#ports.store.get(keys.nonce(name));
    if (paid !== undefined) return hashFromBytes(paid);
    const paying = this.#begin(wish, nonce);
    this.#running.set(name, paying);
    try {
      return await paying;
    } finally {
      this.#running.delete(name);
    }
  }

  /**
   * Carries out an order that its payer has signed itself: a member's, or that of a node that asks
   * for it. The same order again finds the first.
   * @throws GeoError as {@link Orders.check}, E006 `too_many_pending`
   */
  async coordinate(signed: Unverified<Order>, note?: Uint8Array): Promise<TxId> {
    const order = signedOrder(signed, note);
    const { tx } = order;
    // Of the same order twice at once, the second waits to see what becomes of the first.
    for (let first = this.#accepting.get(tx); first; first = this.#accepting.get(tx)) await first;
    const known = this.#carried.get(tx);
    if (known !== undefined) {
      await known;
      return tx;
    }
    const record = this.#hall.state.readTransaction(tx);
    if (record === undefined) {
      await this.#accept(order);
      try {
        await this.#carried.get(tx);
      } finally {
        this.#carried.delete(tx);
      }
    } else if (record.state !== 'COMMITTED') {
      // Whoever has voted on an attempt knows of a commit, and of no other end: it is the coordinator's to tell.
      this.#orders.requireMine(order);
    }
    return tx;
  }

  /** Begins to carry out what is signed; whoever waits for the check finds it begun. */
  async #accept(order: SignedOrder): Promise<void> {
    const { tx } = order;
    const { clock_skew_ms: skewMs } = this.#settings.payments;
    const over = Promise.withResolvers<void>();
    this.#accepting.set(tx, over.promise);
    try {
      await this.#orders.check(order, skewMs);
      this.#carried.set(tx, this.#carryOut(order));
    } finally {
      this.#accepting.delete(tx);
      over.resolve();
    }
  }

  /**
   * After a restart: what had no attempt yet held nothing and is given up; the rest is being decided. A
   * hub may still be carrying out what it was entrusted with, and is asked again.
   */
  async recover(): Promise<void> {
    for (const tx of [...this.#hall.state.open]) {
      const record = this.#hall.state.readTransaction(tx);
      const entrusted = record && this.#entrustedIn(record);
      if (entrusted !== undefined) {
        this.#logged(this.entrusted.carry(...entrusted), tx);
        continue;
      }
      const last = record?.attempts.at(-1);
      const attempt = last && this.#hall.state.attempts.get(last);
      if (attempt !== undefined && attempt.commit.phase !== 'ABORTED') continue;
      await this.#end(tx, {
        code: 'E007',
        fault: 'interrupted',
        text: 'The node stopped before the payment was decided; nothing was paid. Pay again.',
      });
    }
  }

  /** An own order that is to be carried out elsewhere, and by whom. */
  #entrustedIn(record: TransactionRecord): [SignedOrder, PublicKey] | undefined {
    if (record.role !== 'payer') return undefined;
    const signed = readSigned('PAYMENT_REQUEST', record.order);
    const { coordinator } = signed.body;
    if (coordinator === pidFromPublicKey(this.#ports.signer.publicKey)) return undefined;
    const hub = this.#agents.keyOf(coordinator);
    return hub === undefined ? undefined : [signedOrder(signed, record.note), hub];
  }

  async #begin(wish: PaymentWish, nonce: Uint8Array): Promise<TxId> {
    const order = await this.#orders.make(wish, nonce);
    await this.#carryOut(order, wish.nonce, wish.coordinator);
    return order.tx;
  }

  /**
   * @param nonce by which the payment is to be found again
   * @param hub that is to find the way for an own order
   */
  async #carryOut(accepted: SignedOrder, nonce?: Uint8Array, hub?: PublicKey): Promise<void> {
    const { body: order } = accepted.signed;
    const payer = pidFromPublicKey(order.payer_key);
    this.#requireRoomFor(payer);
    const own = order.payer_key === this.#ports.signer.publicKey;
    const entry = new OrderEntry(this.#hall, accepted, this.#roleIn(order, own), nonce);
    const pending = this.#pending.get(payer) ?? 0;
    this.#pending.set(payer, pending + 1);
    const carried = this.#carriedBy(hub, accepted, entry).finally(() => this.#ended(payer));
    // The order ends at `expires`; whoever waits is answered then, decided or not.
    const left = order.expires - this.#ports.clock.now();
    const over = this.#after(left + this.#settings.payments.grace_ms);
    try {
      await Promise.race([Promise.all([entry.durable, carried]), over.elapsed]);
    } finally {
      over.cancel();
    }
  }

  /** What this node's own participant is in an order that is carried out here. */
  #roleIn({ payee }: Order, own: boolean): OrderRole {
    if (own) return 'payer';
    return payee === pidFromPublicKey(this.#ports.signer.publicKey) ? 'payee' : 'coordinator';
  }

  async #carriedBy(
    hub: PublicKey | undefined,
    accepted: SignedOrder,
    entry: OrderEntry,
  ): Promise<void> {
    if (hub === undefined) return this.#carry(accepted, entry);
    entry.ahead();
    await entry.durable;
    await this.entrusted.carry(accepted, hub);
  }

  #requireRoomFor(payer: Pid): void {
    const { pending_orders: max } = this.#settings.limits;
    if (this.#hall.state.open.size < max && (this.#pending.get(payer) ?? 0) < max) return;
    throw new GeoError('E006', 'Too many payments are under way here; try again later.', {
      fault: 'too_many_pending',
    });
  }

  #ended(payer: Pid): void {
    const left = (this.#pending.get(payer) ?? 1) - 1;
    if (left === 0) this.#pending.delete(payer);
    else this.#pending.set(payer, left);
  }

  /** Routes and attempts until one commits, or there is nothing left to try. */
  async #carry(accepted: SignedOrder, entry: OrderEntry): Promise<void> {
    const { tx, signed } = accepted;
    const { body: order } = signed;
    let refusal: Refusal | undefined;
    const avoid = new Set<Pid>(order.avoid);
    try {
      const room = this.#hall.room();
      if (room !== undefined) await room;
      this.#routes.requireEnds(order);
      for (let number = 1; number <= this.#settings.payments.attempts_max; number++) {
        const sought = this.#routes.find(order, avoid);
        const asked = sought instanceof Promise;
        if (asked) entry.ahead();
        const found = asked ? await sought : sought;
        if (found.payable < order.amount) {
          refusal =
            refusal ??
            (found.refusal && refusalOf(found.refusal, found.payable)) ??
            noRoute(found.payable);
          break;
        }
        if (number === 1 && asked) {
          this.#hall.turnAhead((turn) => {
            entry.within(turn);
            turn.putTransaction(tx, { ...turn.transaction(tx)!, state: 'ROUTED' });
          });
        }
        const ended = await this.#attempt(accepted, number, found.routes, entry);
        if (ended.outcome === 'COMMITTED') {
          this.#router.used(order.equivalent, found.routes);
          return;
        }
        refusal = ended.refusal ?? refusal;
        for (const pid of ended.silent) avoid.add(pid);
        const another = mayRetry(refusal) || ended.silent.length > 0;
        if (this.#ports.clock.now() >= order.expires || !another || avoid.has(order.payee)) break;
        if (refusal?.hop !== undefined) {
          this.#router.refuted(order.equivalent, refusal.hop, refusal.available ?? 0n);
        }
      }
    } catch (error) {
      refusal =
        error instanceof GeoError
          ? { code: error.code, fault: error.details.fault, text: error.message }
          : {
              code: 'E010',
              fault: 'internal',
              text: 'The payment failed inside the node; see its log.',
            };
      if (!(error instanceof GeoError)) {
        this.#ports.log.error({ error: String(error), tx }, 'a payment failed inside the node');
      }
    }
    await this.#end(tx, refusal ?? noRoute(0n), entry);
  }

  async #attempt(
    { tx, signed, note }: SignedOrder,
    attempt: number,
    routes: readonly Route[],
    entry: OrderEntry,
  ): Promise<Pick<AttemptEnded, 'outcome' | 'refusal' | 'silent'>> {
    const prepareBy = this.#ports.clock.now() + this.#settings.payments.prepare_ms;
    const manifest = manifestOf(
      {
        kind: 'payment',
        order: signed.bytes,
        attempt,
        routes,
        coordinator: this.#ports.signer.publicKey,
        prepareBy: Math.min(prepareBy, signed.body.expires),
      },
      this.#agents,
    );
    const open = makePayment(manifest, signed, tx);
    const comparing = this.#edges.compareFor(open);
    if (comparing !== undefined) {
      entry.ahead();
      await comparing;
    }
    const ended = this.#ends.of(open.hash);
    try {
      const refused = await this.#hall.turn((turn) => {
        entry.within(turn);
        return this.#attempts.start(turn, open, note);
      });
      if (refused !== undefined) return { outcome: 'ABORTED', refusal: refused, silent: [] };
      return await ended;
    } finally {
      this.#ends.forget(open.hash);
    }
  }

  /** Records the end. A disk that refuses now is asked again later: no payment stays open for want of one. */
  async #end(tx: TxId, reason: Refusal, entry?: OrderEntry): Promise<void> {
    try {
      await this.#hall.turn((turn) => {
        entry?.atLast(turn);
        recordEnd(turn, tx, reason, this.#agents);
      });
    } catch (error) {
      if (error instanceof GeoError && error.code === 'E010') {
        const again = () => this.#endLogged(tx, reason);
        this.#ports.clock.after(this.#settings.payments.retry_ms, again);
      }
      throw error;
    }
  }

  #endLogged(tx: TxId, reason: Refusal): void {
    this.#logged(this.#end(tx, reason), tx);
  }

  #logged(ending: Promise<void>, tx: TxId): void {
    ending.catch((error: unknown) => {
      this.#ports.log.warn({ error: String(error), tx }, 'the end of a payment was not recorded');
    });
  }

  #after(ms: number): { elapsed: Promise<void>; cancel: () => void } {
    let cancel = () => {};
    const elapsed = new Promise<void>((resolve) => {
      cancel = this.#ports.clock.after(ms, resolve);
    });
    return { elapsed, cancel };
  }
}
