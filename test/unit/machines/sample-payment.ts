/** A sound order and manifest of five participants, and how to spoil one thing in them. */
import { createHash } from 'node:crypto';
import { nativeSigner } from '../../../node/platform/native-ed25519.ts';
import type { Signer } from '../../../node/ports.ts';
import { type Pid, pidFromPublicKey } from '../../../protocol/identity/pid.ts';
import { encodeManifest } from '../../../protocol/machines/manifest.ts';
import { parseEquivalentCode } from '../../../protocol/money/equivalent.ts';
import { seal } from '../../../protocol/wire/envelope.ts';
import type { Manifest, Order } from '../../../protocol/wire/messages/payment.ts';

export const UAH = parseEquivalentCode('UAH');
export const NOW = Date.UTC(2026, 4, 1, 12);

export interface Person {
  readonly name: string;
  readonly seed: Uint8Array;
  readonly signer: Signer;
  readonly pid: Pid;
}

export function person(name: string): Person {
  const seed = new Uint8Array(createHash('sha256').update(`person ${name}`).digest());
  const signer = nativeSigner(seed);
  return { name, seed, signer, pid: pidFromPublicKey(signer.publicKey) };
}

export const anna = person('anna');
export const boris = person('boris');
export const cyril = person('cyril');
export const dora = person('dora');
export const hub = person('hub');

/** Anna pays Dora 10 units, as she signs it. */
export function orderOf(change: Partial<Order> = {}): Order {
  return {
    payer_key: anna.signer.publicKey,
    payee: dora.pid,
    equivalent: UAH,
    precision: 2,
    amount: 10n,
    max_hops: 3,
    max_paths: 2,
    avoid: [],
    coordinator: anna.pid,
    nonce: new Uint8Array(16).fill(7),
    created: NOW,
    expires: NOW + 60_000,
    ...change,
  };
}

export function signOrder(order: Order, signer: Signer = anna.signer): Uint8Array {
  return seal('PAYMENT_REQUEST', order, signer.publicKey, (message) => signer.sign(message));
}

/** Anna → Boris → Dora 4 and Anna → Cyril → Dora 6; each votes for itself, Anna last. */
export function manifestOf(change: Partial<Manifest> = {}, order: Order = orderOf()): Manifest {
  return {
    kind: 'payment',
    order: signOrder(order),
    attempt: 1,
    participants: [anna, boris, cyril, dora].map(({ pid }) => pid),
    agents: [3, 0, 1, 2],
    routes: [
      { path: [0, 1, 3], amount: 4n },
      { path: [0, 2, 3], amount: 6n },
    ],
    voters: [boris, cyril, dora, anna].map(({ signer }) => signer.publicKey),
    prepare_by: NOW + 5_000,
    ...change,
  };
}

export function manifestBytes(change: Partial<Manifest> = {}, order?: Order): Uint8Array {
  return encodeManifest(manifestOf(change, order));
}
