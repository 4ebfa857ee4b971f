/** Names that are computed: `tx_id` of orders, and digests of what was applied to an edge. */
import { hashes, Point, utils } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { type Hash, hashOf, publicKeyToBytes } from '../../protocol/identity/pid.ts';
import { applyChange, edgeId, newEdge } from '../../protocol/ledger/edge.ts';
import { assembleSign1, kidOf, toBeSigned } from '../../protocol/wire/cose.ts';
import { encodeBody } from '../../protocol/wire/envelope.ts';
import type { Order } from '../../protocol/wire/messages/payment.ts';
import * as w from './messages-world.ts';

export interface TransactionIdCase {
  readonly name: string;
  /** Every envelope is of the same order, lawfully signed. */
  readonly envelopes: readonly string[];
  readonly payload: string;
  readonly tx: string;
  readonly valid: true;
  readonly reason: '';
}

export interface DigestCase {
  readonly name: string;
  readonly low: string;
  readonly high: string;
  /** What was applied, in this order, with the digest and the balance after each. */
  readonly applied: readonly {
    readonly tx: string;
    readonly attempt: number;
    readonly change: string;
    readonly balance: string;
    readonly digest: string;
  }[];
  readonly valid: true;
  readonly reason: '';
}

hashes.sha512 = sha512;

/**
 * Anna's signature of an order with another nonce than RFC 8032 would choose: as valid as hers, and
 * other bytes.
 */
function signedOtherwise(payload: Uint8Array): Uint8Array {
  const { scalar } = utils.getExtendedPublicKey(w.anna.seed);
  const kid = kidOf(w.anna.key);
  const message = toBeSigned('PAYMENT_REQUEST', kid, payload);
  const order = Point.CURVE().n;
  const r = 0x1234_5678_9abc_def0n;
  const point = Point.BASE.multiply(r).toBytes();
  const digest = sha512(concatBytes(point, publicKeyToBytes(w.anna.key), message));
  const k = littleEndian(digest) % order;
  const s = hexToBytes(((r + k * scalar) % order).toString(16).padStart(64, '0')).reverse();
  return assembleSign1(kid, payload, concatBytes(point, s));
}

function littleEndian(bytes: Uint8Array): bigint {
  return BigInt(`0x${bytesToHex(bytes.slice().reverse())}`);
}

export function transactionIdCases(): TransactionIdCase[] {
  const row = (name: string, order: Order): TransactionIdCase => {
    const payload = encodeBody('PAYMENT_REQUEST', order);
    const envelopes = [w.sealBy(w.anna, 'PAYMENT_REQUEST', order), signedOtherwise(payload)];
    return {
      name,
      envelopes: envelopes.map((envelope) => bytesToHex(envelope)),
      payload: bytesToHex(payload),
      tx: hashOf(payload),
      valid: true,
      reason: '',
    };
  };
  return [
    row('one order, signed twice', w.ORDER),
    row('another nonce, another order', { ...w.ORDER, nonce: new Uint8Array(16).fill(0x10) }),
  ];
}

export function digestCases(): DigestCase[] {
  const id = edgeId(w.anna.pid, w.bob.pid, w.UAH);
  const tx = (byte: number) => hashOf(Uint8Array.of(byte));
  const three: readonly (readonly [Hash, number, bigint])[] = [
    [w.ABOUT.tx, 1, -2000n],
    [tx(1), 2, -50n],
    [tx(2), 65_535, 9_223_372_036_854_775_807n],
  ];
  const row = (name: string, items: typeof three): DigestCase => {
    let edge = newEdge(id, 2);
    const applied = items.map(([hash, attempt, change]) => {
      edge = applyChange(edge, hash, attempt, change);
      const { balance, digest } = edge;
      const now = { balance: balance.toString(), digest };
      return { tx: hash, attempt, change: change.toString(), ...now };
    });
    return { name, low: id.low, high: id.high, applied, valid: true, reason: '' };
  };
  return [
    row('nothing', []),
    row('three attempts', three),
    row('the same in another order: the same digest', [...three].reverse()),
    row('there and back', [
      [tx(3), 1, 1n],
      [tx(4), 1, -1n],
    ]),
  ];
}
