/**
 * Orders that come from a member with a node of its own, over its channel: carried out here, and answered
 * (docs/PROTOCOL.md, "Asking a hub to pay").
 */
import { GeoError } from '../../protocol/errors.ts';
import {
  hashOf,
  type PublicKey,
  pidFromPublicKey,
  type TxId,
} from '../../protocol/identity/pid.ts';
import { bareFrame, type OpenFrame } from '../../protocol/wire/envelope.ts';
import type { PaymentNote, PaymentReply } from '../../protocol/wire/messages/payment.ts';
import { textWithin } from '../../protocol/wire/text-within.ts';
import type { Hall } from '../engine/hall.ts';
import type { Transport } from '../ports.ts';
import type { MemberDoor } from './member-door.ts';

/** Bytes of a reason in an answer. */
const TEXT_MAX = 300;

interface Rooms {
  readonly hall: Hall;
  readonly door: MemberDoor;
  readonly transport: Transport;
}

export class Ordering {
  readonly #rooms: Rooms;
  /** The note that the next order of a peer may name: the latest of each, of members only. */
  readonly #notes = new Map<PublicKey, Uint8Array>();
  readonly #underWay = new Set<TxId>();

  constructor(rooms: Rooms) {
    this.#rooms = rooms;
  }

  /** PAYMENT_NOTE. @throws GeoError E006 `not_a_coordinator` */
  note(from: PublicKey, { note }: PaymentNote): void {
    this.#rooms.door.requirePayer(pidFromPublicKey(from));
    this.#notes.set(from, note);
  }

  /**
   * PAYMENT_REQUEST. Only its payer is answered, not who brings it for somebody. Who repeats it while it is
   * being carried out hears nothing until that is over.
   * @throws GeoError as {@link MemberDoor.order}; then the payer has had its answer as well
   */
  async request(
    from: PublicKey,
    frame: Extract<OpenFrame, { type: 'PAYMENT_REQUEST' }>,
  ): Promise<void> {
    const tx = hashOf(frame.signed!.payload);
    const note = frame.body.note_hash === undefined ? undefined : this.#notes.get(from);
    this.#notes.delete(from);
    if (this.#underWay.has(tx)) return;
    this.#underWay.add(tx);
    const isPayer = frame.body.payer_key === from;
    try {
      await this.#rooms.door.order(frame, note);
    } catch (error) {
      // Own troubles are not the payer's business; it asks again.
      if (isPayer && error instanceof GeoError && error.code !== 'E010') {
        this.#reply(from, { tx, committed: false, ...reasonOf(error) });
      }
      throw error;
    } finally {
      this.#underWay.delete(tx);
    }
    if (!isPayer) return;
    const record = this.#rooms.hall.state.transactionOf(tx);
    if (record?.state === 'COMMITTED') this.#reply(from, { tx, committed: true });
    if (record?.state !== 'ABORTED') return;
    const { reason } = record;
    const { code, fault, text, available } = reason ?? {};
    this.#reply(from, {
      tx,
      committed: false,
      ...(code === undefined ? {} : { code }),
      ...(fault === undefined ? {} : { fault: fault.slice(0, 40) }),
      ...(text === undefined ? {} : { text: textWithin(text, TEXT_MAX) }),
      ...(available === undefined ? {} : { available }),
    });
  }

  #reply(to: PublicKey, reply: PaymentReply): void {
    this.#rooms.transport.send(to, bareFrame('PAYMENT_REPLY', reply));
  }
}

function reasonOf({ code, message, details }: GeoError) {
  return { code, fault: details.fault.slice(0, 40), text: textWithin(message, TEXT_MAX) };
}
