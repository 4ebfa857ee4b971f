/** Orders that this node signs for itself, and those that others have signed and it is to carry out. */
import { GeoError } from '../../protocol/errors.ts';
import {
  hashOf,
  type Pid,
  type PublicKey,
  pidFromPublicKey,
  type TxId,
} from '../../protocol/identity/pid.ts';
import { sealNote } from '../../protocol/identity/sealed-note.ts';
import { checkTimes } from '../../protocol/machines/manifest.ts';
import type { EquivalentCode } from '../../protocol/money/equivalent.ts';
import {
  badSignature,
  claimOf,
  readSigned,
  requireSignedBy,
  seal,
  type Unverified,
} from '../../protocol/wire/envelope.ts';
import type { Order } from '../../protocol/wire/messages/payment.ts';
import type { Agents } from '../engine/agents.ts';
import type { State } from '../engine/state.ts';
import type { Peers } from '../peers/peers.ts';
import type { Ports } from '../ports.ts';

export interface PaymentWish {
  readonly payee: Pid;
  readonly equivalent: EquivalentCode;
  readonly amount: bigint;
  readonly maxHops: number;
  readonly maxPaths: number;
  readonly timeoutMs: number;
  readonly note?: string;
  /** Who finds the way: a hub, or this node unless it is said. */
  readonly coordinator?: PublicKey;
  /** 16 bytes; the same wish with the same nonce and time is the same payment. */
  readonly nonce?: Uint8Array;
}

/** An order that is to be carried out here, once it is checked. */
export interface SignedOrder {
  readonly tx: TxId;
  /** Signed here, or checked. */
  readonly signed: Unverified<Order>;
  /** The note's ciphertext. */
  readonly note?: Uint8Array;
}

export class Orders {
  readonly #ports: Ports;
  readonly #state: State;
  readonly #agents: Agents;
  readonly #peers: Peers;
  readonly #me: Pid;

  constructor(ports: Ports, state: State, agents: Agents, peers: Peers) {
    this.#ports = ports;
    this.#state = state;
    this.#agents = agents;
    this.#peers = peers;
    this.#me = pidFromPublicKey(ports.signer.publicKey);
  }

  /** @throws GeoError E009 `payment_to_self` | `unknown_equivalent` | `note_needs_key` */
  async make(wish: PaymentWish, nonce: Uint8Array): Promise<SignedOrder> {
    if (wish.payee === this.#me) throw toSelf();
    const precision = this.#precisionOf(wish.equivalent);
    const note =
      wish.note === undefined ? undefined : await this.#sealNote(wish.payee, wish.note, nonce);
    const { clock, signer } = this.#ports;
    const now = clock.now();
    const order: Order = {
      payer_key: signer.publicKey,
      payee: wish.payee,
      equivalent: wish.equivalent,
      precision,
      amount: wish.amount,
      max_hops: wish.maxHops,
      max_paths: wish.maxPaths,
      avoid: [],
      coordinator: pidFromPublicKey(wish.coordinator ?? signer.publicKey),
      nonce,
      created: now,
      expires: now + wish.timeoutMs,
      ...(note === undefined ? {} : { note_hash: hashOf(note) }),
    };
    const bytes = seal('PAYMENT_REQUEST', order, signer.publicKey, (m) => signer.sign(m));
    return signedOrder(readSigned('PAYMENT_REQUEST', bytes), note);
  }

  /**
   * Checks an order that its payer has signed elsewhere and asks this node to coordinate.
   * @param skewMs how far another clock may be ahead, ms
   * Rejects with GeoError E005 `bad_signature`, E006 `not_a_coordinator`, E007 `order_expired`, E009
   *   `clock_off` | `order_life` | `payment_to_self` | `unknown_equivalent` | `precision_differs` | `note_mismatch`
   */
  async check({ signed, note }: SignedOrder, skewMs: number): Promise<void> {
    const { body: order } = signed;
    this.requireMine({ signed });
    checkTimes(order, this.#ports.clock.now(), skewMs);
    if (pidFromPublicKey(order.payer_key) === order.payee) throw toSelf();
    if (this.#precisionOf(order.equivalent) !== order.precision) {
      throw new GeoError('E009', `${order.equivalent} has another precision here.`, {
        fault: 'precision_differs',
      });
    }
    if ((note && hashOf(note)) !== order.note_hash) {
      throw new GeoError('E009', 'The note does not fit the order.', { fault: 'note_mismatch' });
    }
    await this.#requireSigned(signed);
  }

  /** @throws GeoError E006 `not_a_coordinator`: another node carries the order out */
  requireMine({ signed }: Pick<SignedOrder, 'signed'>): void {
    if (signed.body.coordinator === this.#me) return;
    throw new GeoError(
      'E006',
      'The order names another coordinator than this node: how it ends is told there.',
      { fault: 'not_a_coordinator' },
    );
  }

  /** Nothing waits for an order but its payer, so its signature need not hold up the turns of others. */
  async #requireSigned(signed: Unverified<Order>): Promise<void> {
    const { verify, verifyAside } = this.#ports;
    const { payer_key: payer } = signed.body;
    if (verifyAside === undefined) requireSignedBy(signed, payer, verify);
    else if (!(await verifyAside(...claimOf(signed, payer)))) throw badSignature(signed);
  }

  #precisionOf(code: EquivalentCode): number {
    const known = this.#state.equivalents.get(code);
    if (known !== undefined) return known.precision;
    throw new GeoError(
      'E009',
      `${code} is not known here. Define it first: geo equivalent define ${code} --precision N.`,
      { fault: 'unknown_equivalent', equivalent: code },
    );
  }

  async #sealNote(payee: Pid, text: string, nonce: Uint8Array): Promise<Uint8Array> {
    const key = this.#agents.keyOf(payee) ?? (await this.#peers.find(payee));
    if (key === undefined) {
      throw new GeoError(
        'E009',
        "The note cannot be encrypted: the payee's key is not known yet. Connect to it once, or pay without a note.",
        { fault: 'note_needs_key' },
      );
    }
    return sealNote(text, key, this.#ports.entropy.bytes(32), nonce);
  }
}

/** An order with the name that it has everywhere, hashed once. */
export function signedOrder(signed: Unverified<Order>, note: Uint8Array | undefined): SignedOrder {
  const tx = hashOf(signed.payload);
  return note === undefined ? { tx, signed } : { tx, signed, note };
}

function toSelf(): GeoError {
  return new GeoError('E009', 'A payment goes to somebody else, not to oneself.', {
    fault: 'payment_to_self',
  });
}
