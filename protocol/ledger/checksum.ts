/**
 * The checksum of books (docs/PROTOCOL.md, "Checksums"): one number for any set of edges, the same at
 * both ends of each, that can be kept up to date edge by edge.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, concatBytes, utf8ToBytes } from '@noble/hashes/utils.js';
import { type Hash, hashToBytes } from '../identity/pid.ts';
import { type Edge, type EdgeId, edgeKey } from './edge.ts';

/** What both ends of an edge know of it, lines aside. */
export type EdgeBookState = EdgeId & Pick<Edge, 'precision' | 'balance' | 'count' | 'digest'>;

const DOMAIN = utf8ToBytes('geo-edge-checksum/1');

/**
 * One edge's part of a checksum:
 * `sha256("geo-edge-checksum/1" ‖ precision as u8 ‖ balance as i64 ‖ count as u64 ‖ digest ‖ name)`, numbers
 * big-endian, the name `equivalent/low/high` in ASCII.
 */
export function edgeChecksum(state: EdgeBookState): bigint {
  const numbers = new Uint8Array(17);
  const view = new DataView(numbers.buffer);
  view.setUint8(0, state.precision);
  view.setBigInt64(1, state.balance);
  view.setBigUint64(9, BigInt(state.count));
  const name = utf8ToBytes(edgeKey(state));
  return BigInt(
    `0x${bytesToHex(sha256(concatBytes(DOMAIN, numbers, hashToBytes(state.digest), name)))}`,
  );
}

/** A checksum with an edge's part put in, or taken out: sums mod 2^256 know no order. */
export function addToChecksum(sum: bigint, part: bigint): bigint {
  return BigInt.asUintN(256, sum + part);
}

/** The reverse of {@link addToChecksum}. */
export function takeFromChecksum(sum: bigint, part: bigint): bigint {
  return BigInt.asUintN(256, sum - part);
}

/** 64 hexadecimal digits. */
export function checksumText(sum: bigint): Hash {
  return sum.toString(16).padStart(64, '0') as Hash;
}
