/**
 * How a new order comes into the books: as a part of the turn that begins its first attempt or, if
 * something has to be waited for before that, in a turn ahead of it.
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import { GeoError } from '../../protocol/errors.ts';
import { hashToBytes } from '../../protocol/identity/pid.ts';
import type { Hall } from '../engine/hall.ts';
import type { Turn } from '../engine/turn.ts';
import { keys } from '../store/keys.ts';
import type { SignedOrder } from './orders.ts';

/** What a node's own participant is in an order that it carries out. */
export type OrderRole = 'payer' | 'payee' | 'coordinator';

export class OrderEntry {
  readonly #hall: Hall;
  readonly #order: SignedOrder;
  readonly #role: OrderRole;
  readonly #nonce: Uint8Array | undefined;
  #isIn = false;
  #ahead: Promise<void> | undefined;

  /** @param nonce by which the payment is to be found again */
  constructor(hall: Hall, order: SignedOrder, role: OrderRole, nonce: Uint8Array | undefined) {
    this.#hall = hall;
    this.#order = order;
    this.#role = role;
    this.#nonce = nonce;
  }

  /** Of the turn ahead, if there was one. */
  get durable(): Promise<void> | undefined {
    return this.#ahead;
  }

  ahead(): void {
    if (this.#isIn) return;
    this.#isIn = true;
    this.#ahead = this.#hall.turnAhead((turn) => this.#put(turn));
  }

  /**
   * For a turn that begins an attempt.
   * @throws GeoError E010 `store_write_failed`: the order was in the books, and its write has failed
   *   meanwhile; what was built upon it has been forgotten
   */
  within(turn: Turn): void {
    if (!this.#isIn) this.#put(turn);
    else if (turn.transaction(this.#order.tx) === undefined) {
      throw new GeoError('E010', 'The store could not be written; nothing was paid. Try again.', {
        fault: 'store_write_failed',
      });
    }
    this.#isIn = true;
  }

  /** For the turn that ends the order: no attempt may have come so far. */
  atLast(turn: Turn): void {
    if (this.#ahead === undefined && turn.transaction(this.#order.tx) === undefined)
      this.#put(turn);
  }

  #put(turn: Turn): void {
    const { tx, signed, note } = this.#order;
    turn.putTransaction(tx, {
      order: signed.bytes,
      role: this.#role,
      state: 'NEW',
      attempts: [],
      created: turn.now,
      ...(note === undefined ? {} : { note }),
    });
    if (this.#nonce !== undefined) turn.put(keys.nonce(bytesToHex(this.#nonce)), hashToBytes(tx));
  }
}
