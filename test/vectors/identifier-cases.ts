/** What is computed: `tx_id` of orders, digests of what was applied to an edge, checksums of books. */
import { hashes, Point, utils } from '@noble/ed25519';
import { sha512 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, hexToBytes } from '@noble/hashes/utils.js';
import { type Hash, hashOf, publicKeyToBytes } from '../../protocol/identity/pid.ts';
import { addToChecksum, checksumText, edgeChecksum } from '../../protocol/ledger/checksum.ts';
import { applyChange, type Edge, edgeId, newEdge } from '../../protocol/ledger/edge.ts';
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

export interface ChecksumCase {
  readonly name: string;
  readonly edges: readonly {
    readonly equivalent: string;
    readonly low: string;
    readonly high: string;
    readonly precision: number;
    /** Smallest unit; positive: high owes low. */
    readonly balance: string;
    readonly count: number;
    readonly digest: string;
    readonly checksum: string;
  }[];
  /** Of all of them together. */
  readonly checksum: string;
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

export function checksumCases(): ChecksumCase[] {
  const edge = (one: w.Person, other: w.Person, changes: readonly bigint[], precision = 2) =>
    changes.reduce(
      (state, change, index) => applyChange(state, hashOf(Uint8Array.of(index)), 1, change),
      newEdge(edgeId(one.pid, other.pid, w.UAH), precision),
    );
  const row = (name: string, edges: readonly Edge[]): ChecksumCase => ({
    name,
    edges: edges.map((each) => {
      const { equivalent, low, high, precision, balance, count, digest } = each;
      const checksum = checksumText(edgeChecksum(each));
      return {
        equivalent,
        low,
        high,
        precision,
        balance: String(balance),
        count,
        digest,
        checksum,
      };
    }),
    checksum: checksumText(edges.reduce((sum, each) => addToChecksum(sum, edgeChecksum(each)), 0n)),
    valid: true,
    reason: '',
  });
  const paid = edge(w.anna, w.bob, [-2000n, 50n]);
  const others = [edge(w.bob, w.dave, [4250n]), edge(w.carol, w.dave, [], 0)];
  return [
    row('no edge', []),
    row('an edge that nothing has gone over', [edge(w.anna, w.bob, [])]),
    row('an edge after two payments', [paid]),
    row('the largest debt', [edge(w.anna, w.bob, [-9_223_372_036_854_775_807n])]),
    row('three edges: a sum mod 2^256', [paid, ...others]),
    row('the same in another order: the same checksum', [...others, paid]),
  ];
}
