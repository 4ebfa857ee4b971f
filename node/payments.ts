/**
 * Payments of this node, from the wish to the outcome: order, routes, attempts, and round the edge
 * that refused (docs/PROTOCOL.md, "Payment"). The commit itself is the engine's; this only starts
 * attempts and hears how they end.
 *
 * NEW → ROUTED → PREPARE_IN_PROGRESS → COMMITTED | ABORTED, and NEW → ABORTED
 */
import { bytesToHex } from '@noble/hashes/utils.js';
import { GeoError } from '../protocol/errors.ts';
import {
  type Hash,
  hashFromBytes,
  hashOf,
  hashToBytes,
  type Pid,
  type PublicKey,
  pidFromPublicKey,
  type TxId,
} from '../protocol/identity/pid.ts';
import { sealNote } from '../protocol/identity/sealed-note.ts';
import type { Route } from '../protocol/ledger/effects.ts';
import type { Refusal } from '../protocol/ledger/reservation.ts';
import { encodeManifest, openManifest } from '../protocol/machines/manifest.ts';
import type { EquivalentCode } from '../protocol/money/equivalent.ts';
import { parseSign1 } from '../protocol/wire/cose.ts';
import { seal } from '../protocol/wire/envelope.ts';
import type { Order } from '../protocol/wire/messages/payment.ts';
import type { Attempts } from './engine/attempts.ts';
import type { EdgeSync } from './engine/edge-sync.ts';
import type { Hall } from './engine/hall.ts';
import type { Notice } from './engine/notices.ts';
import { recordEnd } from './engine/transactions.ts';
import type { Peers } from './peers.ts';
import type { Ports } from './ports.ts';
import type { Router } from './routing/router.ts';
import type { NodeSettings } from './settings.ts';
import { keys } from './store/keys.ts';

export interface PaymentWish {
  readonly payee: Pid;
  readonly equivalent: EquivalentCode;
  readonly amount: bigint;
  readonly maxHops: number;
  readonly maxPaths: number;
  readonly timeoutMs: number;
  readonly note?: string;
  /** 16 bytes; the same wish with the same nonce and time is the same payment. */
  readonly nonce?: Uint8Array;
}

/** How long a payment waits for the comparison of books, ms. */
const COMPARE_WAIT_MS = 2_000;

type Ended = Extract<Notice, { type: 'attempt-ended' }>;

export class Payments {
  readonly #ports: Ports;
  readonly #hall: Hall;
  readonly #attempts: Attempts;
  readonly #router: Router;
  readonly #edges: EdgeSync;
  readonly #peers: Peers;
  readonly #settings: NodeSettings;
  readonly #me: Pid;
  /** Attempts whose end a running payment waits for. */
  readonly #waiting = new Map<Hash, (ended: Ended) => void>();
  /** Payments by nonce, so that a repeated wish finds the first. */
  readonly #running = new Map<string, Promise<TxId>>();

  constructor(
    ports: Ports,
    hall: Hall,
    attempts: Attempts,
    router: Router,
    edges: EdgeSync,
    peers: Peers,
    settings: NodeSettings,
  ) {
    this.#ports = ports;
    this.#hall = hall;
    this.#attempts = attempts;
    this.#router = router;
    this.#edges = edges;
    this.#peers = peers;
    this.#settings = settings;
    this.#me = pidFromPublicKey(ports.signer.publicKey);
    hall.listen((notice) => {
      if (notice.type === 'attempt-ended' && notice.coordinator) this.#onEnded(notice);
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

  /** After a restart: what had no attempt yet held nothing and is given up; the rest is being decided. */
  async recover(): Promise<void> {
    for (const tx of [...this.#hall.state.open]) {
      const record = this.#hall.state.readTransaction(tx);
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

  async #begin(wish: PaymentWish, nonce: Uint8Array): Promise<TxId> {
    const { order, note } = await this.#makeOrder(wish, nonce);
    const { signer } = this.#ports;
    const signed = seal('PAYMENT_REQUEST', order, signer.publicKey, (m) => signer.sign(m));
    const tx = hashOf(parseSign1(signed).payload);
    const recorded = this.#hall.turnAhead((turn) => {
      if (this.#hall.state.open.size >= this.#settings.limits.pending_orders) {
        throw new GeoError(
          'E006',
          'Too many payments of this node are under way; try again later.',
          {
            fault: 'too_many_pending',
          },
        );
      }
      turn.putTransaction(tx, {
        order: signed,
        role: 'payer',
        state: 'NEW',
        attempts: [],
        created: turn.now,
        ...(note === undefined ? {} : { note }),
      });
      if (wish.nonce !== undefined) turn.put(keys.nonce(bytesToHex(nonce)), hashToBytes(tx));
    });
    const carried = this.#carry(tx, order, signed, note);
    // The order ends at `expires`; whoever waits is answered then, decided or not.
    const over = this.#after(wish.timeoutMs + this.#settings.payments.grace_ms);
    try {
      await Promise.race([Promise.all([recorded, carried]), over.elapsed]);
    } finally {
      over.cancel();
    }
    return tx;
  }

  async #makeOrder(
    wish: PaymentWish,
    nonce: Uint8Array,
  ): Promise<{ order: Order; note: Uint8Array | undefined }> {
    if (wish.payee === this.#me) {
      throw new GeoError('E009', 'A payment goes to somebody else, not to oneself.', {
        fault: 'payment_to_self',
      });
    }
    const equivalent = this.#hall.state.equivalents.get(wish.equivalent);
    if (equivalent === undefined) {
      throw new GeoError(
        'E009',
        `${wish.equivalent} is not known here. Define it first: geo equivalent define ${wish.equivalent} --precision N.`,
        { fault: 'unknown_equivalent', equivalent: wish.equivalent },
      );
    }
    const note =
      wish.note === undefined ? undefined : await this.#sealNote(wish.payee, wish.note, nonce);
    const now = this.#ports.clock.now();
    const order: Order = {
      payer_key: this.#ports.signer.publicKey,
      payee: wish.payee,
      equivalent: wish.equivalent,
      precision: equivalent.precision,
      amount: wish.amount,
      max_hops: wish.maxHops,
      max_paths: wish.maxPaths,
      avoid: [],
      coordinator: this.#me,
      nonce,
      created: now,
      expires: now + wish.timeoutMs,
      ...(note === undefined ? {} : { note_hash: hashOf(note) }),
    };
    return { order, note };
  }

  async #sealNote(payee: Pid, text: string, nonce: Uint8Array): Promise<Uint8Array> {
    const key = await this.#peers.find(payee);
    if (key === undefined) {
      throw new GeoError(
        'E009',
        "The note cannot be encrypted: the payee's key is not known yet. Connect to it once, or pay without a note.",
        { fault: 'note_needs_key' },
      );
    }
    return sealNote(text, key, this.#ports.entropy.bytes(32), nonce);
  }

  /** Routes and attempts until one commits, or there is nothing left to try. */
  async #carry(
    tx: TxId,
    order: Order,
    signed: Uint8Array,
    note: Uint8Array | undefined,
  ): Promise<void> {
    let refusal: Refusal | undefined;
    const avoid = new Set<Pid>();
    try {
      for (let number = 1; number <= this.#settings.payments.attempts_max; number++) {
        const found = await this.#router.routesFor({
          ...order,
          payer: this.#me,
          avoid: [...avoid],
        });
        if (found.payable < order.amount) {
          refusal = refusal ?? noRoute(found.payable);
          break;
        }
        if (number === 1) {
          this.#hall.turnAhead((turn) => {
            const record = turn.transaction(tx) ?? lost();
            turn.putTransaction(tx, { ...record, state: 'ROUTED' });
          });
        }
        const ended = await this.#attempt(order, signed, number, found.routes, note);
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
    await this.#end(tx, refusal ?? noRoute(0n));
  }

  async #attempt(
    order: Order,
    signed: Uint8Array,
    number: number,
    routes: readonly Route[],
    note: Uint8Array | undefined,
  ): Promise<Pick<Ended, 'outcome' | 'refusal' | 'silent'>> {
    const bytes = this.#manifest(order, signed, number, routes);
    const open = openManifest(bytes);
    const own = open.effects
      .map((effect) => effect.edge)
      .filter((id) => this.#edges.mustCompare(id));
    if (own.length > 0) await this.#edges.whenCompared(own, COMPARE_WAIT_MS);
    const ended = new Promise<Ended>((resolve) => this.#waiting.set(open.hash, resolve));
    try {
      const refused = await this.#hall.turn((turn) => {
        if (turn.transaction(open.tx) === undefined) lost();
        return this.#attempts.start(turn, open, note);
      });
      if (refused !== undefined) return { outcome: 'ABORTED', refusal: refused, silent: [] };
      return await ended;
    } finally {
      this.#waiting.delete(open.hash);
    }
  }

  #manifest(
    order: Order,
    signed: Uint8Array,
    attempt: number,
    routes: readonly Route[],
  ): Uint8Array {
    const participants = [...new Set(routes.flatMap((route) => route.path))];
    const indexOf = new Map(participants.map((pid, i) => [pid, i]));
    // Every participant here is its own agent; the coordinator, this node, stands last.
    const voters = [...participants.filter((pid) => pid !== this.#me), this.#me];
    const voterOf = new Map(voters.map((pid, i) => [pid, i]));
    return encodeManifest({
      kind: 'payment',
      order: signed,
      attempt,
      participants,
      agents: participants.map((pid) => voterOf.get(pid)!),
      routes: routes.map(({ path, amount }) => ({
        amount,
        path: path.map((pid) => indexOf.get(pid)!),
      })),
      voters: voters.map((pid) => this.#keyOf(pid)),
      prepare_by: Math.min(
        this.#ports.clock.now() + this.#settings.payments.prepare_ms,
        order.expires,
      ),
    });
  }

  #keyOf(pid: Pid): PublicKey {
    const key = pid === this.#me ? this.#ports.signer.publicKey : this.#peers.keyOf(pid);
    if (key !== undefined) return key;
    throw new GeoError(
      'E001',
      'A participant on the route cannot be reached: its key is not known.',
      {
        fault: 'unknown_key',
        participant: pid,
      },
    );
  }

  #onEnded(ended: Ended): void {
    const waiting = this.#waiting.get(ended.hash);
    if (waiting !== undefined) waiting(ended);
    else if (ended.outcome === 'ABORTED') {
      // Nobody waits any more: the process was restarted in between.
      this.#endLogged(ended.tx, ended.refusal ?? noRoute(0n));
    }
  }

  /** Records the end. A disk that refuses now is asked again later: no payment stays open for want of one. */
  async #end(tx: TxId, reason: Refusal): Promise<void> {
    try {
      await this.#hall.turn((turn) => recordEnd(turn, tx, reason));
    } catch (error) {
      if (error instanceof GeoError && error.code === 'E010') {
        const again = () => this.#endLogged(tx, reason);
        this.#ports.clock.after(this.#settings.payments.retry_ms, again);
      }
      throw error;
    }
  }

  #endLogged(tx: TxId, reason: Refusal): void {
    this.#end(tx, reason).catch((error: unknown) => {
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

/** The write of the new order has failed meanwhile, and what was built upon it has been forgotten. */
function lost(): never {
  throw new GeoError('E010', 'The store could not be written; nothing was paid. Try again.', {
    fault: 'store_write_failed',
  });
}

/** Another way may help against an edge or a voter; nothing helps against the order itself. */
function mayRetry(refusal: Refusal | undefined): boolean {
  return refusal?.hop !== undefined || refusal?.fault === 'too_many_pending';
}

function noRoute(payable: bigint): Refusal {
  if (payable > 0n) {
    return {
      code: 'E002',
      fault: 'insufficient_capacity',
      text: 'The trust on the way to the payee does not suffice for the whole amount.',
      available: payable,
    };
  }
  return {
    code: 'E001',
    fault: 'no_route',
    text: 'No route of trust leads to the payee within the allowed hops.',
  };
}
